package ingest_test

import (
	"context"
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

// tracer remembers the spans that it was told of.
type tracer struct {
	mu      sync.Mutex
	parents []string
	ended   []ingest.Traced
}

type tracerSpan struct{ t *tracer }

func (t *tracer) Begin(parent string, _ time.Time) ingest.Span {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.parents = append(t.parents, parent)
	return tracerSpan{t}
}

func (tracerSpan) IDs() (trace, span string) { return traceID, "b7ad6b7169203331" }

func (s tracerSpan) End(outcome ingest.Traced) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.t.ended = append(s.t.ended, outcome)
}

// last is the parent and the end of the newest span, of so many.
func (t *tracer) last(tb testing.TB, spans int) (string, ingest.Traced) {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	require.Len(tb, t.parents, spans)
	require.Len(tb, t.ended, spans, "each span is ended, once")
	return t.parents[spans-1], t.ended[spans-1]
}

func TestReceiver_Tracer(t *testing.T) {
	t.Parallel()
	spans, log := &tracer{}, &lines{}
	b := &bench{key: key(t, secretA)}
	e := env()
	e.Tracer, e.Log = spans, slog.New(slog.NewTextHandler(log, nil))
	journal := &memory{}
	r, err := ingest.NewReceiver([]ingest.Company{
		{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, b.key)},
	}, journal, ingest.ReceiverConfig{AccessLog: true}, e)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx, ln) }()
	t.Cleanup(func() { cancel(); <-done })

	const path, body = "/webhooks/ontop/acme", `{"worker_email":"ada@example.com"}`
	send := func(path, parent string, h http.Header) int {
		h.Set("Traceparent", parent)
		return b.post(t, path, h, strings.NewReader(body)).code
	}
	require.Equal(t, 202, send(path, traceparent, signed(b.key.Secret, "m", body)))
	parent, outcome := spans.last(t, 1)
	require.Equal(t, traceparent, parent)
	require.Equal(t, ingest.Traced{Company: "acme", Delivery: "m", Bytes: len(body), Code: 202, At: noon}, outcome)
	require.Contains(t, log.String(), "trace_id="+traceID+" span_id=b7ad6b7169203331")

	require.Equal(t, 401, send(path, "00-evil", http.Header{}))
	parent, outcome = spans.last(t, 2)
	require.Empty(t, parent, "a malformed one is ignored")
	require.Equal(t, ingest.Traced{Company: "acme", Code: 401, At: noon}, outcome)

	require.Equal(t, 404, send("/webhooks/ontop/somebody", traceparent, http.Header{}))
	_, outcome = spans.last(t, 3)
	require.Equal(t, ingest.Traced{Code: 404, At: noon}, outcome, "whatever a stranger writes into the path stays out")

	journal.mu.Lock()
	journal.err = ingest.ErrFull
	journal.mu.Unlock()
	require.Equal(t, 503, send(path, traceparent, signed(b.key.Secret, "m2", body)))
	_, outcome = spans.last(t, 4)
	require.Equal(t, 503, outcome.Code)

	require.Equal(t, 404, send("/elsewhere", traceparent, http.Header{}))
	spans.last(t, 4)
}
