package quickbookstest_test

import (
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestVendorCredit(t *testing.T) {
	t.Parallel()

	w := open(t, qbt.Config{})
	id := w.made("VendorCredit", bill(w.vendor("Ana"), m{"DocNumber": "C1"}))
	require.Equal(t, "200", w.get("/vendorcredit/"+id).at("VendorCredit.TotalAmt"))
	require.Equal(t, id, w.query("select * from VendorCredit where DocNumber = 'C1'").at("QueryResponse.VendorCredit.0.Id"))
	require.Equal(t, "map[]", w.query("select * from Bill where DocNumber = 'C1'").at("QueryResponse"))
	refused(t, w.post("/vendorcredit", bill("1", m{"APAccountRef": value("8")})), "6430")
	require.Equal(t, "Deleted", w.post("/vendorcredit?operation=delete", m{"Id": id, "SyncToken": "0"}).at("VendorCredit.status"))
}

func payment(vendor, billID, amount string) m {
	return m{
		"VendorRef": value(vendor), "PayType": "Check", "TotalAmt": amount, "CheckPayment": m{"BankAccountRef": value("1")},
		"Line": []any{m{"Amount": amount, "LinkedTxn": []any{m{"TxnId": billID, "TxnType": "Bill"}}}},
	}
}

func TestBillPayment(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*world, string, string) {
		t.Helper()
		w := open(t, qbt.Config{})
		vendor := w.vendor("Ana")
		return w, vendor, w.made("Bill", bill(vendor))
	}

	t.Run("PaysPartOfABill", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		w.s.Advance(time.Minute)
		paid := w.made("BillPayment", payment(vendor, id, "150.50"))

		rep := w.get("/bill/" + id)
		require.Equal(t, "49.5", rep.at("Bill.Balance"))
		require.Equal(t, "200", rep.at("Bill.TotalAmt"))
		require.Equal(t, "BillPaymentCheck", rep.at("Bill.LinkedTxn.0.TxnType"))
		require.Equal(t, paid, rep.at("Bill.LinkedTxn.0.TxnId"))
		require.Equal(t, "0", rep.at("Bill.SyncToken"))
		require.Equal(t, "2026-11-02T09:01:00-08:00", rep.at("Bill.MetaData.LastUpdatedTime"))
		require.Equal(t, "49.5", w.get("/vendor/"+vendor).at("Vendor.Balance"))
	})

	t.Run("HoldsTheBillUntilItIsGone", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		paid := w.made("BillPayment", payment(vendor, id, "200"))
		refused(t, w.post("/bill?operation=delete", m{"Id": id, "SyncToken": "0"}), "800")
		require.Equal(t, 200, w.post("/billpayment?operation=delete", m{"Id": paid, "SyncToken": "0"}).status)
		require.Equal(t, "200", w.get("/bill/"+id).at("Bill.Balance"))
		require.Equal(t, 200, w.post("/bill?operation=delete", m{"Id": id, "SyncToken": "0"}).status)
		require.Equal(t, "0", w.get("/vendor/"+vendor).at("Vendor.Balance"))
	})

	for name, test := range map[string]struct {
		change m
		code   string
	}{
		"TooMuch":       {m{"Line": []any{m{"Amount": 201, "LinkedTxn": []any{m{"TxnId": "101", "TxnType": "Bill"}}}}}, "6000"},
		"OtherVendor":   {m{"VendorRef": value("2")}, "620"},
		"UnknownBill":   {m{"Line": []any{m{"Amount": 1, "LinkedTxn": []any{m{"TxnId": "999", "TxnType": "Bill"}}}}}, "610"},
		"NoBank":        {m{"CheckPayment": nil}, "2020"},
		"BankIsExpense": {m{"CheckPayment": m{"BankAccountRef": value("8")}}, "6430"},
		"CardIsBank":    {m{"PayType": "CreditCard", "CreditCardPayment": m{"CCAccountRef": value("1")}}, "6430"},
		"UnknownType":   {m{"PayType": "Cash"}, "2170"},
		"Negative":      {m{"TotalAmt": "-1"}, "2090"},
		"NoAmount":      {m{"TotalAmt": nil}, "2020"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			w, vendor, id := setup(t)
			w.vendor("Bea")
			body := payment(vendor, id, "10")
			maps.Copy(body, test.change)
			refused(t, w.post("/billpayment", body), test.code)
		})
	}

	t.Run("CannotBeChanged", func(t *testing.T) {
		t.Parallel()
		w, vendor, id := setup(t)
		paid := w.made("BillPayment", payment(vendor, id, "10"))
		refused(t, w.post("/billpayment", m{"Id": paid, "SyncToken": "0", "sparse": true, "TotalAmt": 5}), "500")
	})
}

// upload sends one file with metadata.
func (w *world) upload(metadata, name string, content []byte) reply {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, part := range []struct {
		disposition, kind string
		content           []byte
	}{
		{`form-data; name="file_metadata_01"`, "application/json", []byte(metadata)},
		{fmt.Sprintf(`form-data; name="file_content_01"; filename=%q`, name), "application/pdf", content},
	} {
		pw, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {part.disposition}, "Content-Type": {part.kind}})
		require.NoError(w.t, err)
		_, err = pw.Write(part.content)
		require.NoError(w.t, err)
	}
	require.NoError(w.t, form.Close())
	return w.do(w.request(http.MethodPost, "/upload", form.FormDataContentType(), body.Bytes()))
}

func TestUpload(t *testing.T) {
	t.Parallel()

	const item = "AttachableResponse.0.Fault.Error.0.code"
	linked := func(kind, id string) string {
		return fmt.Sprintf(`{"FileName":"inv.pdf","ContentType":"application/pdf","AttachableRef":[{"EntityRef":{"type":%q,"value":%q}}]}`, kind, id)
	}

	t.Run("StoresAndLinksInOneCall", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Bill", bill(w.vendor("Ana")))
		rep := w.upload(linked("Bill", id), "inv.pdf", []byte("%PDF-1.7"))
		require.Equal(t, 200, rep.status)
		require.Equal(t, "8", rep.at("AttachableResponse.0.Attachable.Size"))
		require.Equal(t, id, rep.at("AttachableResponse.0.Attachable.AttachableRef.0.EntityRef.value"))
		attached := rep.at("AttachableResponse.0.Attachable.Id")
		require.Equal(t, "inv.pdf", w.get("/attachable/"+attached).at("Attachable.FileName"))
		require.Contains(t, string(w.get("/download/"+attached).raw), attached)
		refused(t, w.get("/download/9"), "610")
	})

	for name, test := range map[string]struct{ metadata, file, code string }{
		"Program":       {`{"FileName":"a.exe"}`, "a.exe", "6041"},
		"HTML":          {`{"FileName":"a.html"}`, "a.html", "6041"},
		"UnknownBill":   {linked("Bill", "999"), "inv.pdf", "610"},
		"UnknownEntity": {linked("Unicorn", "1"), "inv.pdf", "6050"},
		"LongName":      {`{"FileName":"` + strings.Repeat("x", 1000) + `.pdf"}`, "a.pdf", "2050"},
		"LongNote":      {`{"Note":"` + strings.Repeat("x", 2001) + `"}`, "a.pdf", "2050"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.code, open(t, qbt.Config{}).upload(test.metadata, test.file, []byte("x")).at(item))
		})
	}

	t.Run("RefusesWhatIsNoUpload", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		refused(t, w.upload("no JSON", "a.pdf", []byte("x")), "6040")
		refused(t, w.post("/upload", m{}), "6040")
		require.Equal(t, "6040", w.upload("{}", "a.pdf", nil).at(item))
		refused(t, w.do(w.request(http.MethodPost, "/upload", "multipart/form-data; boundary=x", []byte("--x\r\nbroken"))), "6040")
	})

	t.Run("RefusesMoreThan100MB", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		refused(t, w.do(w.request(http.MethodPost, "/upload", "multipart/form-data; boundary=x", make([]byte, 100<<20+1))), "6030")
	})
}

func TestLists(t *testing.T) {
	t.Parallel()

	t.Run("AccountsAreQualifiedAndClassified", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Account", m{"Name": "Brazil", "AccountType": "Expense", "SubAccount": true, "ParentRef": value("8")})
		rep := w.get("/account/" + id)
		require.Equal(t, "Contractors:Brazil", rep.at("Account.FullyQualifiedName"))
		require.Equal(t, "Expense", rep.at("Account.Classification"))
		refused(t, w.post("/account", m{"Name": "contractors", "AccountType": "Expense"}), "6240")
		refused(t, w.post("/account", m{"Name": "A", "AccountType": "Magic"}), "6430")
		refused(t, w.post("/account", m{"Name": `A"B`, "AccountType": "Expense"}), "2040")
		refused(t, w.post("/account", m{"Name": "A:B", "AccountType": "Expense"}), "2040")
	})

	t.Run("AccountsAreSeeded", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		require.Equal(t, "6", w.query("select count(*) from Account where AccountType = 'Accounts Payable'").at("QueryResponse.totalCount"))
		require.Equal(t, "Old Contractor Expenses (deleted)", w.query("select * from Account where Active = false").at("QueryResponse.Account.0.Name"))
		require.Equal(t, "EUR", w.get("/account/"+w.payable("EUR")).at("Account.CurrencyRef.value"))
	})

	t.Run("ClassesAndDepartmentsNest", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for _, entity := range []string{"Class", "Department"} {
			parent := w.made(entity, m{"Name": "Top"})
			id := w.made(entity, m{"Name": "Inner", "ParentRef": value(parent)})
			require.Equal(t, "Top:Inner", w.get("/"+strings.ToLower(entity)+"/"+id).at(entity+".FullyQualifiedName"))
			refused(t, w.post("/"+strings.ToLower(entity), m{"Name": "top"}), "6240")
			refused(t, w.post("/"+strings.ToLower(entity), m{"Id": parent, "SyncToken": "0", "sparse": true, "ParentRef": value(parent)}), "900")
			refused(t, w.post("/"+strings.ToLower(entity), m{"Name": "Lost", "ParentRef": value("999")}), "700")
			refused(t, w.post("/"+strings.ToLower(entity), m{"Name": "Lost", "Sub" + entity: true}), "6150")
		}
	})

	t.Run("TermsAreRead", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.Equal(t, "3", w.query("select count(*) from Term").at("QueryResponse.totalCount"))
		refused(t, w.post("/term", m{"Name": "Net 90"}), "500")
	})
}

func TestCompany(t *testing.T) {
	t.Parallel()

	t.Run("ShowsItsPreferences", func(t *testing.T) {
		t.Parallel()
		w := open(t, preferring(qbt.Preferences{MultiCurrency: true, BookCloseDate: "2026-09-30", ClassPerLine: true, WarnDuplicateBillNumber: true}))
		rep := w.get("/preferences")
		require.Equal(t, "true", rep.at("Preferences.CurrencyPrefs.MultiCurrencyEnabled"))
		require.Equal(t, "USD", rep.at("Preferences.CurrencyPrefs.HomeCurrency.value"))
		require.Equal(t, "2026-09-30", rep.at("Preferences.AccountingInfoPrefs.BookCloseDate"))
		require.Equal(t, "true", rep.at("Preferences.AccountingInfoPrefs.ClassTrackingPerTxnLine"))
		require.Contains(t, string(rep.raw), `{"Name":"WarnDuplicateBillNumber","Value":"true"}`)
	})

	t.Run("HidesWhatSomeSayCannotBeRead", func(t *testing.T) {
		t.Parallel()
		w := open(t, preferring(qbt.Preferences{BookCloseDate: "2026-09-30", HideCloseDate: true, HideDuplicateWarning: true}))
		raw := string(w.get("/preferences").raw)
		require.NotContains(t, raw, "BookCloseDate")
		require.NotContains(t, raw, "WarnDuplicateBillNumber")
	})

	t.Run("KeepsMulticurrencyOn", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		require.NoError(t, w.s.Prefer("", func(p *qbt.Preferences) { p.MultiCurrency, p.HomeCurrency = false, "EUR" }))
		rep := w.get("/preferences")
		require.Equal(t, "true", rep.at("Preferences.CurrencyPrefs.MultiCurrencyEnabled"))
		require.Equal(t, "USD", rep.at("Preferences.CurrencyPrefs.HomeCurrency.value"))
	})

	t.Run("RefusesWritesWhenTheSubscriptionLapsed", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.NoError(t, w.s.Refuse("", "6190", true))
		refused(t, w.post("/vendor", m{"DisplayName": "Ana"}), "6190")
		rep := w.get("/companyinfo/" + w.realm)
		require.Equal(t, "EXPIRED", rep.at("CompanyInfo.NameValue.0.Value"))
		require.NoError(t, w.s.Refuse("", "", false))
		w.vendor("Ana")
	})

	t.Run("RefusesEverythingWhenTheAdminIsGone", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.NoError(t, w.s.Refuse("", "120", false))
		rep := w.ping()
		require.Equal(t, 401, rep.status)
		require.Equal(t, "120", rep.code())
	})

	t.Run("KeepsCompaniesApart", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Realms: []qbt.Realm{{ID: "11", Country: "GB"}, {ID: "22"}}})
		w.vendor("Ana")
		require.Zero(t, w.s.Count("22", "Vendor"))
		require.Equal(t, "GB", w.get("/companyinfo/11").at("CompanyInfo.Country"))
		require.Len(t, w.s.Realms(), 2)
	})

	for name, path := range map[string]string{
		"UnknownEntity": "/unicorn/1", "NoId": "/bill", "OtherCompanyInfo": "/companyinfo/9", "TooDeep": "/bill/1/2",
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			refused(t, open(t, qbt.Config{}).get(path), "500")
		})
	}

	t.Run("SpeaksJSONOnly", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		r := w.request(http.MethodGet, "/preferences", "", nil)
		r.Header.Set("Accept", "application/xml")
		require.Equal(t, http.StatusNotAcceptable, w.do(r).status)
		refused(t, w.do(w.request(http.MethodPost, "/vendor", "application/xml", []byte("<Vendor/>"))), "500")
		refused(t, w.do(w.request(http.MethodPost, "/vendor", "application/json", []byte(`{"DisplayName":`))), "2010")
		refused(t, w.do(w.request(http.MethodPost, "/vendor", "application/json", []byte(`{"DisplayName":"a"}{}`))), "2010")
		refused(t, w.do(w.request(http.MethodPost, "/vendor", "application/json", []byte(`null`))), "2010")
	})

	t.Run("AnswersEveryMinorVersionAlike", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		newest := w.get("/preferences?minorversion=75")
		require.Equal(t, newest.body["Preferences"], w.get("/preferences?minorversion=4").body["Preferences"])
		require.Equal(t, newest.body["Preferences"], w.get("/preferences").body["Preferences"])
	})

	t.Run("KnowsNoOtherPages", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		r, err := http.NewRequest(http.MethodGet, "https://qbo.test/v2/elsewhere", nil)
		require.NoError(t, err)
		require.Equal(t, 404, w.do(r).status)
	})
}
