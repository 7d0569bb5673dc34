package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// verifyTogether is how many bills are read back at once: the client reads 200
// of them in one query.
const verifyTogether = 1000

// Verify reads back every bill that was posted and never read back, and records
// whether each field is as it was drafted.
func (l *Loader) Verify(ctx context.Context) (Result, error) {
	var result Result
	for {
		positions, err := l.store.Unverified(ctx, l.cfg.Company, verifyTogether)
		if err != nil {
			return result, fmt.Errorf("read unverified bills: %w", err)
		}
		if len(positions) == 0 {
			return result, nil
		}
		verifications, err := l.readBack(ctx, positions)
		if err != nil {
			return result, fmt.Errorf("read bills back: %w", err)
		}
		storeCtx, cancel := storing(ctx)
		err = l.store.RecordVerifications(storeCtx, verifications)
		cancel()
		if err != nil {
			return result, fmt.Errorf("store verifications: %w", err)
		}
		for _, v := range verifications {
			result.verified(v.Result)
			l.metrics.verifications.WithLabelValues(string(v.Result)).Inc()
		}
		if len(positions) < verifyTogether {
			return result, nil
		}
	}
}

func (r *Result) verified(v schema.VerificationResult) {
	switch v {
	case schema.VerifiedExact:
		r.Exact++
	case schema.VerifiedDivergent:
		r.Divergent++
	case schema.VerifiedMissing:
		r.Missing++
	}
}

func (l *Loader) readBack(ctx context.Context, positions []schema.Position) ([]schema.Verification, error) {
	ids := make([]string, len(positions))
	for i, p := range positions {
		ids[i] = string(p.Posting.Document)
	}
	found := make(map[string]quickbooks.Bill, len(ids))
	for bill, err := range l.books.Bills(ctx, ids...) {
		if err != nil {
			return nil, err
		}
		found[bill.ID] = bill
	}
	verifications := make([]schema.Verification, len(positions))
	for i, p := range positions {
		bill, there := found[ids[i]]
		if !there {
			var err error
			if bill, there, err = l.reallyThere(ctx, ids[i]); err != nil {
				return nil, err
			}
		}
		verifications[i] = compare(p, bill, there)
		verifications[i].RecordedAt = l.now()
	}
	return verifications, nil
}

// reallyThere reads one bill that a query did not show. Only QuickBooks saying
// that it is gone makes it missing.
func (l *Loader) reallyThere(ctx context.Context, id string) (quickbooks.Bill, bool, error) {
	bill, err := l.books.Bill(ctx, id)
	if err == nil {
		return bill, true, nil
	}
	if fault, ok := errors.AsType[*quickbooks.Fault](err); ok && fault.Scope() == quickbooks.OneRecord {
		return bill, false, nil
	}
	return bill, false, err
}
