package quickbookstest_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()

	t.Run("TakesTheWholeLanguage", func(t *testing.T) {
		t.Parallel()
		q, err := qbt.ParseQuery(`Select * From Bill WHERE VendorRef = '56' and TxnDate >= '2026-01-01' AND Id in ('1', '2') ORDERBY TxnDate DESC, Id STARTPOSITION 11 MAXRESULTS 5`)
		require.NoError(t, err)
		require.Equal(t, qbt.Query{
			Entity: "Bill",
			Where: []qbt.Condition{
				{Attribute: "VendorRef", Operator: "=", Values: []string{"56"}},
				{Attribute: "TxnDate", Operator: ">=", Values: []string{"2026-01-01"}},
				{Attribute: "Id", Operator: "IN", Values: []string{"1", "2"}},
			},
			Order: []qbt.Order{{Attribute: "TxnDate", Descending: true}, {Attribute: "Id"}},
			Start: 11, Max: 5,
		}, q)
	})

	t.Run("HasDefaults", func(t *testing.T) {
		t.Parallel()
		q, err := qbt.ParseQuery("select count(*) from Vendor order by Id asc")
		require.NoError(t, err)
		require.Equal(t, qbt.Query{Count: true, Entity: "Vendor", Order: []qbt.Order{{Attribute: "Id"}}, Start: 1, Max: 100}, q)
	})

	t.Run("UnescapesQuotes", func(t *testing.T) {
		t.Parallel()
		q, err := qbt.ParseQuery(`select * from Vendor where DisplayName = 'O\'Brien \\ & Co #1'`)
		require.NoError(t, err)
		require.Equal(t, []string{`O'Brien \ & Co #1`}, q.Where[0].Values)
	})

	for name, statement := range map[string]string{
		"Empty":           ``,
		"NotASelect":      `delete from Bill`,
		"Projection":      `select Id, DocNumber from Bill`,
		"NoEntity":        `select * from`,
		"DottedEntity":    `select * from a.b`,
		"Or":              `select * from Bill where Id = '1' or Id = '2'`,
		"Join":            `select * from Bill, Vendor`,
		"GroupBy":         `select * from Bill group by VendorRef`,
		"NotEqual":        `select * from Bill where Id != '1'`,
		"OtherNotEqual":   `select * from Bill where Id <> '1'`,
		"BareWord":        `select * from Bill where DocNumber = A1`,
		"OpenQuote":       `select * from Bill where DocNumber = 'A1`,
		"UnescapedQuote":  `select * from Vendor where DisplayName = 'O'Brien'`,
		"EmptyIn":         `select * from Bill where Id in ()`,
		"HalfIn":          `select * from Bill where Id in ('1'`,
		"InWithoutParens": `select * from Bill where Id in '1'`,
		"DanglingAnd":     `select * from Bill where Id = '1' and`,
		"OrderWithoutBy":  `select * from Bill order Id`,
		"WordAsStart":     `select * from Bill startposition one`,
		"HalfCount":       `select count(Id) from Bill`,
		"NotUTF8":         "select * from Bill where Id = '\xff'",
		"Symbol":          `select * from Bill where Id = "1"`,
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			_, err := qbt.ParseQuery(statement)
			require.ErrorIs(t, err, qbt.ErrQuery)
			bad, ok := errors.AsType[*qbt.QueryError](err)
			require.True(t, ok)
			require.Equal(t, "4000", bad.Code)
		})
	}

	for _, page := range []string{"STARTPOSITION 0", "STARTPOSITION -1", "MAXRESULTS 0", "MAXRESULTS 1001"} {
		t.Run("Refuses"+page, func(t *testing.T) {
			t.Parallel()
			_, err := qbt.ParseQuery("select * from Bill " + page)
			bad, ok := errors.AsType[*qbt.QueryError](err)
			require.True(t, ok)
			require.Equal(t, "4001", bad.Code)
		})
	}
}

// Whatever comes, the parser answers; and a value survives being quoted.
func FuzzParseQuery(f *testing.F) {
	f.Add("select * from Bill where DocNumber = 'A\\'1' ORDERBY Id STARTPOSITION 1 MAXRESULTS 10")
	f.Add("select count(*) from Vendor where Active in (true, false)")
	f.Add("SELECT * FROM Vendor WHERE DisplayName LIKE '%a%'")
	f.Fuzz(func(t *testing.T, statement string) {
		q, err := qbt.ParseQuery(statement)
		if err != nil {
			require.ErrorIs(t, err, qbt.ErrQuery)
			return
		}
		require.NotEmpty(t, q.Entity)
		require.Positive(t, q.Start)
		require.True(t, q.Max > 0 && q.Max <= 1000)
		for _, c := range q.Where {
			require.NotEmpty(t, c.Values)
		}
		w := open(t, qbt.Config{})
		w.get("/companyinfo/" + w.realm)
		w.query(statement) // answers, whatever it says
	})
}

func TestQuery(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) *world {
		t.Helper()
		w := open(t, qbt.Config{})
		for i, name := range []string{"Ana", "Bea O'Hara", "carla", "Dora"} {
			w.made("Bill", bill(w.vendor(name), m{
				"DocNumber": fmt.Sprintf("INV-%d", i), "TxnDate": fmt.Sprintf("2026-10-%02d", 10+i),
				"Line": []any{line(fmt.Sprint(100*(i+1)), "8")},
			}))
		}
		require.NoError(t, w.s.Deactivate("", "Vendor", w.vendorAgain("Dora")))
		return w
	}

	for name, test := range map[string]struct {
		from, where string
		want        int
	}{
		"ByIdList":           {"Bill", "Id IN ('101','103','999')", 2},
		"ByReference":        {"Bill", "VendorRef = '1'", 1},
		"ByNumber":           {"Bill", "DocNumber = 'inv-2'", 1},
		"ByNumberList":       {"Bill", "DocNumber IN ('INV-2','inv-2','INV-3')", 2},
		"ByVendorAndNumber":  {"Bill", "VendorRef = '1' AND DocNumber = 'INV-0'", 1},
		"ByVendorNotNumber":  {"Bill", "VendorRef = '2' AND DocNumber = 'INV-0'", 0},
		"ByAmount":           {"Bill", "TotalAmt > '200'", 2},
		"ByAmountNotText":    {"Bill", "TotalAmt < '1000'", 4},
		"ByAmountBare":       {"Bill", "Balance = 200.00", 1},
		"ByDate":             {"Bill", "TxnDate >= '2026-10-11' AND TxnDate <= '2026-10-12'", 2},
		"ByTime":             {"Bill", "MetaData.LastUpdatedTime >= '2026-11-02T09:00:00-08:00'", 4},
		"ByTimeInUTC":        {"Bill", "MetaData.CreateTime > '2026-11-02T17:00:00Z'", 0},
		"ByNoNumber":         {"Bill", "DocNumber = ' '", 0},
		"ByNameWithoutCase":  {"Vendor", "DisplayName = 'CARLA'", 1},
		"ByNameWithQuote":    {"Vendor", `DisplayName = 'Bea O\'Hara'`, 1},
		"ByPattern":          {"Vendor", "DisplayName LIKE '%a%'", 3},
		"ByPatternBothEnds":  {"Vendor", "DisplayName LIKE 'b%A'", 1},
		"ByPatternWhole":     {"Vendor", "DisplayName LIKE 'ana'", 1},
		"LeavesInactiveOut":  {"Vendor", "Id IN ('1','2','3','4')", 3},
		"WithInactive":       {"Vendor", "Active IN (true,false)", 4},
		"OnlyInactive":       {"Vendor", "Active = false", 1},
		"AccountsByType":     {"Account", "AccountType = 'Cost of Goods Sold'", 2},
		"AttributeCase":      {"Vendor", "displayname = 'Ana'", 1},
		"UncomparableAmount": {"Bill", "TotalAmt > 'much'", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			rep := w.query("select * from " + test.from + " where " + test.where)
			require.Equal(t, http.StatusOK, rep.status, string(rep.raw))
			response := rep.body["QueryResponse"].(m)
			rows, _ := response[test.from].([]any)
			require.Len(t, rows, test.want)
			if test.want == 0 {
				require.Empty(t, response)
			} else {
				require.Equal(t, fmt.Sprint(test.want), rep.at("QueryResponse.maxResults"))
			}
			require.Equal(t, fmt.Sprint(test.want), w.query("select count(*) from "+test.from+" where "+test.where).at("QueryResponse.totalCount"))
		})
	}

	for name, statement := range map[string]string{
		"PrivateNote":   "select * from Bill where PrivateNote = 'x'",
		"CurrencyRef":   "select * from Bill where CurrencyRef = 'USD'",
		"AcctNum":       "select * from Vendor where AcctNum = 'x'",
		"Email":         "select * from Vendor where PrimaryEmailAddr.Address = 'x'",
		"TaxIdentifier": "select * from Vendor where TaxIdentifier = 'x'",
		"Notes":         "select * from Vendor where Notes = 'x'",
		"Unknown":       "select * from Vendor where Nickname = 'x'",
		"IdRange":       "select * from Bill where Id > '5'",
		"SortByBalance": "select * from Bill orderby Balance",
		"Entity":        "select * from Unicorn",
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			refused(t, open(t, qbt.Config{}).query(statement), "4001")
		})
	}

	t.Run("SortsAndPages", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		rep := w.query("select * from Bill ORDER BY TxnDate DESC STARTPOSITION 2 MAXRESULTS 2")
		require.Equal(t, "INV-2", rep.at("QueryResponse.Bill.0.DocNumber"))
		require.Equal(t, "INV-1", rep.at("QueryResponse.Bill.1.DocNumber"))
		require.Equal(t, "2", rep.at("QueryResponse.startPosition"))
		require.Empty(t, w.query("select * from Bill STARTPOSITION 5").body["QueryResponse"])
	})

	t.Run("PagesBy100AndAtMost1000", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for i := range 101 {
			_, err := w.s.Create("", "Vendor", m{"DisplayName": fmt.Sprint("V", i)})
			require.NoError(t, err)
		}
		require.Equal(t, "100", w.query("select * from Vendor").at("QueryResponse.maxResults"))
		require.Equal(t, "101", w.query("select * from Vendor maxresults 1000").at("QueryResponse.maxResults"))
		refused(t, w.query("select * from Vendor maxresults 1001"), "4001")
	})

	t.Run("NamesTheSmallestStart", func(t *testing.T) {
		t.Parallel()
		rep := open(t, qbt.Config{}).query("select * from Bill STARTPOSITION 0")
		refused(t, rep, "4001")
		require.Contains(t, rep.at("Fault.Error.0.Detail"), "value 0 is too small. Min allowed value is 1")
	})

	t.Run("TakesASemicolonThatIsNotEncoded", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.vendor("Koch; Ben")
		rep := w.get("/query?query=select%20*%20from%20Vendor%20where%20DisplayName%3D'Koch;%20Ben'&minorversion=75")
		require.Equal(t, id, rep.at("QueryResponse.Vendor.0.Id"), string(rep.raw))
	})

	t.Run("IsPostedAsText", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		rep := w.do(w.request(http.MethodPost, "/query", "application/text", []byte("select count(*) from Bill")))
		require.Equal(t, "4", rep.at("QueryResponse.totalCount"))
		refused(t, w.do(w.request(http.MethodPost, "/query", "application/json", []byte("select count(*) from Bill"))), "500")
	})

	t.Run("AnswersTheCompany", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.Equal(t, "Sandbox Company", w.query("select * from CompanyInfo").at("QueryResponse.CompanyInfo.0.CompanyName"))
		require.Equal(t, "1", w.query("select count(*) from Preferences").at("QueryResponse.totalCount"))
		refused(t, w.query("select * from Preferences where Id = '1'"), "4001")
	})
}
