package quickbookstest_test

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// abroad is a company with a bill of 200 euros.
func abroad(t *testing.T) (w *world, vendor, billID string) {
	t.Helper()
	w = open(t, multicurrency())
	vendor = w.made("Vendor", m{"DisplayName": "Ana", "CurrencyRef": value("EUR")})
	billID = w.made("Bill", bill(vendor, m{
		"CurrencyRef": value("EUR"), "APAccountRef": value(w.payable("EUR")), "ExchangeRate": "1.08",
	}))
	return w, vendor, billID
}

func with(body m, changes m) m {
	maps.Copy(body, changes)
	return body
}

func TestBillPayment_ForeignCurrency(t *testing.T) {
	t.Parallel()

	euros := m{"CurrencyRef": value("EUR"), "ExchangeRate": "1.1"}

	t.Run("LeavesAHomeAccount", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := abroad(t)
		rep := w.post("/billpayment", with(payment(vendor, id, "150.5"), euros))
		require.Equal(t, "1.1", rep.at("BillPayment.ExchangeRate"), string(rep.raw))
		require.Equal(t, "EUR", rep.at("BillPayment.CurrencyRef.value"))
		require.Equal(t, "49.5", w.get("/bill/"+id).at("Bill.Balance"))
		require.Equal(t, "49.5", w.get("/vendor/"+vendor).at("Vendor.Balance"))
	})

	t.Run("LeavesAnAccountInItsOwnCurrency", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := abroad(t)
		from := m{"CheckPayment": m{"BankAccountRef": value(w.bank("EUR"))}, "APAccountRef": value(w.payable("EUR"))}
		paid := w.made("BillPayment", with(with(payment(vendor, id, "200"), euros), from))
		require.Equal(t, "0", w.get("/bill/"+id).at("Bill.Balance"))
		require.Equal(t, 200, w.post("/billpayment?operation=delete", m{"Id": paid, "SyncToken": "0"}).status)
		require.Equal(t, "200", w.get("/bill/"+id).at("Bill.Balance"), "a deleted payment gives the balance back")
		require.Empty(t, w.get("/bill/"+id).at("Bill.LinkedTxn"))
	})

	t.Run("LeavesNoThirdCurrency", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := abroad(t)
		pounds := m{"CheckPayment": m{"BankAccountRef": value(w.bank("GBP"))}}
		refused(t, w.post("/billpayment", with(with(payment(vendor, id, "1"), euros), pounds)), "6000")
	})

	for name, test := range map[string]struct {
		change m
		code   string
	}{
		"Unnamed":             {m{}, "2020"},
		"OfTheHomeCountry":    {m{"CurrencyRef": value("USD")}, "6000"},
		"NotTurnedOn":         {m{"CurrencyRef": value("PLN")}, "2220"},
		"PayableOfAnother":    {m{"CurrencyRef": value("EUR"), "APAccountRef": value("33")}, "6000"},
		"PayableIsAnExpense":  {m{"CurrencyRef": value("EUR"), "APAccountRef": value("8")}, "6430"},
		"RateIsZero":          {m{"CurrencyRef": value("EUR"), "ExchangeRate": 0}, "2090"},
		"TotalInThreeDecimal": {m{"CurrencyRef": value("EUR"), "TotalAmt": "1.005"}, "2140"},
	} {
		t.Run("RefusesCurrency"+name, func(t *testing.T) {
			t.Parallel()
			w, vendor, id := abroad(t)
			refused(t, w.post("/billpayment", with(payment(vendor, id, "1"), test.change)), test.code)
		})
	}
}

func TestBillPayment_Balances(t *testing.T) {
	t.Parallel()

	pays := func(amount, id, kind string) m {
		return m{"Amount": amount, "LinkedTxn": []any{m{"TxnId": id, "TxnType": kind}}}
	}
	setup := func(t *testing.T) (w *world, vendor, billID string) {
		t.Helper()
		w = open(t, qbt.Config{})
		vendor = w.vendor("Ana")
		return w, vendor, w.made("Bill", bill(vendor))
	}

	t.Run("OneBillIsNotPaidTwiceOver", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		twice := with(payment(vendor, id, "300"), m{"Line": []any{pays("150", id, "Bill"), pays("150", id, "Bill")}})
		refused(t, w.post("/billpayment", twice), "6000")
	})

	t.Run("LinesAreNotMoreThanTheTotal", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		refused(t, w.post("/billpayment", with(payment(vendor, id, "150"), m{"TotalAmt": "149.99"})), "6000")
		w.made("BillPayment", with(payment(vendor, id, "150"), m{"TotalAmt": "160"}))
		require.Equal(t, "50", w.get("/bill/"+id).at("Bill.Balance"), "what is over is a credit with the vendor")
	})

	t.Run("ACreditPaysItsShare", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		credit := w.made("VendorCredit", bill(vendor, m{"Line": []any{line("30", "8")}}))
		require.Equal(t, "170", w.get("/vendor/"+vendor).at("Vendor.Balance"))
		paid := w.made("BillPayment", with(payment(vendor, id, "170"), m{
			"Line": []any{pays("200", id, "Bill"), pays("30", credit, "VendorCredit")},
		}))
		require.Equal(t, "0", w.get("/bill/"+id).at("Bill.Balance"))
		require.Equal(t, "0", w.get("/vendorcredit/"+credit).at("VendorCredit.Balance"))
		require.Equal(t, "0", w.get("/vendor/"+vendor).at("Vendor.Balance"))
		require.Equal(t, 200, w.post("/billpayment?operation=delete", m{"Id": paid, "SyncToken": "0"}).status)
		require.Equal(t, "30", w.get("/vendorcredit/"+credit).at("VendorCredit.Balance"))
		require.Equal(t, "170", w.get("/vendor/"+vendor).at("Vendor.Balance"))
	})

	t.Run("ACardIsNamedOnTheBill", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		w.made("BillPayment", with(payment(vendor, id, "200"), m{"PayType": "CreditCard", "CreditCardPayment": m{"CCAccountRef": value("27")}}))
		require.Equal(t, "BillPaymentCreditCard", w.get("/bill/"+id).at("Bill.LinkedTxn.0.TxnType"))
	})

	t.Run("AVoidedPaymentStaysAndPaysNothing", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		paid := w.made("BillPayment", with(payment(vendor, id, "200"), m{"PrivateNote": "March"}))
		w.s.Advance(time.Minute)
		refused(t, w.post("/billpayment?operation=update&include=void", m{"Id": paid, "SyncToken": "7"}), "5010")
		refused(t, w.post("/billpayment?operation=update&include=void", m{"SyncToken": "0"}), "2020")
		rep := w.post("/billpayment?operation=update&include=void", m{"Id": paid, "SyncToken": "0", "sparse": true})
		require.Equal(t, "0", rep.at("BillPayment.TotalAmt"), string(rep.raw))
		require.Equal(t, "Voided - March", rep.at("BillPayment.PrivateNote"))
		require.Empty(t, rep.at("BillPayment.Line"))
		require.Equal(t, "200", w.get("/bill/"+id).at("Bill.Balance"))
		require.Equal(t, 200, w.post("/bill?operation=delete", m{"Id": id, "SyncToken": "0"}).status, "nothing holds the bill any more")
	})

	t.Run("ABatchVoids", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		paid := w.made("BillPayment", payment(vendor, id, "200"))
		items := w.post("/batch", batchOf(
			m{"bId": "v1", "operation": "update", "optionsData": "void", "BillPayment": m{"Id": paid, "SyncToken": "0", "sparse": true}},
			m{"bId": "v2", "operation": "update", "optionsData": "void", "Bill": m{"Id": id, "SyncToken": "0", "sparse": true}},
		)).byID()
		require.Equal(t, "0", pick(items["v1"], "BillPayment.TotalAmt"))
		require.Equal(t, "500", pick(items["v2"], "Fault.Error.0.code"), "bills have no void")
	})

	t.Run("AClosedPeriodKeepsItsPayments", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		paid := w.made("BillPayment", with(payment(vendor, id, "200"), m{"TxnDate": "2026-10-31"}))
		require.NoError(t, w.s.Prefer("", func(p *qbt.Preferences) { p.BookCloseDate = "2026-10-31" }))
		refused(t, w.post("/billpayment?operation=update&include=void", m{"Id": paid, "SyncToken": "0"}), "6210")
		refused(t, w.post("/billpayment?operation=delete", m{"Id": paid, "SyncToken": "0"}), "6210")
		require.NoError(t, w.s.Delete("", "BillPayment", paid), "a bookkeeper knows the closing password")
	})
}
