package webhookload_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/webhookload"
)

var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))

// receiver answers each request with what answer says: a status, or 0 for cutting
// the connection.
func receiver(t *testing.T, cfg webhookload.Config, answer func(n int64, r *http.Request) int) (*webhookload.Generator, *atomic.Int64) {
	t.Helper()
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := answer(got.Add(1), r)
		if code == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(server.Close)
	cfg.URL, cfg.Secret = server.URL+"/webhooks/ontop/acme", secret
	if cfg.Connections == 0 {
		cfg.Connections = 4
	}
	g, err := webhookload.New(cfg, time.Now)
	require.NoError(t, err)
	return g, &got
}

func accept(int64, *http.Request) int { return 202 }

func TestGenerator_SignsRequestsThatDiffer(t *testing.T) {
	t.Parallel()
	webhook, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	var mu sync.Mutex
	seen, all := map[string]bool{}, map[string]bool{}
	g, got := receiver(t, webhookload.Config{Presign: 20}, func(_ int64, r *http.Request) int {
		body, err := io.ReadAll(r.Body)
		if err != nil || webhook.Verify(body, r.Header) != nil || r.URL.Path != "/webhooks/ontop/acme" ||
			r.Header.Get("Content-Type") != "application/json" || len(body) != 1536 {
			return 401
		}
		mu.Lock()
		defer mu.Unlock()
		seen[string(body)], all[r.Header.Get("webhook-id")] = true, true
		return 202
	})
	acknowledged := []string{}
	for range 2 {
		done, err := g.Closed(t.Context(), 50*time.Millisecond)
		require.NoError(t, err)
		require.NoError(t, done.Clean())
		require.Equal(t, done.Signed, max(done.Sent-20, 0), "the others were signed before")
		acknowledged = slices.AppendSeq(acknowledged, done.Acknowledged202())
	}
	require.Len(t, seen, int(got.Load()), "no body twice")
	require.Len(t, all, int(got.Load()), "no id twice, over both runs")
	require.Len(t, acknowledged, len(all))
	for _, id := range acknowledged {
		require.True(t, all[id], id)
	}
}

func TestGenerator_MakesBodiesOfTheSizeThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, size := range []int{256, 257, 300, 384, 385, 777, 1536, 4096, 64 << 10, 1 << 20} {
		cfg := webhookload.Config{BodyBytes: size, Seed: uint64(size), Connections: 1}
		g, _ := receiver(t, cfg, func(_ int64, r *http.Request) int {
			body, err := io.ReadAll(r.Body)
			if err != nil || len(body) != size || !json.Valid(body) {
				return 400
			}
			return 202
		})
		done, err := g.Closed(t.Context(), 10*time.Millisecond)
		require.NoError(t, err)
		require.NoError(t, done.Clean(), "%d bytes", size)
	}
}

func TestGenerator_TellsTheProcessorTimeThatARunTook(t *testing.T) {
	t.Parallel()
	var used atomic.Int64
	g, _ := receiver(t, webhookload.Config{CPU: func() time.Duration { return time.Duration(used.Load()) }}, func(int64, *http.Request) int {
		used.Add(3)
		return 202
	})
	used.Store(1000)
	done, err := g.Closed(t.Context(), 20*time.Millisecond)
	require.NoError(t, err)
	require.EqualValues(t, 3*done.Sent, done.CPU)
}

func TestGenerator_Closed(t *testing.T) {
	t.Parallel()

	t.Run("EntersEveryAnswerInTheLedger", func(t *testing.T) {
		t.Parallel()
		g, got := receiver(t, webhookload.Config{}, func(n int64, _ *http.Request) int {
			if n%5 == 0 {
				return 503
			}
			return 202
		})
		done, err := g.Closed(t.Context(), 50*time.Millisecond)
		require.NoError(t, err)
		require.NoError(t, done.Check("the receiver", got.Load()))
		require.Equal(t, got.Load(), done.Sent)
		require.Equal(t, got.Load()/5, done.Refused)
		require.Equal(t, map[int]int64{202: done.Acknowledged, 503: done.Refused}, done.Answers)
		require.Equal(t, done.Sent, done.Times.Count())
		require.Equal(t, done.Acknowledged, done.Acked.Count())
		require.Error(t, done.Clean())
		require.Positive(t, done.Rate())
		require.Len(t, slices.Collect(done.Unsure()), int(done.Refused))
	})

	t.Run("CountsWhatIsCutOffAndConnectsAgain", func(t *testing.T) {
		t.Parallel()
		g, got := receiver(t, webhookload.Config{}, func(n int64, _ *http.Request) int {
			if n > 10 && n <= 14 {
				return 0
			}
			return 202
		})
		done, err := g.Closed(t.Context(), 300*time.Millisecond)
		require.NoError(t, err)
		require.EqualValues(t, 4, done.Cut)
		require.Greater(t, done.Acknowledged, int64(10))
		require.NoError(t, done.Check("the receiver", got.Load()))
		require.ErrorIs(t, done.Check("the receiver", done.Acknowledged-1), webhookload.ErrVoid)
		require.Error(t, done.Broken)
	})

	t.Run("CutsOffWhatIsNotAnsweredInTime", func(t *testing.T) {
		t.Parallel()
		never := make(chan struct{})
		defer close(never) // before the server is closed, which waits for its handlers
		g, _ := receiver(t, webhookload.Config{Timeout: time.Second, Connections: 1}, func(n int64, _ *http.Request) int {
			if n == 2 {
				<-never
			}
			return 202
		})
		done, err := g.Closed(t.Context(), 400*time.Millisecond) // over when the second is given up
		require.NoError(t, err)
		require.EqualValues(t, 1, done.Cut)
	})

	t.Run("SaysWhyNothingWasAnswered", func(t *testing.T) {
		t.Parallel()
		g, _ := receiver(t, webhookload.Config{}, func(int64, *http.Request) int { return 0 })
		_, err := g.Closed(t.Context(), 50*time.Millisecond)
		require.ErrorContains(t, err, "EOF")
	})

	t.Run("EndsWithTheContextAndBalances", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		g, got := receiver(t, webhookload.Config{}, func(n int64, r *http.Request) int {
			if n == 20 {
				cancel()
			}
			return 202
		})
		done, err := g.Closed(ctx, time.Minute)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, done.Check("the receiver", got.Load()))
	})
}

func TestGenerator_Open(t *testing.T) {
	t.Parallel()

	t.Run("SendsAtTheRateWhateverTheAnswersTake", func(t *testing.T) {
		t.Parallel()
		g, got := receiver(t, webhookload.Config{Presign: 1 << 20}, accept)
		done, err := g.Open(t.Context(), 1000, 500*time.Millisecond)
		require.NoError(t, err)
		require.InDelta(t, 500, got.Load(), 100)
		require.Equal(t, got.Load(), done.Acknowledged)
		require.Zero(t, done.Unsent)
		require.Zero(t, done.Signed)
		require.GreaterOrEqual(t, done.Took, 400*time.Millisecond)
	})

	t.Run("CountsTheWaitBeforeSendingAndWhatWasLate", func(t *testing.T) {
		t.Parallel()
		const pause = 200 * time.Millisecond
		g, _ := receiver(t, webhookload.Config{Connections: 1}, func(n int64, _ *http.Request) int {
			if n == 1 {
				<-time.After(pause)
			}
			return 202
		})
		done, err := g.Open(t.Context(), 1000, 100*time.Millisecond)
		require.NoError(t, err)
		// All others were meant to be sent while the first was not answered.
		require.Greater(t, done.Times.Percentile(50), pause/4)
		require.Less(t, done.Served.Percentile(50), pause/4, "which is not the time of an exchange")
		require.Greater(t, done.Lag, pause/2)
		require.Positive(t, done.Late)
	})

	t.Run("CountsWhatItGaveUp", func(t *testing.T) {
		t.Parallel()
		g, got := receiver(t, webhookload.Config{Connections: 1, Grace: time.Millisecond}, func(int64, *http.Request) int {
			<-time.After(50 * time.Millisecond)
			return 202
		})
		done, err := g.Open(t.Context(), 1000, 100*time.Millisecond)
		require.NoError(t, err)
		require.Positive(t, done.Unsent)
		require.Equal(t, done.Sent, got.Load())
		require.Equal(t, done.Sent+done.Unsent, done.Times.Count(), "what was never sent has a time, too")
	})

	t.Run("NeedsARate", func(t *testing.T) {
		t.Parallel()
		g, _ := receiver(t, webhookload.Config{}, accept)
		_, err := g.Open(t.Context(), 0, time.Second)
		require.ErrorContains(t, err, "rate")
	})
}

func TestNew_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  webhookload.Config
		says string
	}{
		{webhookload.Config{URL: "ftp://x/", Secret: secret}, "url"},
		{webhookload.Config{URL: "http://x/", Secret: "letmein"}, "whsec_"},
		{webhookload.Config{URL: "http://x/", Secret: secret, Connections: -1}, "negative"},
		{webhookload.Config{URL: "http://x/", Secret: secret, BodyBytes: 255}, "bodies of 255 bytes"},
		{webhookload.Config{URL: "http://x/", Secret: secret, BodyBytes: 1 << 30}, "from 256 to 16777216"},
	} {
		_, err := webhookload.New(c.cfg, time.Now)
		require.ErrorContains(t, err, c.says)
		require.NotContains(t, err.Error(), "letmein")
	}
}

func TestAsked(t *testing.T) {
	t.Parallel()
	say := func(text string, code int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			io.WriteString(w, text)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	all := "# HELP x\ntieout_ingest_requests_total{code=\"202\"} 1.5e+06\ntieout_ingest_requests_total{code=\"401\"} 9\n" +
		"tieout_ingest_staged_total{channel=\"webhook\"} 1.4e+06\ntieout_ingest_journal_deliveries 7\n"
	count, err := webhookload.Asked(t.Context(), http.DefaultClient, say(all, 200))
	require.NoError(t, err)
	require.Equal(t, webhookload.Count{Answered: 1_500_000, Staged: 1_400_000, Waiting: 7}, count)
	_, err = webhookload.Asked(t.Context(), http.DefaultClient, say("up 1\n", 200))
	require.ErrorContains(t, err, "0 of 3")
	_, err = webhookload.Asked(t.Context(), http.DefaultClient, say(all, 404))
	require.ErrorContains(t, err, "404")
	_, err = webhookload.Asked(t.Context(), http.DefaultClient, say(strings.Replace(all, "7", "seven", 1), 200))
	require.ErrorContains(t, err, "tieout_ingest_journal_deliveries")
}
