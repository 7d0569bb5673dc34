package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// Backlog counts what is still to be done for a company.
func (s *Store) Backlog(ctx context.Context, company schema.CompanyID) (schema.Backlog, error) {
	backlog := schema.Backlog{Held: make(map[schema.HoldReason]int)}
	for _, count := range []func(context.Context, schema.CompanyID, *schema.Backlog) error{
		s.countPending, s.countDrafts, s.countPostings,
	} {
		if err := count(ctx, company, &backlog); err != nil {
			return schema.Backlog{}, fmt.Errorf("count backlog: %w", err)
		}
	}
	return backlog, nil
}

func (s *Store) countPending(ctx context.Context, company schema.CompanyID, backlog *schema.Backlog) error {
	const query = pendingRows + `SELECT count(), min(received) FROM pending`
	p, err := s.search(ctx, watermarkKey{company: company, name: pendingWork}, advancePending)
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
// declined also when it will be tried again.
func (s *Store) countDrafts(ctx context.Context, company schema.CompanyID, backlog *schema.Backlog) error {
	const query = standingRows + `
		SELECT
			multiIf(
				draft_state = 'held' OR (draft_state = 'ready' AND decision = 'hold'), 'held',
				draft_state IN ('waiting_for_contract', 'waiting_for_status'), 'waiting',
				ready AND notEmpty(tries), 'declined',
				ready, 'due',
				'') AS place,
			if(place = 'held', arrayFirst(r -> has(draft_reasons, r), {reasons:Array(String)}), '') AS reason,
			count(),
			minIf(invoice_at, has_invoice),
			min(draft_at)
		FROM standing
		WHERE open AND draft_id != ''
		GROUP BY place, reason`
	p, err := s.searchUnsettled(ctx, company)
	if err != nil {
		return err
	}
	reasons := list(schema.HoldReasons(), func(r schema.HoldReason) string { return string(r) })
	var place, reason string
	var count uint64
	var invoiced, drafted time.Time
	return s.each(ctx, query, p.with("reasons", reasons), []any{&place, &reason, &count, &invoiced, &drafted}, func() {
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

// countPostings counts postings whose outcome is not known, of bills and of
// vendors, and posted bills that were never read back.
func (s *Store) countPostings(ctx context.Context, company schema.CompanyID, backlog *schema.Backlog) error {
	const bills = standingRows + `
		SELECT posting_state IN ('named', 'uncertain') AS uncertain, count(), min(posting_at)
		FROM standing
		WHERE uncertain OR unverified
		GROUP BY uncertain`
	const vendors = `
		SELECT true, count(), min(recorded) FROM
		(
			SELECT argMax(state, (recorded_at, seq)) AS newest, max(recorded_at) AS recorded
			FROM postings
			WHERE company = {company:String} AND kind = 'vendor'
			GROUP BY subject
			HAVING newest IN ('named', 'uncertain')
		)`
	p, err := s.searchUnsettled(ctx, company)
	if err != nil {
		return err
	}
	var uncertain bool
	var count uint64
	var oldest time.Time
	dests := []any{&uncertain, &count, &oldest}
	visit := func() {
		if uncertain {
			backlog.Uncertain += int(count)
			earliest(&backlog.OldestUncertain, instant(oldest))
			return
		}
		backlog.Unverified, backlog.OldestUnverified = int(count), instant(oldest)
	}
	if err := s.each(ctx, bills, p, dests, visit); err != nil {
		return err
	}
	return s.each(ctx, vendors, params{"company": string(company)}, dests, visit)
}

// earliest sets oldest to t when t is a time and earlier.
func earliest(oldest *time.Time, t time.Time) {
	if !t.IsZero() && (oldest.IsZero() || t.Before(*oldest)) {
		*oldest = t
	}
}
