package e2e_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
)

// due reports whether an invoice has to end as a bill, as far as Ontop can tell:
// it was confirmed, and nothing about it asks for a person.
func due(i ontopsim.Invoice) bool {
	if i.Status != schema.StatusConfirmed && i.Status != schema.StatusPaid {
		return false
	}
	return !slices.Contains([]ontopsim.Trouble{
		ontopsim.UnmappedConcept, ontopsim.ClosedPeriod, ontopsim.TotalMismatch, ontopsim.ContractMissing,
		ontopsim.UnknownCurrency, ontopsim.TooManyDecimals,
	}, i.Trouble)
}

// bill is what the pretended QuickBooks holds: a bill or, below zero, a vendor
// credit.
type bill struct {
	ID                     string `json:"Id"`
	DocNumber              string
	TotalAmt               json.Number
	TxnDate                string
	VendorRef, CurrencyRef struct {
		Value string `json:"value"`
	}
}

func (w *world) bills(t *testing.T) []bill {
	t.Helper()
	books, err := w.Books.Books(w.Realm)
	require.NoError(t, err)
	var bills []bill
	for _, entity := range []string{"Bill", "VendorCredit"} {
		for _, text := range books.Entities[entity] {
			var b bill
			require.NoError(t, json.Unmarshal(text, &b))
			if entity == "VendorCredit" {
				b.TotalAmt = "-" + b.TotalAmt
			}
			bills = append(bills, b)
		}
	}
	return bills
}

// requireBooksEqualSource compares three sides that know nothing of each other:
// what Ontop says that it sent, what tieout reports, and what QuickBooks holds.
func (w *world) requireBooksEqualSource(t *testing.T) {
	t.Helper()
	bills := map[string]bill{} // by id
	for _, b := range w.bills(t) {
		bills[b.ID] = b
	}
	posted := 0
	for period, invoices := range byPeriod(w.history.Expected) {
		r := w.reconcile(t, "--period", period.String())
		require.Len(t, r.Items, len(invoices), "%s: every invoice once", period)
		w.requireEquation(t, r, invoices)
		for _, invoice := range invoices {
			line := r.of(t, invoice.ID)
			switch {
			case invoice.Trouble == ontopsim.NameTaken && line.State == schema.StateUnresolvedVendor:
				continue // owed to the worker, whose name somebody has; the others are owed to the platform
			case line.State == schema.StateCancelledAfter:
				require.Equal(t, ontopsim.Cancellation, invoice.Trouble, "%+v", line)
			case !due(invoice):
				require.Empty(t, line.QuickBooksID, "%s (%s) is in QuickBooks", invoice.Number, invoice.Trouble)
				continue
			default:
				require.Contains(t, []schema.State{schema.StateMatched, schema.StateAdopted}, line.State, "%+v of %+v", line, invoice)
			}
			b, ok := bills[line.QuickBooksID]
			require.True(t, ok, "%s: QuickBooks has no bill %s", invoice.Number, line.QuickBooksID)
			delete(bills, line.QuickBooksID) // each stands for one invoice
			amount, err := schema.ParseMoney(b.TotalAmt.String(), schema.Currency(b.CurrencyRef.Value))
			require.NoError(t, err)
			require.Equal(t, invoice.Total, amount, invoice.Number)
			posted++
		}
	}
	require.Empty(t, bills, "bills that stand for no invoice, or for one a second time")
	require.Positive(t, posted)
}

// requireEquation compares the sums of a month with what was sent.
func (w *world) requireEquation(t *testing.T, r report, invoices []ontopsim.Invoice) {
	t.Helper()
	sent := map[string]schema.Money{}
	for _, invoice := range invoices {
		code := string(invoice.Currency)
		if _, ok := sent[code]; !ok {
			sent[code] = schema.NewMoney(0, invoice.Currency)
		}
		sum, err := sent[code].Add(invoice.Total)
		require.NoError(t, err)
		sent[code] = sum
	}
	reported := map[string]string{}
	for _, equation := range r.Equation {
		code := equation["currency"]
		residual, err := schema.ParseMoney(equation["residual"], schema.Currency(code))
		require.NoError(t, err)
		require.True(t, residual.IsZero(), "%s: residual %s %s", r.Period, equation["residual"], code)
		uncertain, err := schema.ParseMoney(equation["uncertain"], schema.Currency(code))
		require.NoError(t, err)
		require.True(t, uncertain.IsZero(), "%s: uncertain %s %s", r.Period, equation["uncertain"], code)
		reported[code] = equation["received"]
	}
	for code, sum := range sent {
		require.Equal(t, sum.Decimal(), reported[code], "%s: received in %q", r.Period, code)
	}
	require.Len(t, reported, len(sent), r.Period)
	require.Zero(t, r.States[schema.StateUncertain].Count)
}

func byPeriod(e ontopsim.Expected) map[schema.Period][]ontopsim.Invoice {
	all := map[schema.Period][]ontopsim.Invoice{}
	for _, invoice := range e.Invoices {
		all[invoice.IssueDate.Period()] = append(all[invoice.IssueDate.Period()], invoice)
	}
	return all
}
