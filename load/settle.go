package load

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tieout/tieout/schema"
)

// lookUpTogether is how many open postings one query looks for: as many as keep
// its text below 5 KB, since a number has at most 21 characters.
const lookUpTogether = 100

// Settle finds out what became of everything that was named and has no answer,
// and sends again, under the same name, what is not there. It comes before
// anything new is posted. The error is nil when every look-up was answered, also
// where the outcome stays open.
func (l *Loader) Settle(ctx context.Context) (Result, error) {
	var result Result
	var errs []error
	for _, kind := range []schema.PostingKind{schema.PostVendor, schema.PostBill} {
		if err := l.settle(ctx, kind, result.of(kind)); err != nil {
			errs = append(errs, fmt.Errorf("%s postings: %w", kind, err))
			if stops(err) != nil {
				break
			}
		}
	}
	return result, errors.Join(errs...)
}

func (l *Loader) settle(ctx context.Context, kind schema.PostingKind, tally *Tally) error {
	open, err := l.store.OpenPostings(ctx, l.cfg.Company, kind)
	if err != nil || len(open) == 0 {
		return err
	}
	find := findDocuments
	if kind == schema.PostVendor {
		payees, err := l.store.Payees(ctx, l.cfg.Company)
		if err != nil {
			return fmt.Errorf("read payees: %w", err)
		}
		find = newVendorFinder(payees).find
	}
	for part := range slices.Chunk(open, lookUpTogether) {
		r := &round{Loader: l, kind: kind, find: find}
		r.run(ctx, r.reopen(part))
		*tally = tally.plus(r.tally)
		if err := r.err(); err != nil {
			return err
		}
	}
	return nil
}

// reopen begins with postings that were found open.
func (r *round) reopen(open []schema.Posting) []*job {
	jobs := make([]*job, len(open))
	for i, p := range open {
		j := &job{posting: p, base: rowOf(p), fault: p.Fault}
		r.feed(j, event{kind: eventOpen, latest: j.standing(p)})
		jobs[i] = j
	}
	return jobs
}
