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
	for _, kind := range l.kinds() {
		if l.settled.resting(kind, l.now()) {
			continue
		}
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
	if err != nil {
		return err
	}
	if len(open) == 0 {
		l.settled.rest(kind, l.now())
		return nil
	}
	l.proven.wake(kind)
	start, err := l.rounds(ctx, kind)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(open, lookUpTogether) {
		r := start()
		r.run(ctx, r.reopen(part))
		*tally = tally.plus(r.tally)
		if err := r.err(); err != nil {
			return err
		}
	}
	return nil
}

// rounds returns how a round for postings of a kind is made.
func (l *Loader) rounds(ctx context.Context, kind schema.PostingKind) (func() *round, error) {
	switch kind {
	case schema.PostVendor:
		payees, err := l.store.Payees(ctx, l.cfg.Company)
		if err != nil {
			return nil, fmt.Errorf("read payees: %w", err)
		}
		finder := newVendorFinder(payees)
		return func() *round { return l.newRound(kind, finder.find) }, nil
	case schema.PostBill:
		return func() *round { return l.newRound(kind, findDocuments) }, nil
	default:
		return func() *round { return l.craft(kind).round(l) }, nil
	}
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
