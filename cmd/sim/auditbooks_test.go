package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

func payment(bill, amount string) []byte {
	return fmt.Appendf(nil, `{"TotalAmt":%s,"Line":[{"LinkedTxn":[{"TxnId":"%s","TxnType":"Bill"}]}]}`, amount, bill)
}

// What a person decided, what is attached and what was paid is looked for in
// QuickBooks, each once.
func TestAudit_FollowsWhatElseIsMade(t *testing.T) {
	t.Parallel()
	august := schema.NewDate(2026, 8, 31)
	usd := func(minor int64) schema.Money { return schema.NewMoney(minor, "USD") }
	document := func(id, amount string) []byte {
		return fmt.Appendf(nil, `{"Id":"%s","DocNumber":"N%s","TotalAmt":%s,"VendorRef":{"value":"1"},"CurrencyRef":{"value":"USD"}}`, id, id, amount)
	}
	setup := func(t *testing.T) (*audit, report, quickbookstest.Books) {
		t.Helper()
		a := newAudit(ontopsim.Expected{
			Invoices: []ontopsim.Invoice{
				{ID: "1", Currency: "USD", Total: usd(1200), Before: usd(1000), IssueDate: august, Trouble: ontopsim.Raised},
				{ID: "2", Currency: "USD", Total: usd(500), Before: usd(500), IssueDate: august, Status: schema.StatusPaid},
			},
			Files:  []ontopsim.File{{Invoice: "1"}, {Invoice: "2", Broken: ontopsim.FileGone}, {Invoice: "2", Item: "1"}},
			TopUps: []ontopsim.TopUp{{ID: "5"}},
		})
		var r report
		require.NoError(t, json.Unmarshal([]byte(`{
			"tied": true, "equation": [{"currency": "USD", "received": "17.00", "verified": "17.00", "residual": "0.00"}],
			"states": {"matched": {"count": 2}},
			"items": [{"invoice_id": "1", "quickbooks_id": "7", "corrections": [{"quickbooks_id": "9"}]}, {"invoice_id": "2", "quickbooks_id": "8"}]
		}`), &r))
		file := func(id string) json.RawMessage {
			return fmt.Appendf(nil, `{"AttachableRef":[{"EntityRef":{"value":"%s"}}]}`, id)
		}
		return a, r, quickbookstest.Books{Entities: map[string][]json.RawMessage{
			"Bill":        {document("7", "10.00"), document("8", "5.00"), document("9", "2.00")},
			"Attachable":  {file("7"), file("8")},
			"BillPayment": {payment("8", "5.00")},
			"Transfer":    {[]byte(`{}`)},
		}}
	}

	t.Run("FindsNothingWhereAllIsRight", func(t *testing.T) {
		t.Parallel()
		a, r, books := setup(t)
		a.add(august.Period(), r, 0)
		a.books(books)
		a.decided([]schema.InvoiceID{"1"})
		require.Empty(t, a.findings)
		require.Equal(t, []int{1, 2, 1, 1}, []int{a.corrections, a.files, a.payments, a.topUps})
	})

	for name, c := range map[string]struct {
		spoil func(*quickbookstest.Books)
		finds string
	}{
		"AFileTwice": {func(b *quickbookstest.Books) {
			b.Entities["Attachable"] = append(b.Entities["Attachable"], b.Entities["Attachable"][0])
		}, "document 7 has 2 files, of 1"},
		"AFileOfTwo": {func(b *quickbookstest.Books) {
			b.Entities["Attachable"][0] = []byte(`{"AttachableRef":[]}`)
		}, "attachment: belongs to 0 documents"},
		"APaymentTwice": {func(b *quickbookstest.Books) {
			b.Entities["BillPayment"] = append(b.Entities["BillPayment"], b.Entities["BillPayment"][0])
		}, "invoice 2: its bill 8 is paid 2 times"},
		"APaymentThatIsMissing": {func(b *quickbookstest.Books) { b.Entities["BillPayment"] = nil }, "invoice 2: its bill 8 is paid 0 times"},
		"HalfAPayment":          {func(b *quickbookstest.Books) { b.Entities["BillPayment"][0] = payment("8", "2.50") }, "bill 8: paid are 2.50 of 5.00 USD"},
		"ATopUpThatIsMissing":   {func(b *quickbookstest.Books) { b.Entities["Transfer"] = nil }, "QuickBooks holds 0 transfers, of 1 top-ups"},
		"AnEditedBill":          {func(b *quickbookstest.Books) { b.Entities["Bill"][0] = document("7", "12.00") }, "invoice 1: its own document is over 12.00 USD, posted for 10.00 USD"},
	} {
		t.Run("Finds"+name, func(t *testing.T) {
			t.Parallel()
			a, r, books := setup(t)
			c.spoil(&books)
			a.add(august.Period(), r, 0)
			a.books(books)
			require.Contains(t, strings.Join(a.findings, "\n"), c.finds)
		})
	}

	t.Run("FindsACorrectionThatNobodyApproved", func(t *testing.T) {
		t.Parallel()
		a, r, books := setup(t)
		a.add(august.Period(), r, 0)
		a.books(books)
		a.decided(nil)
		require.Equal(t, []string{"invoice 1: corrected is true"}, a.findings)
	})
}
