package jobs

import (
	"context"
	"encoding/json"

	"github.com/riverqueue/river"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceOf has a job remember the trace that it follows from, in the form of the W3C; nil when nothing is recorded.
func traceOf(ctx context.Context) *river.InsertOpts {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return nil
	}
	said := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, said)
	metadata, err := json.Marshal(map[string]string(said))
	if err != nil { // a map of strings has none
		return nil
	}
	return &river.InsertOpts{Metadata: metadata}
}

// span opens the span of a run of a job, in the trace that the job follows from.
func (w *worker[T]) span(ctx context.Context, job *river.Job[T]) (context.Context, trace.Span) {
	said := propagation.MapCarrier{}
	var m struct {
		Parent string `json:"traceparent"`
	}
	if json.Unmarshal(job.Metadata, &m) == nil && m.Parent != "" {
		said["traceparent"] = m.Parent
		ctx = propagation.TraceContext{}.Extract(ctx, said)
	}
	return w.tracer.Start(ctx, "job "+job.Kind, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attribute.Int("attempt", job.Attempt)))
}

// ended closes the span of a run.
func ended(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
