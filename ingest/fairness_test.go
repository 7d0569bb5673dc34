package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// slowFor takes its time over one company's deliveries, and counts how many of them
// it has at a time.
type slowFor struct {
	memory
	company   schema.CompanyID
	now, most atomic.Int64
}

func (s *slowFor) Append(ctx context.Context, d schema.Delivery) error {
	if d.Company == s.company {
		if n := s.now.Add(1); n > s.most.Load() {
			s.most.Store(n)
		}
		<-time.After(time.Millisecond)
		s.now.Add(-1)
	}
	return s.memory.Append(ctx, d)
}

// Fairness is counted, not timed: whatever one company sends, of another's every
// delivery is taken.
func TestReceiver_Fairness(t *testing.T) {
	t.Parallel()
	const noisy, quiet = "/webhooks/ontop/acme", "/webhooks/ontop/other"
	const quietDeliveries = 200

	// run has the noisy company send from many connections until the quiet one is
	// done, and returns how often which answer was given to the noisy one.
	run := func(t *testing.T, b *bench, text string) map[int]int {
		t.Helper()
		stop := make(chan struct{})
		var senders sync.WaitGroup
		var mu sync.Mutex
		answers := map[int]int{}
		var sent atomic.Int64
		for s := range 24 {
			senders.Go(func() {
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
				defer client.CloseIdleConnections()
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					req, err := http.NewRequest(http.MethodPost, "http://"+b.addr+noisy, strings.NewReader(text))
					if err != nil {
						t.Error(err)
						return
					}
					req.Header = signed(b.key.Secret, fmt.Sprintf("n%d-%d", s, n), text)
					req.Header.Set("Content-Type", "application/json")
					res, err := client.Do(req)
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					res.Body.Close()
					mu.Lock()
					answers[res.StatusCode]++
					mu.Unlock()
					sent.Add(1)
				}
			})
		}
		other := key(t, secretB)
		require.Eventually(t, func() bool { return sent.Load() > 100 }, 20*time.Second, time.Millisecond)
		for n := range quietDeliveries {
			res := b.post(t, quiet, signed(other.Secret, fmt.Sprintf("q%d", n), "{}"), strings.NewReader("{}"))
			require.Equal(t, 202, res.code, "the quiet company's delivery %d", n)
		}
		close(stop)
		senders.Wait()
		return answers
	}
	count := func(journal *memory) map[string]int {
		by := map[string]int{}
		for _, d := range journal.deliveries() {
			by[string(d.Company)]++
		}
		return by
	}

	t.Run("TokensRunOutForOneOnly", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		const burst = 50 // and never again one: the clock stands still
		require.NoError(t, b.r.Reload([]ingest.Company{
			{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, b.key), RatePerSecond: burst},
			{ID: "other", Verifier: verifier(t, ingest.SignatureConfig{}, key(t, secretB)), RatePerSecond: quietDeliveries},
		}))
		answers := run(t, b, "{}")
		require.Equal(t, burst, answers[202])
		require.Positive(t, answers[429])
		require.Len(t, answers, 2, "%v", answers)
		require.Equal(t, map[string]int{"acme": burst, "other": quietDeliveries}, count(journal))
	})

	t.Run("PlacesRunOutForOneOnly", func(t *testing.T) {
		t.Parallel()
		journal := &slowFor{company: "acme"}
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.InFlight = 4 })
		require.NoError(t, b.r.Reload([]ingest.Company{
			{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, b.key), RatePerSecond: 1 << 30},
			{ID: "other", Verifier: verifier(t, ingest.SignatureConfig{}, key(t, secretB))},
		}))
		answers := run(t, b, "{}")
		require.Equal(t, map[string]int{"acme": answers[202], "other": quietDeliveries}, count(&journal.memory))
		require.Positive(t, answers[503])
		require.Len(t, answers, 2, "%v", answers)
		require.EqualValues(t, 2, journal.most.Load(), "half of the places, and never more")
		require.Equal(t, answers[503], b.counter(t, "tieout_ingest_shed_total", "requests"))
	})

	t.Run("ThoseWhoCannotSignTakeNobodysTokens", func(t *testing.T) {
		t.Parallel()
		journal := &memory{}
		b := serve(t, journal)
		require.NoError(t, b.r.Reload([]ingest.Company{
			{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, b.key), RatePerSecond: 3},
		}))
		for range 50 {
			require.Equal(t, 401, b.post(t, noisy, http.Header{}, strings.NewReader("{}")).code)
		}
		for n := range 3 {
			require.Equal(t, 202, b.post(t, noisy, signed(b.key.Secret, fmt.Sprint(n), "{}"), strings.NewReader("{}")).code)
		}
		require.Equal(t, 429, b.post(t, noisy, signed(b.key.Secret, "more", "{}"), strings.NewReader("{}")).code)
	})

	// Bodies that come a byte at a time hold connections and bounded memory, and no
	// place: with two places and thirty of them, everybody else is answered.
	t.Run("SlowBodiesHoldNoPlace", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.InFlight = 2; c.ReadTimeout = 20 * time.Second })
		for range 30 {
			begin(t, b, 10<<10, 9<<10)
		}
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_requests_in_flight") == 30 }, 10*time.Second, 5*time.Millisecond)
		for n := range 10 {
			require.Equal(t, 202, b.post(t, noisy, signed(b.key.Secret, fmt.Sprint(n), "{}"), strings.NewReader("{}")).code)
		}
		require.Zero(t, b.counter(t, "tieout_ingest_shed_total", "requests"))
	})
}

// Places are bounded for all together too, and those that were free when a body
// began to come may be taken when it is there.
func TestReceiver_Places(t *testing.T) {
	t.Parallel()
	waiting := func() *memory { return &memory{enter: make(chan struct{}), leave: make(chan struct{})} }
	send := func(b *bench, all *sync.WaitGroup, path string, k ingest.Key, id string) {
		all.Go(func() {
			if res, err := b.send(path, signed(k.Secret, id, "{}"), strings.NewReader("{}")); err != nil || res.code != 202 {
				t.Errorf("%d, %v", res.code, err)
			}
		})
	}

	t.Run("OfAllCompaniesTogether", func(t *testing.T) {
		t.Parallel()
		journal := waiting()
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.InFlight = 4 })
		var all sync.WaitGroup
		for n := range 2 {
			send(b, &all, "/webhooks/ontop/acme", b.key, fmt.Sprint(n))
			send(b, &all, "/webhooks/ontop/other", key(t, secretB), fmt.Sprint(n))
		}
		for range 4 {
			<-journal.enter
		}
		require.Equal(t, 503, b.post(t, "/webhooks/ontop/slow", http.Header{}, strings.NewReader("{}")).code)
		close(journal.leave)
		all.Wait()
		go func() { <-journal.enter }()
		require.Equal(t, 202, b.post(t, "/webhooks/ontop/slow", http.Header{}, strings.NewReader("{}")).code)
	})

	t.Run("TakenWhileABodyCame", func(t *testing.T) {
		t.Parallel()
		journal := waiting()
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.InFlight = 2 })
		const size = 10 << 10
		slow := begin(t, b, size, size-1)
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_requests_in_flight") == 1 }, 10*time.Second, time.Millisecond)
		var all sync.WaitGroup
		send(b, &all, "/webhooks/ontop/acme", b.key, "quick")
		<-journal.enter
		_, err := io.WriteString(slow, "a")
		require.NoError(t, err)
		answers := bufio.NewReader(slow)
		res := answer(t, answers)
		require.Equal(t, 503, res.code)
		require.Equal(t, "1", res.header.Get("Retry-After"))
		require.False(t, res.closes, "the whole body was read; the connection is good")
		close(journal.leave)
		all.Wait()
		require.Equal(t, 1, b.counter(t, "tieout_ingest_shed_total", "requests"))
		go func() { <-journal.enter }()
		_, err = io.WriteString(slow, wire(b, "HTTP/1.1", "again", "{}", length("{}"))+"\r\n{}")
		require.NoError(t, err)
		require.Equal(t, 202, answer(t, answers).code)
	})
}

// Whoever asks and asks and never reads an answer is cut off, and holds nothing then.
func TestReceiver_CutsOffWhoNeverReads(t *testing.T) {
	t.Parallel()
	b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.WriteTimeout = 300 * time.Millisecond })
	conn, err := net.Dial("tcp", b.addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	many := strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1000)
	w := bufio.NewWriter(conn)
	for err == nil {
		_, err = w.WriteString(many)
	}
	require.NotErrorIs(t, err, errTimeout(err), "the server ended it")
	require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_connections") == 0 }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, 202, b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, "m", "{}"), strings.NewReader("{}")).code)
}

// Slow in the header: a line now and then, never the last, on many connections.
func TestReceiver_CutsOffSlowHeaders(t *testing.T) {
	t.Parallel()
	b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.ReadTimeout = 400 * time.Millisecond; c.Connections = 64 })
	var slow sync.WaitGroup
	for range 30 {
		conn, err := net.Dial("tcp", b.addr)
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		_, err = io.WriteString(conn, "POST /webhooks/ontop/acme HTTP/1.1\r\n")
		require.NoError(t, err)
		slow.Go(func() {
			for err := error(nil); err == nil; <-time.After(20 * time.Millisecond) {
				_, err = io.WriteString(conn, "X-A: b\r\n")
			}
		})
	}
	for n := range 10 {
		require.Equal(t, 202, b.post(t, "/webhooks/ontop/acme", signed(b.key.Secret, fmt.Sprint(n), "{}"), strings.NewReader("{}")).code)
	}
	slow.Wait()
	require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_connections") == 0 }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, 30, b.requests(t, "408"))
}
