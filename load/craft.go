package load

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tieout/tieout/schema"
)

// craft is how the tasks of one kind are made: all that the protocol does not know
// about them.
type craft struct {
	kind schema.PostingKind
	// day is what tasks are ordered by, and whose month their request ids carry.
	day func(schema.Task) schema.Date
	// begin says what becomes of tasks that are due, one answer for each. It may
	// read, but send nothing.
	begin func(context.Context, *round, []schema.Task, schema.Books) ([]made, error)
	// find looks for postings in QuickBooks and feeds each of the jobs
	// eventIdentical, eventDifferent, eventNothing or eventLookFailed.
	find func(context.Context, *round, []*job)
	// readBack reads documents and compares them, one answer for each.
	readBack func(context.Context, *Loader, []schema.TaskPosition) ([]schema.Verification, error)

	// deliver sends the jobs that were named together. Nil sends them in a batch,
	// which is metered, and so goes at the pace of batches.
	deliver func(context.Context, *round, []*job)
	// together is how many are named together. Zero is as many as a batch takes.
	together int
	// inFlight is how many requests are under way at once. Zero is Config.InFlight.
	inFlight int
	// cycle bounds what one cycle begins with. The zero value does all that is due.
	cycle bound
}

// bound is how much work is begun before anything else has its turn.
type bound struct {
	most    int
	longest time.Duration
}

// made is what a task comes to: a body to be sent, or why nothing is.
type made struct {
	body    []byte
	form    schema.DocumentKind
	item    string // names it within its request; taskItem when empty
	file    []byte // handed on to deliver, in the same cycle only
	refused *refusal
}

// name names a task within its request. A task that may be tried again keeps its
// name, and one that a person approved again after it was declined gets another:
// QuickBooks may repeat to the old name what it refused then, for ever.
func (m made) name(t schema.Task, newest schema.Posting) string {
	switch {
	case m.item != "":
		return m.item
	case approvedAgain(t, newest):
		return taskItem(t.ID, m.body, t.RecordedAt)
	case newest.Draft == t.ID && newest.Item != "" && bytes.Equal(newest.Body, m.body):
		return newest.Item
	}
	return taskItem(t.ID, m.body, time.Time{})
}

// approvedAgain reports whether a person wants what was declined tried again.
func approvedAgain(t schema.Task, newest schema.Posting) bool {
	return newest.State == schema.PostingDeclined && newest.Draft == t.ID && t.RecordedAt.After(newest.RecordedAt)
}

// crafts returns the crafts that there are, in the order of [schema.TaskKinds].
func crafts(cfg Config) []craft {
	return []craft{corrections(), attachments(cfg), payments(), transfers()}
}

// craft returns the craft of a kind.
func (l *Loader) craft(kind schema.PostingKind) craft {
	at := slices.IndexFunc(l.crafts, func(c craft) bool { return c.kind == kind })
	return l.crafts[at]
}

// kinds returns the kinds of posting that the loader makes, in their order.
func (l *Loader) kinds() []schema.PostingKind {
	kinds := []schema.PostingKind{schema.PostVendor, schema.PostBill}
	for _, c := range l.crafts {
		kinds = append(kinds, c.kind)
	}
	return kinds
}

func (c craft) round(l *Loader) *round {
	r := l.newRound(c.kind, c.find)
	r.most = cmp.Or(c.together, r.most)
	if c.deliver != nil {
		r.deliver = c.deliver
	}
	return r
}

// restFor is how long a kind is left alone of which nothing was left to do. Only
// what another loader left behind when it ended waits that long.
const restFor = 10 * time.Minute

// quiet remembers of which kinds of task nothing was left to do, so that a company
// without any pays for one query a kind and cycle. It is safe for concurrent use.
type quiet struct {
	mu    sync.Mutex
	until map[schema.PostingKind]time.Time
}

// resting reports whether a kind needs no look. Vendors and bills always do.
func (q *quiet) resting(kind schema.PostingKind, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return now.Before(q.until[kind])
}

func (q *quiet) rest(kind schema.PostingKind, now time.Time) {
	if !slices.Contains(schema.TaskKinds(), kind) {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.until == nil {
		q.until = map[schema.PostingKind]time.Time{}
	}
	q.until[kind] = now.Add(restFor)
}

func (q *quiet) wake(kind schema.PostingKind) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.until, kind)
}
