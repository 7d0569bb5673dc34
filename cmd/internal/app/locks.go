package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"sync"
	"time"
)

// ErrBusy means that another process holds a lock and did not let go in time.
var ErrBusy = errors.New("another process is at work on it")

// leases are claims in the store that run out by themselves.
type leases interface {
	// TryLease claims name for holder until now+ttl, or extends its claim, and
	// reports whether it holds. Of two holders never both do.
	TryLease(ctx context.Context, name, holder string, ttl time.Duration, now time.Time) (bool, error)
	// ReleaseLease ends the holder's claim.
	ReleaseLease(ctx context.Context, name, holder string, now time.Time) error
}

// leaseTTL is how long a claim in the store outlives a process that died with it. It is longer
// than the longest that QuickBooks takes over one request, 120 seconds.
const leaseTTL = 3 * time.Minute

// locks are locks that hold across processes and machines that share a store.
// Within the process a mutex comes first, so that goroutines of one server do
// not compete through the database.
type locks struct {
	store leases
	now   func() time.Time
	log   *slog.Logger

	mu    sync.Mutex
	local map[string]chan struct{}
	stale map[string][]string // holders of ours whose claims could not be ended, by lock
}

func newLocks(store leases, now func() time.Time, log *slog.Logger) *locks {
	return &locks{store: store, now: now, log: log, local: map[string]chan struct{}{}, stale: map[string][]string{}}
}

// Lock waits until nobody else holds name, or until ctx ends. The claim is kept
// alive until unlock is called. A lock that is lost all the same does no harm
// here: whatever is done under one is also safe without it, only wasteful.
func (l *locks) Lock(ctx context.Context, name string) (unlock func(), err error) {
	gate := l.gate(name)
	select {
	case gate <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for lock %s: %w", name, ctx.Err())
	}
	holder := rand.Text()
	if err := l.claim(ctx, name, holder); err != nil {
		<-gate
		return nil, err
	}
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.keepAlive(keep, name, holder)
	}()
	return func() {
		stop()
		<-done
		l.release(context.WithoutCancel(ctx), name, holder)
		<-gate
	}, nil
}

func (l *locks) gate(name string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.local[name] == nil {
		l.local[name] = make(chan struct{}, 1)
	}
	return l.local[name]
}

func (l *locks) claim(ctx context.Context, name, holder string) error {
	for {
		l.releaseStale(ctx, name)
		held, err := l.store.TryLease(ctx, name, holder, leaseTTL, l.now())
		if err != nil {
			l.release(context.WithoutCancel(ctx), name, holder)
			return fmt.Errorf("claim lock %s: %w", name, err)
		}
		if held {
			return nil
		}
		// Two that yield to each other must not come back at the same moment.
		if err := pause(ctx, 50*time.Millisecond, 250*time.Millisecond); err != nil {
			l.release(context.WithoutCancel(ctx), name, holder)
			return fmt.Errorf("wait for lock %s: %w: %w", name, ErrBusy, err)
		}
	}
}

func (l *locks) keepAlive(ctx context.Context, name, holder string) {
	tick := time.NewTicker(leaseTTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if held, err := l.store.TryLease(ctx, name, holder, leaseTTL, l.now()); err != nil || !held {
			l.log.WarnContext(ctx, "lock lost", slog.String("lock", name), slog.Any("error", err))
		}
	}
}

// release gives a lock back. When that fails it runs out by itself, unless this
// process gets to give it back before: a store that was away for a moment must not
// keep us from our own work for as long as a lease lasts.
func (l *locks) release(ctx context.Context, name, holder string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := l.store.ReleaseLease(ctx, name, holder, l.now()); err != nil {
		l.mu.Lock()
		l.stale[name] = append(l.stale[name], holder)
		l.mu.Unlock()
		l.log.WarnContext(ctx, "lock not given back", slog.String("lock", name), slog.Any("error", err))
	}
}

// releaseStale gives back what release could not. Only who is inside the gate of
// name calls it.
func (l *locks) releaseStale(ctx context.Context, name string) {
	l.mu.Lock()
	holders := l.stale[name]
	delete(l.stale, name)
	l.mu.Unlock()
	for i, holder := range holders {
		if l.store.ReleaseLease(ctx, name, holder, l.now()) == nil {
			continue
		}
		// What keeps the store from it is told to who wants the lock.
		l.mu.Lock()
		l.stale[name] = append(l.stale[name], holders[i:]...)
		l.mu.Unlock()
		return
	}
}

// pause waits for a random time between least and most.
func pause(ctx context.Context, least, most time.Duration) error {
	extra, err := rand.Int(rand.Reader, big.NewInt(int64(most-least)))
	if err != nil {
		return err
	}
	return wait(ctx, least+time.Duration(extra.Int64()))
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
