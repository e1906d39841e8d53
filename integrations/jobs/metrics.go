package jobs

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what an administrator watches: whether messages arrive, how late, and whether something of ours is broken.
type metrics struct {
	attempts *prometheus.CounterVec // by channel and outcome
	alarms   *prometheus.CounterVec // by channel
	failures *prometheus.CounterVec // by kind of job
	delay    prometheus.Histogram   // from the step to the channel's acceptance
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jiesu_delivery_attempts_total",
			Help: "Attempts to deliver a notice, by channel and outcome."}, []string{"channel", "outcome"}),
		alarms: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jiesu_delivery_alarms_total",
			Help: "Errors of a channel that only an administrator can mend."}, []string{"channel"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jiesu_job_failures_total",
			Help: "Runs of a job that failed on our side."}, []string{"kind"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "jiesu_notice_delay_seconds",
			Help: "Time from a step to the acceptance of its notice by a channel.", Buckets: prometheus.ExponentialBuckets(0.05, 4, 10)}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.attempts, m.alarms, m.failures, m.delay} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics of jobs: %w", err)
		}
	}
	return m, nil
}
