package app_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
)

// collector is what an OpenTelemetry collector is sent.
type collector struct {
	*httptest.Server
	mu     sync.Mutex
	paths  []string
	header http.Header
	bodies []byte
	status int
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{status: http.StatusOK}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.paths, c.header, c.bodies = append(c.paths, r.URL.Path), r.Header, append(c.bodies, body...)
		if err != nil {
			c.status = http.StatusBadRequest
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(c.status)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) got() ([]string, http.Header, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.paths...), c.header, bytes.Clone(c.bodies)
}

// postTraced sends one delivery under a trace, and returns the answer's status.
func postTraced(t *testing.T, w *world, secret config.Secret, traceparent, body string) int {
	t.Helper()
	webhook, err := standardwebhooks.NewWebhook(secret.Reveal())
	require.NoError(t, err)
	now := time.Now()
	signature, err := webhook.Sign("msg_traced", now, []byte(body))
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.cfg.Public.Listen+"/webhooks/ontop/acme", strings.NewReader(body))
	require.NoError(t, err)
	request.Header = http.Header{
		"Content-Type": {"application/json"}, "Traceparent": {traceparent}, "Webhook-Id": {"msg_traced"},
		"Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature},
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// The tests of tracing are not parallel, because the environment, by which it is
// asked for, is the process's.

func TestServe_SendsTracesWhereTheEnvironmentSays(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=ours")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000") // so that only stopping sends
	w := newWorld(t)
	secret := w.cfg.Companies[0].Ontop.Secrets[0].Secret
	stop := w.serve(t, w.open(t))
	const trace, parent, body = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", `{"event_type":"KYC","data":{"worker_email":"ada@example.com"}}`
	require.Equal(t, http.StatusAccepted, postTraced(t, w, secret, "00-"+trace+"-"+parent+"-01", body))
	require.Equal(t, http.StatusAccepted, postTraced(t, w, secret, "00-"+trace+"-"+parent+"-00", `{"event_type":"not sampled"}`))
	paths, _, _ := c.got()
	require.Empty(t, paths)
	stop()

	paths, header, sent := c.got()
	require.Equal(t, []string{"/v1/traces"}, paths)
	require.Equal(t, "application/x-protobuf", header.Get("Content-Type"))
	require.Equal(t, "ours", header.Get("X-Tenant"))
	for _, id := range []string{trace, parent} {
		raw, err := hex.DecodeString(id)
		require.NoError(t, err)
		require.Equal(t, 1, bytes.Count(sent, raw), "one span, under the sender's; who does not sample is not sampled")
	}
	for _, said := range []string{
		"POST /webhooks/ontop/{company}", "http.response.status_code", "tieout.company", "acme", "tieout.delivery", "msg_traced",
		"service.name", "tieout", "deployment.environment",
	} {
		require.Contains(t, string(sent), said)
	}
	for _, secret := range []string{"ada@example.com", "v1,", secret.Reveal()} {
		require.NotContains(t, string(sent), secret)
	}
}

func TestServe_ReceivesWithoutACollector(t *testing.T) {
	c := newCollector(t)
	c.status = http.StatusForbidden
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.URL+"/traces")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	w := newWorld(t)
	stop := w.serve(t, w.open(t))
	require.Equal(t, http.StatusAccepted, postTraced(t, w, w.cfg.Companies[0].Ontop.Secrets[0].Secret, "", "{}"))
	require.Eventually(t, func() bool { return strings.Contains(w.log.String(), "traces not sent") }, 20*time.Second, 5*time.Millisecond)
	stop()
	paths, _, _ := c.got()
	require.Equal(t, "/traces", paths[0])
}

func TestNewTracing(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for name, c := range map[string]struct {
		env  map[string]string
		on   bool
		want string
	}{
		"Unset":           {env: map[string]string{"OTEL_SERVICE_NAME": "tieout", "OTEL_TRACES_EXPORTER": "otlp"}},
		"Set":             {env: map[string]string{endpoint: "http://127.0.0.1:1"}, on: true},
		"SetForTraces":    {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, on: true},
		"SetForMetrics":   {env: map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:1"}},
		"Disabled":        {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}},
		"None":            {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}},
		"AnotherExporter": {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "zipkin"}, want: "OTEL_TRACES_EXPORTER: must be otlp or none"},
		"AnotherProtocol": {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, want: "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range c.env {
				t.Setenv(key, value)
			}
			on, err := app.Traces(t.Context(), slog.New(slog.DiscardHandler))
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.on, on)
		})
	}
}
