package ontop_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// BenchmarkDecode reads bodies as they are on the wire: compact.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"invoice_confirmed", "contract_created_fixed", "payment"} {
		b.Run(name, func(b *testing.B) {
			d := schema.Delivery{Company: "acme", ID: "m", ReceivedAt: receivedAt, Body: compact(b, name)}
			b.SetBytes(int64(len(d.Body)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := ontop.Decode(d)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkEncodingJSON is what the same body costs encoding/json, into fields
// of texts alone and without any of the checks. It gives Decode's numbers a
// measure that holds on any machine.
func BenchmarkEncodingJSON(b *testing.B) {
	type item struct {
		ItemID        json.Number `json:"item_id"`
		Concept       string      `json:"concept"`
		Description   string      `json:"description"`
		Quantity      json.Number `json:"quantity"`
		Amount        json.Number `json:"amount"`
		USDAmount     json.Number `json:"usd_amount"`
		AttachmentURL string      `json:"attachment_url"`
	}
	type invoice struct {
		ClientID      json.Number `json:"client_id"`
		InvoiceID     json.Number `json:"invoice_id"`
		InvoiceNumber string      `json:"invoice_number"`
		Status        string      `json:"status"`
		AgreementID   json.Number `json:"agreement_id"`
		WorkerID      json.Number `json:"worker_id"`
		WorkerEmail   string      `json:"worker_email"`
		ExternalID    string      `json:"external_id"`
		IssueDate     string      `json:"issue_date"`
		DueDate       string      `json:"due_date"`
		PeriodStart   string      `json:"period_start"`
		PeriodEnd     string      `json:"period_end"`
		PaidAt        string      `json:"paid_at"`
		Currency      string      `json:"currency"`
		Total         json.Number `json:"total_amount"`
		USDTotal      json.Number `json:"usd_total_amount"`
		Rate          json.Number `json:"exchange_rate"`
		PaymentGroup  string      `json:"payment_group"`
		Items         []item      `json:"items"`
		PDFURL        string      `json:"pdf_url"`
		UpdatedAt     string      `json:"updated_at"`
	}
	body := compact(b, "invoice_confirmed")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var envelope struct {
			EventType  string      `json:"event_type"`
			EventID    string      `json:"event_id"`
			OccurredAt json.Number `json:"occurred_at"`
			Data       invoice     `json:"data"`
		}
		require.NoError(b, json.Unmarshal(body, &envelope))
		require.Len(b, envelope.Data.Items, 4)
	}
}

func compact(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := fs.ReadFile(ontop.Fixtures(), name+".json")
	require.NoError(tb, err)
	var body bytes.Buffer
	require.NoError(tb, json.Compact(&body, text))
	return body.Bytes()
}
