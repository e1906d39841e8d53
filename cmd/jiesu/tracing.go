package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// buildTracing sends spans to the configured collector by OTLP over HTTP; without one nothing is recorded. What is inside a request or a job takes its tracer
// from the span in its context. Spans name routes, kinds and outcomes, never an address with its token, a message, an openid or a telephone number.
func (a *app) buildTracing(ctx context.Context) error {
	a.tracer = noop.NewTracerProvider().Tracer("")
	c := a.cfg.Tracing
	if c.Endpoint == "" {
		return nil
	}
	to, err := url.Parse(c.Endpoint)
	if err != nil {
		return fmt.Errorf("read tracing.endpoint: %w", err)
	}
	if strings.Trim(to.Path, "/") == "" { // a collector by its host alone takes them here (OTLP 1.x, OTLP/HTTP request)
		to.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(to.String()), otlptracehttp.WithTimeout(5*time.Second))
	if err != nil {
		return fmt.Errorf("prepare tracing: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(c.Sample))),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "jiesu"), attribute.String("service.version", version), attribute.String("jiesu.role", string(a.does)))))
	a.tracer = provider.Tracer("jiesu")
	a.closing = append(a.closing, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			a.log.Warn("last spans were not sent", "error", err)
		}
		return nil
	})
	return nil
}

// span opens a stretch of work in the trace of the request or job that the context is of.
func span(ctx context.Context, name string) (context.Context, func()) {
	ctx, s := trace.SpanFromContext(ctx).TracerProvider().Tracer("jiesu").Start(ctx, name)
	return ctx, func() { s.End() }
}

// traced opens the span of a request. What a caller says about traces is not believed: anybody could have everything recorded.
func (a *app) traced(c *gin.Context) {
	ctx, span := a.tracer.Start(c.Request.Context(), c.Request.Method+" "+c.FullPath(), trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
	status := c.Writer.Status()
	span.SetAttributes(attribute.String("http.request.method", c.Request.Method), attribute.String("http.route", c.FullPath()), attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}
