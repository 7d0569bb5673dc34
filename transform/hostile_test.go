package transform_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// invoiceText is a good invoice as bytes, with something of it replaced. The old text
// must be there.
func invoiceText(t *testing.T, replace ...string) string {
	t.Helper()
	body, err := json.Marshal(object{"event_type": "INVOICE_CONFIRMED", "data": invoice()})
	require.NoError(t, err)
	text := string(body)
	for i := 0; i < len(replace); i += 2 {
		require.Contains(t, text, replace[i])
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return text
}

// What has a good signature is stored, whatever it says. Here is what becomes of it:
// a reason that a person can act on, or a draft that is held with one, and never a
// bill that nobody meant; and what came beside it is done as if it had not come.
func TestTransformer_HostileBodies(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	digits := strings.Repeat("9", 400)
	const total = `"total_amount":1100`
	for _, c := range []struct {
		name   string
		body   string
		want   schema.OutcomeKind
		detail string            // of the outcome
		hold   schema.HoldReason // of the draft, where an invoice came of it
		why    string            // in the hold's detail
	}{
		{"NothingAtAll", "", schema.OutcomeUnreadable, "body: is not a JSON object", "", ""},
		{"NoJSON", "event_type=INVOICE_PAID", schema.OutcomeUnreadable, "is not a JSON object", "", ""},
		{"NestedTenThousandDeep", nested(10_000), schema.OutcomeUnreadable, "is not a JSON object", "", ""},
		{"ObjectsTenThousandDeep", strings.Repeat(`{"data":`, 10_000) + "1" + strings.Repeat("}", 10_000), schema.OutcomeUnreadable, "event_type: is missing", "", ""},
		{"DataTenThousandDeep", `{"event_type":"INVOICE_PAID","data":` + nested(10_000) + `}`, schema.OutcomeUnreadable, "not well-formed JSON", "", ""},
		{"UnknownFieldNineThousandDeep", invoiceText(t, total, total+`,"tomorrow":`+nested(9_000)), schema.OutcomeApplied, "", "none", ""},
		{"OpenedAndNeverClosed", strings.Repeat(`{"a":`, 10_000), schema.OutcomeUnreadable, "not well-formed JSON", "", ""},

		{"TextThatIsNoUTF8", invoiceText(t, "January", "Jan\xff\xfeuary"), schema.OutcomeApplied, "", "none", ""},
		{"NameThatIsNoUTF8", invoiceText(t, `"total_amount"`, "\"total_amount\xff\""), schema.OutcomeApplied, "", schema.HoldTotalMismatch, "total_amount: is missing"},
		{"IDThatIsNoUTF8", invoiceText(t, `"invoice_id":555`, "\"invoice_id\":\"5\xff5\""), schema.OutcomeUnreadable, "invoice_id", "", ""},
		{"BodyInUTF16", "\xff\xfe{\x00}\x00", schema.OutcomeUnreadable, "is not a JSON object", "", ""},
		{"NULInText", invoiceText(t, "January", `Jan\u0000uary`), schema.OutcomeApplied, "", "none", ""},
		{"NULInAnID", invoiceText(t, `"invoice_id":555`, `"invoice_id":"5\u00005"`), schema.OutcomeUnreadable, "characters that no id has", "", ""},
		{"LoneSurrogate", invoiceText(t, "January", `Jan\ud800uary`), schema.OutcomeApplied, "", "none", ""},

		{"AmountTwice", invoiceText(t, total, `"total_amount":5,`+total), schema.OutcomeApplied, "", "none", ""},
		{"AmountTwiceTheOtherLast", invoiceText(t, total, total+`,"total_amount":5`), schema.OutcomeApplied, "", schema.HoldTotalMismatch, ""},
		{"TypeTwice", `{"event_type":"KYC",` + invoiceText(t)[1:], schema.OutcomeApplied, "", "none", ""},
		{"DataTwice", `{"data":{"invoice_id":666},` + invoiceText(t)[1:], schema.OutcomeApplied, "", "none", ""},

		{"AmountOf400Digits", invoiceText(t, total, `"total_amount":`+digits), schema.OutcomeApplied, "", schema.HoldTotalMismatch, "larger than any amount"},
		{"LineOf400Digits", invoiceText(t, `"amount":100`, `"amount":`+digits), schema.OutcomeApplied, "", schema.HoldTotalMismatch, "larger than any amount"},
		{"AmountOf400Decimals", invoiceText(t, total, total+"."+strings.Repeat("0", 399)+"1"), schema.OutcomeApplied, "", schema.HoldTotalMismatch, "is not an amount"},
		{"AmountWithHugeExponent", invoiceText(t, total, `"total_amount":1e999999999`), schema.OutcomeApplied, "", schema.HoldTotalMismatch, "is not an amount"},
		{"AmountWithTinyExponent", invoiceText(t, total, `"total_amount":1e-999999999`), schema.OutcomeApplied, "", schema.HoldTotalMismatch, "total_amount"},
		{"AmountInfinity", invoiceText(t, total, `"total_amount":"Infinity"`), schema.OutcomeApplied, "", schema.HoldTotalMismatch, "is not an amount"},
		{"AmountNaNBare", invoiceText(t, total, `"total_amount":NaN`), schema.OutcomeUnreadable, "not well-formed JSON", "", ""},
		{"IDOf400Digits", invoiceText(t, `"invoice_id":555`, `"invoice_id":`+digits), schema.OutcomeUnreadable, "is longer than 255 bytes", "", ""},
		{"QuantityOf400Digits", invoiceText(t, `"amount":100`, `"amount":100,"quantity":`+digits), schema.OutcomeApplied, "", "none", ""},
		// Nothing of a bill in the company's own currency depends on these two.
		{"RateOf400Digits", invoiceText(t, total, total+`,"exchange_rate":`+digits), schema.OutcomeApplied, "", "none", ""},
		{"UpdatedInYear9999", invoiceText(t, "2026-02-01T00:00:00Z", "9999-12-31T23:59:59Z"), schema.OutcomeApplied, "", "none", ""},

		{"DateInYearNought", invoiceText(t, "2026-01-31", "0000-01-01"), schema.OutcomeApplied, "", schema.HoldClosedPeriod, "issue_date"},
		{"DateInYear9999", invoiceText(t, "2026-01-31", "9999-12-31"), schema.OutcomeApplied, "", schema.HoldClosedPeriod, "issue_date"},
		{"DateInYear10000", invoiceText(t, "2026-01-31", "10000-01-01"), schema.OutcomeApplied, "", schema.HoldClosedPeriod, "issue_date"},
		{"DateThatIsNone", invoiceText(t, "2026-01-31", "2026-02-30"), schema.OutcomeApplied, "", schema.HoldClosedPeriod, "issue_date"},

		{"OfAnotherCompany", invoiceText(t, `"client_id":999`, `"client_id":998`), schema.OutcomeForeign, "client_id 998 is not one of the company's (999)", "", ""},
		{"OfAnotherCompanyBesideOurs", `{"event_type":"INVOICE_CONFIRMED","data":[` + between(invoiceText(t)) + `,` +
			between(invoiceText(t, `"client_id":999`, `"client_id":998`)) + `]}`, schema.OutcomeForeign, "client_id 998", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stage(t, deliver("contract", 1, "CONTRACT_CREATED", contract()), raw("hostile", 2, c.body),
				deliver("beside", 3, "INVOICE_CONFIRMED", invoice().with(object{"invoice_id": 777, "invoice_number": "INV-7"})))
			result := w.run(t)
			require.Equal(t, 3, result.Deliveries)
			w.requireSettled(t, 3)
			require.False(t, w.run(t).Changed())
			drafts := w.drafts(t)
			require.Equal(t, schema.DraftReady, drafts["777"].State, "what came beside it")

			troubles := map[schema.DeliveryID]schema.Trouble{}
			for _, trouble := range w.intake(t).Troubles {
				troubles[trouble.Delivery] = trouble
			}
			if c.want.NeedsPerson() {
				require.Equal(t, c.want, troubles["hostile"].Kind)
				require.Contains(t, troubles["hostile"].Detail, c.detail)
				require.Less(t, len(troubles["hostile"].Detail), 2500)
			} else {
				require.Empty(t, troubles)
			}
			draft, drafted := drafts["555"]
			require.Equal(t, c.hold != "", drafted)
			switch c.hold {
			case "":
			case "none":
				require.Equal(t, schema.DraftReady, draft.State, "%+v", draft.Holds)
				require.Equal(t, int64(110_000), draft.Total.Minor())
			default:
				require.Equal(t, schema.DraftHeld, draft.State)
				require.Equal(t, c.hold, draft.Holds[0].Reason, "%+v", draft.Holds)
				require.Contains(t, draft.Holds[0].Detail, c.why)
				require.NotEmpty(t, draft.Holds[0].NextStep)
				require.Less(t, len(draft.Holds[0].Detail), 2500)
			}
		})
	}
}

// between is the data of a delivery.
func between(body string) string {
	_, data, _ := strings.Cut(body, `"data":`)
	data, _, _ = strings.Cut(data, `,"event_type"`)
	return data
}
