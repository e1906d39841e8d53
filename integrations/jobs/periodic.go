package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Periodic is a chore that one process of all runs now and then: soon after the start, then every Every. The interval starts anew
// when another process takes the lead, so Run looks at what is due instead of trusting the beat. A failed run is not repeated; the
// next beat is its retry.
type Periodic struct {
	Name  string
	Every time.Duration
	Run   func(ctx context.Context) error
}

// periodicArgs name the chore; the function itself lives in the process that works the job.
type periodicArgs struct {
	Name string `json:"name"`
}

func (periodicArgs) Kind() string { return "periodic" }

// InsertOpts lets a chore wait or run once at a time: a slow one is not overtaken by its next beat.
func (periodicArgs) InsertOpts() river.InsertOpts {
	unfinished := []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled}
	return river.InsertOpts{Queue: queueClocks, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

func checkPeriodic(list []Periodic) error {
	seen := map[string]bool{}
	for _, p := range list {
		if p.Name == "" || seen[p.Name] || p.Every <= 0 || p.Run == nil {
			return fmt.Errorf("job runner: periodic job %q needs a name of its own, an interval and a function", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

func schedule(list []Periodic) []*river.PeriodicJob {
	jobs := make([]*river.PeriodicJob, len(list))
	for i, p := range list {
		jobs[i] = river.NewPeriodicJob(river.PeriodicInterval(p.Every),
			func() (river.JobArgs, *river.InsertOpts) { return periodicArgs{Name: p.Name}, nil },
			&river.PeriodicJobOpts{RunOnStart: true})
	}
	return jobs
}

// chores finds the function of a chore by its name.
func chores(list []Periodic) func(context.Context, *river.Job[periodicArgs]) error {
	byName := map[string]func(context.Context) error{}
	for _, p := range list {
		byName[p.Name] = p.Run
	}
	return func(ctx context.Context, job *river.Job[periodicArgs]) error {
		run, ok := byName[job.Args.Name]
		if !ok {
			return fmt.Errorf("run chore: this process has none named %q", job.Args.Name)
		}
		if err := run(ctx); err != nil {
			return fmt.Errorf("run chore %s: %w", job.Args.Name, err)
		}
		return nil
	}
}
