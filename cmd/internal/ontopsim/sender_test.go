package ontopsim_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
)

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// receiver answers requests without a socket, so that synctest's clock runs.
type receiver struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	at       []time.Time
	busy     int
	mostBusy int
	answer   func(n int, r *http.Request) (*http.Response, error) // n counts requests from 1
}

func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.requests = append(r.requests, request)
	r.bodies = append(r.bodies, string(body))
	r.at = append(r.at, time.Now())
	r.busy++
	r.mostBusy = max(r.mostBusy, r.busy)
	n := len(r.requests)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.busy--
		r.mu.Unlock()
	}()
	return r.answer(n, request)
}

func status(code int, headers ...string) (*http.Response, error) {
	response := &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader("answer")), Header: http.Header{}}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Set(headers[i], headers[i+1])
	}
	return response, nil
}

func newSender(t *testing.T, r *receiver, cfg ontopsim.SenderConfig) *ontopsim.Sender {
	t.Helper()
	cfg.URL, cfg.Secret, cfg.Client = "http://tieout.test/webhooks/ontop/acme", secret, &http.Client{Transport: r}
	sender, err := ontopsim.NewSender(cfg, time.Now)
	require.NoError(t, err)
	return sender
}

func events(n int) []ontopsim.Event {
	all := make([]ontopsim.Event, n)
	for i := range all {
		all[i] = ontopsim.Event{ID: fmt.Sprintf("msg_%d", i), Body: fmt.Appendf(nil, `{"event_type":"KYC","data":{"worker_id":%d}}`, i)}
	}
	return all
}

func TestSender_Send(t *testing.T) {
	t.Parallel()

	t.Run("SignsWhatItSends", func(t *testing.T) {
		t.Parallel()
		r := &receiver{answer: func(int, *http.Request) (*http.Response, error) { return status(202) }}
		summary, err := newSender(t, r, ontopsim.SenderConfig{}).Send(t.Context(), events(20))
		require.NoError(t, err)
		require.Equal(t, ontopsim.Summary{Events: 20, Accepted: 20, Answers: map[int]int{202: 20}}, summary)
		verifier, err := standardwebhooks.NewWebhook(secret)
		require.NoError(t, err)
		for i, request := range r.requests {
			require.NoError(t, verifier.Verify([]byte(r.bodies[i]), request.Header))
			require.Equal(t, "application/json", request.Header.Get("Content-Type"))
			require.Equal(t, http.MethodPost, request.Method)
		}
	})

	t.Run("TriesAgainAfterThrottlesFaultsAndSilence", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := &receiver{answer: func(n int, _ *http.Request) (*http.Response, error) {
				switch n {
				case 1:
					return status(429)
				case 2:
					return status(503)
				case 3:
					return nil, io.ErrUnexpectedEOF
				}
				return status(202)
			}}
			summary, err := newSender(t, r, ontopsim.SenderConfig{}).Send(t.Context(), events(1))
			require.NoError(t, err)
			require.Equal(t, ontopsim.Summary{
				Events: 1, Accepted: 1, Retried: 3, Answers: map[int]int{429: 1, 503: 1, 0: 1, 202: 1},
			}, summary)
			for i, request := range r.requests {
				require.Equal(t, "msg_0", request.Header.Get("webhook-id"), "the id stays")
				require.Equal(t, fmt.Sprint(r.at[i].Unix()), request.Header.Get("webhook-timestamp"), "the time is that of the attempt")
			}
		})
	})

	t.Run("HonoursRetryAfter", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			header func() string
			want   time.Duration
		}{
			{func() string { return "7" }, 7 * time.Second},
			{func() string { return time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat) }, 9 * time.Second},
			{func() string { return "86400" }, 20 * time.Second}, // no longer than MaxWait
		} {
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{answer: func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return status(503, "Retry-After", c.header())
					}
					return status(200)
				}}
				_, err := newSender(t, r, ontopsim.SenderConfig{MaxWait: 20 * time.Second}).Send(t.Context(), events(1))
				require.NoError(t, err)
				require.InDelta(t, c.want.Seconds(), r.at[1].Sub(r.at[0]).Seconds(), 1)
			})
		}
	})

	t.Run("DoesNotRepeatWhatIsRefused", func(t *testing.T) {
		t.Parallel()
		r := &receiver{answer: func(int, *http.Request) (*http.Response, error) { return status(401) }}
		summary, err := newSender(t, r, ontopsim.SenderConfig{Attempts: 1}).Send(t.Context(), events(25))
		require.NoError(t, err)
		require.Equal(t, 25, summary.Refused)
		require.Zero(t, summary.Retried)
		require.Len(t, summary.Failures, 20)
		require.Equal(t, "refused: answered 401", summary.Failures[0].Reason)
		require.Equal(t, map[int]int{401: 25}, summary.Answers)
	})

	t.Run("GivesUpInTheEnd", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := &receiver{answer: func(int, *http.Request) (*http.Response, error) { return status(500, "Retry-After", "1") }}
			summary, err := newSender(t, r, ontopsim.SenderConfig{Attempts: 3}).Send(t.Context(), events(2))
			require.NoError(t, err)
			require.Equal(t, 2, summary.GaveUp)
			require.Equal(t, 4, summary.Retried)
			require.Contains(t, summary.Failures[0].Reason, "answered 500")
		})
	})

	t.Run("KeepsToItsConcurrency", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := &receiver{answer: func(int, *http.Request) (*http.Response, error) {
				<-time.After(time.Second)
				return status(202)
			}}
			_, err := newSender(t, r, ontopsim.SenderConfig{Concurrency: 3}).Send(t.Context(), events(12))
			require.NoError(t, err)
			require.Equal(t, 3, r.mostBusy)
		})
	})

	t.Run("OneAtATimeKeepsTheOrder", func(t *testing.T) {
		t.Parallel()
		r := &receiver{answer: func(int, *http.Request) (*http.Response, error) { return status(202) }}
		_, err := newSender(t, r, ontopsim.SenderConfig{Concurrency: 1}).Send(t.Context(), events(10))
		require.NoError(t, err)
		for i, request := range r.requests {
			require.Equal(t, fmt.Sprintf("msg_%d", i), request.Header.Get("webhook-id"))
		}
	})

	t.Run("StopsWhenTold", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r := &receiver{answer: func(n int, _ *http.Request) (*http.Response, error) {
				if n == 1 {
					return status(202)
				}
				cancel()
				return status(503, "Retry-After", "30")
			}}
			begun := time.Now()
			summary, err := newSender(t, r, ontopsim.SenderConfig{Concurrency: 1}).Send(ctx, events(100))
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, 1, summary.Accepted)
			require.Equal(t, 1, summary.GaveUp)
			require.Equal(t, 2, summary.Events)
			require.Less(t, time.Since(begun), time.Second)
		})
	})

	t.Run("BoundsAnAttempt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := &receiver{answer: func(_ int, r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}}
			begun := time.Now()
			summary, err := newSender(t, r, ontopsim.SenderConfig{Attempts: 1, Timeout: 5 * time.Second}).Send(t.Context(), events(1))
			require.NoError(t, err)
			require.Equal(t, 1, summary.GaveUp)
			require.Equal(t, 5*time.Second, time.Since(begun))
		})
	})
}

// Over a real socket, with the client that a Sender brings along.
func TestSender_PostsAWholeHistory(t *testing.T) {
	t.Parallel()
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	var mu sync.Mutex
	received := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || verifier.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		received[r.Header.Get("webhook-id")] = string(body)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)

	history := generate(t, ontopsim.Config{Workers: 4, Months: 1})
	sender, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: server.URL, Secret: secret}, time.Now)
	require.NoError(t, err)
	summary, err := sender.Send(t.Context(), history.Events)
	require.NoError(t, err)
	require.Equal(t, len(history.Events), summary.Accepted)
	require.Len(t, received, history.Expected.Deliveries)
	for _, event := range history.Events {
		require.Equal(t, string(event.Body), received[event.ID])
	}
}

func TestNewSender_RefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  ontopsim.SenderConfig
		want string
	}{
		{ontopsim.SenderConfig{Secret: secret}, `url "" is none to post to`},
		{ontopsim.SenderConfig{URL: "http://[::1", Secret: secret}, "is none to post to"},
		{ontopsim.SenderConfig{URL: "http://x.test"}, "the secret must be"},
		{ontopsim.SenderConfig{URL: "http://x.test", Secret: "whsec_?"}, "the secret must be"},
		{ontopsim.SenderConfig{URL: "http://x.test", Secret: secret, Concurrency: -1}, "must not be negative"},
	} {
		_, err := ontopsim.NewSender(c.cfg, time.Now)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), secret)
	}
}
