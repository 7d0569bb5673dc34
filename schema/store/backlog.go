package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// Backlog counts what is still to be done for a company.
func (s *Store) Backlog(ctx context.Context, company schema.CompanyID) (schema.Backlog, error) {
	backlog := schema.Backlog{Held: make(map[schema.HoldReason]int)}
	search, err := s.search(ctx, company, invoiceWork())
	if err != nil {
		return schema.Backlog{}, fmt.Errorf("count backlog: %w", err)
	}
	counts := []error{s.countPending(ctx, company, &backlog), s.countPostings(ctx, company, &backlog)}
	if !search.nothing {
		counts = append(counts, s.countDrafts(ctx, search, &backlog), s.countBills(ctx, search, &backlog))
	}
	if err := errors.Join(counts...); err != nil {
		return schema.Backlog{}, fmt.Errorf("count backlog: %w", err)
	}
	return backlog, nil
}

func (s *Store) countPending(ctx context.Context, company schema.CompanyID, backlog *schema.Backlog) error {
	const query = pendingRows + `SELECT count(), min(received) FROM pending`
	p, err := s.searchPending(ctx, company)
	if err != nil {
		return err
	}
	var count uint64
	var oldest time.Time
	return s.each(ctx, query, p, []any{&count, &oldest}, func() {
		backlog.Pending, backlog.OldestPending = int(count), instant(oldest)
	})
}

// countDrafts counts the newest drafts of open invoices by where they stand. A
// draft that is held is counted under the reason that finance should clear first;
// one that is ready and held by a person, under that. A declined draft counts as
// declined also when it will be tried again, unless somebody released it.
func (s *Store) countDrafts(ctx context.Context, in search, backlog *schema.Backlog) error {
	const query = `
		SELECT
			multiIf(
				draft_state = 'held' OR (draft_state = 'ready' AND decision = 'hold'), 'held',
				draft_state IN ('waiting_for_contract', 'waiting_for_status'), 'waiting',
				ready AND notEmpty(tries) AND NOT released, 'declined',
				ready, 'due',
				'') AS place,
			if(place = 'held', arrayFirst(r -> has(draft_reasons, r), {reasons:Array(String)}), '') AS reason,
			count(),
			minIf(invoice_at, has_invoice),
			min(draft_at)
		FROM standing
		WHERE open AND draft_id != ''
		GROUP BY place, reason`
	reasons := list(schema.HoldReasons(), func(r schema.HoldReason) string { return string(r) })
	var place, reason string
	var count uint64
	var invoiced, drafted time.Time
	p := in.params.with("reasons", reasons)
	return s.each(ctx, in.rows+query, p, []any{&place, &reason, &count, &invoiced, &drafted}, func() {
		switch place {
		case "held":
			if reason == "" {
				reason = string(schema.HoldByPerson)
			}
			backlog.Held[schema.HoldReason(reason)] += int(count)
			earliest(&backlog.OldestHeld, instant(invoiced))
		case "waiting":
			backlog.Waiting = int(count)
		case "declined":
			backlog.Declined = int(count)
		case "due":
			backlog.Due, backlog.OldestDue = int(count), instant(drafted)
		}
	})
}

// countBills counts bills whose outcome is not known, and posted ones that were
// never read back.
func (s *Store) countBills(ctx context.Context, in search, backlog *schema.Backlog) error {
	const query = `
		SELECT posting_state IN ('named', 'uncertain') AS uncertain, count(), min(posting_at)
		FROM standing
		WHERE uncertain OR unverified
		GROUP BY uncertain`
	var uncertain bool
	var count uint64
	var oldest time.Time
	return s.each(ctx, in.rows+query, in.params, []any{&uncertain, &count, &oldest}, func() {
		if uncertain {
			backlog.Uncertain += int(count)
			earliest(&backlog.OldestUncertain, instant(oldest))
			return
		}
		backlog.Unverified, backlog.OldestUnverified = int(count), instant(oldest)
	})
}

// earliest sets oldest to t when t is a time and earlier.
func earliest(oldest *time.Time, t time.Time) {
	if !t.IsZero() && (oldest.IsZero() || t.Before(*oldest)) {
		*oldest = t
	}
}
