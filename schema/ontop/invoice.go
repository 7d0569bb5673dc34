package ontop

import (
	"fmt"
	"strings"

	"github.com/go-faster/jx"

	"github.com/tieout/tieout/schema"
)

// invoiceFields are an invoice object's values as they were sent.
type invoiceFields struct {
	clientID, invoiceID, invoiceNumber, status          value
	agreementID, workerID, workerEmail, externalID      value
	issueDate, dueDate, periodStart, periodEnd, paidAt  value
	currency, totalAmount, usdTotalAmount, exchangeRate value
	paymentGroup, pdfURL, updatedAt, items              value
}

func (f *invoiceFields) slot(name []byte) *value {
	switch string(name) {
	case "client_id":
		return &f.clientID
	case "invoice_id":
		return &f.invoiceID
	case "invoice_number":
		return &f.invoiceNumber
	case "status":
		return &f.status
	case "agreement_id":
		return &f.agreementID
	case "worker_id":
		return &f.workerID
	case "worker_email":
		return &f.workerEmail
	case "external_id":
		return &f.externalID
	case "issue_date":
		return &f.issueDate
	case "due_date":
		return &f.dueDate
	case "period_start":
		return &f.periodStart
	case "period_end":
		return &f.periodEnd
	case "paid_at":
		return &f.paidAt
	case "currency":
		return &f.currency
	case "total_amount":
		return &f.totalAmount
	case "usd_total_amount":
		return &f.usdTotalAmount
	case "exchange_rate":
		return &f.exchangeRate
	case "payment_group":
		return &f.paymentGroup
	case "pdf_url":
		return &f.pdfURL
	case "updated_at":
		return &f.updatedAt
	case "items":
		return &f.items
	}
	return nil
}

// itemFields are the values of one of an invoice's items.
type itemFields struct {
	itemID, concept, description, quantity, amount, usdAmount, attachmentURL value
}

func (f *itemFields) slot(name []byte) *value {
	switch string(name) {
	case "item_id":
		return &f.itemID
	case "concept":
		return &f.concept
	case "description":
		return &f.description
	case "quantity":
		return &f.quantity
	case "amount":
		return &f.amount
	case "usd_amount":
		return &f.usdAmount
	case "attachment_url":
		return &f.attachmentURL
	}
	return nil
}

func (m *Message) readInvoice(object string, dec *jx.Decoder, d schema.Delivery) error {
	var f invoiceFields
	if err := readFields(dec, f.slot); err != nil {
		return unreadable(object, nil, "cannot be read: "+err.Error())
	}
	r := newReader()
	m.client(r.id("client_id", f.clientID))
	id := r.id("invoice_id", f.invoiceID)
	if id == "" {
		r.missingID("invoice_id", f.invoiceID)
		m.drop(object, r.problems)
		return nil
	}
	invoice := f.invoice(r, m.Type)
	invoice.ID = schema.InvoiceID(id)
	invoice.Company, invoice.Source = d.Company, d.ID
	invoice.UpdatedAt = r.updatedAt(f.updatedAt, d.ReceivedAt)
	if invoice.Contract == "" && invoice.Worker == "" && !invoice.PlatformFee {
		r.problem("agreement_id", f.agreementID, "is missing and so is worker_id; send at least one of them, so that it is known who is owed")
	}
	invoice.Problems = r.problems
	m.Invoices = append(m.Invoices, invoice)
	return nil
}

func (f *invoiceFields) invoice(r *reader, t EventType) schema.Invoice {
	i := schema.Invoice{
		Number:       r.text("invoice_number", f.invoiceNumber),
		Status:       r.status(f.status, t),
		PlatformFee:  t == PlatformFeeInvoiced,
		Contract:     schema.ContractID(r.id("agreement_id", f.agreementID)),
		Worker:       schema.WorkerID(r.id("worker_id", f.workerID)),
		WorkerEmail:  r.text("worker_email", f.workerEmail),
		ExternalID:   r.text("external_id", f.externalID),
		IssueDate:    r.date("issue_date", f.issueDate),
		DueDate:      r.date("due_date", f.dueDate),
		PeriodStart:  r.date("period_start", f.periodStart),
		PeriodEnd:    r.date("period_end", f.periodEnd),
		PaidAt:       r.dayOrInstant("paid_at", f.paidAt),
		Currency:     r.currency("currency", f.currency),
		Rate:         r.rate("exchange_rate", f.exchangeRate),
		PaymentGroup: r.text("payment_group", f.paymentGroup),
		PDFURL:       r.text("pdf_url", f.pdfURL),
	}
	i.Total = r.money("total_amount", f.totalAmount, i.Currency)
	i.USDTotal = r.optionalMoney("usd_total_amount", f.usdTotalAmount, "USD")
	i.Lines = r.lines(f.items, i.Currency)
	return i
}

// status takes what is further along: what the invoice says of itself, or what
// the event implies. Statuses only move forward, so the other is only older.
func (r *reader) status(v value, t EventType) schema.InvoiceStatus {
	implied := t.Implies()
	if v.absent() {
		return implied
	}
	stated := schema.InvoiceStatus(strings.TrimSpace(r.text("status", v)))
	if stated.Rank() == 0 {
		r.problem("status", v, "is not a status; send CREATED, CONFIRMED, PAID or CANCELLED")
	}
	if stated.Rank() > implied.Rank() {
		return stated
	}
	return implied
}

func (r *reader) lines(items value, c schema.Currency) []schema.Line {
	if items.absent() {
		return nil
	}
	if items[0] != '[' {
		r.problem("items", items, "is no array; send one object for each position of the invoice")
		return nil
	}
	var lines []schema.Line
	defer func() { r.item = -1 }()
	// One for all items: the callback keeps it on the heap.
	var f itemFields
	slot := f.slot
	place := 0
	err := jx.DecodeBytes(items).Arr(func(dec *jx.Decoder) error {
		r.item = place
		place++
		if dec.Next() != jx.Object {
			raw, err := dec.Raw()
			// A line is missing now, which is a problem of all of them.
			r.item = -1
			r.problem("items", nil, fmt.Sprintf("[%d] is %s, which is no object; send one for each position of the invoice", place-1, clip(raw)))
			return err
		}
		f = itemFields{}
		if err := readFields(dec, slot); err != nil {
			return err
		}
		lines = append(lines, f.line(r, c))
		return nil
	})
	if err != nil {
		r.problem("items", items, "cannot be read: "+err.Error())
	}
	return lines
}

func (f *itemFields) line(r *reader, c schema.Currency) schema.Line {
	return schema.Line{
		ItemID:        r.id("item_id", f.itemID),
		Concept:       r.text("concept", f.concept),
		Description:   r.text("description", f.description),
		Quantity:      r.text("quantity", f.quantity),
		Amount:        r.money("amount", f.amount, c),
		USDAmount:     r.optionalMoney("usd_amount", f.usdAmount, "USD"),
		AttachmentURL: r.text("attachment_url", f.attachmentURL),
	}
}
