package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// counter is a counter's or a gauge's value, of one label where it has any.
func (b *bench) counter(tb testing.TB, name string, label ...string) int {
	tb.Helper()
	families, err := b.reg.Gather()
	require.NoError(tb, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if len(label) == 0 || m.GetLabel()[0].GetValue() == label[0] {
				return int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
			}
		}
	}
	tb.Fatalf("no metric %s %v", name, label)
	return 0
}

// stuck is an appender in which one company's deliveries wait until they may leave.
type stuck struct {
	memory
	company schema.CompanyID
	entered chan struct{}
	leave   chan struct{}
}

func newStuck(company schema.CompanyID) *stuck {
	return &stuck{company: company, entered: make(chan struct{}, 1024), leave: make(chan struct{})}
}

func (s *stuck) Append(ctx context.Context, d schema.Delivery) error {
	if d.Company == s.company {
		s.entered <- struct{}{}
		<-s.leave
	}
	return s.memory.Append(ctx, d)
}

// begin sends a request's head and the first bytes of a body of the given length,
// and leaves the rest to the test.
func begin(t *testing.T, b *bench, length, sent int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", b.addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, wire(b, "HTTP/1.1", "m", "", fmt.Sprintf("Content-Length: %d", length))+"\r\n"+strings.Repeat("a", sent))
	require.NoError(t, err)
	return conn
}

func TestReceiver_Overload(t *testing.T) {
	t.Parallel()
	const acme, other = "/webhooks/ontop/acme", "/webhooks/ontop/other"

	t.Run("OneCompanyLeavesRoomForOthers", func(t *testing.T) {
		t.Parallel()
		journal := newStuck("acme")
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.InFlight = 8 })
		var slow sync.WaitGroup
		for n := range 4 {
			slow.Go(func() {
				res, err := b.send(acme, signed(b.key.Secret, fmt.Sprintf("m%d", n), "{}"), strings.NewReader("{}"))
				if err != nil || res.code != 202 {
					t.Errorf("%d, %v", res.code, err)
				}
			})
		}
		for range 4 {
			<-journal.entered
		}
		res := b.post(t, acme, signed(b.key.Secret, "one more", "{}"), strings.NewReader("{}"))
		require.Equal(t, 503, res.code, "it holds its share")
		require.Equal(t, "1", res.header.Get("Retry-After"))
		require.Equal(t, 1, b.counter(t, "tieout_ingest_shed_total", "requests"))
		second := key(t, secretB)
		res = b.post(t, other, signed(second.Secret, "m", "{}"), strings.NewReader("{}"))
		require.Equal(t, 202, res.code)
		close(journal.leave)
		slow.Wait()
		res = b.post(t, acme, signed(b.key.Secret, "m9", "{}"), strings.NewReader("{}"))
		require.Equal(t, 202, res.code, "places are given back")
	})

	t.Run("ShedsWithoutVerifying", func(t *testing.T) {
		t.Parallel()
		journal := newStuck("acme")
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.InFlight = 2 })
		go func() { _, _ = b.send(acme, signed(b.key.Secret, "m", "{}"), strings.NewReader("{}")) }()
		<-journal.entered
		defer close(journal.leave)
		res := b.post(t, acme, http.Header{}, strings.NewReader("{}"))
		require.Equal(t, 503, res.code)
	})

	// Twice and more of what can be taken at a time: every request is answered,
	// those that are not taken at once, and none that was taken is forgotten.
	t.Run("ShedsRatherThanCollapses", func(t *testing.T) {
		t.Parallel()
		journal := newStuck("acme")
		b := serve(t, journal, func(c *ingest.ReceiverConfig) { c.InFlight = 32; c.ReadTimeout = 20 * time.Second })
		var taken, shed atomic.Int64
		var all sync.WaitGroup
		for n := range 64 {
			all.Go(func() {
				res, err := b.send(acme, signed(b.key.Secret, fmt.Sprintf("m%d", n), "{}"), strings.NewReader("{}"))
				switch {
				case err == nil && res.code == 202:
					taken.Add(1)
				case err == nil && res.code == 503:
					shed.Add(1)
				default:
					t.Errorf("%d, %v", res.code, err)
				}
			})
		}
		require.Eventually(t, func() bool { return shed.Load() == 48 }, 20*time.Second, 5*time.Millisecond, "while the others still wait")
		require.Zero(t, taken.Load())
		close(journal.leave)
		all.Wait()
		require.EqualValues(t, 16, taken.Load())
		require.Len(t, journal.deliveries(), 16)
		require.Equal(t, 48, b.counter(t, "tieout_ingest_shed_total", "requests"))
		require.Equal(t, 0, b.counter(t, "tieout_ingest_requests_in_flight"))
	})

	t.Run("BoundsTheMemoryOfBodies", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.BufferLimit = 2 << 20 })
		large := strings.Repeat("a", 900<<10)
		slow := begin(t, b, len(large), 20<<10)
		post := func(path string, k ingest.Key, body string) reply {
			return b.post(t, path, signed(k.Secret, "m", body), strings.NewReader(body))
		}
		require.Eventually(t, func() bool { return post(acme, b.key, large).code == 503 }, 10*time.Second, 5*time.Millisecond,
			"a second large body does not fit into the company's half")
		require.Positive(t, b.counter(t, "tieout_ingest_shed_total", "bytes"))
		res := post(acme, b.key, large)
		require.Equal(t, "1", res.header.Get("Retry-After"))
		require.Equal(t, 202, post(acme, b.key, "{}").code, "small bodies are no question of memory")
		require.Equal(t, 202, post(other, key(t, secretB), large).code, "the other half is for others")
		slow.Close()
		require.Eventually(t, func() bool { return post(acme, b.key, large).code == 202 }, 10*time.Second, 5*time.Millisecond)
	})

	t.Run("BoundsTheMemoryOfChunks", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.BufferLimit = 2 << 20 })
		begin(t, b, 900<<10, 20<<10)
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_requests_in_flight") == 1 }, 10*time.Second, 5*time.Millisecond)
		chunk := fmt.Sprintf("%x\r\n%s\r\n", 900<<10, strings.Repeat("a", 900<<10))
		res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", "", "Transfer-Encoding: chunked")+"\r\n"+chunk+"0\r\n\r\n", 1)[0]
		require.Equal(t, 503, res.code)
		require.True(t, res.closes)
	})

	t.Run("TurnsAwayMoreConnectionsThanItServes", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.Connections, c.ConnectionsPerAddress = 2, 2 })
		first := begin(t, b, 10, 1)
		begin(t, b, 10, 1)
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_connections") == 2 }, 10*time.Second, 5*time.Millisecond)
		res := raw(t, b.addr, wire(b, "HTTP/1.1", "m", "{}", length("{}"))+"\r\n{}", 1)[0]
		require.Equal(t, 503, res.code)
		require.Equal(t, "1", res.header.Get("Retry-After"))
		require.Equal(t, "application/json", res.header.Get("Content-Type"))
		require.True(t, res.closes)
		require.Equal(t, 1, b.counter(t, "tieout_ingest_shed_total", "connections"))
		require.Equal(t, 1, b.requests(t, "503"))
		first.Close()
		require.Eventually(t, func() bool {
			res, err := b.send(acme, signed(b.key.Secret, "m", "{}"), strings.NewReader("{}"))
			return err == nil && res.code == 202
		}, 10*time.Second, 5*time.Millisecond)
	})

	// Whoever opens connections and says nothing leaves half of the places to others.
	t.Run("OneAddressHoldsHalfOfTheConnections", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.Connections = 6 })
		for range 3 {
			begin(t, b, 10, 1)
		}
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_connections") == 3 }, 10*time.Second, 5*time.Millisecond)
		one := wire(b, "HTTP/1.1", "m", "{}", length("{}")) + "\r\n{}"
		require.Equal(t, 503, raw(t, b.addr, one, 1)[0].code)
		require.Equal(t, 1, b.counter(t, "tieout_ingest_shed_total", "connections"))
		require.Equal(t, 202, rawFrom(t, "127.0.0.2", b.addr, one, 1)[0].code)
	})

	t.Run("AProxyHoldsAllOfThem", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) {
			c.Connections, c.Proxies = 6, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		})
		for range 5 {
			begin(t, b, 10, 1)
		}
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_connections") == 5 }, 10*time.Second, 5*time.Millisecond)
		require.Equal(t, 202, raw(t, b.addr, wire(b, "HTTP/1.1", "m", "{}", length("{}"))+"\r\n{}", 1)[0].code)
	})

	// Many who send a byte now and then: whoever sends whole requests is answered,
	// and the slow ones are cut off.
	t.Run("SlowSendersHoldNobodyUp", func(t *testing.T) {
		t.Parallel()
		b := serve(t, &memory{}, func(c *ingest.ReceiverConfig) { c.ReadTimeout = 500 * time.Millisecond; c.Connections = 300 })
		var slow []net.Conn
		for n := range 100 {
			slow = append(slow, begin(t, b, 500<<10, []int{0, 1, 9 << 10}[n%3]))
		}
		for n := range 20 {
			res := b.post(t, acme, signed(b.key.Secret, fmt.Sprintf("m%d", n), "{}"), strings.NewReader("{}"))
			require.Equal(t, 202, res.code)
		}
		for _, conn := range slow {
			res := answer(t, bufio.NewReader(conn))
			require.Equal(t, 408, res.code)
		}
		require.Eventually(t, func() bool { return b.counter(t, "tieout_ingest_connections") == 0 }, 10*time.Second, 5*time.Millisecond)
	})
}

// Whatever is swapped while requests go on, none of them fails.
func TestReceiver_ReloadUnderLoad(t *testing.T) {
	t.Parallel()
	b := serve(t, &memory{})
	first, second := b.key, key(t, secretB)
	companies := func(n int, keys ...ingest.Key) []ingest.Company {
		return []ingest.Company{
			{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, keys...), RatePerSecond: 1_000_000 + n%2},
			{ID: "other", Verifier: verifier(t, ingest.SignatureConfig{}, second)},
		}
	}
	require.NoError(t, b.r.Reload(companies(0, first, second)))
	stop := make(chan struct{})
	var senders sync.WaitGroup
	var sent atomic.Int64
	for w := range 4 {
		senders.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				k := []ingest.Key{first, second}[n%2]
				res, err := b.send("/webhooks/ontop/acme", signed(k.Secret, fmt.Sprintf("m%d-%d", w, n), "{}"), strings.NewReader("{}"))
				if err != nil || res.code != 202 {
					t.Errorf("%d, %v", res.code, err)
					return
				}
				sent.Add(1)
			}
		})
	}
	reloads := 0
	for reloads < 200 || sent.Load() < 200 {
		reloads++
		require.NoError(t, b.r.Reload(companies(reloads, first, second)))
		require.Error(t, b.r.Reload([]ingest.Company{{}}), "a bad one in between changes nothing")
	}
	close(stop)
	senders.Wait()
}
