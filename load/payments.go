package load

import (
	"context"
	"fmt"
	"slices"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// payments records in QuickBooks what paid the bills of invoices: one bill payment
// from a bank account each, over all that is owed.
func payments() craft {
	return craft{
		kind:     schema.PostPayment,
		day:      func(t schema.Task) schema.Date { return t.Payment.On },
		begin:    beginPayments,
		find:     findPayments,
		readBack: readPayments,
	}
}

// owed is all that decides whether an invoice may be paid.
type owed struct {
	position    schema.Position // its draft and posting
	bill        schema.BookBill // as the mirror has it; the zero value when it does not
	corrections []schema.TaskPosition
}

func beginPayments(ctx context.Context, r *round, due []schema.Task, books schema.Books) ([]made, error) {
	about, err := r.owed(ctx, due)
	if err != nil {
		return nil, err
	}
	all := make([]made, len(due))
	for i, t := range due {
		o := about[t.Invoice]
		if all[i].refused = unpayable(t, o, books, r.now()); all[i].refused != nil {
			continue
		}
		if all[i].body, err = encodePayment(t, o, books); err != nil {
			all[i].refused = &refusal{fault: incomplete(err)}
		}
	}
	return all, nil
}

// owed gathers what is known of the invoices of payments.
func (r *round) owed(ctx context.Context, due []schema.Task) (map[schema.InvoiceID]owed, error) {
	invoices := make([]schema.InvoiceID, len(due))
	for i, t := range due {
		invoices[i] = t.Invoice
	}
	positions, err := r.store.InvoicePositions(ctx, r.cfg.Company, invoices)
	if err != nil {
		return nil, fmt.Errorf("read positions: %w", err)
	}
	corrections, err := r.store.InvoiceTasks(ctx, r.cfg.Company, schema.PostCorrection, invoices)
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	q := schema.BookQuery{Company: r.cfg.Company, Realm: r.realm(), Deleted: true}
	for _, p := range positions {
		if p.Posting.Document != "" {
			q.Documents = append(q.Documents, p.Posting.Document)
		}
	}
	var mirrored []schema.BookBill
	if len(q.Documents) > 0 {
		if mirrored, err = r.store.BookBills(ctx, q); err != nil {
			return nil, fmt.Errorf("read the mirror: %w", err)
		}
	}
	about := make(map[schema.InvoiceID]owed, len(positions))
	for invoice, p := range positions {
		o := owed{position: p, corrections: corrections[invoice]}
		own := func(b schema.BookBill) bool { return b.Document == p.Posting.Document && b.Kind == formOf(p.Posting) }
		if at := slices.IndexFunc(mirrored, own); at >= 0 {
			o.bill = mirrored[at]
		}
		about[invoice] = o
	}
	return about, nil
}

// encodePayment writes the payment of a bill. The same task and bill always give
// the same bytes.
func encodePayment(t schema.Task, o owed, b schema.Books) ([]byte, error) {
	d := o.position.Draft
	amount, err := quickbooks.ParseDecimal(t.Payment.Amount.Decimal())
	if err != nil {
		return nil, fmt.Errorf("payment %s: %w", t.Subject, err)
	}
	body := quickbooks.BillPayment{
		VendorRef:    quickbooks.Ref{Value: string(d.Vendor)},
		PayType:      payByBank,
		CheckPayment: &quickbooks.CheckPayment{BankAccountRef: quickbooks.Ref{Value: string(t.Payment.Account)}},
		DocNumber:    d.DocNumber,
		TxnDate:      t.Payment.On.String(),
		APAccountRef: quickbooks.Ref{Value: string(d.Payable)},
		PrivateNote:  note(paymentMemo(t.Payment), markOf(t.Company, t.ID, t.Subject)),
		TotalAmt:     amount,
		Line: []quickbooks.PaymentLine{{
			Amount:    amount,
			LinkedTxn: []quickbooks.LinkedTxn{{TxnID: string(o.position.Posting.Document), TxnType: linkToBill}},
		}},
	}
	if b.MultiCurrency {
		body.CurrencyRef.Value = string(d.Currency)
	}
	if b.MultiCurrency && d.Currency != b.HomeCurrency {
		// The bill's own rate, so that paying it shows no gain and no loss that nobody
		// made.
		if body.ExchangeRate, err = quickbooks.ParseDecimal(d.Rate.String()); err != nil {
			return nil, fmt.Errorf("payment %s in %s: exchange rate: %w", t.Subject, d.Currency, err)
		}
	}
	return quickbooks.Encode(body)
}

const (
	payByBank  = "Check" // QuickBooks' word for whatever leaves a bank account
	linkToBill = "Bill"
)

func paymentMemo(p schema.Payment) string {
	if p.Source == "" {
		return "Paid through Ontop"
	}
	return "Paid through Ontop, payment " + p.Source
}
