package storetest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// WorkerContracts returns the newest record of every contract of each worker.
func (m *Memory) WorkerContracts(
	ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
) (map[schema.WorkerID][]schema.Contract, error) {
	found := map[schema.WorkerID][]schema.Contract{}
	err := m.do(ctx, "WorkerContracts", func() {
		for key := range m.contracts.subjects {
			c, ok := m.contracts.newest(key, time.Time{})
			if ok && key.company == company && slices.Contains(workers, c.Worker) {
				found[c.Worker] = append(found[c.Worker], c)
			}
		}
		for _, contracts := range found {
			slices.SortFunc(contracts, func(a, b schema.Contract) int { return cmp.Compare(a.ID, b.ID) })
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// WorkerInvoices returns the newest record of every invoice of each worker.
func (m *Memory) WorkerInvoices(
	ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
) (map[schema.WorkerID][]schema.Invoice, error) {
	found := map[schema.WorkerID][]schema.Invoice{}
	err := m.do(ctx, "WorkerInvoices", func() {
		for _, key := range m.invoiceKeys(company) {
			if i, ok := m.invoices.newest(key, time.Time{}); ok && slices.Contains(workers, i.Worker) {
				i.Lines = nil
				found[i.Worker] = append(found[i.Worker], cloneInvoice(i))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// DocNumbers returns which invoice was drafted under each number first.
func (m *Memory) DocNumbers(
	ctx context.Context, company schema.CompanyID, numbers []string,
) (map[schema.PayeeKey]map[string]schema.InvoiceID, error) {
	found := map[schema.PayeeKey]map[string]schema.InvoiceID{}
	err := m.do(ctx, "DocNumbers", func() {
		var drafted []record[schema.Draft]
		for key, records := range m.drafts.subjects {
			if key.company == company {
				drafted = append(drafted, records...)
			}
		}
		slices.SortFunc(drafted, func(a, b record[schema.Draft]) int {
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.seq, b.seq))
		})
		for _, one := range drafted {
			draft := one.fact
			if draft.Payee == "" || !slices.Contains(numbers, draft.DocNumber) {
				continue
			}
			if found[draft.Payee] == nil {
				found[draft.Payee] = map[string]schema.InvoiceID{}
			}
			if _, taken := found[draft.Payee][draft.DocNumber]; !taken {
				found[draft.Payee][draft.DocNumber] = draft.Invoice
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
