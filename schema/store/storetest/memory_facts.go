package storetest

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"github.com/tieout/tieout/schema"
)

// Contracts returns the newest record of each contract.
func (m *Memory) Contracts(
	ctx context.Context, company schema.CompanyID, ids []schema.ContractID,
) (map[schema.ContractID]schema.Contract, error) {
	found := make(map[schema.ContractID]schema.Contract, len(ids))
	err := m.do(ctx, "Contracts", func() {
		for _, id := range ids {
			if c, ok := m.contracts.newest(contractKey{company: company, contract: id}, time.Time{}); ok {
				found[id] = c
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// RecordContracts appends records of contracts.
func (m *Memory) RecordContracts(ctx context.Context, contracts []schema.Contract) error {
	return m.do(ctx, "RecordContracts", func() {
		for _, c := range contracts {
			c.UpdatedAt, c.RecordedAt = instant(c.UpdatedAt), instant(c.RecordedAt)
			m.contracts.add(contractKey{company: c.Company, contract: c.ID}, c.RecordedAt, m.next(), c)
		}
	})
}

// Invoices returns the newest record of each invoice.
func (m *Memory) Invoices(
	ctx context.Context, company schema.CompanyID, ids []schema.InvoiceID,
) (map[schema.InvoiceID]schema.Invoice, error) {
	found := make(map[schema.InvoiceID]schema.Invoice, len(ids))
	err := m.do(ctx, "Invoices", func() {
		for _, id := range ids {
			if i, ok := m.invoices.newest(invoiceKey{company: company, invoice: id}, time.Time{}); ok {
				found[id] = cloneInvoice(i)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// RecordInvoices appends records of invoices.
func (m *Memory) RecordInvoices(ctx context.Context, invoices []schema.Invoice) error {
	return m.do(ctx, "RecordInvoices", func() {
		for _, i := range invoices {
			i = cloneInvoice(i)
			i.PaidAt, i.UpdatedAt, i.RecordedAt = instant(i.PaidAt), instant(i.UpdatedAt), instant(i.RecordedAt)
			m.invoices.add(invoiceKey{company: i.Company, invoice: i.ID}, i.RecordedAt, m.next(), i)
		}
	})
}

// RecordDrafts appends drafts.
func (m *Memory) RecordDrafts(ctx context.Context, drafts []schema.Draft) error {
	return m.do(ctx, "RecordDrafts", func() {
		for _, d := range drafts {
			d = cloneDraft(d)
			d.RecordedAt = instant(d.RecordedAt)
			m.drafts.add(invoiceKey{company: d.Company, invoice: d.Invoice}, d.RecordedAt, m.next(), d)
		}
	})
}

// Decisions returns the newest decision on each subject.
func (m *Memory) Decisions(
	ctx context.Context, company schema.CompanyID, subjects []schema.InvoiceID, asOf time.Time,
) (map[schema.InvoiceID]schema.Decision, error) {
	found := make(map[schema.InvoiceID]schema.Decision, len(subjects))
	err := m.do(ctx, "Decisions", func() {
		for _, id := range subjects {
			if d, ok := m.decisions.newest(invoiceKey{company: company, invoice: id}, asOf); ok {
				found[id] = d
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// RecordDecisions appends decisions.
func (m *Memory) RecordDecisions(ctx context.Context, decisions []schema.Decision) error {
	return m.do(ctx, "RecordDecisions", func() {
		for _, d := range decisions {
			d.RecordedAt = instant(d.RecordedAt)
			m.decisions.add(invoiceKey{company: d.Company, invoice: d.Invoice}, d.RecordedAt, m.next(), d)
		}
	})
}

// RecordPostings appends what is known of postings.
func (m *Memory) RecordPostings(ctx context.Context, postings []schema.Posting) error {
	return m.do(ctx, "RecordPostings", func() {
		for _, p := range postings {
			p = clonePosting(p)
			p.RetryAt, p.RecordedAt = instant(p.RetryAt), instant(p.RecordedAt)
			m.postings.add(postingKey{company: p.Company, kind: p.Kind, subject: p.Subject}, p.RecordedAt, m.next(), p)
		}
	})
}

// RecordVerifications appends what reading back showed.
func (m *Memory) RecordVerifications(ctx context.Context, verifications []schema.Verification) error {
	return m.do(ctx, "RecordVerifications", func() {
		for _, v := range verifications {
			v.Differences = clone(v.Differences)
			v.RecordedAt = instant(v.RecordedAt)
			v.Kind = cmp.Or(v.Kind, schema.PostBill)
			m.verifications.add(postingKey{company: v.Company, kind: v.Kind, subject: v.Subject}, v.RecordedAt, m.next(), v)
		}
	})
}

func cloneInvoice(i schema.Invoice) schema.Invoice {
	i.Lines, i.Problems = clone(i.Lines), clone(i.Problems)
	return i
}

func cloneDraft(d schema.Draft) schema.Draft {
	d.Lines, d.Holds = clone(d.Lines), clone(d.Holds)
	return d
}

func clonePosting(p schema.Posting) schema.Posting {
	if len(p.Body) == 0 {
		p.Body = nil
	}
	p.Body = bytes.Clone(p.Body)
	return p
}
