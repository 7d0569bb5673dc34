package ingest_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// memory is an appender that keeps deliveries, and fails or waits as told.
type memory struct {
	mu    sync.Mutex
	kept  []schema.Delivery
	err   error
	enter chan struct{} // when set: told on entry,
	leave chan struct{} // and then waited for
}

func (m *memory) Append(_ context.Context, d schema.Delivery) error {
	if m.enter != nil {
		m.enter <- struct{}{}
		<-m.leave
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		d.Body, d.Arrival = bytes.Clone(d.Body), bytes.Clone(d.Arrival)
		m.kept = append(m.kept, d)
	}
	return m.err
}

// deliveries returns what came in, but not how.
func (m *memory) deliveries() []schema.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := append([]schema.Delivery(nil), m.kept...)
	for i := range all {
		all[i].Arrival = nil
	}
	return all
}

// arrivals returns how each of deliveries came in.
func (m *memory) arrivals() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, d := range m.kept {
		all = append(all, string(d.Arrival))
	}
	return all
}

// bench is a receiver at a real socket.
type bench struct {
	addr string
	key  ingest.Key
	reg  *prometheus.Registry
	r    *ingest.Receiver
	stop func() error
}

func serve(tb testing.TB, journal ingest.Appender, change ...func(*ingest.ReceiverConfig)) *bench {
	tb.Helper()
	b := &bench{key: key(tb, secretA), reg: prometheus.NewRegistry()}
	cfg := ingest.ReceiverConfig{ReadTimeout: 5 * time.Second, IdleTimeout: 5 * time.Second}
	for _, c := range change {
		c(&cfg)
	}
	e := env()
	e.Metrics = ingest.NewMetrics(b.reg)
	e.Log = slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	b.r, err = ingest.NewReceiver([]ingest.Company{
		{ID: "acme", Verifier: verifier(tb, ingest.SignatureConfig{}, b.key)},
		{ID: "other", Verifier: verifier(tb, ingest.SignatureConfig{}, key(tb, secretB))},
		{ID: "slow", Verifier: verifier(tb, ingest.SignatureConfig{UnsafeAcceptUnsigned: true}), RatePerSecond: 2},
	}, journal, cfg, e)
	require.NoError(tb, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	b.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.r.Serve(ctx, ln) }()
	b.stop = sync.OnceValue(func() error { cancel(); return <-done })
	tb.Cleanup(func() { _ = b.stop() })
	return b
}

// reply is an answer, read in full.
type reply struct {
	code   int
	header http.Header
	text   string
	closes bool
}

// post sends one request on a connection of its own.
func (b *bench) post(tb testing.TB, path string, h http.Header, body io.Reader, change ...func(*http.Request)) reply {
	tb.Helper()
	got, err := b.send(path, h, body, change...)
	require.NoError(tb, err)
	return got
}

// send is post for goroutines other than the test's own.
func (b *bench) send(path string, h http.Header, body io.Reader, change ...func(*http.Request)) (reply, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+b.addr+path, body)
	if err != nil {
		return reply{}, err
	}
	req.Header = h.Clone()
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Close = true
	for _, c := range change {
		c(req)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	res, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{code: res.StatusCode, header: res.Header, text: string(text)}, err
}

func (b *bench) requests(tb testing.TB, code string) int {
	tb.Helper()
	families, err := b.reg.Gather()
	require.NoError(tb, err)
	for _, f := range families {
		if f.GetName() != "tieout_ingest_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == code {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	return -1
}

func TestReceiver_Status(t *testing.T) {
	t.Parallel()
	const path, body = "/webhooks/ontop/acme", `{"event_type":"PAYMENT","data":{}}`
	k := key(t, secretA)
	good := signed(k.Secret, "msg_1", body)
	with := func(name, value string) http.Header {
		h := good.Clone()
		h.Set(name, value)
		return h
	}
	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	packed := func() string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(body))
		_ = w.Close()
		return b.String()
	}()
	bomb := func() string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(make([]byte, 64<<20))
		_ = w.Close()
		return b.String()
	}()

	cases := []struct {
		name   string
		path   string
		header http.Header
		body   string
		change func(*http.Request)
		err    error
		want   int
	}{
		{name: "AcceptedWhenDurable", want: 202},
		{name: "AcceptedWithCharset", header: with("Content-Type", "application/json; charset=utf-8"), want: 202},
		{name: "AcceptedAsCloudEvent", header: with("Content-Type", "application/cloudevents+json"), want: 202},
		{name: "AcceptedThoughNotJSON", header: signed(k.Secret, "m", "not json"), body: "not json", want: 202},
		{name: "AcceptedThoughNotUTF8", header: signed(k.Secret, "m", "{\xff\xfe}"), body: "{\xff\xfe}", want: 202},
		{name: "AcceptedThoughDeep", header: signed(k.Secret, "m", strings.Repeat("[", 10_000)), body: strings.Repeat("[", 10_000), want: 202},
		{name: "AcceptedWithLongNumber", header: signed(k.Secret, "m", strings.Repeat("9", 400)), body: strings.Repeat("9", 400), want: 202},
		{name: "UnauthorizedWithoutSignature", header: http.Header{}, want: 401},
		{name: "UnauthorizedWithBadSignature", header: with("Webhook-Signature", "v1,AAAA"), want: 401},
		{name: "UnauthorizedForAnotherCompany", path: "/webhooks/ontop/other", want: 401},
		{name: "NotFoundForUnknownCompany", path: "/webhooks/ontop/nobody", want: 404},
		{name: "NotFoundForOtherCase", path: "/webhooks/ontop/ACME", want: 404},
		{name: "NotFoundForTrailingSlash", path: "/webhooks/ontop/acme/", want: 404},
		{name: "NotFoundForRoot", path: "/", want: 404},
		{name: "NotFoundForMetrics", path: "/metrics", change: method("GET"), want: 404},
		{name: "NotFoundForTraversal", path: "/webhooks/ontop/x/../acme%2f", want: 404},
		{name: "MethodGet", change: method("GET"), want: 405},
		{name: "MethodPut", change: method("PUT"), want: 405},
		{name: "MethodDelete", change: method("DELETE"), want: 405},
		{name: "TooLarge", body: strings.Repeat("a", 1<<20+1), want: 413},
		{name: "NotJSON", header: with("Content-Type", "text/plain"), want: 415},
		{name: "Form", header: with("Content-Type", "application/x-www-form-urlencoded"), want: 415},
		{name: "Compressed", header: with("Content-Encoding", "gzip"), body: packed, want: 415},
		{name: "GzipBomb", header: with("Content-Encoding", "gzip"), body: bomb, want: 415},
		{name: "Full", err: ingest.ErrFull, want: 503},
		{name: "DiskFull", err: ingest.ErrDiskFull, want: 503},
		{name: "Busy", err: ingest.ErrBusy, want: 503},
		{name: "Broken", err: ingest.ErrBroken, want: 503},
		{name: "Slow", err: ingest.ErrSlow, want: 503},
		{name: "HeaderTooLarge", header: with("X-Long", strings.Repeat("a", 9<<10)), want: 431},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			journal := &memory{err: c.err}
			b := serve(t, journal)
			if c.header == nil {
				c.header = good
			}
			if c.path == "" {
				c.path = path
			}
			if c.body == "" {
				c.body = body
			}
			changes := []func(*http.Request){}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			res := b.post(t, c.path, c.header, strings.NewReader(c.body), changes...)
			require.Equal(t, c.want, res.code, res.text)
			require.Equal(t, "application/json", res.header.Get("Content-Type"))
			require.True(t, json.Valid([]byte(res.text)), res.text)
			require.Equal(t, 1, b.requests(t, strconv.Itoa(c.want)))
			switch c.want {
			case 202:
				kept := journal.deliveries()
				require.Len(t, kept, 1)
				require.Equal(t, c.body, string(kept[0].Body))
				require.Equal(t, schema.CompanyID("acme"), kept[0].Company)
				require.Equal(t, noon, kept[0].ReceivedAt)
			case 405:
				require.Equal(t, "POST", res.header.Get("Allow"))
			case 503:
				wait := "1"
				if errors.Is(c.err, ingest.ErrFull) {
					wait = "30" // the store has to come back first, or a person to make room
				}
				require.Equal(t, wait, res.header.Get("Retry-After"))
			}
			if c.want != 202 {
				require.Empty(t, journal.deliveries())
			}
		})
	}
}

func TestReceiver_Rate(t *testing.T) {
	t.Parallel()
	b := serve(t, &memory{})
	for range 2 {
		res := b.post(t, "/webhooks/ontop/slow", http.Header{}, strings.NewReader("{}"))
		require.Equal(t, 202, res.code)
	}
	res := b.post(t, "/webhooks/ontop/slow", http.Header{}, strings.NewReader("{}"))
	require.Equal(t, 429, res.code)
	require.Equal(t, "1", res.header.Get("Retry-After"))
	res = b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, "m", "{}"), strings.NewReader("{}"))
	require.Equal(t, 202, res.code, "one company does not starve another")
}

func TestReceiver_Reload(t *testing.T) {
	t.Parallel()
	b := serve(t, &memory{})
	next := key(t, secretB)
	require.NoError(t, b.r.Reload([]ingest.Company{{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, next)}}))
	res := b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, "m", "{}"), strings.NewReader("{}"))
	require.Equal(t, 401, res.code)
	res = b.post(t, "/webhooks/ontop/acme", signed(next.Secret, "m", "{}"), strings.NewReader("{}"))
	require.Equal(t, 202, res.code)
	err := b.r.Reload([]ingest.Company{{ID: "a"}, {ID: "b", Verifier: verifier(t, ingest.SignatureConfig{}, next), RatePerSecond: -1}, {}})
	for _, part := range []string{"companies.a: has no verifier", "companies.b.rate_per_second", "an id is missing"} {
		require.ErrorContains(t, err, part)
	}
	res = b.post(t, "/webhooks/ontop/acme", signed(next.Secret, "m", "{}"), strings.NewReader("{}"))
	require.Equal(t, 202, res.code, "a bad reload changes nothing")
}

// raw sends bytes as they are and returns the answers in order.
func raw(t *testing.T, addr, request string, answers int) []reply {
	t.Helper()
	return rawFrom(t, "127.0.0.1", addr, request, answers)
}

// rawFrom is raw from another address of this machine.
func rawFrom(t *testing.T, local, addr, request string, answers int) []reply {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	conn, err := dialer.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	r := bufio.NewReader(conn)
	var out []reply
	for range answers {
		out = append(out, answer(t, r))
	}
	return out
}

// answer reads the next answer.
func answer(t *testing.T, r *bufio.Reader) reply {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return reply{code: res.StatusCode, header: res.Header, text: string(text), closes: res.Close}
}

// wire writes a signed request by hand.
func wire(b *bench, version, id, body string, extra ...string) string {
	h := signed(b.key.Secret, id, body)
	var s strings.Builder
	fmt.Fprintf(&s, "POST /webhooks/ontop/acme %s\r\nHost: x\r\nContent-Type: application/json\r\n", version)
	for name, values := range h {
		fmt.Fprintf(&s, "%s: %s\r\n", name, values[0])
	}
	for _, e := range extra {
		s.WriteString(e + "\r\n")
	}
	return s.String()
}

func length(body string) string { return "Content-Length: " + strconv.Itoa(len(body)) }

func TestReceiver_Wire(t *testing.T) {
	t.Parallel()
	const body = `{"event_type":"PAYMENT"}`

	t.Run("Pipelining", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		var all strings.Builder
		for n := range 20 {
			all.WriteString(wire(b, "HTTP/1.1", fmt.Sprintf("m%d", n), body, length(body)) + "\r\n" + body)
		}
		for _, res := range raw(t, b.addr, all.String(), 20) {
			require.Equal(t, 202, res.code)
		}
		require.Len(t, journal.deliveries(), 20)
	})

	t.Run("HTTP10", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		res := raw(t, b.addr, wire(b, "HTTP/1.0", "m", body, length(body))+"\r\n"+body, 1)[0]
		require.Equal(t, 202, res.code)
		require.True(t, res.closes)
	})

	t.Run("Chunked", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		chunks := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 5, body[:5], len(body)-5, body[5:])
		res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", body, "Transfer-Encoding: chunked")+"\r\n"+chunks, 1)[0]
		require.Equal(t, 202, res.code)
		require.Equal(t, schema.BodyID([]byte(body)), schema.BodyID(journal.deliveries()[0].Body))
	})

	t.Run("ChunkedTooLarge", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.BodyLimit = 1000 })
		chunk := fmt.Sprintf("%x\r\n%s\r\n", 900, strings.Repeat("a", 900))
		res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", body, "Transfer-Encoding: chunked")+"\r\n"+chunk+chunk+"0\r\n\r\n", 1)[0]
		require.Equal(t, 413, res.code)
	})

	t.Run("ChunkedToTheByte", func(t *testing.T) {
		t.Parallel()
		for _, limit := range []int{1000, 10_000} { // less and more than the first buffer
			b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.BodyLimit = limit })
			for size, want := range map[int]int{limit: 202, limit + 1: 413} {
				large := strings.Repeat("a", size)
				text := wire(b, "HTTP/1.1", "m", large, "Transfer-Encoding: chunked") + "\r\n"
				res := raw(t, b.addr, fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", text, size, large), 1)[0]
				require.Equal(t, want, res.code, size)
			}
		}
	})

	// Whoever sends all of a body before reading must see the answer, and not a
	// connection that was reset under way.
	t.Run("TooLargeAndSentWhole", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		large := strings.Repeat("a", 3<<20)
		for range 20 {
			res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", large, "Content-Length: "+strconv.Itoa(len(large)))+"\r\n"+large, 1)[0]
			require.Equal(t, 413, res.code)
		}
	})

	// What stands behind a body is written by whoever wrote the body.
	t.Run("TrailerMaySayNothingOfTheSender", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
		text := wire(b, "HTTP/1.1", "m", body, "Transfer-Encoding: chunked", "X-Forwarded-For: 192.0.2.1") + "\r\n"
		text += fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n", len(body), body)
		require.Equal(t, 400, raw(t, b.addr, text, 1)[0].code)
		require.Empty(t, journal.deliveries())
	})

	t.Run("BrokenChunk", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", body, "Transfer-Encoding: chunked")+"\r\nzz\r\n"+body+"\r\n0\r\n\r\n", 1)[0]
		require.Equal(t, 400, res.code)
		require.Empty(t, journal.deliveries())
	})

	t.Run("Continue100", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		conn, err := net.Dial("tcp", b.addr)
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
		_, err = io.WriteString(conn, wire(b, "HTTP/1.1", "m", body, length(body), "Expect: 100-continue")+"\r\n")
		require.NoError(t, err)
		r := bufio.NewReader(conn)
		require.Equal(t, 100, answer(t, r).code)
		_, err = io.WriteString(conn, body)
		require.NoError(t, err)
		require.Equal(t, 202, answer(t, r).code)
	})

	t.Run("HTTP10IsToldNothingBeforeTheAnswer", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		text := wire(b, "HTTP/1.0", "m", body, length(body), "Expect: 100-continue") + "\r\n" + body
		require.Equal(t, 202, raw(t, b.addr, text, 1)[0].code)
	})

	t.Run("LengthTooShortFailsTheSignature", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", body, "Content-Length: 5", "Connection: close")+"\r\n"+body, 1)[0]
		require.Equal(t, 401, res.code)
		require.Empty(t, journal.deliveries())
	})

	t.Run("LengthTooLongTimesOut", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.ReadTimeout = 100 * time.Millisecond })
		res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", body, "Content-Length: 500")+"\r\n"+body, 1)[0]
		require.Equal(t, 408, res.code)
		require.Empty(t, journal.deliveries())
	})

	t.Run("SlowLorisIsCutOff", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.ReadTimeout = 200 * time.Millisecond })
		conn, err := net.Dial("tcp", b.addr)
		require.NoError(t, err)
		defer conn.Close()
		start := time.Now()
		go func() {
			for {
				if _, err := io.WriteString(conn, "X"); err != nil {
					return
				}
				<-time.After(20 * time.Millisecond)
			}
		}()
		require.NoError(t, conn.SetReadDeadline(start.Add(10*time.Second)))
		_, err = io.Copy(io.Discard, conn)
		require.NotErrorIs(t, err, errTimeout(err))
		require.Less(t, time.Since(start), 5*time.Second)
	})

	t.Run("NotHTTP", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{})
		require.Equal(t, 400, raw(t, b.addr, "\x16\x03\x01\x02\x00\r\n\r\n", 1)[0].code)
	})
}

// errTimeout returns err if it is a timeout of the test's own connection.
func errTimeout(err error) error {
	if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() {
		return err
	}
	return io.ErrNoProgress
}

func TestReceiver_Shutdown(t *testing.T) {
	t.Parallel()

	t.Run("AnswersWhatItAccepted", func(t *testing.T) {
		t.Parallel()
		journal := &memory{enter: make(chan struct{}), leave: make(chan struct{})}
		b := serve(t, journal)
		answers := make(chan int, 8)
		for n := range 8 {
			go func() {
				res, _ := b.send("/webhooks/ontop/acme", signed(b.key.Secret, fmt.Sprintf("m%d", n), "{}"), strings.NewReader("{}"))
				answers <- res.code
			}()
		}
		for range 8 {
			<-journal.enter
		}
		stopped := make(chan error, 1)
		go func() { stopped <- b.stop() }()
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", b.addr)
			if err == nil {
				conn.Close()
			}
			return err != nil
		}, 5*time.Second, 5*time.Millisecond, "no new connections")
		close(journal.leave)
		for range 8 {
			require.Equal(t, 202, <-answers)
		}
		require.NoError(t, <-stopped)
		require.Len(t, journal.deliveries(), 8)
	})

	t.Run("StopsWithIdleConnections", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.IdleTimeout = time.Minute; c.ReadTimeout = time.Minute })
		conn, err := net.Dial("tcp", b.addr)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, wire(b, "HTTP/1.1", "m", "{}", length("{}"))+"\r\n{}")
		require.NoError(t, err)
		require.Equal(t, 202, answer(t, bufio.NewReader(conn)).code)
		start := time.Now()
		require.NoError(t, b.stop())
		require.Less(t, time.Since(start), 10*time.Second)
	})

	t.Run("SaysSoWhenItTakesTooLong", func(t *testing.T) {
		t.Parallel()
		journal := &memory{enter: make(chan struct{}), leave: make(chan struct{})}
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.ShutdownTimeout = 50 * time.Millisecond })
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			_, _ = b.send("/webhooks/ontop/acme", signed(b.key.Secret, "m", "{}"), strings.NewReader("{}"))
		}()
		<-journal.enter
		require.ErrorContains(t, b.stop(), "answer requests in flight")
		close(journal.leave)
		<-answered
	})
}

// The whole way: socket, journal, drainer, store; every id that was answered 202
// is in the store exactly once, with the bytes that were sent.
func TestReceiver_EndToEnd(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem(), small)
	b := serve(t, j)
	store := &books{fail: func(call int) (before, after error) {
		switch call % 4 {
		case 1:
			return errAway, nil
		case 2:
			return nil, errAway
		}
		return nil, nil
	}}
	d, err := ingest.NewDrainer(j, store, nil, ingest.DrainConfig{BlockDeliveries: 30, Interval: time.Millisecond, MaxBackoff: 5 * time.Millisecond}, env())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := range 40 {
				id := fmt.Sprintf("m%d-%d", w, n)
				res, err := b.send("/webhooks/ontop/acme", signed(b.key.Secret, id, `{"id":"`+id+`"}`), strings.NewReader(`{"id":"`+id+`"}`))
				if err != nil || res.code != 202 {
					t.Errorf("%s: %d, %v", id, res.code, err)
				}
			}
		})
	}
	wg.Wait()
	require.Eventually(t, func() bool { return len(store.deliveries()) == 320 }, 20*time.Second, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	seen := make(map[schema.DeliveryID]bool)
	for _, got := range store.deliveries() {
		require.False(t, seen[got.ID])
		seen[got.ID] = true
		require.Equal(t, `{"id":"`+string(got.ID)+`"}`, string(got.Body))
	}
}

// A series that appears with its first refusal shows no increase.
func TestReceiver_CountsEveryCauseFromTheBeginning(t *testing.T) {
	t.Parallel()
	b := serve(t, &memory{})
	families, err := b.reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "tieout_ingest_verification_failures_total" {
			require.Len(t, f.GetMetric(), 3*len(ingest.Rejections()), "of each of three companies")
			return
		}
	}
	require.Fail(t, "there is no such series")
}

func TestNewMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	ingest.NewMetrics(reg)
	families, err := reg.Gather()
	require.NoError(t, err)
	series := make(map[string]int)
	for _, f := range families {
		series[f.GetName()] = len(f.GetMetric())
	}
	for name, want := range map[string]int{
		"tieout_ingest_requests_total":         13,
		"tieout_ingest_staged_total":           2,
		"tieout_ingest_commit_seconds":         1,
		"tieout_ingest_journal_oldest_seconds": 1,
		"tieout_ingest_drain_errors_total":     1,
	} {
		require.Equal(t, want, series[name], name)
	}
}
