package storetest

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// Run checks every promise of a store, each against one that open returns empty.
// For ClickHouse, open stops merges first: a promise that is kept only after a
// merge is not kept.
func Run(t *testing.T, open func(*testing.T) Store) {
	t.Helper()
	for _, group := range []struct {
		name   string
		checks []check
	}{
		{"Stage", stageChecks()},
		{"Pending", pendingChecks()},
		{"Conflicts", conflictChecks()},
		{"Intake", intakeChecks()},
		{"Deliveries", deliveryChecks()},
		{"Reviews", reviewChecks()},
		{"Sources", sourceChecks()},
		{"Archive", archiveChecks()},
		{"Newest", newestChecks()},
		{"Masters", masterChecks()},
		{"OpenPositions", openChecks()},
		{"Stream", streamChecks()},
		{"DueBills", dueChecks()},
		{"DeclinedBills", declinedChecks()},
		{"Postings", postingChecks()},
		{"Unverified", unverifiedChecks()},
		{"Positions", positionChecks()},
		{"AsOf", asOfChecks()},
		{"Backlog", backlogChecks()},
		{"Secrets", secretChecks()},
		{"Tasks", taskChecks()},
		{"TaskPositions", taskPositionChecks()},
		{"Amended", amendedChecks()},
		{"Mirror", mirrorChecks()},
		{"Leases", leaseChecks()},
		{"Metered", meteredChecks()},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, check := range group.checks {
				t.Run(check.name, func(t *testing.T) {
					t.Parallel()
					check.run(trial{T: t, store: open(t)})
				})
			}
		})
	}
}

// check is one promise.
type check struct {
	name string
	run  func(on trial)
}

// trial is a test and the empty store that it is about.
type trial struct {
	*testing.T
	store Store
}

// The company and the first instant of every check. The instant has microseconds,
// since that is what a store keeps.
const company schema.CompanyID = "acme"

func start() time.Time { return time.Date(2026, time.November, 2, 9, 0, 0, 123_456_000, time.UTC) }

// later returns the instant n minutes after start.
func later(n int) time.Time { return start().Add(time.Duration(n) * time.Minute) }

func november(t *testing.T) schema.Period {
	t.Helper()
	return month(t, "2026-11")
}

func month(t *testing.T, text string) schema.Period {
	t.Helper()
	period, err := schema.ParsePeriod(text)
	require.NoError(t, err)
	return period
}

// collect reads a stream to its end.
func collect(t *testing.T, positions iter.Seq2[schema.Position, error]) []schema.Position {
	t.Helper()
	var found []schema.Position
	for p, err := range positions {
		require.NoError(t, err)
		found = append(found, p)
	}
	return found
}

// invoiceIDs returns the ids of positions in their order.
func invoiceIDs(positions []schema.Position) []schema.InvoiceID {
	ids := []schema.InvoiceID{}
	for _, p := range positions {
		ids = append(ids, p.Invoice.ID)
	}
	return ids
}

// invoice returns a confirmed invoice of two lines in November.
func invoice(id schema.InvoiceID, recorded time.Time) schema.Invoice {
	return schema.Invoice{
		Company: company, ID: id, Number: "INV-" + string(id), Status: schema.StatusConfirmed, Contract: "c-1", Worker: "w-1",
		WorkerEmail: "ana@example.com", IssueDate: schema.NewDate(2026, 11, 1), DueDate: schema.NewDate(2026, 11, 15),
		Currency: "USD", Total: schema.NewMoney(12_345, "USD"), USDTotal: schema.NewMoney(12_345, "USD"), Rate: "1",
		Lines: []schema.Line{
			{ItemID: "1", Concept: "FIXED_PAYMENT", Description: "Nóvember", Quantity: "1", Amount: schema.NewMoney(12_000, "USD")},
			{ItemID: "2", Concept: "BONUS", Quantity: "1.5", Amount: schema.NewMoney(345, "USD"), USDAmount: schema.NewMoney(345, "USD")},
		},
		UpdatedAt: start(), Source: "d-1", BillDate: schema.NewDate(2026, 11, 1), RecordedAt: recorded,
	}
}

// draft returns a ready draft of an invoice.
func draft(i schema.Invoice, recorded time.Time) schema.Draft {
	d := schema.Draft{
		Company: i.Company, Invoice: i.ID, Content: i.ContentSum(), State: schema.DraftReady, Payee: "worker:w-1:USD",
		PayeeName: "Ana", Vendor: "55", DocNumber: i.Number, TxnDate: i.BillDate, DueDate: i.DueDate, Currency: i.Currency,
		Payable: "33", Total: i.Total, Memo: "Ontop", RecordedAt: recorded, Kind: schema.DocumentVendorCredit, Location: "2",
	}
	for _, line := range i.Lines {
		d.Lines = append(d.Lines, schema.DraftLine{
			ItemID: line.ItemID, Concept: line.Concept, Amount: line.Amount, Account: "7", Class: "5000", Rule: "r-1", RuleVersion: 2,
		})
	}
	return d.Seal()
}

// held returns d held for reasons instead.
func held(d schema.Draft, reasons ...schema.HoldReason) schema.Draft {
	d.State = schema.DraftHeld
	for _, reason := range reasons {
		d.Holds = append(d.Holds, schema.Hold{Reason: reason, Detail: "because", NextStep: "do", Owner: schema.OwnerFinance})
	}
	return d.Seal()
}

// inState returns d in another state.
func inState(d schema.Draft, state schema.DraftState) schema.Draft {
	d.State = state
	return d.Seal()
}

// posting returns the bill posting of a draft in a state.
func posting(d schema.Draft, state schema.PostingState, recorded time.Time) schema.Posting {
	p := schema.Posting{
		Company: d.Company, Kind: schema.PostBill, Subject: string(d.Invoice), Draft: d.ID, Form: d.Kind, Request: "r-" + string(d.Invoice),
		Item: "b-1", Batch: "batch-1", Body: []byte(`{"a":1}`), Attempt: 1, State: state, RecordedAt: recorded,
	}
	switch state {
	case schema.PostingPosted, schema.PostingAdopted:
		p.Document, p.SyncToken = schema.DocumentID("doc-"+string(d.Invoice)), "0"
	case schema.PostingNamed, schema.PostingUncertain:
	case schema.PostingDeclined:
		p.Fault = schema.Fault{Code: "6140", Detail: "Duplicate", Meaning: "used", Next: "rename", Owner: schema.OwnerFinance}
	}
	return p
}

// verification returns an exact verification of a posting.
func verification(p schema.Posting, recorded time.Time) schema.Verification {
	return schema.Verification{
		Company: p.Company, Kind: p.Kind, Subject: p.Subject, Draft: p.Draft, Document: p.Document, Result: schema.VerifiedExact,
		Total: schema.NewMoney(12_345, "USD"), SyncToken: "0", RecordedAt: recorded,
	}
}

// decision returns a decision on an invoice.
func decision(id schema.InvoiceID, kind schema.DecisionKind, recorded time.Time) schema.Decision {
	return schema.Decision{Company: company, Invoice: id, Kind: kind, Reason: "asked", By: "eva", RecordedAt: recorded}
}

// delivery returns a webhook delivery with a body.
func delivery(id schema.DeliveryID, body string, received time.Time) schema.Delivery {
	return schema.Delivery{Company: company, ID: id, ReceivedAt: received, Channel: schema.ChannelWebhook, Body: []byte(body)}
}

// blockOf returns a block of deliveries.
func blockOf(id string, deliveries ...schema.Delivery) schema.Block {
	return schema.Block{ID: id, Deliveries: deliveries}
}

// outcome returns what became of a delivery.
func outcome(d schema.Delivery, kind schema.OutcomeKind, recorded time.Time) schema.Outcome {
	return schema.Outcome{
		Company: d.Company, Delivery: d.ID, Body: d.Sum(), Kind: kind, EventType: "invoice.created", Detail: "detail of " + string(kind),
		Subjects: []string{"i-1"}, ReceivedAt: d.ReceivedAt, RecordedAt: recorded,
	}
}

// numbered returns n ids with a prefix, in order.
func numbered(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%05d", prefix, i)
	}
	return ids
}
