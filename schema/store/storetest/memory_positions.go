package storetest

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// position joins all that is known of an invoice as of asOf.
func (m *Memory) position(key invoiceKey, asOf time.Time) schema.Position {
	var p schema.Position
	p.Invoice, _ = m.invoices.newest(key, asOf)
	if first, ok := m.invoices.first(key, asOf); ok {
		p.Content, p.FirstRecordedAt = p.Invoice.ContentSum(), first.RecordedAt
	}
	p.Draft, _ = m.drafts.newest(key, asOf)
	p.Decision, _ = m.decisions.newest(key, asOf)
	p.Posting, _ = m.postings.newest(billOf(key), asOf)
	if p.Posting.State.Live() {
		named := func(d schema.Draft) bool { return d.ID == p.Posting.Draft }
		if draft, ok := m.drafts.newestThat(key, asOf, named); ok {
			p.Draft = draft
		}
		p.Verification, _ = m.verifications.newestThat(billOf(key), asOf, func(v schema.Verification) bool {
			return v.Document == p.Posting.Document
		})
	}
	p.Invoice, p.Draft, p.Posting = cloneInvoice(p.Invoice), cloneDraft(p.Draft), clonePosting(p.Posting)
	p.Verification.Differences = clone(p.Verification.Differences)
	p.Corrections = m.corrections(key, asOf)
	return p
}

func billOf(key invoiceKey) postingKey {
	return postingKey{company: key.company, kind: schema.PostBill, subject: string(key.invoice)}
}

// invoiceKeys returns the keys of a company's invoices in the order of their ids.
func (m *Memory) invoiceKeys(company schema.CompanyID) []invoiceKey {
	return sortedKeys(m.invoices.subjects, company)
}

func sortedKeys[T any](subjects map[invoiceKey]T, company schema.CompanyID) []invoiceKey {
	var keys []invoiceKey
	for key := range subjects {
		if key.company == company {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b invoiceKey) int { return cmp.Compare(a.invoice, b.invoice) })
	return keys
}

// open reports whether an invoice may still need a draft: it has no live
// posting, and is neither cancelled and drafted so, nor skipped.
func open(p schema.Position) bool {
	cancelled := p.Draft.State == schema.DraftInvoiceCancelled && p.Draft.Content == p.Invoice.ContentSum()
	return !p.Posting.State.Live() && !cancelled && p.Decision.Kind != schema.DecideSkip
}

// OpenPositions yields every invoice that may still need a draft.
func (m *Memory) OpenPositions(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error] {
	return m.stream(ctx, "OpenPositions", func() []schema.Position {
		var found []schema.Position
		for _, key := range m.invoiceKeys(company) {
			if p := m.position(key, time.Time{}); open(p) {
				found = append(found, p)
			}
		}
		return found
	})
}

// Positions yields every invoice of a period.
func (m *Memory) Positions(
	ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time,
) iter.Seq2[schema.Position, error] {
	return m.stream(ctx, "Positions", func() []schema.Position {
		var found []schema.Position
		for _, key := range m.invoiceKeys(company) {
			first, known := m.invoices.first(key, asOf)
			if !known {
				continue
			}
			p := m.position(key, asOf)
			day := p.Invoice.BillDate
			if day.IsZero() {
				day = schema.DateOf(first.RecordedAt)
			}
			if period.Contains(day) {
				p.Invoice.Lines, p.Posting.Body = nil, nil
				found = append(found, p)
			}
		}
		return found
	})
}

// stream yields what read finds when the iteration starts.
func (m *Memory) stream(
	ctx context.Context, method string, read func() []schema.Position,
) iter.Seq2[schema.Position, error] {
	return func(yield func(schema.Position, error) bool) {
		var found []schema.Position
		err := m.do(ctx, method, func() { found = read() })
		for _, p := range found {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield(schema.Position{}, err)
		}
	}
}

// Unverified returns posted bills that were never read back.
func (m *Memory) Unverified(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Position, error) {
	var found []schema.Position
	err := m.do(ctx, "Unverified", func() {
		found = m.unverified(company)
		found = found[:min(max(limit, 0), len(found))]
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (m *Memory) unverified(company schema.CompanyID) []schema.Position {
	var found []schema.Position
	for key := range m.postings.subjects {
		if key.company != company || key.kind != schema.PostBill {
			continue
		}
		p := m.position(invoiceKey{company: company, invoice: schema.InvoiceID(key.subject)}, time.Time{})
		state := p.Posting.State
		if (state == schema.PostingPosted || state == schema.PostingAdopted) && p.Verification.Result == "" {
			p.Invoice.Lines, p.Decision = nil, schema.Decision{}
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b schema.Position) int {
		return cmp.Or(a.Posting.RecordedAt.Compare(b.Posting.RecordedAt), cmp.Compare(a.Posting.Subject, b.Posting.Subject))
	})
	return found
}
