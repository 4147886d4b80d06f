// Package tracing makes OpenTelemetry spans of requests and sends them to a collector by OTLP over HTTP. It is off unless
// the environment names a collector, and costs nothing then: a request's traceparent goes upstream as it came.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/glarimy/ums/gateway/exchange"
	"github.com/glarimy/ums/shared/version"
)

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdk.TracerProvider
}

// New returns a tracer that exports to the collector which the standard variables name, or nil if they name none:
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or OTEL_EXPORTER_OTLP_ENDPOINT, to which /v1/traces is added. The SDK reads the
// others (headers, sampler, service name, …) by itself. It connects to nobody yet.
func New(ctx context.Context, getenv func(string) string) (*Tracer, error) {
	endpoint := getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if base := getenv("OTEL_EXPORTER_OTLP_ENDPOINT"); endpoint == "" && base != "" {
		endpoint = strings.TrimSuffix(base, "/") + "/v1/traces"
	}
	if endpoint == "" || getenv("OTEL_SDK_DISABLED") == "true" || getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil //nolint:nilnil // no tracer is what was asked for
	}
	if p := getenv("OTEL_EXPORTER_OTLP_PROTOCOL"); p != "" && p != "http/protobuf" {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q: the only one spoken is http/protobuf", p)
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return nil, fmt.Errorf("export spans to %s: %w", endpoint, err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "gateway"), attribute.String("service.version", version.Get().Version),
	), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("describe the gateway to the collector of spans: %w", err)
	}
	return NewWith(sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))), nil
}

// NewWith returns a tracer over a provider, which Close shuts down.
func NewWith(p *sdk.TracerProvider) *Tracer {
	return &Tracer{tracer: p.Tracer("github.com/glarimy/ums/gateway"), provider: p}
}

// Close sends what is not sent yet, as long as ctx allows. A nil tracer is closed already.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Span is a request's time in the gateway, and within it the time that its slot took. The zero value is none.
type Span struct {
	Traceparent    string // what the upstream is told; "" without a span
	server, client trace.Span
}

// Start begins the span of a request, within the trace that the client names.
func (t *Tracer) Start(x *exchange.Exchange, route, slot string) Span {
	ctx := propagation.TraceContext{}.Extract(context.Background(), incoming{x})
	ctx, server := t.tracer.Start(ctx, x.Method+" "+route, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(x.Start), trace.WithAttributes(
			attribute.String("http.request.method", x.Method),
			attribute.String("http.route", route),
			attribute.String("ums.request_id", x.RequestID),
		))
	ctx, client := t.tracer.Start(ctx, x.Method+" "+slot, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", x.Method),
		attribute.String("ums.slot", slot),
	))
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return Span{Traceparent: carrier["traceparent"], server: server, client: client}
}

// End ends the span with the status of the answer.
func (s *Span) End(status int) {
	for _, span := range []trace.Span{s.client, s.server} {
		if span == nil {
			continue
		}
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// incoming reads a request's fields for the propagator.
type incoming struct{ x *exchange.Exchange }

func (i incoming) Get(key string) string { return i.x.Get(key) }
func (i incoming) Set(string, string)    {}
func (i incoming) Keys() []string        { return nil }
