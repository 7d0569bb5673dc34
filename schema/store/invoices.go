package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// The columns of an invoice, and those of its lines, which reports do without.
const (
	invoiceColumns = `
	company LowCardinality(String)
	id String
	number String
	status LowCardinality(String)
	platform_fee Bool
	contract String
	worker String
	worker_email String
	external_id String
	issue_date UInt32
	due_date UInt32
	period_start UInt32
	period_end UInt32
	paid_at Int64
	currency LowCardinality(String)
	total Int64
	total_currency LowCardinality(String)
	usd_total Int64
	usd_currency LowCardinality(String)
	rate String
	payment_group String
	pdf_url String
	problem_field Array(String)
	problem_value Array(String)
	problem_detail Array(String)
	updated_at Int64
	source String
	bill_date UInt32
	recorded_at DateTime64(6, 'UTC')`
	invoiceLineColumns = `
	line_item_id Array(String)
	line_concept Array(String)
	line_description Array(String)
	line_quantity Array(String)
	line_amount Array(Int64)
	line_currency Array(String)
	line_usd_amount Array(Int64)
	line_usd_currency Array(String)
	line_attachment Array(String)
	content FixedString(32)`

	invoiceHead = `company, id, number, status, platform_fee, contract, worker, worker_email, external_id, issue_date, due_date,
		period_start, period_end, paid_at, currency, total, total_currency, usd_total, usd_currency, rate, payment_group, pdf_url,
		` + pack + `problem_field` + packed + `problem_value` + packed + `problem_detail` + unpack + `,
		updated_at, source, bill_date, recorded_at`
	invoiceLines = `, line_item_id, line_concept, line_description, line_quantity, line_amount, line_currency, line_usd_amount,
		line_usd_currency, line_attachment`
)

// RecordInvoices appends invoices, each as it stands after a change.
func (s *Store) RecordInvoices(ctx context.Context, invoices []schema.Invoice) error {
	return record(ctx, s, s.tables.invoices, invoices, invoiceRow)
}

func invoiceRow(i schema.Invoice) []any {
	content := i.ContentSum()
	return []any{
		string(i.Company), string(i.ID), i.Number, string(i.Status), i.PlatformFee, string(i.Contract), string(i.Worker), i.WorkerEmail,
		i.ExternalID, day(i.IssueDate), day(i.DueDate), day(i.PeriodStart), day(i.PeriodEnd), micros(i.PaidAt), string(i.Currency),
		i.Total.Minor(), string(i.Total.Currency()), i.USDTotal.Minor(), string(i.USDTotal.Currency()), i.Rate.String(),
		i.PaymentGroup, i.PDFURL,
		list(i.Problems, func(p schema.Problem) string { return p.Field }),
		list(i.Problems, func(p schema.Problem) string { return p.Value }),
		list(i.Problems, func(p schema.Problem) string { return p.Detail }),
		micros(i.UpdatedAt), string(i.Source), day(i.BillDate), stored(i.RecordedAt),
		list(i.Lines, func(l schema.Line) string { return l.ItemID }),
		list(i.Lines, func(l schema.Line) string { return l.Concept }),
		list(i.Lines, func(l schema.Line) string { return l.Description }),
		list(i.Lines, func(l schema.Line) string { return l.Quantity }),
		list(i.Lines, func(l schema.Line) int64 { return l.Amount.Minor() }),
		list(i.Lines, func(l schema.Line) string { return string(l.Amount.Currency()) }),
		list(i.Lines, func(l schema.Line) int64 { return l.USDAmount.Minor() }),
		list(i.Lines, func(l schema.Line) string { return string(l.USDAmount.Currency()) }),
		list(i.Lines, func(l schema.Line) string { return l.AttachmentURL }),
		string(content[:]),
	}
}

// Invoices returns the newest record of each invoice. Unknown ids are absent.
func (s *Store) Invoices(
	ctx context.Context, company schema.CompanyID, ids []schema.InvoiceID,
) (map[schema.InvoiceID]schema.Invoice, error) {
	const query = `
		SELECT ` + invoiceHead + invoiceLines + `
		FROM invoices
		WHERE company = {company:String} AND id IN {ids:Array(String)}
		ORDER BY id, recorded_at DESC, seq DESC
		LIMIT 1 BY id`
	found := make(map[schema.InvoiceID]schema.Invoice, len(ids))
	var scan invoiceScan
	dests := append(scan.head(), scan.lines()...)
	err := byIDs(ids, func(ids []string) error {
		return s.each(ctx, query, params{"company": string(company), "ids": ids}, dests, func() {
			invoice := scan.invoice()
			found[invoice.ID] = invoice
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read invoices: %w", err)
	}
	return found, nil
}

// invoiceScan takes invoices from rows, one at a time.
type invoiceScan struct {
	i                                   schema.Invoice
	issued, due, begins, ends, billed   uint32
	paid, updated, total, usd           int64
	totalCurrency, usdCurrency          schema.Currency
	recorded                            time.Time
	fields, values, details             packedTexts
	items, concepts, texts, quantities  []string
	currencies, usdCurrencies, attached []string
	amounts, usdAmounts                 []int64
}

// head returns where the columns of invoiceHead go.
func (r *invoiceScan) head() []any {
	i := &r.i
	return []any{
		(*string)(&i.Company), (*string)(&i.ID), &i.Number, (*string)(&i.Status), &i.PlatformFee, (*string)(&i.Contract),
		(*string)(&i.Worker), &i.WorkerEmail, &i.ExternalID, &r.issued, &r.due, &r.begins, &r.ends, &r.paid, (*string)(&i.Currency),
		&r.total, (*string)(&r.totalCurrency), &r.usd, (*string)(&r.usdCurrency), (*string)(&i.Rate), &i.PaymentGroup, &i.PDFURL,
		(*string)(&r.fields), (*string)(&r.values), (*string)(&r.details), &r.updated, (*string)(&i.Source), &r.billed, &r.recorded,
	}
}

// lines returns where the columns of invoiceLines go.
func (r *invoiceScan) lines() []any {
	return []any{
		&r.items, &r.concepts, &r.texts, &r.quantities, &r.amounts, &r.currencies, &r.usdAmounts, &r.usdCurrencies, &r.attached,
	}
}

// invoice returns the invoice of the row that was scanned.
func (r *invoiceScan) invoice() schema.Invoice {
	i := r.i
	i.IssueDate, i.DueDate, i.BillDate = fromDay(r.issued), fromDay(r.due), fromDay(r.billed)
	i.PeriodStart, i.PeriodEnd = fromDay(r.begins), fromDay(r.ends)
	i.PaidAt, i.UpdatedAt, i.RecordedAt = fromMicros(r.paid), fromMicros(r.updated), instant(r.recorded)
	i.Total, i.USDTotal = schema.NewMoney(r.total, r.totalCurrency), schema.NewMoney(r.usd, r.usdCurrency)
	i.Problems, i.Lines = nil, nil
	values, details := r.values.list(), r.details.list()
	for n, field := range r.fields.list() {
		i.Problems = append(i.Problems, schema.Problem{Field: field, Value: values[n], Detail: details[n]})
	}
	if len(r.items) > 0 {
		i.Lines = make([]schema.Line, len(r.items))
	}
	for n := range r.items {
		i.Lines[n] = schema.Line{
			ItemID: r.items[n], Concept: r.concepts[n], Description: r.texts[n], Quantity: r.quantities[n],
			Amount:        schema.NewMoney(r.amounts[n], schema.Currency(r.currencies[n])),
			USDAmount:     schema.NewMoney(r.usdAmounts[n], schema.Currency(r.usdCurrencies[n])),
			AttachmentURL: r.attached[n],
		}
	}
	return i
}
