package ingest

import (
	"cmp"
	"slices"
	"time"
)

// secondLook is what reading a journal again says of the losses that the first
// reading found.
type secondLook struct {
	losses   runs // by number
	seen     []uint64
	received map[uint64]time.Time // of the neighbours of losses
	wanted   map[uint64]bool      // the neighbours
	noted    runs                 // those of the losses that are noted beside their segments
}

func lookAgain(losses, noted runs) *secondLook {
	l := &secondLook{losses: losses, noted: noted, received: make(map[uint64]time.Time), wanted: make(map[uint64]bool)}
	for _, loss := range losses {
		l.wanted[loss.From-1], l.wanted[loss.To+1] = true, true
	}
	return l
}

// saw takes note of one record.
func (l *secondLook) saw(f frame) {
	if len(l.losses) == 0 || f.kind != kindDelivery {
		return
	}
	if l.wanted[f.seq] {
		l.received[f.seq] = f.delivery.ReceivedAt
	}
	at, exact := slices.BinarySearchFunc(l.losses, f.seq, func(loss Loss, seq uint64) int { return cmp.Compare(loss.From, seq) })
	if !exact {
		at--
	}
	if at >= 0 && f.seq <= l.losses[at].To {
		l.seen = append(l.seen, f.seq)
	}
}

// missing returns what is lost: of what the store does not have, and what was noted
// when it had less.
func (l *secondLook) missing(drained uint64) []LostRun {
	slices.Sort(l.seen)
	var runs []LostRun
	for _, loss := range l.losses {
		if len(l.noted.without(loss)) == 0 {
			runs = l.add(runs, loss, loss.From, loss.To)
			continue
		}
		from := max(loss.From, drained+1)
		first, _ := slices.BinarySearch(l.seen, from)
		for _, seq := range l.seen[first:] {
			if seq > loss.To {
				break
			}
			runs = l.add(runs, loss, from, seq-1)
			from = seq + 1
		}
		runs = l.add(runs, loss, from, loss.To)
	}
	return runs
}

func (l *secondLook) add(runs []LostRun, loss Loss, from, to uint64) []LostRun {
	if from > to {
		return runs
	}
	run := LostRun{Loss: loss, After: l.received[from-1], Before: l.received[to+1]}
	run.From, run.To = from, to
	return append(runs, run)
}

// gaps finds what is missing in one segment that stands alone.
type gaps struct {
	path  string
	next  uint64    // the delivery to come; 0 until anything is known
	known uint64    // durable, as the records say
	after time.Time // when the delivery before next was received
	runs  []LostRun
}

// saw takes note of one record.
func (g *gaps) saw(f frame) {
	g.known = max(g.known, f.durable)
	switch f.kind {
	case kindStart:
		g.next = f.seq
	case kindDelivery:
		g.skip(f.seq, f.delivery.ReceivedAt)
		g.next, g.after = f.seq+1, f.delivery.ReceivedAt
	case kindSeal:
		g.known = max(g.known, f.seq) // it was closed in order, all of it synced
		g.skip(f.seq+1, time.Time{})
	}
}

// skip notes that next was expected and another came.
func (g *gaps) skip(seq uint64, received time.Time) {
	if g.next != 0 && seq > g.next {
		g.runs = append(g.runs, LostRun{Loss: Loss{Path: g.path, From: g.next, To: seq - 1}, After: g.after, Before: received})
	}
}

func (g *gaps) end() []LostRun {
	for i := range g.runs {
		g.runs[i].Acknowledged = g.known >= g.runs[i].From
	}
	return g.runs
}
