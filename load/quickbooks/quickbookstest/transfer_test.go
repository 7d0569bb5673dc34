package quickbookstest_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func transfer(changes ...m) m {
	t := m{"FromAccountRef": value("1"), "ToAccountRef": value("3"), "Amount": "120.50", "TxnDate": "2026-11-02"}
	for _, c := range changes {
		maps.Copy(t, c)
	}
	return t
}

// bank opens a bank account in a currency.
func (w *world) bank(currency string) string {
	w.t.Helper()
	return w.made("Account", m{"Name": "Bank " + currency, "AccountType": "Bank", "CurrencyRef": value(currency)})
}

func TestTransfer(t *testing.T) {
	t.Parallel()

	t.Run("IsMadeReadFoundAndDeleted", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Transfer", transfer(m{"PrivateNote": "to the wallet"}))
		w.made("Transfer", transfer(m{"TxnDate": "2026-10-31", "Amount": 7}))

		rep := w.get("/transfer/" + id)
		require.Equal(t, "120.5", rep.at("Transfer.Amount"))
		require.Equal(t, "Checking", rep.at("Transfer.FromAccountRef.name"))
		require.Equal(t, "Payroll Wallet", rep.at("Transfer.ToAccountRef.name"))
		require.Equal(t, "to the wallet", rep.at("Transfer.PrivateNote"))
		require.Equal(t, "USD", rep.at("Transfer.CurrencyRef.value"))
		for _, where := range []string{
			"Id = '" + id + "'", "TxnDate >= '2026-11-01' and TxnDate <= '2026-11-30'", "Amount > '100'",
			"MetaData.CreateTime >= '2026-11-02T09:00:00-08:00' ORDERBY Amount DESC MAXRESULTS 1",
		} {
			rep := w.query("select * from Transfer where " + where)
			require.Equal(t, id, rep.at("QueryResponse.Transfer.0.Id"), where)
			require.Equal(t, "1", rep.at("QueryResponse.maxResults"), where)
		}
		refused(t, w.query("select * from Transfer where PrivateNote = 'to the wallet'"), "4001")

		w.s.Advance(time.Minute)
		require.Equal(t, "Deleted", w.post("/transfer?operation=delete", m{"Id": id, "SyncToken": "0"}).at("Transfer.status"))
		refused(t, w.get("/transfer/"+id), "610")
		rep = w.get("/cdc?entities=Transfer&changedSince=2026-11-02T17:00:30Z")
		require.Equal(t, "Deleted", rep.at("CDCResponse.0.QueryResponse.0.Transfer.0.status"))
		require.Equal(t, id, rep.at("CDCResponse.0.QueryResponse.0.Transfer.0.Id"))
		require.Equal(t, 1, w.s.Count("", "Transfer"))
	})

	for name, test := range map[string]struct {
		change m
		code   string
	}{
		"UnknownAccount":  {m{"FromAccountRef": value("999")}, "2500"},
		"InactiveAccount": {m{"ToAccountRef": value("19")}, "2500"},
		"ExpenseAccount":  {m{"ToAccountRef": value("8")}, "6430"},
		"CardAccount":     {m{"ToAccountRef": value("27")}, "6430"},
		"OneAccount":      {m{"ToAccountRef": value("1")}, "6000"},
		"NoFromAccount":   {m{"FromAccountRef": nil}, "2020"},
		"NoToAccount":     {m{"ToAccountRef": nil}, "2020"},
		"NoAmount":        {m{"Amount": nil}, "2020"},
		"ZeroAmount":      {m{"Amount": 0}, "2090"},
		"NegativeAmount":  {m{"Amount": -1}, "2090"},
		"ThreeDecimals":   {m{"Amount": "1.005"}, "2140"},
		"ForeignCurrency": {m{"CurrencyRef": value("EUR")}, "5030"},
		"LongNote":        {m{"PrivateNote": string(make([]byte, 4001))}, "2050"},
		"ClosedPeriod":    {m{"TxnDate": "2026-09-30"}, "6210"},
		"Lines":           {m{"Line": []any{}}, "2010"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			w := open(t, preferring(qbt.Preferences{BookCloseDate: "2026-09-30"}))
			refused(t, w.post("/transfer", transfer(test.change)), test.code)
		})
	}

	t.Run("NeedsItsAccountsAgainWhenItChanges", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Transfer", transfer())
		sparse := m{"Id": id, "SyncToken": "0", "sparse": true, "PrivateNote": "later"}
		refused(t, w.post("/transfer", sparse), "2020")
		rep := w.post("/transfer", transfer(sparse, m{"Amount": 7}))
		require.Equal(t, "7", rep.at("Transfer.Amount"))
		require.Equal(t, "1", rep.at("Transfer.SyncToken"))
		require.NoError(t, w.s.Edit("", "Transfer", id, m{"PrivateNote": "by hand"}), "a bookkeeper's screen has them anyway")
		refused(t, w.post("/transfer?operation=delete", m{"Id": id, "SyncToken": "0"}), "5010")
		refused(t, w.post("/transfer?operation=update&include=void", m{"Id": id, "SyncToken": "2"}), "500")
	})

	t.Run("HasOneForeignCurrencyAtMost", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		euro, pound := w.bank("EUR"), w.bank("GBP")
		mixed := m{"FromAccountRef": value("1"), "ToAccountRef": value(euro)}
		refused(t, w.post("/transfer", transfer(mixed)), "2020")
		refused(t, w.post("/transfer", transfer(mixed, m{"CurrencyRef": value("USD")})), "6000")
		refused(t, w.post("/transfer", transfer(m{"FromAccountRef": value(euro), "ToAccountRef": value(pound), "CurrencyRef": value("EUR")})), "6000")
		refused(t, w.post("/transfer", transfer(m{"CurrencyRef": value("EUR")})), "6000")

		rep := w.post("/transfer", transfer(mixed, m{"CurrencyRef": value("EUR"), "ExchangeRate": "1.0834"}))
		require.Equal(t, "EUR", rep.at("Transfer.CurrencyRef.value"), string(rep.raw))
		require.Equal(t, "1.0834", rep.at("Transfer.ExchangeRate"))
		require.Equal(t, "USD", w.post("/transfer", transfer()).at("Transfer.CurrencyRef.value"))
	})

	t.Run("FollowsAMergedAccount", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Transfer", transfer())
		require.NoError(t, w.s.Merge("", "Account", "3", "2"))
		require.Equal(t, "2", w.get("/transfer/"+id).at("Transfer.ToAccountRef.value"))
	})
}
