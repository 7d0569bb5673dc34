package quickbookstest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// ledger is what a company must show after whatever was done to it: what of each
// document is open, and which payments still pay what.
type ledger struct {
	w       *world
	vendors []string
	open    map[string]decimal.Decimal // by kind and id
	vendor  map[string]string          // of a document
	pays    map[string][]share         // by payment
}

// share is what of a payment goes to a document.
type share struct {
	document string
	amount   decimal.Decimal
}

func cents(t *rapid.T, name string, most int64) decimal.Decimal {
	return decimal.New(rapid.Int64Range(1, most).Draw(t, name), -2)
}

func jsonOf(d decimal.Decimal) json.Number { return json.Number(d.String()) }

// document enters a bill or a vendor credit.
func (l *ledger) document(t *rapid.T) {
	vendor := rapid.SampledFrom(l.vendors).Draw(t, "vendor")
	kind := rapid.SampledFrom([]string{"Bill", "Bill", "VendorCredit"}).Draw(t, "kind")
	amount := cents(t, "amount", 100_000)
	key := kind + " " + l.w.made(kind, bill(vendor, m{"Line": []any{line(amount.String(), "8")}}))
	l.open[key], l.vendor[key] = amount, vendor
}

// documents are those of a kind that a vendor has, in a fixed order.
func (l *ledger) documents(kind, vendor string) []string {
	var found []string
	for i := range 400 {
		if key := fmt.Sprintf("%s %d", kind, i); l.vendor[key] == vendor {
			found = append(found, key)
		}
	}
	return found
}

// pay pays some bills of a vendor, in part or whole, out of credits and a bank.
func (l *ledger) pay(t *rapid.T) {
	vendor := rapid.SampledFrom(l.vendors).Draw(t, "vendor")
	var lines []any
	var shares []share
	total := decimal.Zero
	for _, kind := range []string{"Bill", "VendorCredit"} {
		for _, key := range l.documents(kind, vendor) {
			if l.open[key].IsZero() || !rapid.Bool().Draw(t, "include "+key) {
				continue
			}
			amount := cents(t, "pay "+key, l.open[key].Shift(2).IntPart())
			if kind == "VendorCredit" {
				amount = decimal.Min(amount, total) // a credit pays no more than there is to pay
				total = total.Sub(amount)
			} else {
				total = total.Add(amount)
			}
			if amount.IsZero() {
				continue
			}
			shares = append(shares, share{key, amount})
			lines = append(lines, m{"Amount": jsonOf(amount), "LinkedTxn": []any{m{"TxnId": key[len(kind)+1:], "TxnType": kind}}})
		}
	}
	if len(lines) == 0 {
		return
	}
	id := l.w.made("BillPayment", m{
		"VendorRef": value(vendor), "PayType": "Check", "TotalAmt": jsonOf(total), "CheckPayment": m{"BankAccountRef": value("1")}, "Line": lines,
	})
	for _, s := range shares {
		l.open[s.document] = l.open[s.document].Sub(s.amount)
	}
	l.pays[id] = shares
}

// undo deletes or voids a payment.
func (l *ledger) undo(t *rapid.T) {
	if len(l.pays) == 0 {
		return
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(l.pays))).Draw(t, "payment")
	path := "/billpayment?operation=delete"
	if rapid.Bool().Draw(t, "void") {
		path = "/billpayment?operation=update&include=void"
	}
	require.Equal(t, 200, l.w.post(path, m{"Id": id, "SyncToken": "0", "sparse": true}).status)
	for _, s := range l.pays[id] {
		l.open[s.document] = l.open[s.document].Add(s.amount)
	}
	delete(l.pays, id)
}

// check compares what the company shows.
func (l *ledger) check(t *rapid.T) {
	owed := make(map[string]decimal.Decimal)
	paid := make(map[string]int)
	for _, shares := range l.pays {
		for _, s := range shares {
			paid[s.document]++
		}
	}
	books, err := l.w.s.Books("")
	require.NoError(t, err)
	for _, kind := range []string{"Bill", "VendorCredit", "Vendor"} {
		for _, raw := range books.Entities[kind] {
			var rec struct {
				ID        string `json:"Id"`
				Balance   decimal.Decimal
				LinkedTxn []any
			}
			require.NoError(t, json.Unmarshal(raw, &rec))
			key := kind + " " + rec.ID
			if kind == "Vendor" {
				require.True(t, owed[rec.ID].Equal(rec.Balance), "vendor %s: %s, not %s", rec.ID, rec.Balance, owed[rec.ID])
				continue
			}
			require.True(t, l.open[key].Equal(rec.Balance), "%s: %s, not %s", key, rec.Balance, l.open[key])
			require.Len(t, rec.LinkedTxn, paid[key], key)
			sign := decimal.NewFromInt(1)
			if kind == "VendorCredit" {
				sign = sign.Neg()
			}
			owed[l.vendor[key]] = owed[l.vendor[key]].Add(rec.Balance.Mul(sign))
		}
	}
}

// Whatever is billed, credited, paid, voided and deleted: every document shows
// what is left of it, and every vendor the sum.
func TestBalances_AlwaysAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := &ledger{
			w: open(t, qbt.Config{}), open: make(map[string]decimal.Decimal), vendor: make(map[string]string), pays: make(map[string][]share),
		}
		l.vendors = []string{l.w.vendor("Ana"), l.w.vendor("Bea")}
		t.Repeat(map[string]func(*rapid.T){
			"document": l.document, "another": l.document, "pay": l.pay, "undo": l.undo, "": l.check,
		})
	})
}
