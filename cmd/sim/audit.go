package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// report is what the demo reads of `tieout reconcile --format json`.
type report struct {
	Tied     bool
	Equation []map[string]string
	States   map[schema.State]struct{ Count int }
	Items    []struct{}
}

// audit compares three sides that know nothing of each other: what Ontop says it
// sent, what tieout reports, and what QuickBooks holds.
type audit struct {
	expected ontopsim.Expected
	verified map[schema.Currency]schema.Money

	inBooks, settled, open int
	findings               []string
}

func newAudit(expected ontopsim.Expected) *audit {
	return &audit{expected: expected, verified: map[schema.Currency]schema.Money{}}
}

func (a *audit) wrong(format string, args ...any) {
	a.findings = append(a.findings, fmt.Sprintf(format, args...))
}

// add compares one month's report with what was sent.
func (a *audit) add(period schema.Period, r report, code int) {
	if (code == 0) != r.Tied || (code != 0 && code != 3) {
		a.wrong("%s: tied is %t and the exit code %d", period, r.Tied, code)
	}
	want := map[schema.Currency]schema.Money{}
	invoices := 0
	for _, invoice := range a.expected.Invoices {
		if invoice.IssueDate.Period() == period {
			invoices++
			a.sum(want, invoice.Total, invoice.Currency)
		}
	}
	if len(r.Items) != invoices {
		a.wrong("%s: %d invoices in the report, %d were sent", period, len(r.Items), invoices)
	}
	for _, equation := range r.Equation {
		currency := schema.Currency(equation["currency"])
		if got := equation["received"]; got != want[currency].Decimal() {
			a.wrong("%s: received %s %s, sent were %s", period, got, currency, want[currency].Decimal())
		}
		if residual, err := schema.ParseMoney(equation["residual"], currency); err != nil || !residual.IsZero() {
			a.wrong("%s: residual %s %s", period, equation["residual"], currency)
		}
		delete(want, currency)
		if verified, err := schema.ParseMoney(equation["verified"], currency); err != nil {
			a.wrong("%s: %v", period, err)
		} else {
			a.sum(a.verified, verified, currency)
		}
	}
	for currency, sum := range want {
		a.wrong("%s: %s sent and not reported, in %s", period, sum.Decimal(), currency)
	}
	a.count(r)
}

func (a *audit) sum(sums map[schema.Currency]schema.Money, m schema.Money, currency schema.Currency) {
	before, ok := sums[currency]
	if !ok {
		before = schema.NewMoney(0, currency)
	}
	after, err := before.Add(schema.NewMoney(m.Minor(), currency))
	if err != nil {
		a.wrong("%v", err)
		return
	}
	sums[currency] = after
}

func (a *audit) count(r report) {
	for state, totals := range r.States {
		switch {
		case state == schema.StateMatched || state == schema.StateAdopted:
			a.inBooks += totals.Count
		case state.Settled():
			a.settled += totals.Count
		case slices.Contains(underWay(), state):
			a.wrong("%d invoices are still %s", totals.Count, state)
		default:
			a.open += totals.Count
		}
	}
}

// underWay are the states that no invoice may be in when everything is done.
func underWay() []schema.State {
	return []schema.State{schema.StateUncertain, schema.StatePostedUnverified, schema.StateMissingInQuickBooks, schema.StateDeclined}
}

// books compares what is in QuickBooks, bills less vendor credits, with what was
// reported as verified, and looks for documents that are there twice.
func (a *audit) books(books quickbookstest.Books) {
	held := map[schema.Currency]schema.Money{}
	seen := map[string]bool{}
	bills := books.Entities["Bill"]
	for n, text := range slices.Concat(bills, books.Entities["VendorCredit"]) {
		var bill struct {
			DocNumber              string
			TotalAmt               json.Number
			VendorRef, CurrencyRef struct{ Value string }
		}
		if err := json.Unmarshal(text, &bill); err != nil {
			a.wrong("bill: %v", err)
			continue
		}
		currency := schema.Currency(bill.CurrencyRef.Value)
		amount, err := schema.ParseMoney(bill.TotalAmt.String(), currency)
		if err != nil {
			a.wrong("bill %s: %v", bill.DocNumber, err)
			continue
		}
		if n >= len(bills) {
			amount = schema.NewMoney(-amount.Minor(), currency)
		}
		a.sum(held, amount, currency)
		key := bill.VendorRef.Value + "/" + bill.DocNumber
		if seen[key] {
			a.wrong("bill %s is there twice", bill.DocNumber)
		}
		seen[key] = true
	}
	if n := len(bills) + len(books.Entities["VendorCredit"]); n != a.inBooks {
		a.wrong("QuickBooks holds %d bills and vendor credits, reported are %d", n, a.inBooks)
	}
	for currency, sum := range a.verified {
		if held[currency].Minor() != sum.Minor() {
			a.wrong("QuickBooks holds %s %s, reported are %s", held[currency].Decimal(), currency, sum.Decimal())
		}
	}
}
