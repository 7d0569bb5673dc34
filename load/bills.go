package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tieout/tieout/schema"
)

// lostTooMany is how many batches in one cycle may go without an answer before
// no more are sent: by then QuickBooks is down, and each would wait for minutes.
const lostTooMany = 3

// Bills posts the bills that are due, some batches at once, until none is left but
// what is too little for another batch now: see the package comment on metered calls.
// The error names what kept some of them from being posted; the others were.
func (l *Loader) Bills(ctx context.Context) (Result, error) {
	var result Result
	books, err := l.chart(ctx)
	if err != nil {
		return result, err
	}
	for {
		if err := errors.Join(l.block.check(l.now()), ctx.Err()); err != nil {
			return result, err
		}
		due, err := l.store.DueBills(ctx, l.cfg.Company, l.now(), l.cfg.Chunk)
		if err != nil {
			return result, fmt.Errorf("read due bills: %w", err)
		}
		if len(due) == 0 {
			return result, nil
		}
		tally, err := l.post(ctx, due, books)
		result.Bills = result.Bills.plus(tally)
		// What was due and is so still would come again at once.
		if err != nil || tally == (Tally{}) || len(due) < l.cfg.Chunk {
			return result, err
		}
	}
}

// chart returns the stored chart, and reads it first when there is none.
func (l *Loader) chart(ctx context.Context) (schema.Books, error) {
	books, err := l.store.Books(ctx, l.cfg.Company, time.Time{})
	if err != nil {
		return books, fmt.Errorf("read books: %w", err)
	}
	if books.IsZero() {
		return l.RefreshBooks(ctx)
	}
	return books, nil
}

// post takes drafts through the protocol, in groups that share a request id.
func (l *Loader) post(ctx context.Context, due []schema.Draft, books schema.Books) (Tally, error) {
	var mu sync.Mutex
	var tally Tally
	var errs []error
	var halt error
	lost := 0
	finish := func(r *round) {
		mu.Lock()
		defer mu.Unlock()
		tally = tally.plus(r.tally)
		errs = append(errs, r.errs...)
		if halt == nil {
			halt = r.halt
		}
		if r.tally.Uncertain > 0 && r.tally.Settled() == 0 {
			lost++
		}
		if lost >= lostTooMany && halt == nil {
			halt = fmt.Errorf("%d batches in one cycle: %w", lost, ErrNoAnswer)
		}
	}
	stopped := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return halt != nil || len(errs) > 0
	}
	var group errgroup.Group
	group.SetLimit(l.cfg.InFlight)
	for _, part := range l.groups(due) {
		if stopped() || ctx.Err() != nil {
			break
		}
		if !l.pace.batch(l.now(), len(part), l.cfg.BatchSize) {
			continue // a later cycle's, together with what comes until then
		}
		group.Go(func() error {
			r := &round{Loader: l, kind: schema.PostBill, find: findDocuments}
			r.run(ctx, r.draftsDue(ctx, part, books))
			finish(r)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return tally, err
	}
	return tally, errors.Join(append([]error{halt, ctx.Err()}, errs...)...)
}

// groups cuts drafts where the request id changes, and at the size of a batch.
// Drafts come ordered by date, so a month is one run of them.
func (l *Loader) groups(due []schema.Draft) [][]schema.Draft {
	var groups [][]schema.Draft
	start := 0
	for i := range due {
		full := i-start == l.cfg.BatchSize
		if full || due[i].TxnDate.Period() != due[start].TxnDate.Period() {
			groups = append(groups, due[start:i])
			start = i
		}
	}
	return append(groups, due[start:])
}

// draftsDue begins with drafts. One that is no bill after all is declined, with
// what is wrong with it, and holds nothing up.
func (r *round) draftsDue(ctx context.Context, due []schema.Draft, books schema.Books) []*job {
	var jobs []*job
	looked, err := r.lookAround(ctx, due)
	if err != nil {
		r.fail("look for duplicates", err)
		return nil
	}
	for _, d := range due {
		body, err := encodeDocument(d, books)
		j := &job{posting: schema.Posting{
			Company: d.Company, Kind: schema.PostBill, Subject: string(d.Invoice), Draft: d.ID, Form: d.Kind,
			Request: billRequest(d.Company, r.realm(), d.TxnDate.Period()), Item: itemOf(d.ID), Body: body,
		}}
		if err != nil {
			r.log.ErrorContext(ctx, "draft cannot be posted", slog.String("draft", string(d.ID)), slog.Any("error", err))
			r.decline(ctx, j, incomplete(err))
			continue
		}
		if other, alike := looked.alike[d.Invoice]; alike {
			r.decline(ctx, j, byHand(d, other, r.cfg.DuplicateDays))
			continue
		}
		j.released = looked.released[d.Invoice]
		r.feed(j, event{kind: eventDue})
		jobs = append(jobs, j)
	}
	return jobs
}

// incomplete is the fault of a draft that is no document after all.
func incomplete(cause error) schema.Fault {
	return schema.Fault{
		Code: codeIncomplete, Detail: cause.Error(), Meaning: "The draft lacks something that every bill needs.",
		Next: "Report it as a defect of tieout; nothing was posted.", Owner: schema.OwnerOps,
	}
}

// decline puts what is not even sent before a person, unless something is live
// already.
func (r *round) decline(ctx context.Context, j *job, fault schema.Fault) {
	latest, err := r.store.LatestPostings(ctx, r.cfg.Company, r.kind, []string{j.posting.Subject})
	if err != nil {
		r.fail("read postings", err)
		return
	}
	newest := latest[j.posting.Subject]
	if newest.State.Live() {
		return
	}
	p := &j.posting
	p.State, p.RecordedAt = schema.PostingDeclined, after(r.now(), newest.RecordedAt)
	p.Fault = fault
	if err := r.store.RecordPostings(ctx, []schema.Posting{*p}); err != nil {
		r.fail("store answers", err)
		return
	}
	r.count(j)
}
