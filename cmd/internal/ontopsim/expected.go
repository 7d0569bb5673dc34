package ontopsim

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tieout/tieout/schema"
)

// Expected is what a history adds up to. It is counted while the history is
// made up, from the amounts that went into it and not from the bodies.
type Expected struct {
	Deliveries int // with distinct webhook-ids
	Repeated   int // sent again under the webhook-id of an earlier one
	Noted      int // of the published types, which need no work
	Unknown    int // of a type that nobody has heard of

	// Contracts are those that are announced, in the order in which they were
	// made up; ContractMissing has none.
	Contracts []schema.ContractID
	Invoices  []Invoice // each once, in the order in which they were made up
	Files     []File    // that invoices name
	Payments  []Payment // that Ontop told of, and that pay an invoice
	// Loose are the payments that pay none of the invoices.
	Loose  []string
	TopUps []TopUp
}

// Payment is what Ontop paid for an invoice and told of in a PAYMENT event.
type Payment struct {
	ID      string
	Invoice schema.InvoiceID
	USD     schema.Money // as Ontop tells it
}

// TopUp is money that came into the wallet.
type TopUp struct {
	ID  string
	USD schema.Money
}

// Invoice is what finally holds of an invoice, after all of its events.
type Invoice struct {
	ID          schema.InvoiceID
	Number      string
	Contract    schema.ContractID
	Worker      schema.WorkerID
	PlatformFee bool
	Status      schema.InvoiceStatus
	IssueDate   schema.Date
	// Currency is schema.NoCurrency when the wire has none that is known.
	Currency schema.Currency
	// Total is what can be read of it: zero when it is unreadable.
	Total   schema.Money
	Trouble Trouble
	// Before is what the total was until it changed, see [Changes]; the same where
	// nothing did.
	Before schema.Money
}

// Total counts and adds up the invoices of one month of issue, currency and
// status.
type Total struct {
	Period   schema.Period
	Currency schema.Currency
	Status   schema.InvoiceStatus
	Count    int
	Sum      schema.Money
}

// Totals returns the totals, by period, currency and status.
func (e Expected) Totals() ([]Total, error) {
	type key struct {
		period   schema.Period
		currency schema.Currency
		status   schema.InvoiceStatus
	}
	totals := map[key]Total{}
	for _, invoice := range e.Invoices {
		k := key{invoice.IssueDate.Period(), invoice.Currency, invoice.Status}
		total, ok := totals[k]
		if !ok {
			total = Total{Period: k.period, Currency: k.currency, Status: k.status, Sum: schema.NewMoney(0, k.currency)}
		}
		var err error
		if total.Sum, err = total.Sum.Add(invoice.Total); err != nil {
			return nil, fmt.Errorf("add invoice %s: %w", invoice.ID, err)
		}
		total.Count++
		totals[k] = total
	}
	sorted := make([]Total, 0, len(totals))
	for _, total := range totals {
		sorted = append(sorted, total)
	}
	slices.SortFunc(sorted, func(a, b Total) int {
		return cmp.Or(a.Period.First().Compare(b.Period.First()), cmp.Compare(a.Currency, b.Currency), a.Status.Rank()-b.Status.Rank())
	})
	return sorted, nil
}

// With returns the invoices that have the trouble.
func (e Expected) With(t Trouble) []Invoice {
	var with []Invoice
	for _, invoice := range e.Invoices {
		if invoice.Trouble == t {
			with = append(with, invoice)
		}
	}
	return with
}
