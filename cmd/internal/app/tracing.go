package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tieout/tieout/ingest"
)

// flushOnStop bounds how long stopping waits for the last spans to be taken.
const flushOnStop = 3 * time.Second

// tracing sends a span of every delivery's request to an OpenTelemetry collector.
// Where the collector does not keep up or is away, spans are dropped; requests never
// wait for it. It is safe for concurrent use.
type tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// newTracing returns what the standard variables of OpenTelemetry ask for: nil, and
// nothing is ever sent, unless OTEL_EXPORTER_OTLP_ENDPOINT or the one for traces names
// a collector. The other variables, such as those for headers, certificates, sampling
// and the service's name, are read by its own library.
func newTracing(ctx context.Context, log *slog.Logger) (*tracing, error) {
	const endpoint, ofTraces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	off, _ := strconv.ParseBool(os.Getenv("OTEL_SDK_DISABLED"))
	if off || cmp.Or(os.Getenv(ofTraces), os.Getenv(endpoint)) == "" {
		return nil, nil // nobody asked for it
	}
	switch exporter := os.Getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return nil, nil // nobody asked for it
	case "", "otlp":
	default:
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER: must be otlp or none, is %q", exporter)
	}
	const protocol = "http/protobuf"
	asked := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), protocol)
	if asked != protocol {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: must be %s, is %q", protocol, asked)
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("open exporter of traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "tieout")), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithBatcher(&exporting{SpanExporter: exporter, log: log}))
	return &tracing{provider: provider, tracer: provider.Tracer("github.com/tieout/tieout")}, nil
}

// Begin implements ingest.Tracer.
func (t *tracing) Begin(parent string, at time.Time) ingest.Span {
	// A request's span outlives no context: it is ended before the answer leaves.
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": parent})
	const route = "/webhooks/ontop/{company}"
	_, begun := t.tracer.Start(ctx, "POST "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(at),
		trace.WithAttributes(attribute.String("http.request.method", "POST"), attribute.String("http.route", route)))
	return span{begun}
}

// close sends what is left, if that is quick.
func (t *tracing) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushOnStop)
	defer cancel()
	// What was not sent was logged where it failed, and is worth no other error.
	_ = t.provider.Shutdown(ctx)
}

// span is one request's.
type span struct{ trace.Span }

// IDs implements ingest.Span.
func (s span) IDs() (id, parent string) {
	c := s.SpanContext()
	return c.TraceID().String(), c.SpanID().String()
}

// End implements ingest.Span.
func (s span) End(outcome ingest.Traced) {
	s.SetAttributes(attribute.Int("http.response.status_code", outcome.Code), attribute.Int("http.request.body.size", outcome.Bytes))
	if outcome.Company != "" {
		s.SetAttributes(attribute.String("tieout.company", string(outcome.Company)))
	}
	if outcome.Delivery != "" {
		s.SetAttributes(attribute.String("tieout.delivery", string(outcome.Delivery)))
	}
	if outcome.Code >= 500 {
		// Of a server's span, what the sender did wrong is no error.
		s.SetAttributes(attribute.String("error.type", strconv.Itoa(outcome.Code)))
		s.SetStatus(codes.Error, "")
	}
	s.Span.End(trace.WithTimestamp(outcome.At))
}

// exporting says in our log when the collector fails and when it takes spans again,
// and not each time in between.
type exporting struct {
	sdk.SpanExporter
	log     *slog.Logger
	failing atomic.Bool
}

// ExportSpans implements sdk.SpanExporter.
func (e *exporting) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !e.failing.Swap(true):
		e.log.WarnContext(ctx, "traces not sent", slog.Int("spans", len(spans)), slog.Any("error", err))
	case err == nil && e.failing.Swap(false):
		e.log.InfoContext(ctx, "traces sent again")
	}
	return nil
}
