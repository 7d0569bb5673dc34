package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

const (
	client  = "999"  // the Ontop client that all events name
	workers = 1000   // who bill in turn
	chunk   = 10_000 // facts recorded at a time

	contractors = schema.AccountID("8") // of the pretended company
	travel      = schema.AccountID("11")
	payable     = schema.AccountID("33")
)

// history makes up the invoices of a company, numbered from 0, and everything that
// becomes of them. All of it happened weeks ago.
type history struct {
	at      time.Time
	vendors []schema.VendorID // by worker
}

func newHistory(vendors []schema.VendorID) history {
	if vendors == nil {
		vendors = make([]schema.VendorID, workers)
		for i := range vendors {
			vendors[i] = schema.VendorID(strconv.Itoa(100 + i))
		}
	}
	return history{at: time.Now().UTC().AddDate(0, 0, -40).Truncate(time.Microsecond), vendors: vendors}
}

func (h history) period() schema.Period { return schema.DateOf(h.at).Period() }

func email(worker int) string { return fmt.Sprintf("worker.%d@example.com", 7000+worker) }

func workerName(worker int) string { return fmt.Sprintf("Worker %d", 7000+worker) }

// contract is what a worker agreed to.
func (h history) contract(worker int) schema.Contract {
	return schema.Contract{
		Company: company, ID: schema.ContractID(strconv.Itoa(4000 + worker)), Worker: schema.WorkerID(strconv.Itoa(7000 + worker)),
		WorkerEmail: email(worker), WorkerType: "Worker", FirstName: "Worker", LastName: strconv.Itoa(7000 + worker), Country: "US",
		JobTitle: "Engineer", Entity: "Acme Inc", Type: "FIXED", Signing: schema.SigningPaymentAgent, Currency: "USD",
		StartDate: schema.DateOf(h.at.AddDate(-1, 0, 0)), Status: "ACTIVE", UpdatedAt: h.at, RecordedAt: h.at,
	}
}

// invoice is the n-th one, confirmed.
func (h history) invoice(n int) schema.Invoice {
	worker := n % len(h.vendors)
	day := schema.DateOf(h.at)
	pay, expense := schema.NewMoney(int64(250_000+n%90_000), "USD"), schema.NewMoney(int64(1999+n%1000), "USD")
	total := schema.NewMoney(pay.Minor()+expense.Minor(), "USD")
	id := 1_000_000 + n
	return schema.Invoice{
		Company: company, ID: schema.InvoiceID(strconv.Itoa(id)), Number: fmt.Sprintf("INV-%08d", id), Status: schema.StatusConfirmed,
		Contract: h.contract(worker).ID, Worker: schema.WorkerID(strconv.Itoa(7000 + worker)), WorkerEmail: email(worker),
		IssueDate: day, DueDate: day.AddDays(15), PeriodStart: day.Period().First(), PeriodEnd: day, BillDate: day, Currency: "USD",
		Total: total, USDTotal: total, Rate: "1", PaymentGroup: day.Period().String(),
		PDFURL: fmt.Sprintf("https://files.example.com/invoices/%d.pdf", id),
		Lines: []schema.Line{
			{ItemID: "1", Concept: "FIXED_PAYMENT", Description: "Base pay " + day.Period().String(), Quantity: "1", Amount: pay, USDAmount: pay},
			{ItemID: "2", Concept: "REIMBURSEMENT", Description: "Travel", Quantity: "1", Amount: expense, USDAmount: expense},
		},
		UpdatedAt: h.at, Source: deliveryID(n), RecordedAt: h.at,
	}
}

func deliveryID(n int) schema.DeliveryID {
	return schema.DeliveryID("msg_" + schema.SumOf(strconv.Itoa(n)).Short(22))
}

// delivery is how the n-th invoice arrives.
func (h history) delivery(n int) (schema.Delivery, error) {
	at := h.at.Add(time.Duration(n) * time.Millisecond)
	return h.wire(deliveryID(n), at, ontop.InvoiceConfirmed, ontop.NewInvoiceRecord(client, h.invoice(n)))
}

// contractEvent is how a worker's contract arrives.
func (h history) contractEvent(worker int) (ontopsim.Event, error) {
	id := schema.DeliveryID(fmt.Sprintf("msg_contract%04d", worker))
	d, err := h.wire(id, h.at, ontop.ContractCreated, ontop.NewContractRecord(client, h.contract(worker)))
	return ontopsim.Event{ID: string(d.ID), Body: d.Body}, err
}

func (h history) wire(id schema.DeliveryID, at time.Time, event ontop.EventType, record any) (schema.Delivery, error) {
	envelope := ontop.Envelope{EventType: event, EventID: "evt_" + string(id), OccurredAt: ontop.Text(h.at.Format(time.RFC3339)), Data: record}
	body, err := envelope.Encode()
	return schema.Delivery{Company: company, ID: id, ReceivedAt: at, Channel: schema.ChannelWebhook, Body: body}, err
}

// draft is what transform makes of an invoice.
func (h history) draft(i schema.Invoice, n int) schema.Draft {
	d := schema.Draft{
		Company: company, Invoice: i.ID, Content: i.ContentSum(), State: schema.DraftReady,
		Payee: schema.NewPayeeKey(schema.PayeeWorker, i.Worker, i.Contract, "USD"), PayeeName: workerName(n % len(h.vendors)),
		Vendor: h.vendors[n%len(h.vendors)], DocNumber: i.Number, TxnDate: i.BillDate, DueDate: i.DueDate, Currency: "USD", Payable: payable,
		Total: i.Total, RecordedAt: h.at,
	}
	for k, line := range i.Lines {
		d.Lines = append(d.Lines, schema.DraftLine{
			ItemID: line.ItemID, Concept: line.Concept, Description: line.Description, Amount: line.Amount,
			Account: []schema.AccountID{contractors, travel}[k], Rule: []schema.RuleID{"base-pay", "expenses"}[k], RuleVersion: 1,
		})
	}
	return d.Seal()
}

// stage puts the deliveries of n invoices into the store, from the first given.
func (h history) stage(ctx context.Context, p *place, first, n int) error {
	for at := first; at < first+n; at += chunk {
		block := schema.Block{ID: fmt.Sprintf("block %d", at)}
		for k := at; k < min(at+chunk, first+n); k++ {
			d, err := h.delivery(k)
			if err != nil {
				return err
			}
			block.Deliveries = append(block.Deliveries, d)
		}
		if err := p.Stage(ctx, block); err != nil {
			return err
		}
	}
	return nil
}

// masters records contracts, rules and the chart.
func (h history) masters(ctx context.Context, p *place) error {
	contracts := make([]schema.Contract, len(h.vendors))
	books := schema.Books{
		Company: company, Realm: "1", Name: "Acme Inc", Country: "US", HomeCurrency: "USD", ReadAt: h.at,
		Accounts: []schema.Account{
			{ID: contractors, Name: "Contractors", Type: "Expense", Currency: "USD", Active: true},
			{ID: travel, Name: "Travel", Type: "Expense", Currency: "USD", Active: true},
			{ID: payable, Name: "Accounts Payable (A/P)", Type: "Accounts Payable", Currency: "USD", Active: true},
		},
	}
	for i, vendor := range h.vendors {
		contracts[i] = h.contract(i)
		books.Vendors = append(books.Vendors, schema.Vendor{ID: vendor, Name: workerName(i), Email: email(i), Currency: "USD", Active: true})
	}
	if err := p.RecordContracts(ctx, contracts); err != nil {
		return err
	}
	rules := schema.RuleSet{Company: company, Version: 1, By: "bench", RecordedAt: h.at, Rules: []schema.Rule{
		{ID: "base-pay", Version: 1, Concept: "FIXED_PAYMENT", Account: contractors, Name: "Contractors"},
		{ID: "expenses", Version: 1, Concept: "REIMBURSEMENT", Account: travel, Name: "Travel"},
	}}
	if err := p.RecordRules(ctx, rules); err != nil {
		return err
	}
	return p.RecordBooks(ctx, books)
}

// settle records n invoices of which everything is done: received, drafted, posted,
// read back and found exact.
func (h history) settle(ctx context.Context, p *place, n int) error {
	if err := h.stage(ctx, p, 0, n); err != nil {
		return err
	}
	for first := 0; first < n; first += chunk {
		if err := h.settleChunk(ctx, p, first, min(first+chunk, n)); err != nil {
			return err
		}
	}
	return nil
}

func (h history) settleChunk(ctx context.Context, p *place, first, end int) error {
	var outcomes []schema.Outcome
	var invoices []schema.Invoice
	var drafts []schema.Draft
	var postings []schema.Posting
	var proofs []schema.Verification
	for n := first; n < end; n++ {
		delivery, err := h.delivery(n)
		if err != nil {
			return err
		}
		invoice := h.invoice(n)
		draft := h.draft(invoice, n)
		document := schema.DocumentID(strconv.Itoa(10_000_000 + n))
		outcomes = append(outcomes, schema.Outcome{
			Company: company, Delivery: delivery.ID, Body: delivery.Sum(), Kind: schema.OutcomeApplied,
			EventType: string(ontop.InvoiceConfirmed), Subjects: []string{string(invoice.ID)}, ReceivedAt: delivery.ReceivedAt, RecordedAt: h.at,
		})
		invoices, drafts = append(invoices, invoice), append(drafts, draft)
		postings = append(postings, schema.Posting{
			Company: company, Kind: schema.PostBill, Subject: string(invoice.ID), Draft: draft.ID, Request: "bench", Item: strconv.Itoa(n),
			Batch: "bench", Body: []byte(`{"DocNumber":"` + invoice.Number + `"}`), Attempt: 1, State: schema.PostingPosted, Document: document,
			RecordedAt: h.at,
		})
		proofs = append(proofs, schema.Verification{
			Company: company, Kind: schema.PostBill, Subject: string(invoice.ID), Draft: draft.ID, Document: document, Result: schema.VerifiedExact, Total: invoice.Total,
			RecordedAt: h.at,
		})
	}
	for _, record := range []func() error{
		func() error { return p.RecordInvoices(ctx, invoices) },
		func() error { return p.RecordDrafts(ctx, drafts) },
		func() error { return p.RecordPostings(ctx, postings) },
		func() error { return p.RecordVerifications(ctx, proofs) },
		func() error { return p.RecordOutcomes(ctx, outcomes) },
	} {
		if err := record(); err != nil {
			return err
		}
	}
	return nil
}

// policy is the one that configuration fills in.
func policy() schema.Policy {
	return schema.Policy{
		PostOn: schema.PostOnConfirmed, PlatformVendor: "Ontop", CreateVendors: schema.CreateAutomatically, ClosedPeriod: schema.ClosedHold,
		BillDate: schema.BillOnIssueDate, Payee: map[schema.Signing]schema.PayeeKind{schema.SigningPaymentAgent: schema.PayeeWorker},
	}
}
