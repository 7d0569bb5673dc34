package ingest

import (
	"sync"
	"time"
)

// A waiter is one request that waits for its commit.
type waiter struct {
	seq   uint64
	size  int64
	done  chan error
	timer *time.Timer
}

// waiters is the queue of those who wait, in the order of their numbers.
type waiters struct {
	// Waiters are used again: a channel and a timer for each request would be most
	// of what the journal allocates.
	idle sync.Pool

	mu    sync.Mutex
	queue []*waiter
	spare []*waiter
}

// wait returns one that gives up after limit, not queued yet.
func (q *waiters) wait(limit time.Duration) *waiter {
	w, ok := q.idle.Get().(*waiter)
	if !ok {
		return &waiter{done: make(chan error, 1), timer: time.NewTimer(limit)}
	}
	w.timer.Reset(limit)
	return w
}

// release gives w back. It must not be queued any more.
func (q *waiters) release(w *waiter) {
	w.timer.Stop()
	q.idle.Put(w)
}

func (q *waiters) push(w *waiter) {
	q.mu.Lock()
	q.queue = append(q.queue, w)
	q.mu.Unlock()
}

// settle answers everybody up to the number, and returns how many those were
// and how many bytes they brought.
func (q *waiters) settle(upTo uint64, err error) (n int, size int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for n < len(q.queue) && q.queue[n].seq <= upTo {
		w := q.queue[n]
		size += w.size
		w.done <- err // never blocks: it has room for one, and gets one
		n++
	}
	// The rest moves to the other slice, so that neither grows for ever.
	rest := append(q.spare[:0], q.queue[n:]...)
	clear(q.queue)
	q.queue, q.spare = rest, q.queue
	return n, size
}
