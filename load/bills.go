package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tieout/tieout/schema"
)

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
	month := func(d schema.Draft) schema.Period { return d.TxnDate.Period() }
	return inGroups(ctx, l.cfg.InFlight, groupsOf(due, l.cfg.BatchSize, month), func(part []schema.Draft) *round {
		if !l.pace.batch(l.now(), schema.PostBill, month(part[0]), len(part), l.cfg.BatchSize) {
			return nil // a later cycle's, together with what comes until then
		}
		r := l.newRound(schema.PostBill, findDocuments)
		r.run(ctx, r.draftsDue(ctx, part, books))
		return r
	})
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
		body, err := encodeDocument(d, markOf(d.Company, d.ID, string(d.Invoice)), books)
		j := &job{posting: schema.Posting{
			Company: d.Company, Kind: schema.PostBill, Subject: string(d.Invoice), Draft: d.ID, Form: d.Kind,
			Request: requestOf(d.Company, r.realm(), schema.PostBill, d.TxnDate.Period()), Item: cmp.Or(looked.items[d.Invoice], itemOf(d.ID)), Body: body,
		}}
		if err != nil {
			r.log.ErrorContext(ctx, "draft cannot be posted", slog.String("draft", string(d.ID)), slog.Any("error", err))
			r.decline(ctx, j, incomplete(err), time.Time{})
			continue
		}
		if other, alike := looked.alike[d.ID]; alike {
			r.decline(ctx, j, byHand(d, other, r.cfg.DuplicateDays), time.Time{})
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
// already; or puts it off, when it may be tried again.
func (r *round) decline(ctx context.Context, j *job, fault schema.Fault, retryAt time.Time) {
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
	p.Fault, p.RetryAt = fault, retryAt
	if err := r.store.RecordPostings(ctx, []schema.Posting{*p}); err != nil {
		r.fail("store answers", err)
		return
	}
	r.count(j)
}
