package ontop_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// Bodies that somebody made to do harm. Whatever they are, what is said of them is
// short enough for a list that people read.
func TestDecode_HostileBodies(t *testing.T) {
	t.Parallel()
	repeat := strings.Repeat
	digits := repeat("9", 400)
	paid := func(fields string) string {
		return `{"event_type":"INVOICE_PAID","data":{"invoice_id":1,"agreement_id":2,"currency":"USD","total_amount":0,"items":[],` + fields + `}}`
	}
	for _, c := range []struct {
		name, body string
		want       string // in the error; none when it is a message
		problem    string // of the invoice, where one is named
	}{
		{"ArraysTenThousandDeep", `{"event_type":"INVOICE_PAID","data":` + repeat("[", 10_000) + repeat("]", 10_000) + `}`, "nested deeply", ""},
		{"ObjectsTenThousandDeep", `{"event_type":"INVOICE_PAID","data":` + repeat(`{"a":`, 10_000) + "1" + repeat("}", 10_000) + `}`, "nested deeply", ""},
		{"ArraysAMillionDeepInAnUnknownField", `{"tomorrow":` + repeat("[", 1<<20) + `}`, "nested deeply", ""},
		{"OnlyOpenBrackets", repeat("[", 1<<20), "is not a JSON object", ""},
		{"OnlyOpenBraces", repeat(`{"":`, 1<<18), "nested deeply", ""},
		{"DeepAndWellFormed", paid(`"tomorrow":` + repeat("[", 9_900) + repeat("]", 9_900)), "", ""},

		{"BytesThatAreNoUTF8InText", paid("\"invoice_number\":\"\xc3\x28\xff\""), "", ""},
		{"BytesThatAreNoUTF8InAName", paid("\"\xff\xfe\":1"), "", ""},
		{"BytesThatAreNoUTF8BetweenTokens", "{\xff}", "not well-formed JSON", ""},
		{"OverlongSlash", paid("\"invoice_number\":\"\xc0\xaf\""), "", ""},
		{"ControlCharacterInText", paid("\"invoice_number\":\"a\nb\""), "not well-formed JSON", ""},
		{"ByteOrderMarkBefore", "\ufeff" + paid(`"a":1`), "is not a JSON object", ""},

		{"EmptyNames", paid(`"":1,"":2`), "", ""},
		{"InvoiceTwiceUnderOneName", paid(`"invoice_id":7`), "", ""},
		{"NameInOtherCase", paid(`"TOTAL_AMOUNT":5`), "", ""},
		{"NameEscaped", paid(`"total\u005famount":"x"`), "", "total_amount"},

		{"AmountOf400Digits", paid(`"total_amount":` + digits), "", "larger than any amount in USD"},
		{"AmountOf400DigitsAsText", paid(`"total_amount":"` + digits + `"`), "", "larger than any amount in USD"},
		{"AmountOf400DigitsBelowZero", paid(`"total_amount":-` + digits), "", "is not an amount"},
		{"AmountOfAMillionNoughts", paid(`"total_amount":0.` + repeat("0", 1<<20) + "1"), "", "is not an amount"},
		{"AmountWithExponentOf400Digits", paid(`"total_amount":1e` + digits), "", "is not an amount"},
		{"AmountWithLeadingNought", paid(`"total_amount":01`), "not well-formed JSON", ""},
		{"AmountWithPlus", paid(`"total_amount":+1`), "not well-formed JSON", ""},
		{"AmountInHex", paid(`"total_amount":"0x10"`), "", "is not an amount"},
		{"AmountInFullWidthDigits", paid(`"total_amount":"１００"`), "", "is not an amount"},
		{"WorkerOf400Digits", paid(`"worker_id":` + digits), "", "longer than 255 bytes"},
		{"RateOf400Digits", paid(`"exchange_rate":` + digits), "", "is not an exchange rate"},

		{"DayOfYearNought", paid(`"issue_date":"0000-01-01"`), "", "is not a day"},
		{"DayOfYear9999", paid(`"issue_date":"9999-12-31"`), "", "is not a day"},
		{"DayBeforeChrist", paid(`"issue_date":"-0001-01-01"`), "", "is not a day"},
		{"TimeOfYearNought", paid(`"paid_at":"0000-01-01T00:00:00Z"`), "", "is not a time"},
		{"TimeOfYear9999", paid(`"paid_at":"9999-12-31T23:59:59Z"`), "", "is not a time"},
		{"TimeOf400Digits", paid(`"paid_at":` + digits), "", "is not a time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := ontop.Decode(delivery(c.body))
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				require.Less(t, len(err.Error()), 400)
				return
			}
			require.NoError(t, err)
			require.Len(t, m.Invoices, 1)
			require.True(t, m.Invoices[0].Total.IsZero())
			if c.problem == "" {
				require.Empty(t, m.Invoices[0].Problems)
				return
			}
			require.Len(t, m.Invoices[0].Problems, 1)
			require.Contains(t, m.Invoices[0].Problems[0].String(), c.problem)
			require.Less(t, len(m.Invoices[0].Problems[0].String()), 400)
			require.Equal(t, schema.StatusPaid, m.Invoices[0].Status, "the rest was read")
		})
	}
}
