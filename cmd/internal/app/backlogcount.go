package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	// A backlog is not counted again for five times as long as that took, so that
	// counting takes a sixth of the time at most, however often somebody looks.
	reuseCost  = 5
	reuseLeast = 5 * time.Second
	// A count as old as that still tells how late work is, which changes by minutes.
	reuseMost = time.Minute
	// One that is older says nothing of now, and is not shown.
	backlogStale = 2 * time.Minute
	// countTimeout bounds a count that nobody waits for any more.
	countTimeout = time.Minute
)

// backlogCount counts a company's backlog when somebody asks, one count at a time,
// which all share who ask meanwhile and for a while after. It is safe for concurrent
// use. Only run counts; without it nothing is ever known.
type backlogCount struct {
	count func(context.Context) (schema.Backlog, error)
	now   func() time.Time
	log   *slog.Logger
	asked nudge

	mu    sync.Mutex
	last  counted
	tried time.Time     // when the last count began
	until time.Time     // no count begins before
	next  chan struct{} // closed when the count that is asked for has ended
	ended bool
}

// counted is a backlog as it was at an instant.
type counted struct {
	schema.Backlog
	at time.Time // zero when it was never counted
}

func newBacklogCount(
	count func(context.Context) (schema.Backlog, error), now func() time.Time, log *slog.Logger,
) *backlogCount {
	return &backlogCount{count: count, now: now, log: log, asked: newNudge(), next: make(chan struct{})}
}

// run counts as it is asked to, until ctx ends.
func (b *backlogCount) run(ctx context.Context) {
	b.shut(false)
	defer b.shut(true)
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.asked:
		}
		if b.rests(b.now()) {
			continue // whoever asked has been answered
		}
		b.once(ctx)
	}
}

func (b *backlogCount) once(ctx context.Context) {
	counting, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	began := b.now()
	backlog, err := b.count(counting)
	if err != nil && ctx.Err() == nil {
		b.log.WarnContext(ctx, "backlog not counted", slog.Any("error", err))
	}
	ended := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.last = counted{Backlog: backlog, at: began}
	}
	b.tried, b.until = began, ended.Add(min(max(reuseCost*ended.Sub(began), reuseLeast), reuseMost))
	close(b.next)
	b.next = make(chan struct{})
}

// rests reports whether the last count is too young for another. A clock that was set
// back makes it old.
func (b *backlogCount) rests(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !now.Before(b.tried) && now.Before(b.until)
}

// shut says whether nobody counts any more, and lets go of who waits.
func (b *backlogCount) shut(ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = ended
	if ended {
		close(b.next)
		b.next = make(chan struct{})
	}
}

// read returns the newest count, for which it waits until ctx ends when it is time
// for another. It reports false when there is none that says anything of now.
func (b *backlogCount) read(ctx context.Context) (counted, bool) {
	b.mu.Lock()
	next, ended := b.next, b.ended
	b.mu.Unlock()
	if !ended && !b.rests(b.now()) {
		b.asked.Now()
		select {
		case <-next:
		case <-ctx.Done():
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	age := b.now().Sub(b.last.at)
	return b.last, !b.last.at.IsZero() && age >= 0 && age < backlogStale
}
