package fetch_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/fetch"
)

const mib = 1 << 20

// zeroes answers with n bytes, without saying how many, and counts what it could
// send.
func zeroes(n int64, sent *atomic.Int64, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		chunk := make([]byte, 64<<10)
		for sent.Load() < n {
			written, err := w.Write(chunk)
			sent.Add(int64(written))
			if err != nil {
				return
			}
			http.NewResponseController(w).Flush()
		}
	}
}

// A body of 200 MB that does not say how long it is. It is not parallel, for it
// counts what the whole process allocates.
func TestFetcher_HugeBodyStaysOutside(t *testing.T) {
	var sent atomic.Int64
	b := setup(t, zeroes(200*mib, &sent))
	b.cfg.Limit = 4 * mib
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	p := b.problem("https://example.com/a.pdf")

	runtime.ReadMemStats(&after)
	require.Equal(t, fetch.TooLarge, p.Reason)
	require.Contains(t, p.Meaning, "larger than 4 MiB")
	require.Contains(t, p.Next, "by hand")
	require.Less(t, sent.Load(), int64(4*mib+16*mib), "the rest never left the server; some waits in sockets")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(60*mib), "in all, both ends and their encryption; so there was never more at once")
}

func TestFetcher_Sizes(t *testing.T) {
	t.Parallel()

	t.Run("AnnouncedTooLargeIsNotRead", func(t *testing.T) {
		t.Parallel()
		var sent atomic.Int64
		b := setup(t, zeroes(64*mib, &sent, "Content-Length", fmt.Sprint(200*mib)))
		b.cfg.Limit = mib

		require.Equal(t, fetch.TooLarge, b.problem("https://example.com/a.pdf").Reason)
		require.Less(t, sent.Load(), int64(16*mib))
	})

	t.Run("ExactlyTheLimitIsTaken", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF))
		b.cfg.Limit = int64(len(aPDF))
		_, err := b.fetch("https://example.com/a.pdf")
		require.NoError(t, err)

		b.cfg.Limit--
		require.Equal(t, fetch.TooLarge, b.problem("https://example.com/a.pdf").Reason)
	})

	t.Run("APackedBombIsNotUnpacked", func(t *testing.T) {
		t.Parallel()
		bomb := packed(strings.Repeat("\x00", 64*mib))
		require.Less(t, len(bomb), mib/4)
		b := setup(t, answers(200, bomb, "Content-Encoding", "gzip"))
		b.cfg.Limit = mib

		require.Equal(t, fetch.TooLarge, b.problem("https://example.com/a.pdf").Reason)
	})

	t.Run("APackedStreamOfNothingEnds", func(t *testing.T) {
		t.Parallel()
		nothing := packed("")
		var sent atomic.Int64
		b := setup(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			for sent.Load() < 64*mib {
				n, err := io.WriteString(w, strings.Repeat(nothing, 1000))
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
		b.cfg.Limit = mib

		require.Equal(t, fetch.BrokenOff, b.problem("https://example.com/a.pdf").Reason)
		require.Less(t, sent.Load(), int64(20*mib))
	})

	t.Run("AHeaderIsBounded", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(200, aPDF, "X-Long", strings.Repeat("a", 100<<10)))

		require.Equal(t, fetch.Unreachable, b.problem("https://example.com/a.pdf").Reason)
	})
}

// raw answers each connection with bytes and closes it.
func raw(t *testing.T, answer string) *bench {
	t.Helper()
	return setup(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			io.WriteString(conn, answer)
			conn.Close()
		}
	})
}

func TestFetcher_WrongLengths(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"MoreAnnouncedThanSent":  fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(aPDF)+1, aPDF),
		"LessAnnouncedThanSent":  fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(aPDF)-10, aPDF),
		"ChunksWithoutEnd":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n%PDF-1.7\r\n",
		"NeitherLengthNorTheEnd": "HTTP/1.1 200 OK\r\n\r\n%PDF-1.7\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := raw(t, answer).problem("https://example.com/a.pdf")

			require.Equal(t, fetch.BrokenOff, p.Reason)
			require.True(t, p.Temporary())
		})
	}

	for name, answer := range map[string]string{
		"TwoLengths":     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"NegativeLength": "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
		"NoHTTP":         "220 mail.example.com ESMTP\r\n",
		"Nothing":        "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, fetch.Unreachable, raw(t, answer).problem("https://example.com/a.pdf").Reason)
		})
	}
}

// pipes listens without a network, so that a test's clock rules the whole of it.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.done) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// bubble is a bench inside a synctest bubble.
func bubble(t *testing.T, handler http.HandlerFunc) *bench {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &httptest.Server{Listener: p, Config: &http.Server{Handler: handler}}
	server.StartTLS()
	t.Cleanup(func() { server.Config.Close() })
	b := newBench(t, server)
	b.net.dial = p.dial
	return b
}

func TestFetcher_Times(t *testing.T) {
	t.Parallel()
	// drip sends a byte at a time.
	drip := func(pause time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for {
				select {
				case <-r.Context().Done():
					return
				case <-time.After(pause):
				}
				if _, err := w.Write([]byte("%")); err != nil {
					return
				}
				http.NewResponseController(w).Flush()
			}
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	cases := map[string]struct {
		handler http.HandlerFunc
		change  func(*bench)
		reason  fetch.Reason
		longest time.Duration
	}{
		"AnAnswerThatDoesNotBegin": {handler: hang, reason: fetch.Unreachable, longest: 31 * time.Second},
		"AConnectionThatDoesNotCome": {
			handler: hang,
			change: func(b *bench) {
				b.net.dial = func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
			},
			reason: fetch.Unreachable, longest: 11 * time.Second,
		},
		"ADripOfBytes": {handler: drip(100 * time.Millisecond), reason: fetch.TooSlow, longest: 17 * time.Second},
		"ABodyThatStops": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, aPDF)
				http.NewResponseController(w).Flush()
				<-r.Context().Done()
			},
			reason: fetch.TooSlow, longest: 17 * time.Second,
		},
		"EverythingTogether": {
			handler: drip(time.Millisecond / 2), change: func(b *bench) { b.cfg.Whole = 20 * time.Second },
			reason: fetch.TooSlow, longest: 21 * time.Second,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := bubble(t, c.handler)
				if c.change != nil {
					c.change(b)
				}
				began := time.Now()

				p := b.problem("https://example.com/a.pdf")

				require.Equal(t, c.reason, p.Reason)
				require.True(t, p.Temporary())
				require.LessOrEqual(t, time.Since(began), c.longest)
			})
		})
	}

	t.Run("SlowButSteadyIsTaken", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			body := aPDF[:9] + strings.Repeat("%", 100<<10) + aPDF[9:]
			b := bubble(t, func(w http.ResponseWriter, _ *http.Request) {
				for i := 0; i < len(body); i += 2 << 10 {
					time.Sleep(time.Second)
					io.WriteString(w, body[i:min(i+2<<10, len(body))])
					http.NewResponseController(w).Flush()
				}
			})

			file, err := b.fetch("https://example.com/a.pdf")

			require.NoError(t, err)
			require.Len(t, file.Content, len(body))
		})
	})
}
