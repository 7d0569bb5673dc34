package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

const (
	// verifyTogether is how many documents are read back at once.
	verifyTogether = 1000

	// idsTogether keeps a query of ids to some 3 KB, which every gateway takes.
	idsTogether = 200
)

// Verify reads back everything but vendors that was posted and never read back, and
// records whether each field is as it was drafted. A few may be left to
// [Loader.Mirror], which meets them within the hour and at no cost.
func (l *Loader) Verify(ctx context.Context) (Result, error) {
	bills, err := l.verifyBills(ctx)
	if err != nil {
		return bills, err
	}
	tasks, err := l.verifyTasks(ctx)
	return bills.Plus(tasks), err
}

func (l *Loader) verifyBills(ctx context.Context) (Result, error) {
	var result Result
	for {
		positions, err := l.store.Unverified(ctx, l.cfg.Company, verifyTogether)
		if err != nil {
			return result, fmt.Errorf("read unverified bills: %w", err)
		}
		if len(positions) == 0 || !l.pace.read(l.now(), schema.PostBill, len(positions)) {
			return result, nil
		}
		verifications, err := l.readBack(ctx, positions)
		if err != nil {
			return result, fmt.Errorf("read bills back: %w", err)
		}
		if err := l.recordProofs(ctx, verifications, &result); err != nil || len(positions) < verifyTogether {
			return result, err
		}
	}
}

// recordProofs stores and counts what was read back for the first time.
func (l *Loader) recordProofs(ctx context.Context, found []schema.Verification, result *Result) error {
	ctx, cancel := storing(ctx)
	defer cancel()
	if err := l.store.RecordVerifications(ctx, found); err != nil {
		return fmt.Errorf("store verifications: %w", err)
	}
	for _, v := range found {
		result.verified(v.Result)
		l.metrics.verifications.WithLabelValues(string(v.Result)).Inc()
	}
	return nil
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
	found := make(map[schema.DocumentID]quickbooks.Bill, len(positions))
	for _, kind := range documentKinds() {
		var ids []string
		for _, p := range positions {
			if formOf(p.Posting) == kind {
				ids = append(ids, string(p.Posting.Document))
			}
		}
		for part := range slices.Chunk(ids, idsTogether) {
			bills, err := documents(ctx, l.books, kind, quickbooks.OneOf("Id", part...))
			if err != nil {
				return nil, err
			}
			for _, bill := range bills {
				found[schema.DocumentID(bill.ID)] = bill
			}
		}
	}
	verifications := make([]schema.Verification, len(positions))
	for i, p := range positions {
		bill, there := found[p.Posting.Document]
		if !there {
			var err error
			if bill, there, err = l.reallyThere(ctx, p.Posting.Form, string(p.Posting.Document)); err != nil {
				return nil, err
			}
		}
		verifications[i] = compare(p, bill, there)
		verifications[i].RecordedAt = l.now()
	}
	return verifications, l.mirrorOurs(ctx, positions, found)
}
