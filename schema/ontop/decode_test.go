package ontop_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

var receivedAt = time.Date(2026, 6, 1, 10, 0, 0, 123000, time.UTC)

func delivery(body string) schema.Delivery {
	return schema.Delivery{
		Company: "acme", ID: "msg_1", ReceivedAt: receivedAt, Channel: schema.ChannelWebhook, Body: []byte(body),
	}
}

func decode(t *testing.T, body string) ontop.Message {
	t.Helper()
	m, err := ontop.Decode(delivery(body))
	require.NoError(t, err, body)
	return m
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	body, err := fs.ReadFile(ontop.Fixtures(), name+".json")
	require.NoError(t, err)
	return string(body)
}

// invoiceWith decodes an invoice with one field replaced or added.
func invoiceWith(t *testing.T, eventType, fields string) schema.Invoice {
	t.Helper()
	m := decode(t, fmt.Sprintf(`{"event_type":%q,"data":{"invoice_id":1,"agreement_id":2,"currency":"USD","total_amount":0,"items":[],
		"issue_date":"2026-05-31",%s}}`, eventType, fields))
	require.Empty(t, m.Troubles)
	require.Len(t, m.Invoices, 1)
	return m.Invoices[0]
}

func TestDecode_Invoice(t *testing.T) {
	t.Parallel()

	t.Run("ReadsEveryField", func(t *testing.T) {
		t.Parallel()
		m := decode(t, fixture(t, "invoice_paid"))
		require.Equal(t, ontop.InvoicePaid, m.Type)
		require.Equal(t, []string{"999"}, m.Clients)
		require.Equal(t, []string{"880012"}, m.Subjects())
		require.Empty(t, m.Troubles)
		usd := func(minor int64) schema.Money { return schema.NewMoney(minor, "USD") }
		require.Equal(t, []schema.Invoice{{
			Company: "acme", ID: "880012", Number: "INV-2026-0512", Status: schema.StatusPaid,
			Contract: "4101", Worker: "77", WorkerEmail: "ana.rojas@example.com", ExternalID: "E-0077",
			IssueDate: schema.NewDate(2026, 5, 31), DueDate: schema.NewDate(2026, 6, 15),
			PeriodStart: schema.NewDate(2026, 5, 1), PeriodEnd: schema.NewDate(2026, 5, 31),
			PaidAt:   time.Date(2026, 6, 5, 16, 20, 11, 0, time.UTC),
			Currency: "USD", Total: usd(330024), USDTotal: usd(330024), Rate: "1", PaymentGroup: "2026-05",
			PDFURL: "https://files.example.com/invoices/880012.pdf",
			Lines: []schema.Line{
				{ItemID: "1", Concept: "FIXED_PAYMENT", Description: "Base pay May", Quantity: "1", Amount: usd(300000), USDAmount: usd(300000)},
				{ItemID: "2", Concept: "BONUS", Description: "Release bonus", Quantity: "1", Amount: usd(25050), USDAmount: usd(25050)},
				{
					ItemID: "3", Concept: "REIMBURSEMENT", Description: "Headset", Quantity: "1", Amount: usd(8999), USDAmount: usd(8999),
					AttachmentURL: "https://files.example.com/receipts/3.pdf",
				},
				{ItemID: "4", Concept: "DEDUCTION", Description: "Equipment loan", Quantity: "1", Amount: usd(-4025), USDAmount: usd(-4025)},
			},
			UpdatedAt: time.Date(2026, 6, 5, 16, 20, 12, 0, time.UTC), Source: "msg_1",
		}}, m.Invoices)
	})

	t.Run("KnowsEveryConcept", func(t *testing.T) {
		t.Parallel()
		var concepts []string
		sum := schema.NewMoney(0, "BRL")
		invoice := decode(t, fixture(t, "invoice_all_concepts")).Invoices[0]
		for _, line := range invoice.Lines {
			concepts = append(concepts, line.Concept)
			var err error
			sum, err = sum.Add(line.Amount)
			require.NoError(t, err)
		}
		require.Equal(t, ontop.Concepts(), concepts)
		require.Equal(t, invoice.Total, sum)
	})

	t.Run("MarksOntopsOwnFees", func(t *testing.T) {
		t.Parallel()
		fee := decode(t, fixture(t, "platform_fee_invoiced")).Invoices[0]
		require.True(t, fee.PlatformFee)
		require.Equal(t, schema.InvoiceID("PF-2026-05"), fee.ID)
		require.Equal(t, schema.NewMoney(15740, "USD"), fee.Total)
		require.Empty(t, fee.Problems, "fees have no worker")
		require.False(t, decode(t, fixture(t, "invoice_paid")).Invoices[0].PlatformFee)
	})

	t.Run("TakesArraysOddFormsAndFieldsOfTomorrow", func(t *testing.T) {
		t.Parallel()
		m := decode(t, fixture(t, "invoice_array_and_odd_forms"))
		require.Empty(t, m.Troubles)
		require.Len(t, m.Invoices, 2)
		require.Equal(t, schema.NewMoney(520000, "JPY"), m.Invoices[0].Total)
		require.Equal(t, m.Invoices[0].Total, m.Invoices[0].Lines[0].Amount)
		require.Equal(t, time.Unix(1780228800, 1).UTC(), m.Invoices[0].UpdatedAt)
		require.Equal(t, schema.InvoiceID("12345678901234567890123"), m.Invoices[1].ID)
		require.Equal(t, schema.WorkerID("w-81"), m.Invoices[1].Worker)
		require.Equal(t, schema.NewMoney(1200125, "KWD"), m.Invoices[1].Total)
		require.Equal(t, "café 😀", m.Invoices[1].Lines[0].Description)
		require.Equal(t, "RELOCATION_ALLOWANCE", m.Invoices[1].Lines[0].Concept)
		require.Equal(t, time.Date(2026, 6, 5, 0, 0, 0, 0, time.UTC), m.Invoices[1].PaidAt)
		for _, invoice := range m.Invoices {
			require.Empty(t, invoice.Problems)
		}
	})

	t.Run("StatusIsTheFurtherAlongOfFieldAndEvent", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			event, status string
			want          schema.InvoiceStatus
		}{
			{"INVOICE_CREATED", `null`, schema.StatusCreated},
			{"INVOICE_UPDATED", `null`, schema.StatusCreated},
			{"INVOICE_CONFIRMED", `null`, schema.StatusConfirmed},
			{"INVOICE_PAID", `null`, schema.StatusPaid},
			{"INVOICE_CANCELLED", `null`, schema.StatusCancelled},
			{"PLATFORM_FEE_INVOICED", `null`, schema.StatusConfirmed},
			{"INVOICE_CONFIRMED", `"CREATED"`, schema.StatusConfirmed},
			{"INVOICE_UPDATED", `"PAID"`, schema.StatusPaid},
			{"INVOICE_PAID", `"CANCELLED"`, schema.StatusCancelled},
		} {
			invoice := invoiceWith(t, c.event, `"status":`+c.status)
			require.Equal(t, c.want, invoice.Status, "%s with %s", c.event, c.status)
			require.Empty(t, invoice.Problems)
		}
	})

	t.Run("WithoutUpdatedAtIsAsOfReceipt", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, receivedAt, invoiceWith(t, "INVOICE_PAID", `"updated_at":null`).UpdatedAt)
		invoice := invoiceWith(t, "INVOICE_PAID", `"updated_at":"yesterday"`)
		require.Equal(t, receivedAt, invoice.UpdatedAt)
		require.Len(t, invoice.Problems, 1)
	})

	t.Run("LastOfTwoFieldsCounts", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "b", invoiceWith(t, "INVOICE_PAID", `"invoice_number":"a","invoice_number":"b"`).Number)
		require.Empty(t, invoiceWith(t, "INVOICE_PAID", `"INVOICE_NUMBER":"a"`).Number, "names are case-sensitive")
	})

	t.Run("KeepsNothingOfTheBody", func(t *testing.T) {
		t.Parallel()
		d := delivery(fixture(t, "invoice_paid"))
		m, err := ontop.Decode(d)
		require.NoError(t, err)
		again, err := ontop.Decode(d)
		require.NoError(t, err)
		for i := range d.Body {
			d.Body[i] = 'x'
		}
		require.Equal(t, again, m)
		require.Equal(t, "INV-2026-0512", m.Invoices[0].Number)
	})
}

func TestDecode_InvoiceProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, fields, want string
	}{
		{"DecimalsBeyondTheCurrency", `"total_amount":12.345`, "total_amount is 12.345: has more decimals than USD has; send it with at most 2"},
		{"AmountMissing", `"total_amount":null`, "total_amount: is missing; send the amount, 0 when there is none"},
		{"AmountTooLarge", `"total_amount":"1e400"`, `total_amount is "1e400": is larger than any amount in USD that can be booked; correct it at Ontop`},
		{"AmountNoNumber", `"total_amount":"1,000.00"`, `total_amount is "1,000.00": is not an amount; send a decimal number`},
		{"AmountBoolean", `"total_amount":true`, `total_amount is true: is not an amount; send a decimal number`},
		{"USDAmount", `"usd_total_amount":0.001`, "usd_total_amount is 0.001: has more decimals than USD has; send it with at most 2"},
		{"Item", `"items":[{"amount":1},{"amount":"x"}]`, `items[1].amount is "x": is not an amount; send a decimal number`},
		{"ItemNoObject", `"items":[{"amount":1},7]`, `items: [1] is 7, which is no object; send one for each position of the invoice`},
		{"ItemsNoArray", `"items":"none"`, `items is "none": is no array; send one object for each position of the invoice`},
		{"Rate", `"exchange_rate":-1`, "exchange_rate is -1: is not an exchange rate; send a positive decimal number of at most 30 characters"},
		{"Status", `"status":"APPROVED"`, `status is "APPROVED": is not a status; send CREATED, CONFIRMED, PAID or CANCELLED`},
		{"Day", `"due_date":"2026-02-30"`, `due_date is "2026-02-30": is not a day; send YYYY-MM-DD between 1970 and 2261`},
		{"DayInYearNought", `"due_date":"0000-01-01"`, `due_date is "0000-01-01": is not a day; send YYYY-MM-DD between 1970 and 2261`},
		{"DayInYear9999", `"due_date":"9999-12-31"`, `due_date is "9999-12-31": is not a day; send YYYY-MM-DD between 1970 and 2261`},
		{"DayWithTime", `"due_date":"2026-02-01T00:00:00Z"`, `due_date is "2026-02-01T00:00:00Z": is not a day; send YYYY-MM-DD between 1970 and 2261`},
		{"Text", `"invoice_number":["A"]`, `invoice_number is ["A"]: is not text; send a string or null`},
		{"IDWithDecimals", `"worker_id":7.0`, `worker_id is 7.0: is not an id; send a whole number or a string`},
		{"NoWorkerAndNoContract", `"agreement_id":null`, `agreement_id: is missing and so is worker_id; send at least one of them, so that it is known who is owed`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			invoice := invoiceWith(t, "INVOICE_CONFIRMED", c.fields)
			require.Len(t, invoice.Problems, 1)
			require.Equal(t, c.want, invoice.Problems[0].String())
			require.True(t, invoice.Total.IsZero())
			require.Equal(t, schema.StatusConfirmed, invoice.Status)
		})
	}

	t.Run("UnknownCurrencyLeavesAmountsUnread", func(t *testing.T) {
		t.Parallel()
		for _, currency := range []string{`"ZZZ"`, `"usd"`, `"XXX"`, `null`, `840`, `""`} {
			m := decode(t, `{"event_type":"INVOICE_CREATED","data":{"invoice_id":1,"agreement_id":2,"currency":`+currency+`,
				"total_amount":12.50,"items":[{"concept":"BONUS","amount":"12.50"}]}}`)
			invoice := m.Invoices[0]
			require.Equal(t, schema.Currency(""), invoice.Currency)
			require.Equal(t, schema.Money{}, invoice.Total)
			require.Equal(t, schema.Money{}, invoice.Lines[0].Amount)
			require.Len(t, invoice.Problems, 3)
			require.Equal(t, "currency", invoice.Problems[0].Field)
			require.Contains(t, invoice.Problems[1].String(), "total_amount is 12.50: cannot be read without a currency")
			require.Contains(t, invoice.Problems[2].String(), `items[0].amount is "12.50": cannot be read without a currency`)
		}
	})

	t.Run("LongValuesAreShortened", func(t *testing.T) {
		t.Parallel()
		digits := strings.Repeat("9", 400)
		invoice := invoiceWith(t, "INVOICE_PAID", `"total_amount":`+digits)
		require.Len(t, invoice.Problems, 1)
		require.Less(t, len(invoice.Problems[0].Value), 70)
		require.Contains(t, invoice.Problems[0].Detail, "larger than any amount")
	})

	t.Run("TextThatIsNoUTF8IsMadeSo", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "a\uFFFDb", invoiceWith(t, "INVOICE_PAID", "\"invoice_number\":\"a\xffb\"").Number)
		require.Equal(t, "a\uFFFDb", invoiceWith(t, "INVOICE_PAID", `"invoice_number":"a\ud800b"`).Number)
	})
}

func TestDecode_Contract(t *testing.T) {
	t.Parallel()

	t.Run("ReadsEveryField", func(t *testing.T) {
		t.Parallel()
		m := decode(t, fixture(t, "contract_created_milestone"))
		require.Empty(t, m.Troubles)
		require.Equal(t, []schema.Contract{{
			Company: "acme", ID: "4103", Worker: "79", WorkerEmail: "studio@example.com", ExternalID: "E-0077", WorkerType: "Business",
			LegalName: "Estudio Norte S.A. de C.V.", Country: "MX", JobTitle: "Backend engineer", Department: "Engineering",
			Entity: "Acme Inc", Type: "MILESTONE", Signing: schema.SigningContractorOfRecord, Currency: "MXN",
			StartDate: schema.NewDate(2026, 1, 15), EndDate: schema.NewDate(2026, 6, 30), Status: "ACTIVE",
			UpdatedAt: time.Date(2026, 1, 10, 14, 3, 22, 120_000_000, time.UTC), Source: "msg_1",
		}}, m.Contracts)
	})

	t.Run("EnvelopeCarriesIDAndTime", func(t *testing.T) {
		t.Parallel()
		m := decode(t, fixture(t, "contract_created_fixed"))
		require.Equal(t, "evt_c_4101_1", m.ID)
		require.Equal(t, time.Date(2026, 1, 10, 14, 3, 22, 120_000_000, time.UTC), m.OccurredAt)
		require.Equal(t, []string{"4101"}, m.Subjects())
	})

	contract := func(t *testing.T, fields string) (schema.Contract, []ontop.Trouble) {
		t.Helper()
		m := decode(t, `{"event_type":"CONTRACT_UPDATED","data":{"agreement_id":"12",`+fields+`}}`)
		require.Len(t, m.Contracts, 1)
		return m.Contracts[0], m.Troubles
	}

	t.Run("CountryIsTheCodeOrElseTheName", func(t *testing.T) {
		t.Parallel()
		c, troubles := contract(t, `"country":"Colombia","country_iso":"co"`)
		require.Equal(t, "CO", c.Country)
		require.Empty(t, troubles)
		c, troubles = contract(t, `"country":"Colombia","country_iso":null`)
		require.Equal(t, "Colombia", c.Country)
		require.Empty(t, troubles)
		c, troubles = contract(t, `"country":"Colombia","country_iso":"COL"`)
		require.Equal(t, "Colombia", c.Country)
		require.Len(t, troubles, 1)
	})

	t.Run("BadFieldIsNamedAndTheRestIsTaken", func(t *testing.T) {
		t.Parallel()
		c, troubles := contract(t, `"first_name":"Ana","start_date":"soon"`)
		require.Equal(t, "Ana", c.FirstName)
		require.True(t, c.StartDate.IsZero())
		require.Equal(t, receivedAt, c.UpdatedAt)
		require.Len(t, troubles, 1)
		require.False(t, troubles[0].Dropped)
		require.Equal(t, `data.start_date is "soon": is not a day; send YYYY-MM-DD between 1970 and 2261 (id 12)`, troubles[0].String())
	})

	t.Run("EndedSaysSo", func(t *testing.T) {
		t.Parallel()
		m := decode(t, `{"event_type":"CONTRACT_ENDED","data":{"agreement_id":12,"status":"ACTIVE"}}`)
		require.Equal(t, "ENDED", m.Contracts[0].Status)
	})
}

func TestDecode_OneBadObjectNeverStopsTheRest(t *testing.T) {
	t.Parallel()
	m := decode(t, `{"event_type":"CONTRACT_CREATED","data":[
		{"agreement_id":1,"client_id":5}, 7, {"client_id":6,"first_name":"Nobody"}, null, {"agreement_id":1.5}, {"agreement_id":"2","client_id":"5"}]}`)
	require.Equal(t, []string{"1", "2"}, m.Subjects())
	require.Equal(t, []string{"5", "6"}, m.Clients)
	var said []string
	for _, trouble := range m.Troubles {
		require.True(t, trouble.Dropped)
		said = append(said, trouble.String())
	}
	require.Equal(t, []string{
		"data[1] is 7: is no object; send one for each contract or invoice",
		"data[2].agreement_id: is missing; nothing can be kept without it, so send the object again with its id",
		"data[3] is null: is no object; send one for each contract or invoice",
		"data[4].agreement_id is 1.5: is not an id; send a whole number or a string",
	}, said)

	m = decode(t, `{"event_type":"INVOICE_PAID","data":{"invoice_number":"INV-1"}}`)
	require.Empty(t, m.Invoices)
	require.Equal(t, "data.invoice_id: is missing; nothing can be kept without it, so send the object again with its id", m.Troubles[0].String())
}

func TestDecode_NamesNoMoreThanAPersonReads(t *testing.T) {
	t.Parallel()
	noughts := strings.Repeat("0,", 200_000) + "0"

	m := decode(t, `{"event_type":"INVOICE_PAID","data":[`+noughts+`,{"invoice_id":1}]}`)
	require.Equal(t, []string{"1"}, m.Subjects())
	require.Len(t, m.Troubles, 101)
	require.Equal(t, "data: has more troubles than the ones before; correct those, and send it again", m.Troubles[100].String())

	invoice := invoiceWith(t, "INVOICE_PAID", `"items":[`+noughts+`]`)
	require.Len(t, invoice.Problems, 101)
	require.Equal(t, "items: have more problems than the ones before; correct those, and send the invoice again", invoice.Problems[100].String())
}

func TestDecode_PublishedEvents(t *testing.T) {
	t.Parallel()

	t.Run("KYC", func(t *testing.T) {
		t.Parallel()
		m := decode(t, fixture(t, "kyc"))
		require.Equal(t, ontop.KindNoted, m.Type.Kind())
		require.Equal(t, []ontop.Verified{{
			Client: "999", Worker: "77", ExternalID: "E-0077", WorkerEmail: "ana.rojas@example.com", Status: "ACTIVE",
		}}, m.KYCs)
		require.Empty(t, m.Subjects())
	})

	t.Run("PaymentKeepsNineDecimalsOfTime", func(t *testing.T) {
		t.Parallel()
		m := decode(t, fixture(t, "payment"))
		require.Equal(t, []ontop.Payment{{
			ID: "1", Client: "2", Worker: "3", Paylist: "4", IdempotencyKey: "0f343b0931126a20f133d67c2b018a3b",
			Email: "w@example.com", Status: "SUCCESS", Amount: "100.00", At: time.Unix(1698708987, 544633693).UTC(),
		}}, m.Payments)
		require.Equal(t, []string{"2"}, m.Clients)
	})

	t.Run("TopUpHasNoClient", func(t *testing.T) {
		t.Parallel()
		m := decode(t, fixture(t, "client_wallet_top_up"))
		require.Equal(t, []ontop.TopUp{{ID: "51", Type: "TRANSFER", Amount: "25000.00", Reference: "WIRE-0042"}}, m.TopUps)
		require.Empty(t, m.Clients)
	})

	t.Run("NothingIsKeptWithoutAnID", func(t *testing.T) {
		t.Parallel()
		for field, body := range map[string]string{
			"payment_id":     `{"event_type":"PAYMENT","data":[{"payment_id":null,"transaction_amount":5},{"payment_id":2}]}`,
			"transaction_id": `{"event_type":"CLIENT_WALLET_TOP_UP","data":[{"amount":5},{"transaction_id":2}]}`,
		} {
			m := decode(t, body)
			require.Len(t, m.Troubles, 1)
			require.True(t, m.Troubles[0].Dropped)
			require.Equal(t, "data[0]."+field+": is missing; nothing can be kept without it, so send the object again with its id", m.Troubles[0].String())
			require.Equal(t, 1, len(m.Payments)+len(m.TopUps), "the others of the same delivery are")
		}
		m := decode(t, `{"event_type":"PAYMENT","data":{"payment_id":1.5}}`)
		require.Empty(t, m.Payments)
		require.Len(t, m.Troubles, 1, "one problem is said once")
	})

	t.Run("BadFieldIsNamed", func(t *testing.T) {
		t.Parallel()
		m := decode(t, `{"event_type":"PAYMENT","data":{"payment_id":9,"transaction_amount":"much"}}`)
		require.Len(t, m.Payments, 1)
		require.Equal(t, `data.transaction_amount is "much": is not an amount; send a decimal number (id 9)`, m.Troubles[0].String())
	})
}

func TestDecode_UnknownEventIsNoError(t *testing.T) {
	t.Parallel()
	m := decode(t, fixture(t, "unknown_event"))
	require.Equal(t, ontop.KindUnknown, m.Type.Kind())
	require.Equal(t, ontop.EventType("TIMESHEET_SUBMITTED"), m.Type)
	require.Equal(t, []string{"999"}, m.Clients, "so that a foreign client is noticed")
	require.Empty(t, m.Troubles)
	for _, data := range []string{`null`, `7`, `"x"`, `[]`, `[1,null]`, `{}`} {
		require.Empty(t, decode(t, `{"event_type":"NEW","data":`+data+`}`).Troubles)
	}
	require.Equal(t, ontop.Message{Type: "NEW"}, decode(t, `{"event_type":"NEW"}`))
}

func TestDecode_Unreadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"Empty", ``, "body: is not a JSON object"},
		{"NoJSON", `<xml/>`, "body is <xml/>: is not a JSON object"},
		{"Array", `[{"event_type":"KYC"}]`, "is not a JSON object"},
		{"CutOff", `{"event_type":"KYC","data":{"status":"AC`, "is not well-formed JSON"},
		{"MoreFollows", `{"event_type":"KYC","data":{}} {}`, "more follows the object"},
		{"NoType", `{"data":{}}`, "event_type: is missing or no text"},
		{"TypeNoText", `{"event_type":7,"data":{}}`, "event_type is 7: is missing or no text"},
		{"TypeTooLong", `{"event_type":"` + strings.Repeat("A", 101) + `"}`, "longer than 100 characters"},
		{"NoData", `{"event_type":"INVOICE_PAID"}`, "data: is missing; send one object"},
		{"DataNull", `{"event_type":"INVOICE_PAID","data":null}`, "data is null: is missing"},
		{"DataNoObject", `{"event_type":"INVOICE_PAID","data":"x"}`, `data is "x": is no object`},
		{"TooDeep", `{"event_type":"KYC","data":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, "not well-formed"},
		{"TooLarge", `{"event_type":"KYC","data":"` + strings.Repeat("A", ontop.MaxBody) + `"}`, "is larger than 8 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := ontop.Decode(delivery(c.body))
			unreadable, ok := errors.AsType[*ontop.Unreadable](err)
			require.True(t, ok, "%v", err)
			require.Contains(t, unreadable.Problem.String(), c.want)
			require.Contains(t, err.Error(), "read ontop message: ")
			require.Equal(t, ontop.Message{Type: m.Type}, m, "nothing but the type is told")
		})
	}

	t.Run("TypeIsToldWhereItCanBeRead", func(t *testing.T) {
		t.Parallel()
		m, err := ontop.Decode(delivery(`{"event_type":"INVOICE_PAID"}`))
		require.Error(t, err)
		require.Equal(t, ontop.InvoicePaid, m.Type)
	})

	t.Run("DeepFieldsOfTomorrowDoNotHurt", func(t *testing.T) {
		t.Parallel()
		deep := strings.Repeat("[", 9_990) + strings.Repeat("]", 9_990)
		require.Equal(t, schema.InvoiceID("1"), invoiceWith(t, "INVOICE_PAID", `"tomorrow":`+deep).ID)
	})
}

func TestDecode_Times(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`"2026-05-31T12:00:00Z"`:                time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC),
		`"2026-05-31T12:00:00.5Z"`:              time.Date(2026, 5, 31, 12, 0, 0, 500_000_000, time.UTC),
		`"2026-05-31T12:00:00.123456789+02:00"`: time.Date(2026, 5, 31, 10, 0, 0, 123456789, time.UTC),
		`"2026-05-31T12:00:00-00:00"`:           time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC),
		`1698708987.544633693`:                  time.Unix(1698708987, 544633693).UTC(),
		`1698708987`:                            time.Unix(1698708987, 0).UTC(),
		`"1698708987.5"`:                        time.Unix(1698708987, 500_000_000).UTC(),
		`0`:                                     time.Unix(0, 0).UTC(),
	} {
		invoice := invoiceWith(t, "INVOICE_PAID", `"updated_at":`+text)
		require.Equal(t, want, invoice.UpdatedAt, text)
		require.Empty(t, invoice.Problems)
	}
	for _, text := range []string{
		`"2026-05-31T12:00:00.1234567891Z"`, `"2026-05-31T12:00:00,5Z"`, `"2026-05-31T12:00:00"`, `"2026-05-31 12:00:00Z"`,
		`"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"1969-12-31T23:59:59Z"`, `1698708987544`, `-1`, `1.6e9`,
		`1698708987.5446336931`, `1e400`, `99999999999999999999`, `true`, `{}`, `"12."`, `".5"`, `"2026-05-31T12:00:00.Z"`,
	} {
		require.Len(t, invoiceWith(t, "INVOICE_PAID", `"paid_at":`+text).Problems, 1, text)
	}
}

func TestDecode_IDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]schema.WorkerID{
		`7`: "7", `"7"`: "7", `" 7 "`: "7", `"007"`: "007", `"a-b"`: "a-b", `null`: "", `""`: "", `-1`: "-1",
		`123456789012345678901234567890`: "123456789012345678901234567890", `"\u00e9"`: "é",
	} {
		invoice := invoiceWith(t, "INVOICE_PAID", `"worker_id":`+text)
		require.Equal(t, want, invoice.Worker, text)
		require.Empty(t, invoice.Problems)
	}
	for _, text := range []string{`7.0`, `7e2`, `true`, `[7]`, `"` + strings.Repeat("9", 256) + `"`, `"a\u0000b"`, "\"a\xffb\"", `"a\nb"`} {
		require.Len(t, invoiceWith(t, "INVOICE_PAID", `"worker_id":`+text).Problems, 1, text)
	}
}

func TestEventType_Kind(t *testing.T) {
	t.Parallel()
	kinds := map[ontop.Kind]int{}
	for _, eventType := range ontop.EventTypes() {
		kinds[eventType.Kind()]++
		require.Equal(t, eventType.Kind() == ontop.KindInvoice, eventType.Implies() != "", eventType)
	}
	require.Equal(t, map[ontop.Kind]int{ontop.KindContract: 3, ontop.KindInvoice: 6, ontop.KindNoted: 3}, kinds)
	require.Equal(t, ontop.KindUnknown, ontop.EventType("invoice_paid").Kind())
}
