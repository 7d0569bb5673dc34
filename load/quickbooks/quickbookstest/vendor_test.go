package quickbookstest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestVendor_Create(t *testing.T) {
	t.Parallel()

	t.Run("AnswersTheStoredVendor", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		rep := w.post("/vendor?minorversion=75", m{"DisplayName": "Ana Souza", "PrimaryEmailAddr": m{"Address": "ana@example.com"}})

		require.Equal(t, http.StatusOK, rep.status)
		require.Equal(t, "Ana Souza", rep.at("Vendor.DisplayName"))
		require.Equal(t, "0", rep.at("Vendor.SyncToken"))
		require.Equal(t, "true", rep.at("Vendor.Active"))
		require.Equal(t, "USD", rep.at("Vendor.CurrencyRef.value"))
		require.Equal(t, "false", rep.at("Vendor.Vendor1099"))
		require.Equal(t, "2026-11-02T09:00:00-08:00", rep.at("Vendor.MetaData.CreateTime"))
		require.Equal(t, rep.body["Vendor"], w.get("/vendor/" + rep.at("Vendor.Id")).body["Vendor"])
	})

	t.Run("BuildsTheNameFromItsParts", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		rep := w.post("/vendor", m{"GivenName": "Ana", "FamilyName": "Souza"})
		require.Equal(t, "Ana Souza", rep.at("Vendor.DisplayName"))
		refused(t, w.post("/vendor", m{"GivenName": "ana", "FamilyName": "souza"}), "6240")
	})

	t.Run("MasksTheTaxNumber", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Vendor", m{"DisplayName": "Ana", "TaxIdentifier": "99988776789"})
		require.Equal(t, "XXXXXXX6789", w.get("/vendor/"+id).at("Vendor.TaxIdentifier"))
	})

	t.Run("AnswersCountriesInThreeLetters", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for sent, shown := range map[string]string{"US": "USA", "Brazil": "BRA", "co": "COL", "Atlantis": "Atlantis"} {
			id := w.made("Vendor", m{"DisplayName": sent, "BillAddr": m{"Line1": "Main 1", "Country": sent}})
			require.Equal(t, shown, w.get("/vendor/"+id).at("Vendor.BillAddr.Country"))
		}
	})

	t.Run("AddsACurrencyThatTheCompanyLacks", func(t *testing.T) {
		t.Parallel()
		w := open(t, multicurrency())
		require.Equal(t, "0", w.query("select count(*) from CompanyCurrency where Code = 'PLN'").at("QueryResponse.totalCount"))
		w.made("Vendor", m{"DisplayName": "Jan", "CurrencyRef": value("PLN")})
		require.Equal(t, "1", w.query("select count(*) from CompanyCurrency where Code = 'PLN'").at("QueryResponse.totalCount"))
	})

	t.Run("KeepsToTheHomeCurrencyWithoutMulticurrency", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		refused(t, w.post("/vendor", m{"DisplayName": "Jan", "CurrencyRef": value("PLN")}), "5030")
	})

	t.Run("IgnoresTheUnsupportedSource", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.Empty(t, w.post("/vendor", m{"DisplayName": "Jan", "Source": "IntuitPayroll"}).at("Vendor.Source"))
	})
}

func TestVendor_Refusals(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		body m
		code string
	}{
		"NoName":             {m{"CompanyName": "Acme"}, "6080"},
		"Colon":              {m{"DisplayName": "Acme: Berlin"}, "2040"},
		"Tab":                {m{"DisplayName": "Acme\tBerlin"}, "2040"},
		"Newline":            {m{"DisplayName": "Acme\nBerlin"}, "2040"},
		"ColonInGivenName":   {m{"GivenName": "A:na"}, "2040"},
		"ColonOnCheck":       {m{"DisplayName": "Ana", "PrintOnCheckName": "A:na"}, "2040"},
		"EmojiInUSCompany":   {m{"DisplayName": "Ana 🎉"}, "2040"},
		"Latin2InUSCompany":  {m{"DisplayName": "Michał"}, "2040"},
		"EmailWithoutAt":     {m{"DisplayName": "Ana", "PrimaryEmailAddr": m{"Address": "ana.example.com"}}, "2210"},
		"EmailWithoutDot":    {m{"DisplayName": "Ana", "PrimaryEmailAddr": m{"Address": "ana@example"}}, "2210"},
		"UnknownProperty":    {m{"DisplayName": "Ana", "Nickname": "A"}, "2010"},
		"UnknownInnerField":  {m{"DisplayName": "Ana", "BillAddr": m{"Street": "A"}}, "2010"},
		"TextForFlag":        {m{"DisplayName": "Ana", "Active": "perhaps"}, "2230"},
		"ObjectForText":      {m{"DisplayName": m{"a": 1}}, "2010"},
		"UnknownCurrency":    {m{"DisplayName": "Ana", "CurrencyRef": value("QQQ")}, "2220"},
		"LowerCaseCurrency":  {m{"DisplayName": "Ana", "CurrencyRef": value("usd")}, "2220"},
		"UnknownTerm":        {m{"DisplayName": "Ana", "TermRef": value("99")}, "2500"},
		"ReferenceNoValue":   {m{"DisplayName": "Ana", "TermRef": m{"name": "Net 30"}}, "2020"},
		"AddressLinesTooBig": {m{"DisplayName": "Ana", "BillAddr": longAddress()}, "2050"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, multicurrency())
			refused(t, w.post("/vendor", test.body), test.code)
			require.Zero(t, w.s.Count("", "Vendor"))
		})
	}
}

func longAddress() m {
	addr := m{}
	for _, l := range []string{"Line1", "Line2", "Line3", "Line4", "Line5"} {
		addr[l] = strings.Repeat("x", 401)
	}
	return addr
}

func TestVendor_Lengths(t *testing.T) {
	t.Parallel()

	inner := func(group, name string) func(string) m {
		return func(s string) m { return m{"DisplayName": "Ana", group: m{name: s}} }
	}
	outer := func(name string) func(string) m {
		return func(s string) m { return m{"DisplayName": "Ana", name: s} }
	}
	for name, test := range map[string]struct {
		limit int
		body  func(string) m
	}{
		"DisplayName":      {500, func(s string) m { return m{"DisplayName": s} }},
		"GivenName":        {100, outer("GivenName")},
		"FamilyName":       {100, outer("FamilyName")},
		"Title":            {16, outer("Title")},
		"Suffix":           {16, outer("Suffix")},
		"CompanyName":      {100, outer("CompanyName")},
		"PrintOnCheckName": {100, outer("PrintOnCheckName")},
		"TaxIdentifier":    {20, outer("TaxIdentifier")},
		"AcctNum":          {100, outer("AcctNum")},
		"Notes":            {1024, outer("Notes")},
		"FreeFormNumber":   {30, inner("PrimaryPhone", "FreeFormNumber")},
		"URI": {1000, func(s string) m {
			return m{"DisplayName": "Ana", "WebAddr": m{"URI": "a.com/" + s[:len(s)-len("é")*6]}}
		}},
		"Line1":      {500, inner("BillAddr", "Line1")},
		"City":       {255, inner("BillAddr", "City")},
		"PostalCode": {30, inner("BillAddr", "PostalCode")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			rep := w.post("/vendor", test.body(strings.Repeat("é", test.limit+1)))
			refused(t, rep, "2050")
			require.Equal(t, name, rep.at("Fault.Error.0.element"))
			require.Regexp(t, `^String length specified does not match the supported length\. Min:0 Max:\d+ supported\. Supplied length:\d+$`, rep.at("Fault.Error.0.Detail"))

			require.Equal(t, http.StatusOK, w.post("/vendor", test.body(strings.Repeat("é", test.limit))).status)
		})
	}
}

func TestVendor_Names(t *testing.T) {
	t.Parallel()

	t.Run("AreUniqueOverVendorsCustomersAndEmployees", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for i, holder := range []string{"Vendor", "Customer", "Employee"} {
			name := "Name " + string(rune('A'+i))
			id := w.made(holder, m{"DisplayName": name})
			rep := w.post("/vendor", m{"DisplayName": strings.ToUpper(name)})
			refused(t, rep, "6240")
			require.Equal(t, "The name supplied already exists. : Id="+id, rep.at("Fault.Error.0.Detail"))
			require.Equal(t, "Duplicate Name Exists Error", rep.at("Fault.Error.0.Message"))
		}
	})

	t.Run("AreHeldByInactiveRecords", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.vendor("Ana")
		require.NoError(t, w.s.Deactivate("", "Vendor", id))
		require.Equal(t, "Ana (deleted)", w.get("/vendor/"+id).at("Vendor.DisplayName"))
		refused(t, w.post("/vendor", m{"DisplayName": "Ana"}), "6240")
	})

	t.Run("AreFreedByInactiveRecordsWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{InactiveFreesName: true}})
		require.NoError(t, w.s.Deactivate("", "Vendor", w.vendor("Ana")))
		w.vendor("Ana")
	})

	t.Run("HaveTheOtherWordingWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{PlainNameTaken: true}})
		w.vendor("Ana")
		rep := w.post("/vendor", m{"DisplayName": "Ana"})
		require.Contains(t, rep.at("Fault.Error.0.Detail"), "Another customer, vendor or employee is already using this name")
		require.NotContains(t, rep.at("Fault.Error.0.Detail"), "Id=")
	})

	t.Run("AreFreedByARename", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.NoError(t, w.s.Edit("", "Vendor", w.vendor("Ana"), m{"DisplayName": "Ana Souza"}))
		w.vendor("Ana")
	})

	t.Run("MayCarryAnyCharacterOutsideTheUS", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Realms: []qbt.Realm{{Country: "PL"}}})
		require.Equal(t, "Michał 🎉", w.get("/vendor/"+w.vendor("Michał 🎉")).at("Vendor.DisplayName"))
	})

	t.Run("LoseForeignCharactersWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{Foreign: qbt.ForeignReplaced}})
		require.Equal(t, "Micha?", w.get("/vendor/"+w.vendor("Michał")).at("Vendor.DisplayName"))
		w = open(t, qbt.Config{Rules: qbt.Rules{Foreign: qbt.ForeignKept}})
		require.Equal(t, "Michał", w.get("/vendor/"+w.vendor("Michał")).at("Vendor.DisplayName"))
	})

	t.Run("ClashInTheCompanysLanguage", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Realms: []qbt.Realm{{Language: "fr"}}})
		w.vendor("Ana")
		require.Equal(t, "Nom en double", w.post("/vendor", m{"DisplayName": "Ana"}).at("Fault.Error.0.Message"))
	})
}

func TestVendor_Update(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*world, string) {
		t.Helper()
		w := open(t, multicurrency())
		return w, w.made("Vendor", m{"DisplayName": "Ana", "Notes": "first", "CompanyName": "Acme", "CurrencyRef": value("EUR")})
	}

	t.Run("SparseKeepsWhatIsLeftOut", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		rep := w.post("/vendor", m{"Id": id, "SyncToken": "0", "sparse": true, "Notes": "second"})
		require.Equal(t, "second", rep.at("Vendor.Notes"))
		require.Equal(t, "Acme", rep.at("Vendor.CompanyName"))
		require.Equal(t, "1", rep.at("Vendor.SyncToken"))
	})

	t.Run("SparseDoesNotBlankTheName", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		rep := w.post("/vendor", m{"Id": id, "SyncToken": "0", "sparse": true, "DisplayName": "", "Notes": ""})
		require.Equal(t, "Ana", rep.at("Vendor.DisplayName"))
		require.Empty(t, rep.at("Vendor.Notes"))
	})

	t.Run("FullClearsWhatIsLeftOut", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		rep := w.post("/vendor", m{"Id": id, "SyncToken": "0", "DisplayName": "Ana"})
		require.Empty(t, rep.at("Vendor.Notes"))
		require.Empty(t, rep.at("Vendor.CompanyName"))
		require.Equal(t, "EUR", rep.at("Vendor.CurrencyRef.value"))
		require.Equal(t, "true", rep.at("Vendor.Active"))
	})

	t.Run("NeedsTheNewestSyncToken", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		refused(t, w.post("/vendor", m{"Id": id, "sparse": true, "Notes": "x"}), "2020")
		require.Equal(t, http.StatusOK, w.post("/vendor", m{"Id": id, "SyncToken": "0", "sparse": true, "Notes": "x"}).status)
		refused(t, w.post("/vendor", m{"Id": id, "SyncToken": "0", "sparse": true, "Notes": "y"}), "5010")
		require.Equal(t, "x", w.get("/vendor/"+id).at("Vendor.Notes"))
	})

	t.Run("CannotChangeTheCurrency", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		refused(t, w.post("/vendor", m{"Id": id, "SyncToken": "0", "sparse": true, "CurrencyRef": value("USD")}), "6000")
	})

	t.Run("OfAnUnknownIdIs610", func(t *testing.T) {
		t.Parallel()
		w, _ := setup(t)
		refused(t, w.post("/vendor", m{"Id": "777", "SyncToken": "0", "sparse": true}), "610")
	})

	t.Run("ReactivatesUnderTheOldName", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		require.Equal(t, "Ana (deleted)", w.post("/vendor", m{"Id": id, "SyncToken": "0", "sparse": true, "Active": false}).at("Vendor.DisplayName"))
		require.Equal(t, "Ana", w.post("/vendor", m{"Id": id, "SyncToken": "1", "sparse": true, "Active": true}).at("Vendor.DisplayName"))
	})

	t.Run("IsNeverADelete", func(t *testing.T) {
		t.Parallel()
		w, id := setup(t)
		refused(t, w.post("/vendor?operation=delete", m{"Id": id, "SyncToken": "0"}), "500")
	})
}
