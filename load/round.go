package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tieout/tieout/schema"
)

// job is one subject on its way through the protocol.
type job struct {
	track   track
	todo    effect
	posting schema.Posting // as it is stored next
	base    rowID          // the stored row that the track wrote or started from
	// released is the stored decline that a person took back; none where nobody did.
	released rowID
	fault    schema.Fault // what QuickBooks said last
	alike    schema.Fault // what a look-up found instead of ours
	found    document     // what a look-up found, or QuickBooks created
	stored   bool         // the answer in posting is recorded

	redrafted bool // another draft of the subject was posted before

	task schema.Task // of a task that was due
	file []byte      // what is uploaded, unless it has to be fetched again
}

// document is a record in QuickBooks.
type document struct {
	id    schema.DocumentID
	token string
}

// rowID tells stored rows of a subject apart.
type rowID struct {
	batch   schema.BatchID
	state   schema.PostingState
	attempt int
	draft   schema.DraftID
}

func rowOf(p schema.Posting) rowID { return rowID{p.Batch, p.State, p.Attempt, p.Draft} }

// round takes some jobs of one kind through the protocol together: each of its
// effects is carried out for all jobs that ask for it in one call.
type round struct {
	*Loader
	kind    schema.PostingKind
	find    func(context.Context, *round, []*job)
	deliver func(context.Context, *round, []*job)
	most    int // named and sent together

	tally Tally
	errs  []error
	halt  error // why nothing more can be sent
}

// newRound returns a round whose jobs are sent in batches.
func (l *Loader) newRound(kind schema.PostingKind, find func(context.Context, *round, []*job)) *round {
	return &round{Loader: l, kind: kind, find: find, deliver: sendBatch, most: l.cfg.BatchSize}
}

// run lets the protocol work until no job asks for anything. A context that ends
// stops new requests; what was sent is still written down. What has come furthest
// goes first, so that a batch is named, sent and answered before the next is
// named.
func (r *round) run(ctx context.Context, jobs []*job) {
	for {
		switch {
		case r.each(jobs, effectRecord, func(asking []*job) { r.record(ctx, asking) }):
		case r.each(jobs, effectSend, func(asking []*job) { r.deliver(ctx, r, asking) }):
		case r.each(jobs, effectCheck, func(asking []*job) { r.check(ctx, asking) }):
		case r.each(jobs, effectName, func(asking []*job) { r.name(ctx, asking) }):
		case r.each(jobs, effectLookUp, func(asking []*job) { r.find(ctx, r, asking) }):
		default:
			return
		}
	}
}

// each calls do with the jobs that ask for an effect, and reports whether any do.
func (r *round) each(jobs []*job, kind effectKind, do func([]*job)) bool {
	var asking []*job
	for _, j := range jobs {
		if j.todo.kind == kind {
			asking = append(asking, j)
		}
	}
	if len(asking) == 0 {
		return false
	}
	do(asking)
	return true
}

func (r *round) feed(j *job, e event) {
	e.at = r.now()
	j.track, j.todo = r.rules.step(j.track, e)
}

func (r *round) feedAll(jobs []*job, e event) {
	for _, j := range jobs {
		r.feed(j, e)
	}
}

// fail notes what went wrong with a step of several jobs.
func (r *round) fail(step string, err error) {
	r.errs = append(r.errs, fmt.Errorf("%s: %w", step, err))
}

func (r *round) check(ctx context.Context, jobs []*job) {
	subjects := make([]string, len(jobs))
	answering := false
	for i, j := range jobs {
		subjects[i] = j.posting.Subject
		answering = answering || j.track.phase == phaseOwning
	}
	if answering {
		var cancel context.CancelFunc
		ctx, cancel = storing(ctx)
		defer cancel()
	}
	latest, err := r.store.LatestPostings(ctx, r.cfg.Company, r.kind, subjects)
	if err != nil {
		r.fail("read postings", err)
		r.feedAll(jobs, event{kind: eventStoreLost})
		return
	}
	for _, j := range jobs {
		newest := latest[j.posting.Subject]
		if j.track.phase == phaseChecking && !j.track.unheard {
			j.base = rowOf(newest)
			j.redrafted = newest.Draft != "" && newest.Draft != j.posting.Draft
		}
		r.feed(j, event{kind: eventChecked, latest: j.standing(newest)})
	}
}

// standing is what the protocol needs to know of a stored posting.
func (j *job) standing(p schema.Posting) standing {
	return standing{
		state: p.State, sameDraft: p.Draft == j.posting.Draft, own: rowOf(p) == j.base,
		released: p.State == schema.PostingDeclined && j.released != (rowID{}) && rowOf(p) == j.released,
		attempt:  p.Attempt, recorded: p.RecordedAt, retryAt: p.RetryAt, refusal: storedVerdict(p.Fault),
	}
}

// name stores what is about to be sent: one batch of it. Nothing is named that
// could not be sent, for each name counts as an attempt; what is left out is as
// it was, and a later cycle's.
func (r *round) name(ctx context.Context, jobs []*job) {
	var rows []schema.Posting
	var named []*job
	now, blocked, batch := r.now(), r.blocked(), r.newBatch()
	for _, j := range jobs {
		switch {
		case blocked || now.After(j.todo.until):
			r.feed(j, event{kind: eventStop})
			continue
		case len(rows) == r.most || len(rows) > 0 && j.posting.Request != rows[0].Request:
			continue
		}
		p := &j.posting
		p.Batch, p.State, p.Attempt, p.RecordedAt = batch, schema.PostingNamed, j.todo.attempt, j.todo.at
		p.Document, p.SyncToken, p.Fault, p.RetryAt = "", "", schema.Fault{}, time.Time{}
		rows, named = append(rows, *p), append(named, j)
	}
	if len(rows) == 0 {
		return
	}
	if err := r.store.RecordPostings(ctx, rows); err != nil {
		r.fail("store names", err)
		r.feedAll(named, event{kind: eventStoreLost})
		return
	}
	for _, j := range named {
		j.base = rowOf(j.posting)
		r.feed(j, event{kind: eventStored})
	}
}

// record stores answers. An answer that cannot be stored is not lost for good:
// the name stays open, and is looked up.
func (r *round) record(ctx context.Context, jobs []*job) {
	rows := make([]schema.Posting, len(jobs))
	for i, j := range jobs {
		rows[i] = j.answered()
	}
	ctx, cancel := storing(ctx)
	defer cancel()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		return struct{}{}, r.store.RecordPostings(ctx, rows)
	}, backoff.WithMaxTries(3))
	if err != nil {
		r.fail("store answers", err)
		r.feedAll(jobs, event{kind: eventStoreLost})
		return
	}
	for i, j := range jobs {
		j.posting, j.base, j.stored = rows[i], rowOf(rows[i]), true
		r.count(j)
		r.feed(j, event{kind: eventStored})
	}
}

// answered is the row that records the job's answer.
func (j *job) answered() schema.Posting {
	p, a := j.posting, j.todo.answer
	p.State, p.RetryAt, p.RecordedAt, p.Attempt = a.state, a.retryAt, j.todo.at, j.todo.attempt
	p.Fault = schema.Fault{}
	if a.state == schema.PostingPosted || a.state == schema.PostingAdopted {
		p.Document, p.SyncToken = j.found.id, j.found.token
		return p
	}
	switch a.reason {
	case reasonFault:
		p.Fault = j.fault
		if j.alike.Code != "" {
			p.Fault.Meaning += " " + j.alike.Meaning
			p.Fault.Next, p.Fault.Owner = cmp.Or(j.alike.Next, p.Fault.Next), cmp.Or(j.alike.Owner, p.Fault.Owner)
		}
	case reasonUnsure:
		p.Fault = unsure(j.fault)
	case reasonDuplicate:
		p.Fault = j.alike
	case reasonSilence:
		p.Fault = silence()
	case reasonNone:
	}
	return p
}

func (r *round) count(j *job) {
	switch j.posting.State {
	case schema.PostingPosted:
		r.tally.Posted++
	case schema.PostingAdopted:
		r.tally.Adopted++
	case schema.PostingDeclined:
		r.tally.Declined++
		r.metrics.declined(j.posting.Fault)
	case schema.PostingUncertain:
		r.tally.Uncertain++
	case schema.PostingNamed:
	}
	r.metrics.posting(j.posting)
}

// err returns what went wrong, with the reason to stop first.
func (r *round) err() error { return errors.Join(append([]error{r.halt}, r.errs...)...) }

// stop notes an error that keeps everything else from being sent, too. It
// reports whether it is one.
func (r *round) stop(err error) bool {
	cause := stops(err)
	if cause == nil {
		return false
	}
	r.halt = cause
	if errors.Is(cause, ErrReauthorise) || errors.Is(cause, ErrBlocked) {
		r.block.set(r.now().Add(r.rules.pause), cause)
	}
	return true
}

// blocked reports whether nothing can be sent for now.
func (r *round) blocked() bool { return r.halt != nil || r.block.check(r.now()) != nil }
