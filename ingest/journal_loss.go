package ingest

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
)

// Loss is a run of deliveries that damage on disk made unreadable before the store
// had them.
type Loss struct {
	Path     string // the segment, kept with the suffix .damaged once it is drained
	From, To uint64 // numbers of the deliveries, both included
	// Acknowledged says that at least the first of them was answered 202. When
	// false, a power cut in the middle of a commit explains it as well.
	Acknowledged bool
}

// runs are losses by number, of which no two have a delivery in common.
type runs []Loss

// at returns the place of the first that ends with the delivery or later.
func (r runs) at(seq uint64) int {
	at, _ := slices.BinarySearchFunc(r, seq, func(l Loss, seq uint64) int { return cmp.Compare(l.To, seq) })
	return at
}

// without returns the parts of a loss that none of the runs covers.
func (r runs) without(loss Loss) []Loss {
	var parts []Loss
	part := func(from, to uint64) {
		if from <= to {
			p := loss
			p.From, p.To = from, to
			parts = append(parts, p)
		}
	}
	from := loss.From
	for _, known := range r[r.at(loss.From):] {
		if known.From > loss.To {
			break
		}
		part(from, known.From-1)
		from = known.To + 1
	}
	part(from, loss.To)
	return parts
}

// add takes in what is new of a loss, and returns that.
func (r *runs) add(loss Loss) []Loss {
	parts := r.without(loss)
	for _, p := range parts {
		*r = slices.Insert(*r, r.at(p.From), p)
	}
	return parts
}

// losses are those that are known. They have a lock of their own, so that whoever
// asks does not wait for a block that is being read.
type losses struct {
	mu    sync.Mutex
	known runs
}

// add returns what of a loss was not known before.
func (l *losses) add(loss Loss) []Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known.add(loss)
}

// all returns every loss, the oldest first.
func (l *losses) all() []Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.known)
}

// torn returns the losses that are no damage: what was cut off in the middle of a
// commit.
func (l *losses) torn() runs {
	return slices.DeleteFunc(l.all(), func(loss Loss) bool { return loss.Acknowledged })
}

// lose reports a loss, as far as it was not reported before.
func (j *Journal) lose(loss Loss) {
	for _, part := range j.lost.add(loss) {
		where := slog.Group("deliveries", slog.Uint64("from", part.From), slog.Uint64("to", part.To))
		if !part.Acknowledged {
			j.env.Log.Warn("journal ends in the middle of a commit; what was not acknowledged is left out",
				slog.String("path", part.Path), where)
			continue
		}
		j.env.Metrics.lost.Add(float64(part.To - part.From + 1))
		j.env.Log.Error("journal is damaged; acknowledged deliveries are unreadable", slog.String("path", part.Path), where)
	}
}
