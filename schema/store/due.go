package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// DueBills returns at most limit drafts that may be posted: the newest of their
// invoice, ready, held back by no decision, for an invoice without a live posting.
// A draft that was declined is due again only when its posting says from when, and
// now is then or later, or when somebody released the invoice since. The oldest TxnDate leads, then the invoice's id
// decides.
func (s *Store) DueBills(
	ctx context.Context, company schema.CompanyID, now time.Time, limit int,
) ([]schema.Draft, error) {
	const query = `
		SELECT id
		FROM standing
		WHERE ready AND (empty(tries) OR released OR (
			tries[1].3 > toDateTime64(0, 6, 'UTC') AND tries[1].3 <= fromUnixTimestamp64Micro({now:Int64}, 'UTC')))
		ORDER BY draft_date, id
		LIMIT {limit:Int64}`
	if limit <= 0 {
		return nil, nil
	}
	ids, err := s.unsettled(ctx, company, query, params{"now": now.UnixMicro(), "limit": int64(limit)})
	if err != nil {
		return nil, fmt.Errorf("find due bills: %w", err)
	}
	drafts := make([]schema.Draft, 0, len(ids))
	err = byIDs(ids, func(ids []string) error {
		return s.newestDrafts(ctx, span{company: company, ids: ids, asOf: endOfTime}, func(d schema.Draft) {
			drafts = append(drafts, d)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read due bills: %w", err)
	}
	// Between the two queries a newer draft may have come.
	drafts = slices.DeleteFunc(drafts, func(d schema.Draft) bool { return d.State != schema.DraftReady })
	slices.SortFunc(drafts, func(a, b schema.Draft) int {
		return cmp.Or(a.TxnDate.Compare(b.TxnDate), cmp.Compare(a.Invoice, b.Invoice))
	})
	return drafts, nil
}

// Unverified returns at most limit posted or adopted bills whose document was
// never read back, the one recorded first leading: posting, the draft that it
// names, and the invoice without its lines.
func (s *Store) Unverified(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Position, error) {
	const query = `
		SELECT id
		FROM standing
		WHERE unverified
		ORDER BY posting_at, id
		LIMIT {limit:Int64}`
	if limit <= 0 {
		return nil, nil
	}
	ids, err := s.unsettled(ctx, company, query, params{"limit": int64(limit)})
	if err != nil {
		return nil, fmt.Errorf("find unverified bills: %w", err)
	}
	var found []schema.Position
	err = byIDs(ids, func(ids []string) error {
		page, err := s.page(ctx, span{company: company, ids: ids, asOf: endOfTime}, withBodies)
		for _, p := range page {
			p.Decision = schema.Decision{}
			found = append(found, p)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read unverified bills: %w", err)
	}
	found = slices.DeleteFunc(found, func(p schema.Position) bool { return p.Verification.Result != "" })
	slices.SortFunc(found, func(a, b schema.Position) int {
		return cmp.Or(a.Posting.RecordedAt.Compare(b.Posting.RecordedAt), cmp.Compare(a.Posting.Subject, b.Posting.Subject))
	})
	return found, nil
}
