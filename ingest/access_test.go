package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

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

	t.Run("SaysHowMuchCameInChunks", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, true)
		text := wire(b, "HTTP/1.1", "m", body, "Transfer-Encoding: chunked") + "\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		require.Equal(t, 202, raw(t, b.addr, text, 1)[0].code)
		require.Contains(t, log.String(), fmt.Sprintf(`"body_bytes":%d`, len(body)))
	})

	t.Run("SaysNotHowLongItTookToReadWhatItCouldNot", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, true)
		require.Equal(t, 400, raw(t, b.addr, "POST  x\r\n\r\n", 1)[0].code)
		require.Contains(t, log.String(), `"code":400`)
		require.NotContains(t, log.String(), `"took"`)
	})

	t.Run("BelievesNoBrokenTrace", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, true)
		require.Equal(t, 401, b.post(t, "/webhooks/ontop/acme", http.Header{"Traceparent": {"00-evil\tid"}}, strings.NewReader("{}")).code)
		require.Contains(t, log.String(), `"code":401`)
		require.NotContains(t, log.String(), "evil")
	})

	t.Run("RepeatsNoMoreOfAPathThanSomebodyReads", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, true)
		require.Equal(t, 404, b.post(t, "/"+strings.Repeat("a", 5000), http.Header{}, strings.NewReader("{}")).code)
		require.Less(t, len(log.String()), 500)
	})

	// Of what proves where a request comes from, nothing reaches the log at any level:
	// neither what was sent nor what it is compared with.
	t.Run("NamesNoSecretAtAnyLevel", func(t *testing.T) {
		t.Parallel()
		log, journal := &lines{}, &memory{err: ingest.ErrBroken}
		e := env()
		e.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
		b := &bench{key: key(t, secretA)}
		token := ingest.Key{Secret: []byte("a-token-of-some-length")}
		r, err := ingest.NewReceiver([]ingest.Company{
			{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, b.key)},
			{ID: "bearer", Verifier: verifier(t, ingest.SignatureConfig{Scheme: ingest.Bearer}, token)},
		}, journal, ingest.ReceiverConfig{AccessLog: true, ReadTimeout: time.Second}, e)
		require.NoError(t, err)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		b.addr = ln.Addr().String()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.Serve(ctx, ln) }()
		good := signed(b.key.Secret, "m", body)
		bad := good.Clone()
		bad.Set("Webhook-Signature", "v1,c2VjcmV0LXNpZ25hdHVyZQ==")
		require.Equal(t, 503, b.post(t, "/webhooks/ontop/acme", good, strings.NewReader(body)).code)
		require.Equal(t, 401, b.post(t, "/webhooks/ontop/acme", bad, strings.NewReader(body)).code)
		for token, want := range map[string]int{"a-token-of-some-length": 503, "a-token-of-somebody-else": 401} {
			res := b.post(t, "/webhooks/ontop/bearer", http.Header{"Authorization": {"Bearer " + token}}, strings.NewReader(body))
			require.Equal(t, want, res.code)
		}
		for _, broken := range []string{
			"POST /webhooks/ontop/acme HTTP/1.1\r\nAuthorization: Bearer hush-hush\r\nWebhook-Signature v1,hush\r\n\r\n",
			"POST\r\nAuthorization: Bearer hush-hush\r\n\r\n", "POST  HTTP/1.1\r\nAuthorization: Bearer hush-hush\r\n\r\n",
			"POST / HTTP/1.1\r\nhush-hush Authorization: hush\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: hush\r\n\r\n",
			"POST / HTTP/1.1\r\nAuthorization: Bearer " + strings.Repeat("hush", 3000) + "\r\n\r\n",
		} {
			require.Len(t, conversation(t, b.addr, broken), 1)
		}
		cancel()
		require.NoError(t, <-done)
		require.GreaterOrEqual(t, strings.Count(log.String(), "request answered"), 5)
		for _, secret := range []string{
			good.Get("Webhook-Signature"), bad.Get("Webhook-Signature"), "a-token-of-some", "hush", string(b.key.Secret), secretA[6:], "ada@example.com",
		} {
			require.NotContains(t, log.String(), secret)
		}
	})

	t.Run("IsSilentUnlessAsked", func(t *testing.T) {
		t.Parallel()
		b, log := setup(t, false)
		require.Equal(t, 202, b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, "m", body), strings.NewReader(body)).code)
		require.Empty(t, log.String())
	})
}
