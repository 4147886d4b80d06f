package gateway_test

import (
	"strings"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/glarimy/ums/gateway"
	"github.com/glarimy/ums/gateway/tracing"
	"github.com/glarimy/ums/shared/httpserver"
)

// TestTracing checks the spans of a request: within the client's trace, and told to the upstream.
func TestTracing(t *testing.T) {
	t.Parallel()
	upstream := newRawUpstream(t, okAnswer)
	recorder := tracetest.NewSpanRecorder()
	addr := serve(t, everySlotAt(upstream.url), func(_ *httpserver.Config, d *gateway.Dependencies) {
		d.Tracer = tracing.NewWith(sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	})
	const trace = "0af7651916cd43dd8448eb211c80319c"
	roundTrip(t, addr, "GET /user/x HTTP/1.1\r\nHost: h\r\ntraceparent: 00-"+trace+"-b7ad6b7169203331-01\r\n\r\n")
	waitFor(t, func() bool { return len(recorder.Ended()) == 2 })
	client, server := recorder.Ended()[0], recorder.Ended()[1]
	told := values(upstream.last(t), "traceparent")
	want := "00-" + trace + "-" + client.SpanContext().SpanID().String() + "-01"
	if len(told) != 1 || told[0] != want {
		t.Errorf("the upstream was told %q, want %q", told, want)
	}
	if server.SpanContext().TraceID().String() != trace || server.Parent().SpanID().String() != "b7ad6b7169203331" ||
		client.Parent().SpanID() != server.SpanContext().SpanID() || server.Name() != "GET /user/{name}" {
		t.Errorf("spans %v and %v", server, client)
	}
	roundTrip(t, addr, getUser) // without a trace of the client's one is made
	if told := values(upstream.last(t), "traceparent"); len(told) != 1 || !strings.HasPrefix(told[0], "00-") {
		t.Errorf("the upstream was told %q", told)
	}
}

func TestTracing_configured(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		vars map[string]string
		on   bool
		err  bool
	}{
		{nil, false, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, true, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/x"}, true, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, false, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, true},
	} {
		tracer, err := tracing.New(t.Context(), environment(tt.vars))
		if (tracer != nil) != tt.on || (err != nil) != tt.err {
			t.Errorf("%v: on = %t, %v", tt.vars, tracer != nil, err)
		}
		if err := tracer.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
