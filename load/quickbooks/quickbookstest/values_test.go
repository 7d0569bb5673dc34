package quickbookstest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestValues(t *testing.T) {
	t.Parallel()

	t.Run("AmountsKeepTheirDigits", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for sent, shown := range map[string]string{
			"0.1": "0.1", "9999999999.99": "9999999999.99", "12.30": "12.3", "0": "0", "1e2": "100", "200": "200",
		} {
			rep := w.post("/bill", bill(w.vendorAgain("Ana"), m{"Line": []any{line(sent, "8")}}))
			require.Equal(t, shown, rep.at("Bill.Line.0.Amount"), string(rep.raw))
			require.Contains(t, string(rep.raw), `"TotalAmt":`+shown)
		}
	})

	t.Run("AmountsMayComeAsText", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		l := line("1", "8")
		l["Amount"] = "12.34"
		require.Contains(t, string(w.post("/bill", bill(w.vendor("Ana"), m{"Line": []any{l}})).raw), `"TotalAmt":12.34`)
	})

	for name, test := range map[string]struct {
		sent any
		code string
	}{
		"Huge": {json.Number("1e400"), "2110"}, "Tiny": {json.Number("1e-300"), "2110"},
		"Long": {"0.00000000000000000000000000000000000000000001", "2110"}, "Word": {"ten", "2100"},
	} {
		t.Run("RefusesAnAmountThatIs"+name, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			l := line("1", "8")
			l["Amount"] = test.sent
			refused(t, w.post("/bill", bill(w.vendor("Ana"), m{"Line": []any{l}})), test.code)
		})
	}

	for name, change := range map[string]m{
		"NumberAsFlag":     {"BillRate": true},
		"ReferenceAsText":  {"TermRef": "3"},
		"ReferenceUnknown": {"TermRef": m{"value": "3", "colour": "red"}},
		"GroupAsText":      {"BillAddr": "Main Street 1"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			body := m{"DisplayName": "Ana"}
			maps.Copy(body, change)
			refused(t, open(t, qbt.Config{}).post("/vendor", body), "2010")
		})
	}

	for name, test := range map[string]struct {
		change m
		code   string
	}{
		"FlagAsNumber":     {m{"Active": 1}, "2230"},
		"NoWebAddress":     {m{"WebAddr": m{"URI": "my page"}}, "2200"},
		"ReferenceAsWord":  {m{"TermRef": value("Net 30")}, "2030"},
		"ReferenceUnknown": {m{"TermRef": value("77")}, "2500"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			refused(t, open(t, qbt.Config{}).post("/vendor", with(m{"DisplayName": "Ana"}, test.change)), test.code)
		})
	}

	for name, test := range map[string]struct{ sent, code string }{
		"Word": {"one", "2080"}, "Broken": {"1.5", "2090"}, "Huge": {"4294967296", "2240"},
	} {
		t.Run("RefusesALineNumberThatIs"+name, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			l := with(line("1", "8"), m{"LineNum": test.sent})
			refused(t, w.post("/bill", bill(w.vendor("Ana"), m{"Line": []any{l}})), test.code)
		})
	}

	t.Run("ReferencesMayBeNumbers", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.Equal(t, "3", w.post("/vendor", m{"DisplayName": "Ana", "TermRef": m{"value": 3}}).at("Vendor.TermRef.value"))
	})

	t.Run("DatesLoseTheirTime", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		rep := w.post("/bill", bill(w.vendor("Ana"), m{"TxnDate": "2026-10-31T10:00:00Z"}))
		require.Equal(t, "2026-10-31", rep.at("Bill.TxnDate"))
		refused(t, w.post("/bill", bill("1", m{"TxnDate": 20261031})), "2060")
	})

	t.Run("SyncTokensMayBeNumbers", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.vendor("Ana")
		require.Equal(t, http.StatusOK, w.post("/vendor", m{"Id": id, "SyncToken": 0, "sparse": true, "Notes": "x"}).status)
		refused(t, w.post("/vendor", m{"Id": id, "SyncToken": true, "sparse": true}), "5010")
	})

	t.Run("NullsBlank", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Vendor", m{"DisplayName": "Ana", "Notes": "x", "BillAddr": m{"City": "Rio"}})
		rep := w.post("/vendor", m{"Id": id, "SyncToken": "0", "sparse": true, "Notes": nil, "BillAddr": nil})
		require.NotContains(t, rep.body["Vendor"], "Notes")
		require.NotContains(t, rep.body["Vendor"], "BillAddr")
	})

	t.Run("CurrenciesAreTurnedOnByHand", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		w.made("CompanyCurrency", m{"Code": "SEK", "Name": "Swedish Krona"})
		refused(t, w.post("/companycurrency", m{"Code": "QQQ"}), "2220")
		refused(t, open(t, qbt.Config{}).post("/companycurrency", m{"Code": "SEK"}), "5030")
	})

	t.Run("ItemLinesNeedAnActiveItem", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		vendor := w.vendor("Ana")
		item := func(detail m) m {
			return bill(vendor, m{"Line": []any{m{"DetailType": "ItemBasedExpenseLineDetail", "Amount": 1, "ItemBasedExpenseLineDetail": detail}}})
		}
		refused(t, w.post("/bill", item(m{"Qty": 1})), "6440")
		refused(t, w.post("/bill", item(m{"ItemRef": value("9")})), "2500")
		refused(t, w.post("/bill", item(m{"ItemRef": value("2")})), "2500")
		require.Equal(t, "Hours", w.post("/bill", item(m{"ItemRef": value("1")})).at("Bill.Line.0.ItemBasedExpenseLineDetail.ItemRef.name"))
	})
}

// Whatever bytes come, an answer goes out, and nothing but a 200 is stored.
func FuzzWrite(f *testing.F) {
	f.Add("bill", `{"VendorRef":{"value":"1"},"Line":[{"DetailType":"AccountBasedExpenseLineDetail","Amount":1,"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"8"}}}]}`)
	f.Add("batch", `{"BatchItemRequest":[{"bId":"b","operation":"create","Vendor":{"DisplayName":"x"}},{"bId":"c","Query":"select * from Bill"}]}`)
	f.Add("billpayment", `{"VendorRef":{"value":"1"},"PayType":"Check","TotalAmt":1,"CheckPayment":{"BankAccountRef":{"value":"1"}},"Line":[{"Amount":1,"LinkedTxn":[{"TxnId":"101","TxnType":"JournalEntry"}]}]}`)
	f.Add("vendor", `{"Id":"1","SyncToken":"0","sparse":true,"BillAddr":null,"CurrencyRef":null,"DisplayName":null}`)
	f.Add("attachable", `{"AttachableRef":[{"EntityRef":null}]}`)
	f.Add("bill", `{"Id":"101","SyncToken":"0","VendorRef":null,"Line":[null]}`)
	f.Add("class", `{"Name":"x","ParentRef":{"value":"1"}}`)
	f.Fuzz(func(t *testing.T, entity, body string) {
		switch entity {
		case "bill", "batch", "billpayment", "vendor", "attachable", "class", "account", "vendorcredit", "upload", "companycurrency":
		default:
			entity = "vendor"
		}
		w := open(t, qbt.Config{})
		w.made("Bill", bill(w.vendor("Ana")))
		before := w.s.Count("", "Bill") + w.s.Count("", "Vendor")
		rep := w.do(w.request(http.MethodPost, "/"+entity, "application/json", []byte(body)))
		require.NotZero(t, rep.status)
		if entity != "batch" && rep.status != http.StatusOK {
			require.Equal(t, before, w.s.Count("", "Bill")+w.s.Count("", "Vendor"))
		}
		_, err := w.s.Books("")
		require.NoError(t, err)
	})
}
