package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tieout/tieout/schema"
)

// WorkerContracts returns, by worker, the newest record of every contract that
// names one of workers, by id.
func (s *Store) WorkerContracts(
	ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
) (map[schema.WorkerID][]schema.Contract, error) {
	// The projection by worker finds the contracts that ever named one; which
	// worker a contract names now is told by its newest record.
	const query = `
		SELECT DISTINCT id
		FROM contracts
		WHERE company = {company:String} AND worker IN {ids:Array(String)}`
	var ids []schema.ContractID
	var id schema.ContractID
	err := byIDs(workers, func(workers []string) error {
		return s.each(ctx, query, params{"company": string(company), "ids": workers}, []any{(*string)(&id)}, func() {
			ids = append(ids, id)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find contracts by worker: %w", err)
	}
	contracts, err := s.Contracts(ctx, company, ids)
	if err != nil {
		return nil, err
	}
	found := map[schema.WorkerID][]schema.Contract{}
	for _, id := range slices.Sorted(maps.Keys(contracts)) {
		if c := contracts[id]; slices.Contains(workers, c.Worker) {
			found[c.Worker] = append(found[c.Worker], c)
		}
	}
	return found, nil
}

// WorkerInvoices returns, by worker, the newest record of every invoice that names
// one of workers, by id, without its lines. Its cost follows how many invoices ever
// named them.
func (s *Store) WorkerInvoices(
	ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
) (map[schema.WorkerID][]schema.Invoice, error) {
	// As with contracts: the projection finds what ever named a worker.
	const ever = `SELECT DISTINCT id FROM invoices WHERE company = {company:String} AND worker IN {ids:Array(String)}`
	const newest = `
		SELECT ` + invoiceHead + `
		FROM invoices
		WHERE company = {company:String} AND id IN {ids:Array(String)}
		ORDER BY id, recorded_at DESC, seq DESC
		LIMIT 1 BY id`
	var ids []string
	err := byIDs(workers, func(workers []string) error {
		some, err := s.texts(ctx, ever, params{"company": string(company), "ids": workers})
		ids = append(ids, some...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find invoices by worker: %w", err)
	}
	found := map[schema.WorkerID][]schema.Invoice{}
	var scan invoiceScan
	err = byIDs(ids, func(ids []string) error {
		return s.each(ctx, newest, params{"company": string(company), "ids": ids}, scan.head(), func() {
			if i := scan.invoice(); slices.Contains(workers, i.Worker) {
				found[i.Worker] = append(found[i.Worker], i)
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read invoices by worker: %w", err)
	}
	return found, nil
}

// DocNumbers returns, by payee and number, the invoice that was drafted first
// under each of numbers. Drafts without a payee do not count.
func (s *Store) DocNumbers(
	ctx context.Context, company schema.CompanyID, numbers []string,
) (map[schema.PayeeKey]map[string]schema.InvoiceID, error) {
	const query = `
		SELECT payee, doc_number, argMin(invoice, (recorded_at, seq))
		FROM drafts
		WHERE company = {company:String} AND doc_number IN {ids:Array(String)} AND payee != ''
		GROUP BY payee, doc_number`
	found := map[schema.PayeeKey]map[string]schema.InvoiceID{}
	var payee schema.PayeeKey
	var number string
	var invoice schema.InvoiceID
	dests := []any{(*string)(&payee), &number, (*string)(&invoice)}
	err := byIDs(numbers, func(numbers []string) error {
		return s.each(ctx, query, params{"company": string(company), "ids": numbers}, dests, func() {
			if found[payee] == nil {
				found[payee] = map[string]schema.InvoiceID{}
			}
			found[payee][number] = invoice
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find drafts by document number: %w", err)
	}
	return found, nil
}
