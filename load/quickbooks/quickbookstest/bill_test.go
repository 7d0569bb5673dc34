package quickbookstest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shopspring/decimal"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestBill_Create(t *testing.T) {
	t.Parallel()

	t.Run("TakesTheMinimumBody", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		vendor := w.vendor("Ana")
		rep := w.post("/bill", m{"VendorRef": value(vendor), "Line": []any{line("200.0", "8")}})

		require.Equal(t, http.StatusOK, rep.status, string(rep.raw))
		require.Equal(t, "200", rep.at("Bill.TotalAmt"))
		require.Equal(t, "200", rep.at("Bill.Balance"))
		require.Equal(t, "2026-11-02", rep.at("Bill.TxnDate"))
		require.Equal(t, "2026-11-02", rep.at("Bill.DueDate"))
		require.Equal(t, "33", rep.at("Bill.APAccountRef.value"))
		require.Equal(t, "Ana", rep.at("Bill.VendorRef.name"))
		require.Equal(t, "Contractors", rep.at("Bill.Line.0.AccountBasedExpenseLineDetail.AccountRef.name"))
		require.Equal(t, "NON", rep.at("Bill.Line.0.AccountBasedExpenseLineDetail.TaxCodeRef.value"))
		require.Equal(t, "1", rep.at("Bill.Line.0.Id"))
		require.NotContains(t, rep.body["Bill"], "DocNumber")
		require.Equal(t, "200", w.get("/vendor/"+vendor).at("Vendor.Balance"))
	})

	t.Run("TakesTheDateFromThePacificDay", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.advance(14 * time.Hour) // 07:00 UTC on the 3rd is still the 2nd in California
		rep := w.post("/bill", m{"VendorRef": value(w.vendorAgain("Ana")), "Line": []any{line("1", "8")}})
		require.Equal(t, "2026-11-02", rep.at("Bill.TxnDate"))
	})

	t.Run("OverwritesReadOnlyAmountsSilently", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		rep := w.post("/bill", bill(w.vendor("Ana"), m{"TotalAmt": 1, "Balance": 1, "HomeBalance": 1}))
		require.Equal(t, "200", rep.at("Bill.TotalAmt"))
		require.Equal(t, "200", rep.at("Bill.Balance"))
	})

	t.Run("DuesByItsTerm", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		rep := w.post("/bill", bill(w.vendor("Ana"), m{"SalesTermRef": value("3")}))
		require.Equal(t, "2026-11-30", rep.at("Bill.DueDate"))
	})

	t.Run("TakesDuplicateNumbersSilentlyByDefault", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		body := bill(w.vendor("Ana"), m{"DocNumber": "A1"})
		w.made("Bill", body)
		w.made("Bill", body)
		require.Equal(t, 2, w.s.Count("", "Bill"))
	})

	t.Run("BooksAMissingRateAsOne", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		rep := w.post("/bill", w.euroBill(t, m{}))
		require.Equal(t, "1", rep.at("Bill.ExchangeRate"))
		rep = w.post("/bill", w.euroBill(t, m{"ExchangeRate": json.Number("1.085")}))
		require.Equal(t, "217", rep.at("Bill.HomeBalance"))
	})

	t.Run("BooksTheCompanyRateWhenAsked", func(t *testing.T) {
		t.Parallel()
		cfg := multicurrency()
		cfg.Rules.CompanyRate = true
		cfg.Realms[0].Rates = map[string]string{"EUR": "1.1"}
		w := open(t, cfg)
		require.Equal(t, "1.1", w.post("/bill", w.euroBill(t, m{})).at("Bill.ExchangeRate"))
	})

	t.Run("TakesItemLines", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		body := func(price string) m {
			return bill(w.vendorAgain("Ana"), m{"Line": []any{m{
				"DetailType": "ItemBasedExpenseLineDetail", "Amount": 30,
				"ItemBasedExpenseLineDetail": m{"ItemRef": value("1"), "Qty": 3, "UnitPrice": json.Number(price)},
			}}})
		}
		require.Equal(t, http.StatusOK, w.post("/bill", body("10")).status)
		refused(t, w.post("/bill", body("11")), "6070")
	})
}

// vendorAgain finds or creates a vendor.
func (w *world) vendorAgain(name string) string {
	if id := w.query("select * from Vendor where DisplayName = '" + name + "'").at("QueryResponse.Vendor.0.Id"); id != "" {
		return id
	}
	return w.vendor(name)
}

// payable is the id of the A/P account in a currency.
func (w *world) payable(currency string) string {
	return w.query("select * from Account where Name = 'Accounts Payable (A/P) - " + currency + "'").at("QueryResponse.Account.0.Id")
}

// euroBill is a bill in euros, from a vendor in euros, with changes.
func (w *world) euroBill(t *testing.T, changes m) m {
	t.Helper()
	id := w.query("select * from Vendor where DisplayName = 'Euro Ana'").at("QueryResponse.Vendor.0.Id")
	if id == "" {
		id = w.made("Vendor", m{"DisplayName": "Euro Ana", "CurrencyRef": value("EUR")})
	}
	return bill(id, m{"CurrencyRef": value("EUR"), "APAccountRef": value(w.payable("EUR"))}, changes)
}

func TestBill_Refusals(t *testing.T) {
	t.Parallel()

	lineOf := func(changes m, detail m) m {
		l := line("200", "8")
		maps.Copy(l, changes)
		if inner, ok := l["AccountBasedExpenseLineDetail"].(m); ok {
			maps.Copy(inner, detail)
		}
		return m{"Line": []any{l}}
	}
	for name, test := range map[string]struct {
		change m
		code   string
		detail string
	}{
		"NoVendor":             {m{"VendorRef": nil}, "2020", "Required parameter VendorRef is missing in the request"},
		"NoLine":               {m{"Line": nil}, "2020", "Required parameter Line is missing in the request"},
		"EmptyLine":            {m{"Line": []any{}}, "2020", "Required parameter Line is missing in the request"},
		"NoAmount":             {lineOf(m{"Amount": nil}, nil), "2020", "Amount"},
		"NoDetailType":         {lineOf(m{"DetailType": nil}, nil), "2020", "DetailType"},
		"UnknownDetailType":    {lineOf(m{"DetailType": "JournalEntryLineDetail"}, nil), "2170", ""},
		"NoDetail":             {lineOf(m{"AccountBasedExpenseLineDetail": nil}, nil), "2020", ""},
		"NoAccount":            {lineOf(nil, m{"AccountRef": nil}), "6440", ""},
		"UnknownVendor":        {m{"VendorRef": value("999")}, "2500", "Invalid Reference Id : Names element id 999 not found"},
		"UnknownAccount":       {lineOf(nil, m{"AccountRef": value("999")}), "2500", "Invalid Reference Id : Accounts element id 999 not found"},
		"UnknownClass":         {lineOf(nil, m{"ClassRef": value("999")}), "2500", "Invalid Reference Id : Klasses element id 999 not found"},
		"UnknownDepartment":    {m{"DepartmentRef": value("999")}, "2500", "Invalid Reference Id : Depts element id 999 not found"},
		"InactiveAccount":      {lineOf(nil, m{"AccountRef": value("19")}), "2500", "19"},
		"InactiveClass":        {lineOf(nil, m{"ClassRef": value("3")}), "2500", "3"},
		"BankAccount":          {lineOf(nil, m{"AccountRef": value("1")}), "6430", "Bank"},
		"ExpenseAccountForAP":  {m{"APAccountRef": value("8")}, "6430", ""},
		"NoAPAccountOfSeveral": {m{"APAccountRef": nil}, "2020", "APAccountRef"},
		"NoCurrency":           {m{"CurrencyRef": nil}, "2020", "CurrencyRef"},
		"OtherCurrency":        {m{"CurrencyRef": value("EUR")}, "6000", "Transactions can have only one foreign currency at a time"},
		"CurrencyNotEnabled":   {m{"CurrencyRef": value("SEK")}, "2220", "SEK"},
		"LongDocNumber":        {m{"DocNumber": strings.Repeat("9", 45)}, "2050", "Min:0 Max:21 supported. Supplied length:45"},
		"LongMemo":             {m{"PrivateNote": strings.Repeat("x", 4001)}, "2050", "Max:4000"},
		"LongDescription":      {lineOf(m{"Description": strings.Repeat("x", 4001)}, nil), "2050", "Max:4000"},
		"BadDate":              {m{"TxnDate": "31.10.2026"}, "2060", ""},
		"ImpossibleDate":       {m{"TxnDate": "2026-02-30"}, "2070", ""},
		"ThreeDecimals":        {m{"Line": []any{line("1.005", "8")}}, "2140", "1.005"},
		"SixDecimals":          {m{"Line": []any{line("1.000001", "8")}}, "2140", ""},
		"ElevenDigits":         {m{"Line": []any{line("10000000000", "8")}}, "2140", ""},
		"AmountInWords":        {lineOf(m{"Amount": "much"}, nil), "2100", ""},
		"NegativeTotal":        {m{"Line": []any{line("-1", "8")}}, "6000", ""},
		"ZeroRate":             {m{"ExchangeRate": 0}, "", ""},
		"HasBeenBilled":        {lineOf(nil, m{"BillableStatus": "HasBeenBilled"}), "2170", ""},
		"BillableNoCustomer":   {lineOf(nil, m{"BillableStatus": "Billable"}), "6310", ""},
		"ForeignTaxCode":       {lineOf(nil, m{"TaxCodeRef": value("20.0% S")}), "6100", ""},
		"UnknownProperty":      {m{"Memo": "x"}, "2010", "Memo"},
		"UnknownLineProperty":  {lineOf(m{"Memo": "x"}, nil), "2010", "Memo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, preferring(qbt.Preferences{MultiCurrency: true, ClassPerLine: true, Departments: true}))
			rep := w.post("/bill", bill(w.vendor("Ana"), test.change))
			if test.code == "" { // the home currency's rate is 1, whatever is sent
				require.Equal(t, "1", rep.at("Bill.ExchangeRate"))
				return
			}
			refused(t, rep, test.code)
			require.Contains(t, rep.at("Fault.Error.0.Detail"), test.detail)
			require.Zero(t, w.s.Count("", "Bill"))
		})
	}
}

func TestBill_CompanyRules(t *testing.T) {
	t.Parallel()

	t.Run("PayableMustBeInTheBillsCurrency", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		rep := w.post("/bill", w.euroBill(t, m{"APAccountRef": value("33")}))
		refused(t, rep, "6000")
		require.Contains(t, rep.at("Fault.Error.0.Detail"), "The transaction needs to be in the same currency as the A/R and A/P accounts you use")
	})

	t.Run("RateOfAForeignCurrencyMustBePositive", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		refused(t, w.post("/bill", w.euroBill(t, m{"ExchangeRate": 0})), "2090")
	})

	t.Run("DecimalsFollowTheCurrency", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		id := w.made("Vendor", m{"DisplayName": "Yen", "CurrencyRef": value("JPY")})
		yen := m{"CurrencyRef": value("JPY"), "APAccountRef": value(w.payable("JPY"))}
		refused(t, w.post("/bill", bill(id, yen, m{"Line": []any{line("100.5", "8")}})), "2140")
		require.Equal(t, "100", w.post("/bill", bill(id, yen, m{"Line": []any{line("100", "8")}})).at("Bill.TotalAmt"))
	})

	t.Run("DecimalsAreRoundedWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{RoundAmounts: true}})
		rep := w.post("/bill", bill(w.vendor("Ana"), m{"Line": []any{line("1.005", "8")}}))
		require.Equal(t, "1.01", rep.at("Bill.TotalAmt"))
	})

	for code, rules := range map[string]qbt.Rules{"2500": {}, "610": {InactiveReference: "610"}} {
		t.Run("InactiveVendorIs"+code, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{Rules: rules})
			id := w.vendor("Ana")
			require.NoError(t, w.s.Deactivate("", "Vendor", id))
			refused(t, w.post("/bill", bill(id)), code)
		})
	}

	for code, rules := range map[string]qbt.Rules{"6210": {}, "6200": {ClosedCode: "6200"}} {
		t.Run("ClosedPeriodIs"+code, func(t *testing.T) {
			t.Parallel()
			cfg := preferring(qbt.Preferences{BookCloseDate: "2026-10-31"})
			cfg.Rules = rules
			w := open(t, cfg)
			id := w.vendor("Ana")
			refused(t, w.post("/bill", bill(id)), code)
			require.Equal(t, http.StatusOK, w.post("/bill", bill(id, m{"TxnDate": "2026-11-01"})).status)
		})
	}

	t.Run("ClosedPeriodHoldsWhatIsInIt", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Bill", bill(w.vendor("Ana")))
		require.NoError(t, w.s.Prefer("", func(p *qbt.Preferences) { p.BookCloseDate = "2026-10-31" }))
		refused(t, w.post("/bill", m{"Id": id, "SyncToken": "0", "sparse": true, "TxnDate": "2026-11-01"}), "6210")
		refused(t, w.post("/bill?operation=delete", m{"Id": id, "SyncToken": "0"}), "6210")
		require.NoError(t, w.s.Delete("", "Bill", id)) // a bookkeeper knows the password
	})

	t.Run("NegativeLinesAreRefusedWhenAsked", func(t *testing.T) {
		t.Parallel()
		lines := m{"Line": []any{line("10", "8"), line("-4", "8")}}
		w := open(t, qbt.Config{})
		require.Equal(t, "6", w.post("/bill", bill(w.vendor("Ana"), lines)).at("Bill.TotalAmt"))
		w = open(t, qbt.Config{Rules: qbt.Rules{RefuseNegative: true}})
		refused(t, w.post("/bill", bill(w.vendor("Ana"), lines)), "2290")
	})

	t.Run("NegativeTotalsAreTakenWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{NegativeTotals: true}})
		require.Equal(t, "-4", w.post("/bill", bill(w.vendor("Ana"), m{"Line": []any{line("-4", "8")}})).at("Bill.TotalAmt"))
	})

	t.Run("AnyAccountIsTakenWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{AnyLineAccount: true}})
		w.made("Bill", bill(w.vendor("Ana"), m{"Line": []any{line("4", "26")}}))
	})

	t.Run("LinesAreBounded", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{MaxLines: 2}})
		refused(t, w.post("/bill", bill(w.vendor("Ana"), m{"Line": []any{line("1", "8"), line("1", "8"), line("1", "8")}})), "6000")
	})

	t.Run("ClassesAndLocationsNeedTheirFeature", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.vendor("Ana")
		classed := line("1", "8")
		classed["AccountBasedExpenseLineDetail"].(m)["ClassRef"] = value("1")
		refused(t, w.post("/bill", bill(id, m{"Line": []any{classed}})), "5030")
		refused(t, w.post("/bill", bill(id, m{"DepartmentRef": value("1")})), "5030")
		require.NoError(t, w.s.Prefer("", func(p *qbt.Preferences) { p.ClassPerLine, p.Departments = true, true }))
		rep := w.post("/bill", bill(id, m{"Line": []any{classed}, "DepartmentRef": value("1")}))
		require.Equal(t, "Engineering", rep.at("Bill.Line.0.AccountBasedExpenseLineDetail.ClassRef.name"))
		require.Equal(t, "Remote", rep.at("Bill.DepartmentRef.name"))
	})

	t.Run("TaxModeIsRequiredOutsideTheUS", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Realms: []qbt.Realm{{Country: "GB"}}})
		id := w.vendor("Ana")
		refused(t, w.post("/bill", bill(id)), "2020")
		refused(t, w.post("/bill", bill(id, m{"GlobalTaxCalculation": "Maybe"})), "2170")
		require.Equal(t, "NotApplicable", w.post("/bill", bill(id, m{"GlobalTaxCalculation": "NotApplicable"})).at("Bill.GlobalTaxCalculation"))
		rep := w.post("/bill", bill(id, m{"GlobalTaxCalculation": "TaxExcluded", "TxnTaxDetail": m{"TotalTax": 40}}))
		require.Equal(t, "240", rep.at("Bill.TotalAmt"))
	})

	t.Run("BodyMustBeUTF8", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		rep := w.do(w.request(http.MethodPost, "/vendor", "application/json", []byte("{\"DisplayName\":\"Jos\xe9\"}")))
		refused(t, rep, "500")
		require.Contains(t, rep.at("Fault.Error.0.Detail"), "MalformedByteSequence")
	})
}

func TestBill_DuplicateNumbers(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*world, string, string) {
		t.Helper()
		cfg := preferring(qbt.Preferences{WarnDuplicateBillNumber: true})
		cfg.Realms[0].Language = "fr"
		w := open(t, cfg)
		vendor := w.vendor("Ana")
		return w, vendor, w.made("Bill", bill(vendor, m{"DocNumber": "A1"}))
	}

	t.Run("NameTheOtherBill", func(t *testing.T) {
		t.Parallel()
		w, vendor, first := setup(t)
		rep := w.post("/bill", bill(vendor, m{"DocNumber": "a1"}))
		refused(t, rep, "6140")
		require.Equal(t, "Duplicate Document Number Error : You must specify a different number. This number has already been used. DocNumber=a1 is assigned to TxnType=Facture with TxnId="+first, rep.at("Fault.Error.0.Detail"))
	})

	t.Run("AreForcedOnRequest", func(t *testing.T) {
		t.Parallel()
		w, vendor, _ := setup(t)
		require.Equal(t, http.StatusOK, w.post("/bill?include=allowduplicatedocnum", bill(vendor, m{"DocNumber": "A1"})).status)
		item := creating("b1", "Bill", bill(vendor, m{"DocNumber": "A1"}))
		item["optionsData"] = "allowduplicatedocnum"
		require.NotEmpty(t, pick(w.post("/batch", batchOf(item)).byID()["b1"], "Bill.Id"))
	})

	t.Run("AreFineForAnotherVendorAndAfterADelete", func(t *testing.T) {
		t.Parallel()
		w, vendor, first := setup(t)
		w.made("Bill", bill(w.vendor("Bea"), m{"DocNumber": "A1"}))
		require.Equal(t, http.StatusOK, w.post("/bill?operation=delete", m{"Id": first, "SyncToken": "0"}).status)
		w.made("Bill", bill(vendor, m{"DocNumber": "A1"}))
	})

	t.Run("AreNotTheBillItself", func(t *testing.T) {
		t.Parallel()
		w, _, first := setup(t)
		require.Equal(t, http.StatusOK, w.post("/bill", m{"Id": first, "SyncToken": "0", "sparse": true, "DocNumber": "A1", "PrivateNote": "x"}).status)
	})
}

func TestBill_Update(t *testing.T) {
	t.Parallel()

	t.Run("KeepsTheIdsOfLinesThatStay", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		vendor := w.vendor("Ana")
		rep := w.post("/bill", bill(vendor, m{"Line": []any{line("1", "8"), line("2", "8")}}))
		second := line("5", "9")
		second["Id"] = "2"
		rep = w.post("/bill", m{"Id": rep.at("Bill.Id"), "SyncToken": "0", "sparse": true, "Line": []any{second, line("7", "8")}})
		require.Equal(t, "12", rep.at("Bill.TotalAmt"))
		require.Equal(t, "2", rep.at("Bill.Line.0.Id"))
		require.Equal(t, "3", rep.at("Bill.Line.1.Id"))
		require.Equal(t, "12", w.get("/vendor/"+vendor).at("Vendor.Balance"))
	})

	t.Run("MovesTheBalanceToTheNewVendor", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		ana, bea := w.vendor("Ana"), w.vendor("Bea")
		id := w.made("Bill", bill(ana))
		w.post("/bill", m{"Id": id, "SyncToken": "0", "sparse": true, "VendorRef": value(bea)})
		require.Equal(t, "0", w.get("/vendor/"+ana).at("Vendor.Balance"))
		require.Equal(t, "200", w.get("/vendor/"+bea).at("Vendor.Balance"))
	})

	t.Run("KeepsAnAccountThatBecameInactive", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Bill", bill(w.vendor("Ana")))
		require.NoError(t, w.s.Deactivate("", "Account", "8"))
		require.Equal(t, http.StatusOK, w.post("/bill", m{"Id": id, "SyncToken": "0", "sparse": true, "PrivateNote": "x"}).status)
	})
}

func TestBill_Delete(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*world, string) {
		t.Helper()
		w := open(t, qbt.Config{})
		return w, w.made("Bill", bill(w.vendor("Ana")))
	}

	t.Run("AnswersTheTombstone", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		rep := w.post("/bill?operation=delete", m{"Id": id, "SyncToken": "0"})
		require.Equal(t, m{"status": "Deleted", "domain": "QBO", "Id": id}, rep.body["Bill"])
		gone := w.get("/bill/" + id)
		refused(t, gone, "610")
		require.Contains(t, gone.at("Fault.Error.0.Detail"), "Another user has deleted this transaction")
		refused(t, w.post("/bill", m{"Id": id, "SyncToken": "0", "sparse": true}), "610")
	})

	t.Run("NeedsTheNewestSyncToken", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		refused(t, w.post("/bill?operation=delete", m{"Id": id}), "2020")
		refused(t, w.post("/bill?operation=delete", m{"Id": id, "SyncToken": "7"}), "5010")
		refused(t, w.post("/bill?operation=delete", m{"SyncToken": "0"}), "2020")
	})

	t.Run("HasNoVoid", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		refused(t, w.post("/bill?operation=void", m{"Id": id, "SyncToken": "0"}), "500")
		refused(t, w.post("/bill?operation=update&include=void", m{"Id": id, "SyncToken": "0", "sparse": true}), "500")
		require.Equal(t, "0", w.get("/bill/"+id).at("Bill.SyncToken"))
	})
}

// However a total is split into lines, the books show exactly their sum.
func TestBill_TotalsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := open(t, qbt.Config{})
		sum, lines := decimal.Zero, []any{}
		for _, cents := range rapid.SliceOfN(rapid.Int64Range(0, 999_999_999_999), 1, 12).Draw(t, "cents") {
			amount := decimal.New(cents, -2)
			sum = sum.Add(amount)
			lines = append(lines, line(amount.StringFixed(2), "8"))
		}
		rep := w.post("/bill", bill(w.vendor("Ana"), m{"Line": lines}))
		require.Equal(t, sum.String(), rep.at("Bill.TotalAmt"), string(rep.raw))
	})
}
