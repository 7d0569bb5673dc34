package quickbooks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// payment pays the stage's bill on behalf of a vendor.
func (s *stage) payment(vendorID string, changes fields) fields {
	return merged(fields{
		"VendorRef": ref(vendorID), "PayType": "Check", "TotalAmt": 10, "CheckPayment": fields{"BankAccountRef": ref("1")},
		"Line": []fields{{"Amount": 10, "LinkedTxn": []fields{{"TxnId": s.billID, "TxnType": "Bill"}}}},
	}, changes)
}

// payable is the payables account of a currency.
func (s *stage) payable(currency string) string {
	s.Helper()
	accounts, err := quickbooks.Collect(quickbooks.Query[quickbooks.Account](s.Context(), s.client, quickbooks.Equal("AccountType", "Accounts Payable")))
	require.NoError(s, err)
	for _, a := range accounts {
		if a.CurrencyRef.Value == currency {
			return a.ID
		}
	}
	require.Fail(s, "no payables account", currency)
	return ""
}

// provokedBills are bills that do not fit the books.
func provokedBills() map[string]act {
	closed := func(code string) act {
		return func(t *testing.T) error {
			t.Helper()
			s := withRules(t, quickbookstest.Rules{ClosedCode: code})
			require.NoError(t, s.sim.Prefer("", func(p *quickbookstest.Preferences) { p.BookCloseDate = "2026-11-02" }))
			return s.post(nil)
		}
	}
	abroad := func(billed string) act { // Ana is paid in dollars; the bill is not, or its A/P account is not
		return func(t *testing.T) error {
			t.Helper()
			s := inCompany(t, quickbookstest.Preferences{MultiCurrency: true})
			return s.post(fields{"CurrencyRef": ref(billed), "APAccountRef": ref(s.payable("EUR"))})
		}
	}
	return map[string]act{
		"5030":                                   billed(fields{"DepartmentRef": ref("1")}),
		"6000":                                   lined(fields{"Amount": -200}, nil),
		"6000: only one foreign currency":        abroad("EUR"),
		"6000: same currency as the a/r and a/p": abroad("USD"),
		"6070": billed(fields{"Line": []fields{{
			"Amount": 200, "DetailType": "ItemBasedExpenseLineDetail",
			"ItemBasedExpenseLineDetail": fields{"ItemRef": ref("1"), "Qty": 3, "UnitPrice": 70},
		}}}),
		"6100": lined(nil, fields{"TaxCodeRef": ref("20% VAT")}),
		"6140": func(t *testing.T) error {
			t.Helper()
			s := inCompany(t, quickbookstest.Preferences{WarnDuplicateBillNumber: true})
			_, err := s.sim.Create("", "Bill", s.bill(fields{"DocNumber": "INV-1"}))
			require.NoError(t, err)
			return s.post(fields{"DocNumber": "inv-1"})
		},
		"6160": lined(nil, fields{"TaxCodeRef": ref("CustomSalesTax")}),
		"6170": func(t *testing.T) error {
			t.Helper()
			s := staged(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{Country: "GB"}}})
			return s.post(fields{"GlobalTaxCalculation": "NotApplicable", "TxnTaxDetail": fields{"TotalTax": 1}})
		},
		"6200": closed("6200"),
		"6210": closed("6210"),
		"6310": lined(nil, fields{"BillableStatus": "Billable"}),
		"6430": lined(nil, fields{"AccountRef": ref("1")}),
		"6440": lined(nil, fields{"AccountRef": nil}),
	}
}

// provokedRules are changes, deletions, payments and reads, and references to what
// is gone.
func provokedRules() map[string]act {
	gone := func(language string) act {
		return func(t *testing.T) error {
			t.Helper()
			s := staged(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{Language: language}}})
			require.NoError(t, s.sim.Delete("", "Bill", s.billID))
			_, err := s.client.Bill(t.Context(), s.billID)
			return err
		}
	}
	return map[string]act{
		"610":          gone("fr"), // whose words nobody here reads
		"610: deleted": gone("en"),
		"610: inactive": func(t *testing.T) error {
			t.Helper()
			s := withRules(t, quickbookstest.Rules{InactiveReference: "610"})
			return s.postLine(nil, fields{"AccountRef": ref("19")})
		},
		"620": func(t *testing.T) error { // Bea is paid what is owed to Ana
			t.Helper()
			s := plain(t)
			bea, err := s.sim.Create("", "Vendor", fields{"DisplayName": "Bea"})
			require.NoError(t, err)
			return s.create("BillPayment", s.payment(bea, nil))
		},
		"800": func(t *testing.T) error {
			t.Helper()
			s := plain(t)
			_, err := s.sim.Create("", "BillPayment", s.payment(s.ana, nil))
			require.NoError(t, err)
			return s.raw("bill", "operation=delete", fields{"Id": s.billID, "SyncToken": "0"})
		},
		"5010": func(t *testing.T) error { // a bookkeeper was quicker
			t.Helper()
			s := plain(t)
			require.NoError(t, s.sim.Edit("", "Bill", s.billID, fields{"PrivateNote": "checked"}))
			return s.raw("bill", "", fields{"Id": s.billID, "SyncToken": "0", "sparse": true, "PrivateNote": "ours"})
		},
		"6230": func(t *testing.T) error {
			t.Helper()
			s := plain(t)
			changed := line(nil, fields{"TaxCodeRef": ref("CustomSalesTax")})
			return s.raw("bill", "", fields{"Id": s.billID, "SyncToken": "0", "sparse": true, "Line": []fields{changed}})
		},
	}
}
