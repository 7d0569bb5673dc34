package quickbooks

import (
	"context"
	"sync"
	"time"
)

// throttle keeps one company within QuickBooks' limits: no moving window ever
// holds more requests than allowed. A token bucket would not do, for it lets a
// burst and a refill fall into one window.
type throttle struct {
	now     func() time.Time
	pause   time.Duration
	slots   chan struct{}
	metrics *Metrics

	mu       sync.Mutex
	requests []*window
	batches  *window
	until    time.Time // nobody sends before
}

func newThrottle(limits Limits, now func() time.Time, metrics *Metrics) *throttle {
	return &throttle{
		now: now, pause: limits.Pause, metrics: metrics,
		slots:    make(chan struct{}, limits.Concurrent),
		requests: []*window{newWindow(limits.PerSecond, time.Second), newWindow(limits.PerMinute, time.Minute)},
		batches:  newWindow(limits.BatchesPerMinute, time.Minute),
	}
}

// enter waits for one of the places that may be under way at once. Every enter
// needs a leave.
func (t *throttle) enter(ctx context.Context) error {
	select {
	case t.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *throttle) leave() { <-t.slots }

// admit waits until a request may be sent, and counts it as sent.
func (t *throttle) admit(ctx context.Context, batch bool) error {
	began := t.now()
	defer func() { t.metrics.waitedFor(t.now().Sub(began)) }()
	for {
		wait := t.try(batch)
		if wait <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// try counts a request if it may be sent now, or returns how long to wait before
// trying again.
func (t *throttle) try(batch bool) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	windows := t.requests
	if batch {
		windows = []*window{t.requests[0], t.requests[1], t.batches}
	}
	free := t.until
	for _, w := range windows {
		if at := w.free(); at.After(free) {
			free = at
		}
	}
	if free.After(now) {
		return free.Sub(now)
	}
	for _, w := range windows {
		w.add(now)
	}
	return 0
}

// maxPause bounds how long a header may keep us away.
const maxPause = 15 * time.Minute

// stop leaves the company alone for the pause, or longer if it asked for that. It
// returns how long.
func (t *throttle) stop(asked time.Duration) time.Duration {
	pause := min(max(asked, t.pause), max(maxPause, t.pause))
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if !t.until.After(now) {
		t.metrics.paused()
	}
	if end := now.Add(pause); end.After(t.until) {
		t.until = end
	}
	return pause
}

// window remembers when the last n requests were sent.
type window struct {
	period time.Duration
	sent   []time.Time
	next   int // the oldest, which the next request replaces
}

// newWindow widens the period a little. QuickBooks counts when requests arrive,
// so one that travelled slowly and one that travelled fast may reach it closer
// together than they were sent.
func newWindow(n int, period time.Duration) *window {
	slack := min(period/25, time.Second)
	return &window{period: period + slack, sent: make([]time.Time, n)}
}

// free returns when the next request may be sent.
func (w *window) free() time.Time {
	oldest := w.sent[w.next]
	if oldest.IsZero() {
		return oldest
	}
	return oldest.Add(w.period)
}

func (w *window) add(at time.Time) {
	w.sent[w.next] = at
	w.next = (w.next + 1) % len(w.sent)
}
