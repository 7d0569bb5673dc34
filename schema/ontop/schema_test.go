package ontop_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema/ontop"
)

const schemaBase = "https://tieout.dev/schema/ontop/"

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	files, err := fs.Glob(ontop.Schemas(), "*.json")
	require.NoError(t, err)
	require.Len(t, files, 7)
	for _, file := range files {
		text, err := fs.ReadFile(ontop.Schemas(), file)
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err, file)
		require.Equal(t, schemaBase+file, doc.(map[string]any)["$id"])
		require.NoError(t, compiler.AddResource(schemaBase+file, doc))
	}
	compiled, err := compiler.Compile(schemaBase + "envelope.json")
	require.NoError(t, err)
	return compiled
}

func validate(t require.TestingT, s *jsonschema.Schema, body string) error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	require.NoError(t, err)
	return s.Validate(doc)
}

func TestSchema_AcceptsEveryFixture(t *testing.T) {
	t.Parallel()
	envelope := compile(t)
	seen := map[ontop.EventType]bool{}
	contractTypes, signings := map[string]bool{}, map[string]bool{}
	files, err := fs.Glob(ontop.Fixtures(), "*.json")
	require.NoError(t, err)
	for _, file := range files {
		body := fixture(t, strings.TrimSuffix(file, ".json"))
		require.NoError(t, validate(t, envelope, body), file)
		m := decode(t, body)
		require.Empty(t, m.Troubles, file)
		seen[m.Type] = true
		for _, contract := range m.Contracts {
			contractTypes[contract.Type] = true
			signings[string(contract.Signing)] = true
		}
		for _, invoice := range m.Invoices {
			require.Empty(t, invoice.Problems, file)
		}
	}
	for _, eventType := range ontop.EventTypes() {
		require.True(t, seen[eventType], "no fixture for %s", eventType)
	}
	require.Len(t, contractTypes, 4)
	require.Len(t, signings, 4)
}

func TestSchema_Refuses(t *testing.T) {
	t.Parallel()
	envelope := compile(t)
	for _, body := range []string{
		`[]`, `{}`, `{"event_type":""}`, `{"event_type":"INVOICE_PAID"}`, `{"event_type":"INVOICE_PAID","data":null}`,
		`{"event_type":"CONTRACT_CREATED","data":{"worker_id":1}}`,
		`{"event_type":"CONTRACT_CREATED","data":{"agreement_id":1.5}}`,
		`{"event_type":"INVOICE_PAID","data":{"invoice_id":1,"issue_date":"2026-01-01","currency":"USD","total_amount":1,"items":[]}}`,
		`{"event_type":"INVOICE_PAID","data":{"invoice_id":1,"agreement_id":2,"issue_date":"2026-01-01","currency":"usd","total_amount":1,"items":[]}}`,
		`{"event_type":"INVOICE_PAID","data":{"invoice_id":1,"agreement_id":2,"issue_date":"2026-01-01","currency":"USD","total_amount":"1,0","items":[]}}`,
		`{"event_type":"PAYMENT","data":{"payment_id":1}}`,
	} {
		require.Error(t, validate(t, envelope, body), body)
	}
}

// What the schema accepts, the decoder takes: no unreadable body, no dropped
// object. Bodies are drawn to be mostly valid; those that are not are checked
// to be no worse than refused.
func TestSchema_AgreesWithDecoder(t *testing.T) {
	t.Parallel()
	envelope := compile(t)
	accepted := 0
	rapid.Check(t, func(rt *rapid.T) {
		body := drawBody(rt)
		if validate(rt, envelope, body) != nil {
			_, _ = ontop.Decode(delivery(body)) // must not panic
			return
		}
		accepted++
		m, err := ontop.Decode(delivery(body))
		require.NoError(rt, err, body)
		for _, trouble := range m.Troubles {
			require.False(rt, trouble.Dropped, "%s\n%s", trouble, body)
		}
	})
	require.Greater(t, accepted, 20, "the drawn bodies are too often refused to prove anything")
}

func drawBody(t *rapid.T) string {
	eventType := rapid.SampledFrom(append(ontop.EventTypes(), "SOMETHING_NEW")).Draw(t, "event_type")
	object := func(label string) string { return drawObject(t, eventType, label) }
	data := object("data")
	if rapid.Bool().Draw(t, "array") {
		objects := make([]string, rapid.IntRange(0, 3).Draw(t, "objects"))
		for i := range objects {
			objects[i] = object("element")
		}
		data = "[" + strings.Join(objects, ",") + "]"
	}
	typeName, err := json.Marshal(eventType)
	require.NoError(t, err)
	if rapid.Bool().Draw(t, "data first") {
		return `{"data":` + data + `,"event_type":` + string(typeName) + `}`
	}
	return `{"event_type":` + string(typeName) + `,"event_id":"e","data":` + data + `}`
}

func drawObject(t *rapid.T, eventType ontop.EventType, label string) string {
	fields := map[string][]string{
		"client_id": {`1`, `"1"`, `null`}, "agreement_id": {`12`, `"A-12"`, `340282366920938463463374607431768211456`},
		"invoice_id": {`880`, `"INV/880"`}, "worker_id": {`7`, `null`, `"w"`}, "invoice_number": {`"N"`, `null`},
		"status": {`"ACTIVE"`, `"PAID"`, `null`}, "currency": {`"USD"`, `"JPY"`, `"ZZZ"`},
		"total_amount": {`1`, `-12.50`, `"3000.10"`, `1e2`, `0.001`}, "usd_total_amount": {`null`, `4.2`},
		"exchange_rate": {`null`, `0.25`, `"1.1"`}, "issue_date": {`"2026-02-28"`, `"2261-12-31"`, `"1970-01-01"`},
		"due_date": {`null`, `"2028-02-29"`}, "paid_at": {`null`, `"2026-01-01"`, `1700000000.5`},
		"start_date": {`null`, `"2026-01-01"`}, "country_iso": {`null`, `"CO"`}, "signing": {`null`, `"EOR"`},
		"updated_at": {`null`, `"2026-01-01T00:00:00.123456789Z"`, `1700000000`, `"1.5"`}, "first_name": {`"Zoë"`, `null`},
		"items":      {`[]`, `[{"concept":"BONUS","amount":1}]`, `[{"concept":"X","amount":"-1.5","item_id":"i","quantity":1.25}]`},
		"payment_id": {`1`, `"p"`}, "transaction_status": {`"SUCCESS"`}, "transaction_amount": {`100.00`, `"1e3"`},
		"transaction_id": {`"t"`, `3`}, "amount": {`1.123456`, `"2"`}, "transaction_date_time": {`1698708987.544633693`},
		"tomorrow": {`{"a":[1,{}]}`},
	}
	var parts []string
	for _, name := range sortedKeys(fields) {
		if rapid.IntRange(0, 19).Draw(t, label+"."+name+" left out") == 0 {
			continue
		}
		text := rapid.SampledFrom(fields[name]).Draw(t, label+"."+name)
		if name == "status" && eventType.Kind() == ontop.KindInvoice && text == `"ACTIVE"` {
			text = `"CREATED"`
		}
		if name == "status" && eventType.Kind() == ontop.KindContract && text == `"PAID"` {
			text = `"ENDED"`
		}
		if rapid.IntRange(0, 59).Draw(t, label+"."+name+" odd") == 0 {
			text = rapid.SampledFrom([]string{`null`, `true`, `7.5`, `"?"`, `[]`, `{}`}).Draw(t, label+"."+name+" oddity")
		}
		parts = append(parts, `"`+name+`":`+text)
	}
	return "{" + strings.Join(parts, ",") + "}"
}
