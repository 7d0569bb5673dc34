package main

import (
	"fmt"
	"slices"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
)

// report is what the demo reads of `tieout reconcile --format json`.
type report struct {
	Tied     bool
	Equation []map[string]string
	States   map[schema.State]struct{ Count int }
	Items    []item
}

// item is one invoice of it.
type item struct {
	Invoice      schema.InvoiceID `json:"invoice_id"`
	QuickBooksID string           `json:"quickbooks_id"`
	Corrections  []struct {
		QuickBooksID string `json:"quickbooks_id"`
	}
}

// audit compares three sides that know nothing of each other: what Ontop says it
// sent, what tieout reports, and what QuickBooks holds.
type audit struct {
	expected ontopsim.Expected
	verified map[schema.Currency]schema.Money

	// documents are those in QuickBooks by the invoice that they were reported for:
	// its own first, then its corrections.
	documents map[schema.InvoiceID][]string

	inBooks, settled, open, corrections int
	files, payments, topUps             int // in QuickBooks
	findings                            []string
}

func newAudit(expected ontopsim.Expected) *audit {
	return &audit{expected: expected, verified: map[schema.Currency]schema.Money{}, documents: map[schema.InvoiceID][]string{}}
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
	for _, i := range r.Items {
		if i.QuickBooksID == "" {
			continue
		}
		a.documents[i.Invoice] = []string{i.QuickBooksID}
		for _, c := range i.Corrections {
			if c.QuickBooksID != "" {
				a.documents[i.Invoice] = append(a.documents[i.Invoice], c.QuickBooksID)
				a.corrections++
			}
		}
	}
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
