package ingest

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"sync"
)

// Loss is a run of deliveries that damage on disk made unreadable.
type Loss struct {
	Path     string // the segment, kept with the suffix .damaged once it is drained
	From, To uint64 // numbers of the deliveries, both included
	// Acknowledged says that at least the first of them was answered 202. When
	// false, a power cut in the middle of a commit explains it as well.
	Acknowledged bool
}

// losses are those that were found, by the first delivery of each. They have a lock
// of their own, so that whoever asks does not wait for a block that is being read.
type losses struct {
	mu    sync.Mutex
	found map[uint64]Loss
}

// add reports whether the loss is new.
func (l *losses) add(loss Loss) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.found[loss.From]; known {
		return false
	}
	if l.found == nil {
		l.found = make(map[uint64]Loss)
	}
	l.found[loss.From] = loss
	return true
}

// from returns the loss that begins with the delivery.
func (l *losses) from(first uint64) (Loss, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	loss, ok := l.found[first]
	return loss, ok
}

// all returns every loss, the oldest first.
func (l *losses) all() []Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.found), func(a, b Loss) int { return cmp.Compare(a.From, b.From) })
}

// lose reports a loss, once.
func (j *Journal) lose(loss Loss) {
	if !j.lost.add(loss) {
		return
	}
	where := slog.Group("deliveries", slog.Uint64("from", loss.From), slog.Uint64("to", loss.To))
	if !loss.Acknowledged {
		j.env.Log.Warn("journal ends in the middle of a commit; what was not acknowledged is left out",
			slog.String("path", loss.Path), where)
		return
	}
	j.env.Metrics.lost.Add(float64(loss.To - loss.From + 1))
	j.env.Log.Error("journal is damaged; acknowledged deliveries are unreadable", slog.String("path", loss.Path), where)
}
