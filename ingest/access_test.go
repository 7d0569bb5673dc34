package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

// lines is a log that tests can read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestReceiver_AccessLog(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T, access bool) (*bench, *lines) {
		t.Helper()
		log := &lines{}
		b := &bench{key: key(t, secretA)}
		e := env()
		e.Log = slog.New(slog.NewJSONHandler(log, nil))
		r, err := ingest.NewReceiver([]ingest.Company{
			{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, b.key)},
		}, &memory{}, ingest.ReceiverConfig{AccessLog: access}, e)
		require.NoError(t, err)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		b.addr = ln.Addr().String()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.Serve(ctx, ln) }()
		t.Cleanup(func() { cancel(); <-done })
		return b, log
	}
	const body = `{"worker_email":"ada@example.com"}`

	t.Run("SaysWhatWasAskedAndNothingThatWasSent", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, true)
		h := signed(b.key.Secret, "m", body)
		h.Set("Traceparent", traceparent)
		h.Set("Authorization", "Bearer hush-hush-hush-hush")
		require.Equal(t, 202, b.post(t, "/webhooks/ontop/acme?token=hush", h, strings.NewReader(body)).code)
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(log.String()), &line))
		require.Equal(t, "request answered", line["msg"])
		require.Equal(t, "INFO", line["level"])
		require.EqualValues(t, 202, line["code"])
		require.Equal(t, "POST", line["method"])
		require.Equal(t, "/webhooks/ontop/acme", line["path"])
		require.EqualValues(t, len(body), line["body_bytes"])
		require.Equal(t, "127.0.0.1", line["origin"])
		require.Equal(t, traceID, line["trace_id"])
		require.Equal(t, spanID, line["parent_span_id"])
		for _, secret := range []string{"ada@example.com", "hush", "v1,"} {
			require.NotContains(t, log.String(), secret)
		}
	})

	t.Run("BelievesNoBrokenTrace", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, true)
		require.Equal(t, 401, b.post(t, "/webhooks/ontop/acme", http.Header{"Traceparent": {"00-evil\tid"}}, strings.NewReader("{}")).code)
		require.Contains(t, log.String(), `"code":401`)
		require.NotContains(t, log.String(), "evil")
	})

	t.Run("IsSilentUnlessAsked", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, false)
		require.Equal(t, 202, b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, "m", body), strings.NewReader(body)).code)
		require.Empty(t, log.String())
	})
}
