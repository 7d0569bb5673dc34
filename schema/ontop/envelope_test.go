package ontop_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func TestEnvelope_Encode(t *testing.T) {
	t.Parallel()

	t.Run("WritesAsOntopWould", func(t *testing.T) {
		t.Parallel()
		body, err := ontop.Envelope{EventType: ontop.PaymentMade, Data: ontop.PaymentRecord{
			PaymentID: "1", ClientID: "2", WorkerID: "w-3", Email: "a&b@example.com", TransactionStatus: "SUCCESS",
			TransactionAmount: "100.00", TransactionDateTime: "1698708987.544633693",
		}}.Encode()
		require.NoError(t, err)
		// Bytes are compared, not meanings: an amount keeps its decimals.
		want := `{"event_type":"PAYMENT","data":{"payment_id":1,"client_id":2,"worker_id":"w-3","paylist_id":null,` +
			`"idempotency_key":null,"email":"a&b@example.com","transaction_status":"SUCCESS","transaction_amount":100.00,` +
			`"transaction_date_time":1698708987.544633693}}`
		require.Equal(t, []byte(want), body)
	})

	t.Run("SaysWhatCannotBeWritten", func(t *testing.T) {
		t.Parallel()
		_, err := ontop.Envelope{EventType: ontop.ClientWalletTopUp, Data: ontop.TopUpRecord{Amount: "1,5"}}.Encode()
		require.ErrorContains(t, err, "encode CLIENT_WALLET_TOP_UP: ")
	})

	t.Run("PublishedEventsComeBack", func(t *testing.T) {
		t.Parallel()
		body, err := ontop.Envelope{EventType: ontop.KYC, EventID: "e1", OccurredAt: "2026-01-02T03:04:05Z", Data: ontop.VerifiedRecord{
			Status: "ACTIVE", WorkerID: "77", ClientID: "999",
		}}.Encode()
		require.NoError(t, err)
		m := decode(t, string(body))
		require.Equal(t, "e1", m.ID)
		require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), m.OccurredAt)
		require.Equal(t, []ontop.Verified{{Client: "999", Worker: "77", Status: "ACTIVE"}}, m.KYCs)
	})
}

// What the encoder writes, the decoder reads back, and the schema accepts.
func TestEnvelope_RoundTrip(t *testing.T) {
	t.Parallel()
	envelope := compile(t)

	t.Run("Invoice", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) {
			want := drawInvoice(rt)
			body, err := ontop.Envelope{EventType: ontop.InvoiceUpdated, Data: ontop.NewInvoiceRecord("999", want)}.Encode()
			require.NoError(rt, err)
			require.NoError(rt, validate(rt, envelope, string(body)), string(body))
			m, err := ontop.Decode(delivery(string(body)))
			require.NoError(rt, err)
			require.Empty(rt, m.Troubles)
			require.Equal(rt, []schema.Invoice{want}, m.Invoices)
			require.Equal(rt, []string{"999"}, m.Clients)
		})
	})

	t.Run("Contract", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) {
			want := drawContract(rt)
			body, err := ontop.Envelope{EventType: ontop.ContractUpdated, Data: ontop.NewContractRecord("999", want)}.Encode()
			require.NoError(rt, err)
			require.NoError(rt, validate(rt, envelope, string(body)), string(body))
			m, err := ontop.Decode(delivery(string(body)))
			require.NoError(rt, err)
			require.Empty(rt, m.Troubles)
			require.Equal(rt, []schema.Contract{want}, m.Contracts)
		})
	})
}

func drawID(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.StringMatching(`[1-9][0-9]{0,30}`), rapid.StringMatching(`[A-Z]{2}-[0-9]{1,5}`), rapid.Just("0"), rapid.Just("007"),
	).Draw(t, label)
}

func drawDate(t *rapid.T, label string) schema.Date {
	return schema.NewDate(1970, 1, 1).AddDays(rapid.IntRange(0, 100_000).Draw(t, label))
}

func drawTime(t *rapid.T, label string) time.Time {
	return time.Unix(rapid.Int64Range(0, 8_000_000_000).Draw(t, label), rapid.Int64Range(0, 999_999_999).Draw(t, label+" nanos")).UTC()
}

func drawInvoice(t *rapid.T) schema.Invoice {
	text := rapid.String()
	currency := rapid.SampledFrom([]schema.Currency{"USD", "JPY", "KWD", "COP"}).Draw(t, "currency")
	money := func(label string, c schema.Currency) schema.Money {
		return schema.NewMoney(rapid.Int64Range(-1<<62, 1<<62).Draw(t, label), c)
	}
	invoice := schema.Invoice{
		Company: "acme", Source: "msg_1", ID: schema.InvoiceID(drawID(t, "invoice_id")), Number: text.Draw(t, "number"),
		Status:   rapid.SampledFrom([]schema.InvoiceStatus{"CREATED", "CONFIRMED", "PAID", "CANCELLED"}).Draw(t, "status"),
		Contract: schema.ContractID(drawID(t, "agreement_id")), Worker: schema.WorkerID(drawID(t, "worker_id")),
		WorkerEmail: text.Draw(t, "email"), ExternalID: text.Draw(t, "external_id"),
		IssueDate: drawDate(t, "issue"), DueDate: drawDate(t, "due"), PeriodStart: drawDate(t, "start"), PeriodEnd: drawDate(t, "end"),
		PaidAt: drawTime(t, "paid_at"), Currency: currency, Total: money("total", currency), USDTotal: money("usd", "USD"),
		Rate: "0.00025", PaymentGroup: text.Draw(t, "group"), PDFURL: text.Draw(t, "pdf"), UpdatedAt: drawTime(t, "updated_at"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "lines") {
		invoice.Lines = append(invoice.Lines, schema.Line{
			ItemID: drawID(t, "item_id"), Concept: rapid.StringN(1, 20, -1).Draw(t, "concept"), Description: text.Draw(t, "description"),
			Quantity: "1.50", Amount: money("amount", currency), USDAmount: money("usd_amount", "USD"), AttachmentURL: text.Draw(t, "url"),
		})
	}
	return invoice
}

func drawContract(t *rapid.T) schema.Contract {
	text := rapid.String()
	return schema.Contract{
		Company: "acme", Source: "msg_1", ID: schema.ContractID(drawID(t, "agreement_id")), Worker: schema.WorkerID(drawID(t, "worker_id")),
		WorkerEmail: text.Draw(t, "email"), ExternalID: text.Draw(t, "external"), WorkerType: "Business",
		FirstName: text.Draw(t, "first"), LastName: text.Draw(t, "last"), LegalName: text.Draw(t, "legal"),
		Country:  rapid.SampledFrom([]string{"", "CO", "Colombia"}).Draw(t, "country"),
		JobTitle: text.Draw(t, "title"), Department: text.Draw(t, "department"), Entity: text.Draw(t, "entity"),
		Type: "FIXED", Signing: schema.SigningEOR, Currency: "EUR", StartDate: drawDate(t, "start"), EndDate: drawDate(t, "end"),
		Status: "ACTIVE", UpdatedAt: drawTime(t, "updated_at"),
	}
}
