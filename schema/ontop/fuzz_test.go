package ontop_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// Decode never panics, takes a body for well formed exactly when encoding/json
// does, and every amount that it returns is the one that math/big reads in the
// same place.
func FuzzDecode(f *testing.F) {
	files, err := fs.Glob(ontop.Fixtures(), "*.json")
	require.NoError(f, err)
	for _, file := range files {
		body, err := fs.ReadFile(ontop.Fixtures(), file)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Add([]byte(`{"event_type":"INVOICE_PAID","data":{"invoice_id":1,"currency":"USD","total_amount":-0.0e-3,"items":[{"amount":1e2}]}}`))
	f.Add([]byte(`{"event_type":"INVOICE_PAID","data":[{"invoice_id":1,"invoice_id":2,"items":[],"items":[{}]},{"invoice_id":""}],"data":{}}`))
	f.Add([]byte(`{"event\u005ftype":"KYC","data":{"worker_id":-0}}`))

	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := ontop.Decode(schema.Delivery{Company: "acme", ID: "m", ReceivedAt: receivedAt, Body: body})
		var bodyObject map[string]json.RawMessage
		wellFormed := json.Unmarshal(body, &bodyObject) == nil && bodyObject != nil
		if err != nil {
			_, ok := errors.AsType[*ontop.Unreadable](err)
			require.True(t, ok)
			require.Empty(t, m.Invoices)
			return
		}
		require.True(t, wellFormed, "taken, and encoding/json refuses it")
		requireExactAmounts(t, m, bodyObject["data"])
	})
}

// requireExactAmounts reads the body again, without any of the decoder's code.
func requireExactAmounts(t *testing.T, m ontop.Message, data json.RawMessage) {
	t.Helper()
	objects := rereadObjects(data)
	next := 0
	for _, invoice := range m.Invoices {
		require.Equal(t, schema.CompanyID("acme"), invoice.Company)
		require.False(t, invoice.UpdatedAt.IsZero())
		problems := map[string]bool{}
		for _, problem := range invoice.Problems {
			problems[problem.Field] = true
			require.NotEmpty(t, problem.Detail)
		}
		// Objects that were dropped have no usable invoice_id: skip to the
		// one whose total agrees in text with nothing but itself.
		for next < len(objects) && !hasInvoiceID(objects[next]) {
			next++
		}
		require.Less(t, next, len(objects))
		object := objects[next]
		next++
		if !problems["total_amount"] {
			requireExact(t, object["total_amount"], invoice.Total)
		}
		if !problems["usd_total_amount"] {
			requireExact(t, object["usd_total_amount"], invoice.USDTotal)
		}
		if len(invoice.Problems) == 0 {
			var items []map[string]json.RawMessage
			if json.Unmarshal(object["items"], &items) == nil {
				require.Len(t, invoice.Lines, len(items))
				for i, line := range invoice.Lines {
					requireExact(t, items[i]["amount"], line.Amount)
				}
			}
		}
	}
}

func rereadObjects(data json.RawMessage) []map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) == nil {
		return []map[string]json.RawMessage{object}
	}
	var elements []json.RawMessage
	_ = json.Unmarshal(data, &elements)
	var objects []map[string]json.RawMessage
	for _, element := range elements {
		object = nil
		if json.Unmarshal(element, &object) == nil && object != nil {
			objects = append(objects, object)
		}
	}
	return objects
}

func hasInvoiceID(object map[string]json.RawMessage) bool {
	probe, err := json.Marshal(map[string]any{"event_type": "INVOICE_CREATED", "data": map[string]any{"invoice_id": object["invoice_id"]}})
	if err != nil {
		return false
	}
	m, err := ontop.Decode(schema.Delivery{Body: probe})
	return err == nil && len(m.Invoices) == 1
}

func requireExact(t *testing.T, raw json.RawMessage, got schema.Money) {
	t.Helper()
	if len(raw) == 0 || string(raw) == "null" {
		require.True(t, got.IsZero())
		return
	}
	text := string(raw)
	if raw[0] == '"' {
		require.NoError(t, json.Unmarshal(raw, &text))
	}
	want, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(got.Currency().Exponent())), nil)
	require.Zero(t, want.Cmp(new(big.Rat).SetFrac(big.NewInt(got.Minor()), unit)), "%s read as %s", text, got)
}
