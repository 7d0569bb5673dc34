package storetest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// due says where a ready draft stands.
type due int

const (
	dueNot      due = iota // not ready, held back by a person, or posted
	dueNow                 // it may be posted
	dueDeclined            // QuickBooks declined this very draft
)

// standing tells whether the newest draft of an invoice may be posted. A draft
// that was declined stays so, unless the newest of its postings says when to try
// again, or somebody released the invoice since.
func (m *Memory) standing(key invoiceKey, now time.Time) (schema.Draft, due) {
	draft, _ := m.drafts.newest(key, time.Time{})
	decision, _ := m.decisions.newest(key, time.Time{})
	posting, _ := m.postings.newest(billOf(key), time.Time{})
	if draft.State != schema.DraftReady || posting.State.Live() ||
		decision.Kind == schema.DecideHold || decision.Kind == schema.DecideSkip {
		return draft, dueNot
	}
	same := func(p schema.Posting) bool { return p.Draft == draft.ID }
	if declined, ok := m.postings.newestThat(billOf(key), time.Time{}, same); ok {
		released := declined.RetryAt.IsZero() && decision.Kind == schema.DecideRelease && decision.RecordedAt.After(declined.RecordedAt)
		if !released && (declined.RetryAt.IsZero() || declined.RetryAt.After(now)) {
			return draft, dueDeclined
		}
	}
	return draft, dueNow
}

// DueBills returns the drafts that may be posted now.
func (m *Memory) DueBills(
	ctx context.Context, company schema.CompanyID, now time.Time, limit int,
) ([]schema.Draft, error) {
	var found []schema.Draft
	err := m.do(ctx, "DueBills", func() {
		for key := range m.drafts.subjects {
			if key.company != company {
				continue
			}
			if draft, standing := m.standing(key, now); standing == dueNow {
				found = append(found, cloneDraft(draft))
			}
		}
		slices.SortFunc(found, func(a, b schema.Draft) int {
			return cmp.Or(a.TxnDate.Compare(b.TxnDate), cmp.Compare(a.Invoice, b.Invoice))
		})
		found = found[:min(max(limit, 0), len(found))]
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// OpenPostings returns the postings whose outcome is not known.
func (m *Memory) OpenPostings(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind,
) ([]schema.Posting, error) {
	var found []schema.Posting
	err := m.do(ctx, "OpenPostings", func() { found = m.openPostings(company, kind) })
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (m *Memory) openPostings(company schema.CompanyID, kind schema.PostingKind) []schema.Posting {
	var found []schema.Posting
	for key := range m.postings.subjects {
		p, _ := m.postings.newest(key, time.Time{})
		if key.company == company && key.kind == kind && p.State.Live() && !p.State.Settled() {
			found = append(found, clonePosting(p))
		}
	}
	slices.SortFunc(found, func(a, b schema.Posting) int { return cmp.Compare(a.Subject, b.Subject) })
	return found
}

// LatestPostings returns the newest posting of each subject.
func (m *Memory) LatestPostings(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
) (map[string]schema.Posting, error) {
	found := make(map[string]schema.Posting, len(subjects))
	err := m.do(ctx, "LatestPostings", func() {
		for _, subject := range subjects {
			key := postingKey{company: company, kind: kind, subject: subject}
			if p, ok := m.postings.newest(key, time.Time{}); ok {
				found[subject] = clonePosting(p)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Backlog counts what is still to be done.
func (m *Memory) Backlog(ctx context.Context, company schema.CompanyID) (schema.Backlog, error) {
	backlog := schema.Backlog{Held: make(map[schema.HoldReason]int)}
	err := m.do(ctx, "Backlog", func() {
		for _, pending := range m.pending(company) {
			backlog.Pending++
			earliest(&backlog.OldestPending, pending.ReceivedAt)
		}
		for _, key := range sortedKeys(m.drafts.subjects, company) {
			m.countDraft(key, &backlog)
		}
		for _, kind := range []schema.PostingKind{schema.PostVendor, schema.PostBill} {
			for _, posting := range m.openPostings(company, kind) {
				backlog.Uncertain++
				earliest(&backlog.OldestUncertain, posting.RecordedAt)
			}
		}
		for _, position := range m.unverified(company) {
			backlog.Unverified++
			earliest(&backlog.OldestUnverified, position.Posting.RecordedAt)
		}
		m.countTasks(company, &backlog)
	})
	if err != nil {
		return schema.Backlog{}, err
	}
	return backlog, nil
}

// countDraft adds the newest draft of an open invoice to the backlog. Every
// declined draft counts as declined, also one that will be tried again, unless
// somebody released it.
func (m *Memory) countDraft(key invoiceKey, backlog *schema.Backlog) {
	position := m.position(key, time.Time{})
	if !open(position) {
		return
	}
	draft, standing := m.standing(key, time.Time{})
	switch {
	case draft.State == schema.DraftHeld, draft.State == schema.DraftReady && position.Decision.Kind == schema.DecideHold:
		backlog.Held[firstReason(draft)]++
		first, _ := m.invoices.first(key, time.Time{})
		earliest(&backlog.OldestHeld, first.RecordedAt)
	case draft.State == schema.DraftAwaitsContract, draft.State == schema.DraftAwaitsStatus:
		backlog.Waiting++
	case standing == dueDeclined:
		backlog.Declined++
	case standing == dueNow:
		backlog.Due++
		earliest(&backlog.OldestDue, draft.RecordedAt)
	}
}

// firstReason returns the reason that finance should clear first. A ready draft
// is held by the person who decided so.
func firstReason(d schema.Draft) schema.HoldReason {
	for _, reason := range schema.HoldReasons() {
		for _, hold := range d.Holds {
			if hold.Reason == reason {
				return reason
			}
		}
	}
	return schema.HoldByPerson
}

// earliest sets oldest to t when t is a time and earlier.
func earliest(oldest *time.Time, t time.Time) {
	if !t.IsZero() && (oldest.IsZero() || t.Before(*oldest)) {
		*oldest = t
	}
}
