package quickbooks_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

const xmlThrottle = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<IntuitResponse time="2026-11-02T10:00:00.000-08:00" xmlns="http://schema.intuit.com/finance/v3">
<Fault type="SERVICE"><Error code="003001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>
<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>`

const gatewayRefusal = `{"warnings":null,"intuitObject":null,"fault":{"error":[{
	"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401","detail":"Token expired: x","code":"3200","element":null}],
	"type":"AUTHENTICATION"},"report":null,"requestId":null,"time":1730024394085}`

func faultBody(code, detail string) string {
	return `{"Fault":{"Error":[{"Message":"Words of QuickBooks","Detail":"` + detail + `","code":"` + code +
		`","element":""}],"type":"ValidationFault"},"time":"2026-11-02T10:00:00.000-08:00"}`
}

// faultOf asks a company that answers with the given status and body.
func faultOf(t *testing.T, status int, body string) *quickbooks.Fault {
	t.Helper()
	b := setup(t, answers(response{status: status, body: body}), func(c *quickbooks.Config) {
		c.ThrottleTries, c.ReadTries = 1, 1
	})
	_, err := b.client.Preferences(t.Context())
	if missing, unanswered := errors.AsType[*quickbooks.NoAnswer](err); unanswered && missing.Fault != nil {
		return missing.Fault // QuickBooks' own failure, for which a read is asked again
	}
	var fault *quickbooks.Fault
	require.ErrorAs(t, err, &fault)
	return fault
}

func TestFault_Shapes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		body   string
		code   string
	}{
		{"Documented", 400, faultBody("6240", "taken"), "6240"},
		{"On200", 200, faultBody("610", "gone"), "610"},
		{"LowerCaseGateway", 403, strings.Replace(gatewayRefusal, "3200", "3100", 2), "3100"},
		{"XMLThrottle", 429, xmlThrottle, "3001"},
		{"JSONThrottleWithLeadingZeros", 429, faultBody("003001", "limit"), "3001"},
		{"ThrottleAs403", 403, faultBody("3001", "limit"), "3001"},
		{"CodeAsNumber", 400, `{"Fault":{"Error":[{"Message":"m","code":2050}]}}`, "2050"},
		{"OneErrorWithoutList", 400, `{"Fault":{"Error":{"Message":"m","code":"2020"}}}`, "2020"},
		{"ErrorsWithoutFault", 400, `{"errors":[{"code":"2010","message":"m"}]}`, "2010"},
		{"UpperCase", 400, `{"FAULT":{"ERROR":[{"CODE":"2040"}]}}`, "2040"},
		{"WordInsteadOfCode", 400, `{"error":"invalid_request"}`, "invalid_request"},
		{"StatusOnly", 404, "<html>Not here</html>", ""},
		{"EmptyBody", 403, "", ""},
		{"ForeignTextIsNoCode", 400, faultBody("Bearer abc def", "x"), ""},
		{"FaultWithoutErrors", 400, `{"Fault":{"type":"SystemFault"}}`, ""},
		{"ByteOrderMark", 400, "\ufeff" + faultBody("6000", "x"), "6000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fault := faultOf(t, tc.status, tc.body)
			require.Equal(t, tc.code, fault.Code)
			require.Equal(t, tc.status, fault.HTTPStatus)
			require.Equal(t, "1-tid-42", fault.TID)
			require.NotEmpty(t, fault.Decision())
			require.NotEmpty(t, fault.Sentence())
		})
	}
}

func TestFault_Decision(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code, detail string
		want         quickbooks.Decision
		scope        quickbooks.FaultScope
	}{
		{"6000", "Transactions can have only one foreign currency at a time", quickbooks.Person, quickbooks.OneRecord},
		{"6000", "An unexpected error occurred while accessing or saving your data. Please wait a few minutes", quickbooks.LookUp, quickbooks.OneRecord},
		{"6000", "You cannot enter more than 50 characters in the request_id field", quickbooks.Fix, quickbooks.OneRecord},
		{"6000", "Une erreur que personne ne connait", quickbooks.Person, quickbooks.OneRecord},
		{"6190", "", quickbooks.Person, quickbooks.WholeCompany},
		{"6210", "", quickbooks.Person, quickbooks.OneRecord},
		{"6240", "", quickbooks.LookUp, quickbooks.OneRecord},
		{"6140", "", quickbooks.LookUp, quickbooks.OneRecord},
		{"120", "", quickbooks.Person, quickbooks.WholeCompany},
		{"2050", "", quickbooks.Fix, quickbooks.OneRecord},
		{"10000", "", quickbooks.LookUp, quickbooks.OneRecord},
		{"150", "", quickbooks.Wait, quickbooks.WholeCompany},
		{"77777", "", quickbooks.Person, quickbooks.OneRecord},
	} {
		t.Run(tc.code+tc.detail, func(t *testing.T) {
			t.Parallel()
			fault := faultOf(t, http.StatusBadRequest, faultBody(tc.code, tc.detail))
			require.Equal(t, tc.want, fault.Decision())
			require.Equal(t, tc.want, quickbooks.DecisionOf(fault))
			require.Equal(t, tc.scope, fault.Scope())
		})
	}
}

func TestFault_UnknownShowsIntuitsReference(t *testing.T) {
	t.Parallel()
	fault := faultOf(t, http.StatusBadRequest, faultBody("77777", "new in 2027"))
	require.False(t, fault.Entry().Known)
	require.Contains(t, fault.Sentence(), "1-tid-42")
	require.Contains(t, fault.Error(), "77777")
}

func TestFault_KeepsEveryComplaint(t *testing.T) {
	t.Parallel()
	fault := faultOf(t, 400, `{"Fault":{"Error":[{"code":"2050","element":"DocNumber"},{"code":"02020","element":"Line<b>"}]}}`)
	require.Equal(t, "DocNumber", fault.Element)
	require.Equal(t, []quickbooks.Complaint{{Code: "2050", Element: "DocNumber"}, {Code: "2020"}}, fault.All)
}

func TestFault_PullsOutIDs(t *testing.T) {
	t.Parallel()
	id, found := faultOf(t, 400, faultBody("6240", "The name supplied already exists. : Id=1248")).NameHolder()
	require.True(t, found)
	require.Equal(t, "1248", id)
	_, found = faultOf(t, 400, faultBody("6240", "Another customer, vendor or employee is already using this name")).NameHolder()
	require.False(t, found)
	_, found = faultOf(t, 400, faultBody("2020", "Id=5")).NameHolder()
	require.False(t, found, "only a taken name names its holder")

	txn, kind, found := faultOf(t, 400, faultBody("6140",
		"This number has already been used. DocNumber=X is assigned to TxnType=Journal Entry with TxnId=3632")).DocNumberHolder()
	require.True(t, found)
	require.Equal(t, "3632", txn)
	require.Equal(t, "Journal Entry", kind)
	txn, kind, found = faultOf(t, 400, faultBody("6140", "DocNumber=TxnType=7 est TxnType=Facture avec TxnId=9")).DocNumberHolder()
	require.True(t, found)
	require.Equal(t, "9", txn)
	require.NotEmpty(t, kind)
	_, _, found = faultOf(t, 400, faultBody("6140", "no id here")).DocNumberHolder()
	require.False(t, found)

	kind, id, found = faultOf(t, 400, faultBody("2500", "Invalid Reference Id : Accounts element id 7 not found")).MissingReference()
	require.True(t, found)
	require.Equal(t, []string{"Accounts", "7"}, []string{kind, id})
	_, _, found = faultOf(t, 400, faultBody("2500", "Invalid Reference Id")).MissingReference()
	require.False(t, found)
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	rows := quickbooks.Catalogue()
	seen, codes := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		key := row.Code + " " + row.When
		require.False(t, seen[key], "%s is there twice", key)
		seen[key], codes[row.Code] = true, true
		for _, text := range []string{row.Meaning, row.Sentence, row.NextStep} {
			require.True(t, strings.HasSuffix(text, "."), "%s: %q is no sentence", key, text)
		}
		require.NotEmpty(t, row.Name)
		require.Equal(t, strings.ToLower(row.When), row.When)
		require.Contains(t, []quickbooks.Decision{
			quickbooks.Retry, quickbooks.Wait, quickbooks.LookUp, quickbooks.Reauthorise, quickbooks.Fix, quickbooks.Person,
		}, row.Decision)
		require.Contains(t, []quickbooks.FaultScope{quickbooks.OneRecord, quickbooks.WholeCompany}, row.Scope)
	}
	require.GreaterOrEqual(t, len(codes), 100)
	for code := range strings.FieldsSeq(`3001 3200 3100 3202 invalid_grant invalid_client 100 110 120 130 140 150 500 10000 600 2130
		610 620 630 800 6480 6220 1040 2010 2020 2030 2040 2050 2060 2070 2080 2090 2100 2110 2140 2170 2210 2220 2290 2500
		4000 4001 4002 5010 5020 5030 6000 6070 6080 6100 6160 6170 6140 6190 6200 6210 6240 6250 6310 6430 6440
		6030 6040 6041 6050 10100 10200`) {
		require.True(t, codes[code], "%s is missing", code)
	}
}

// Each row must be what a fault with its code and words finds.
func TestCatalogue_EveryRowIsReached(t *testing.T) {
	t.Parallel()
	for _, row := range quickbooks.Catalogue() {
		fault := &quickbooks.Fault{Code: row.Code, Detail: strings.ToUpper(row.When)}
		require.Equal(t, row, fault.Entry())
	}
}

func FuzzFault(f *testing.F) {
	for _, seed := range []string{
		faultBody("6240", "Id=1"), gatewayRefusal, xmlThrottle, `{"Fault":{"Error":{}}}`, `{"fault":null}`, "<", "[]", `{"error":{"code":1}}`,
		`{"Fault":{"Error":[{"code":null,"Detail":{}}]}}`, `<Fault><Error code="1"/>`,
	} {
		f.Add(400, []byte(seed))
		f.Add(200, []byte(seed))
		f.Add(503, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		b := setup(t, answers(response{status: status, body: string(body)}), func(c *quickbooks.Config) {
			c.ThrottleTries, c.ReadTries = 1, 1
		})
		_, err := b.client.Preferences(t.Context())
		if err == nil {
			require.Less(t, status, 300)
			return
		}
		require.NotEmpty(t, quickbooks.DecisionOf(err))
		require.Less(t, len(err.Error()), 600, "foreign text must not pour into errors")
	})
}
