package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// record is a kind of record that is read back by id.
type record interface {
	quickbooks.BillPayment | quickbooks.Transfer
	quickbooks.Entity
}

// readRecords reads the records of tasks by their ids, many in one query. Those
// that a query does not show are read alone: only QuickBooks saying so makes one
// missing.
func readRecords[T record](
	ctx context.Context, l *Loader, tasks []schema.TaskPosition, idOf func(T) string, alone func(context.Context, string) (T, error),
) (map[schema.DocumentID]T, error) {
	found := make(map[schema.DocumentID]T, len(tasks))
	for part := range slices.Chunk(tasks, idsTogether) {
		ids := make([]string, len(part))
		for i, p := range part {
			ids[i] = string(p.Posting.Document)
		}
		for one, err := range quickbooks.Query[T](ctx, l.books, quickbooks.OneOf("Id", ids...)) {
			if err != nil {
				return nil, err
			}
			found[schema.DocumentID(idOf(one))] = one
		}
		for _, id := range ids {
			if _, there := found[schema.DocumentID(id)]; there {
				continue
			}
			one, err := alone(ctx, id)
			if fault, ok := errors.AsType[*quickbooks.Fault](err); ok && fault.Scope() == quickbooks.OneRecord {
				continue
			}
			if err != nil {
				return nil, err
			}
			found[schema.DocumentID(id)] = one
		}
	}
	return found, nil
}

func readPayments(ctx context.Context, l *Loader, tasks []schema.TaskPosition) ([]schema.Verification, error) {
	found, err := readRecords(ctx, l, tasks, func(p quickbooks.BillPayment) string { return p.ID }, l.books.BillPayment)
	if err != nil {
		return nil, err
	}
	verifications := make([]schema.Verification, len(tasks))
	for i, p := range tasks {
		payment, there := found[p.Posting.Document]
		if verifications[i], err = comparePayment(p, payment, there); err != nil {
			return nil, err
		}
		verifications[i].RecordedAt = l.now()
	}
	return verifications, nil
}

// comparePayment says how a payment in QuickBooks differs from what was sent.
func comparePayment(p schema.TaskPosition, found quickbooks.BillPayment, there bool) (schema.Verification, error) {
	v := proofOf(p)
	if !there {
		return v, nil
	}
	var sent quickbooks.BillPayment
	if err := json.Unmarshal(p.Posting.Body, &sent); err != nil {
		return v, fmt.Errorf("read what was sent for %s: %w", p.Posting.Subject, err)
	}
	c := comparison{currency: p.Task.Payment.Amount.Currency()}
	v.SyncToken, v.Total = found.SyncToken, c.amount(schema.FieldTotal, p.Task.Payment.Amount, found.TotalAmt)
	c.text(schema.FieldVendor, sent.VendorRef.Value, found.VendorRef.Value)
	c.text(schema.FieldDate, sent.TxnDate, found.TxnDate)
	c.text(schema.FieldDocNumber, sent.DocNumber, found.DocNumber)
	c.text(schema.FieldBank, bankOf(sent), bankOf(found))
	if found.APAccountRef.Value != "" { // the bill's own, where QuickBooks does not say
		c.text(schema.FieldPayable, sent.APAccountRef.Value, found.APAccountRef.Value)
	}
	if found.CurrencyRef.Value != "" {
		c.text(schema.FieldCurrency, string(c.currency), found.CurrencyRef.Value)
	}
	c.rate(schema.Rate(sent.ExchangeRate.String()), found.ExchangeRate)
	c.text(schema.FieldLink, paid(sent), paid(found))
	return c.conclude(v), nil
}

// proofOf is the verification of a task whose record is missing.
func proofOf(p schema.TaskPosition) schema.Verification {
	return schema.Verification{
		Company: p.Posting.Company, Kind: p.Posting.Kind, Subject: p.Posting.Subject, Draft: p.Posting.Draft,
		Document: p.Posting.Document, Result: schema.VerifiedMissing,
	}
}

// bankOf is the account that a payment came from.
func bankOf(p quickbooks.BillPayment) string {
	switch {
	case p.CheckPayment != nil:
		return p.CheckPayment.BankAccountRef.Value
	case p.CreditCardPayment != nil:
		return "card " + p.CreditCardPayment.CCAccountRef.Value
	}
	return ""
}

// paid says what a payment pays.
func paid(p quickbooks.BillPayment) string {
	var parts []string
	for _, line := range p.Line {
		for _, link := range line.LinkedTxn {
			parts = append(parts, fmt.Sprintf("%s %s: %s", link.TxnType, link.TxnID, line.Amount))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
