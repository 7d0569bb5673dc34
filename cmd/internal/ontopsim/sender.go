package ontopsim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/sync/errgroup"
)

// SenderConfig tunes a [Sender].
type SenderConfig struct {
	// URL is where events are posted to. It has to be given.
	URL string

	// Secret signs them: "whsec_" and base64. It has to be given.
	Secret string

	// Concurrency is how many events are under way at once. One keeps their
	// order; more make it approximate, as Ontop's is.
	//
	// Defaults to 8.
	Concurrency int

	// Attempts is how often an event is sent at most.
	//
	// Defaults to 8.
	Attempts int

	// Backoff is the pause after the first failed attempt. It doubles, with
	// jitter.
	//
	// Defaults to 250 milliseconds.
	Backoff time.Duration

	// MaxWait is the longest pause, whatever Retry-After asks for.
	//
	// Defaults to 30 seconds.
	MaxWait time.Duration

	// Timeout bounds one attempt.
	//
	// Defaults to 15 seconds, the least that Standard Webhooks advises.
	Timeout time.Duration

	// Client posts. Its own timeout applies besides.
	//
	// Defaults to a client that keeps a connection for each event under way.
	Client *http.Client
}

func (c SenderConfig) withDefaults() SenderConfig {
	c.Concurrency = cmp.Or(c.Concurrency, 8)
	c.Attempts = cmp.Or(c.Attempts, 8)
	c.Backoff = cmp.Or(c.Backoff, 250*time.Millisecond)
	c.MaxWait = cmp.Or(c.MaxWait, 30*time.Second)
	c.Timeout = cmp.Or(c.Timeout, 15*time.Second)
	if c.Client == nil {
		c.Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c.Concurrency}}
	}
	return c
}

// Sender signs events and posts them, again when it must. It may be used by
// several goroutines.
type Sender struct {
	cfg     SenderConfig
	webhook *standardwebhooks.Webhook
	now     func() time.Time
}

// NewSender returns a Sender. The clock dates the signatures.
func NewSender(cfg SenderConfig, now func() time.Time) (*Sender, error) {
	if cfg.Concurrency < 0 || cfg.Attempts < 0 {
		return nil, fmt.Errorf("new sender: concurrency and attempts must not be negative, are %d and %d", cfg.Concurrency, cfg.Attempts)
	}
	if _, err := http.NewRequest(http.MethodPost, cfg.URL, http.NoBody); err != nil || cfg.URL == "" {
		return nil, fmt.Errorf("new sender: url %q is none to post to: %w", cfg.URL, cmp.Or(err, errors.New("it is empty")))
	}
	webhook, err := standardwebhooks.NewWebhook(cfg.Secret)
	if err != nil || cfg.Secret == "" {
		return nil, errors.New(`new sender: the secret must be "whsec_" and base64`)
	}
	return &Sender{cfg: cfg.withDefaults(), webhook: webhook, now: now}, nil
}

// Summary is what became of the events that were sent.
type Summary struct {
	Events   int         // that were taken up
	Accepted int         // answered with 2xx in the end
	Refused  int         // answered with what no attempt would change, such as 401
	GaveUp   int         // no 2xx after all attempts, or stopped before
	Retried  int         // attempts beyond the first of each event
	Answers  map[int]int // answers by status code; 0 counts attempts without one
	Failures []Failure   // of the first events that were refused or given up, at most 20
}

// Failure is why an event was not accepted.
type Failure struct {
	ID     string // webhook-id
	Reason string
}

// Send posts the events, and returns when each was accepted, refused or given
// up. That some were not accepted is told in the summary and is no error; being
// stopped is one. The summary holds in any case.
func (s *Sender) Send(ctx context.Context, events []Event) (Summary, error) {
	defer s.cfg.Client.CloseIdleConnections() // their goroutines should not outlive the work
	tally := &tally{summary: Summary{Answers: map[int]int{}}}
	var group errgroup.Group
	group.SetLimit(s.cfg.Concurrency)
	for _, event := range events {
		group.Go(func() error {
			if ctx.Err() == nil {
				tally.settle(event, s.deliver(ctx, event, tally))
			}
			return nil
		})
	}
	_ = group.Wait() // every function above returns nil
	if err := ctx.Err(); err != nil {
		return tally.summary, fmt.Errorf("send events: %w", err)
	}
	return tally.summary, nil
}

// errRefused marks an answer that trying again would not change.
var errRefused = errors.New("refused")

// deliver attempts to send one event until it is accepted or hopeless.
func (s *Sender) deliver(ctx context.Context, e Event, t *tally) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval, pauses.Multiplier = s.cfg.Backoff, s.cfg.MaxWait, 2
	first := true
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		status, retryAfter, err := s.attempt(ctx, e)
		t.attempt(status, !first)
		first = false
		switch {
		case err != nil:
			return struct{}{}, err
		case status >= 200 && status < 300:
			return struct{}{}, nil
		case status == http.StatusTooManyRequests || status >= 500:
			if retryAfter > 0 {
				return struct{}{}, fmt.Errorf("answered %d: %w", status, &backoff.RetryAfterError{Duration: min(retryAfter, s.cfg.MaxWait)})
			}
			return struct{}{}, fmt.Errorf("answered %d", status)
		}
		return struct{}{}, backoff.Permanent(fmt.Errorf("%w: answered %d", errRefused, status))
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(uint(s.cfg.Attempts)), backoff.WithMaxElapsedTime(0))
	return err
}

// attempt posts an event once. The status is zero when there was no answer.
func (s *Sender) attempt(ctx context.Context, e Event) (status int, retryAfter time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	request, err := s.Request(ctx, e)
	if err != nil {
		return 0, 0, backoff.Permanent(err)
	}
	response, err := s.cfg.Client.Do(request)
	if err != nil {
		return 0, 0, fmt.Errorf("post event %s: %w", e.ID, err)
	}
	defer response.Body.Close()
	// Read to the end, within reason, so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, s.retryAfter(response.Header.Get("Retry-After")), nil
}

// Request returns the signed request that an attempt makes now.
func (s *Sender) Request(ctx context.Context, e Event) (*http.Request, error) {
	at := s.now()
	signature, err := s.webhook.Sign(e.ID, at, e.Body)
	if err != nil {
		return nil, fmt.Errorf("sign event %s: %w", e.ID, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(e.Body))
	if err != nil {
		return nil, fmt.Errorf("make request of event %s: %w", e.ID, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(standardwebhooks.HeaderWebhookID, e.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return request, nil
}

// retryAfter reads seconds or a date, zero where there is neither.
func (s *Sender) retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(s.now()), 0)
	}
	return 0
}

// tally adds up a summary from several goroutines.
type tally struct {
	mu      sync.Mutex
	summary Summary
}

func (t *tally) attempt(status int, again bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.Answers[status]++
	if again {
		t.summary.Retried++
	}
}

func (t *tally) settle(e Event, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.Events++
	switch {
	case err == nil:
		t.summary.Accepted++
		return
	case errors.Is(err, errRefused):
		t.summary.Refused++
	default:
		t.summary.GaveUp++
	}
	if len(t.summary.Failures) < 20 {
		t.summary.Failures = append(t.summary.Failures, Failure{ID: e.ID, Reason: err.Error()})
	}
}
