package ontop_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

func fixtureBodies(tb testing.TB) [][]byte {
	tb.Helper()
	names, err := fs.Glob(ontop.Fixtures(), "*.json")
	require.NoError(tb, err)
	require.NotEmpty(tb, names)
	var bodies [][]byte
	for _, name := range names {
		body, err := fs.ReadFile(ontop.Fixtures(), name)
		require.NoError(tb, err)
		bodies = append(bodies, body)
	}
	return bodies
}

func paths(t require.TestingT, texts ...string) []ontop.RedactPath {
	var all []ontop.RedactPath
	for _, text := range texts {
		path, err := ontop.ParseRedactPath(text)
		require.NoError(t, err)
		all = append(all, path)
	}
	return all
}

func TestRedact_TakesOutWhatIsNamedAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, body, want string }{
		"Text":         {"data.worker_email", `{"data": {"worker_email" : "a@b.c" , "x":1}}`, `{"data": {"worker_email" : null , "x":1}}`},
		"Number":       {"data.phone", `{"data":{"phone":4.50e1}}`, `{"data":{"phone":null}}`},
		"Object":       {"data.worker", `{"data":{"worker":{"a":[1,2]},"y":[]}}`, `{"data":{"worker":null,"y":[]}}`},
		"Nested":       {"data.worker.email", `{"data":{"worker":{"email":"x","id":7}}}`, `{"data":{"worker":{"email":null,"id":7}}}`},
		"Array":        {"data.first_name", "{\"data\":[\n{\"first_name\":\"A\"},\t{\"first_name\":\"B\"}]}", "{\"data\":[\n{\"first_name\":null},\t{\"first_name\":null}]}"},
		"Items":        {"data.items.description", `{"data":{"items":[{"description":"d","amount":1.10}]}}`, `{"data":{"items":[{"description":null,"amount":1.10}]}}`},
		"AnyName":      {"data.*.email", `{"data":{"a":{"email":"1"},"b":[{"email":"2"}],"email":"3"}}`, `{"data":{"a":{"email":null},"b":[{"email":null}],"email":"3"}}`},
		"Repeated":     {"data.country", `{"data":{"country":"A","country":"B"}}`, `{"data":{"country":null,"country":null}}`},
		"EscapedName":  {"data.country", `{"data":{"countr\u0079":"A"}}`, `{"data":{"countr\u0079":null}}`},
		"Null":         {"data.country", `{"data":{"country":null}}`, ""},
		"NotThere":     {"data.country", `{"data":{"z":"country"}}`, ""},
		"NoObject":     {"data.country", `[]`, ""},
		"Elsewhere":    {"data.country", `{"country":"A","data":"country"}`, ""},
		"NoUTF8":       {"data.country", "{\"data\":{\"country\":\"\xff\",\"z\":\"\xfe\"}}", "{\"data\":{\"country\":null,\"z\":\"\xfe\"}}"},
		"HugeNumber":   {"data.country", `{"data":{"country":"A","n":` + strings.Repeat("9", 400) + `}}`, `{"data":{"country":null,"n":` + strings.Repeat("9", 400) + `}}`},
		"AroundValues": {"data.a.b", ` { "data" :{"a":{"b":"x"}},"c":"}{" } `, ` { "data" :{"a":{"b":null}},"c":"}{" } `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := strings.Clone(c.body)
			got, changed, err := ontop.Redact([]byte(c.body), paths(t, c.path))
			require.NoError(t, err)
			require.Equal(t, before, c.body)
			require.Equal(t, c.want != "", changed)
			if c.want == "" {
				c.want = c.body
			}
			require.Equal(t, c.want, string(got))
			again, changed, err := ontop.Redact(got, paths(t, c.path))
			require.NoError(t, err)
			require.False(t, changed, "nothing is left to take out")
			require.Equal(t, got, again)
		})
	}
}

func TestRedact_NamesBodiesWithoutFields(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "no JSON", `{"data":`, `{"data":{}} x`, `{"data":{"country":"A}}`, strings.Repeat("[", 2000)} {
		_, _, err := ontop.Redact([]byte(body), paths(t, "data.country"))
		require.ErrorIs(t, err, ontop.ErrNoFields, body)
	}
}

func TestParseRedactPath(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"data.worker_email", "data.email", "data.first_name", "data.last_name", "data.legal_name", "data.worker.email", "data.*.phone",
		"data.items.description", "data.pdf_url", "data.job_title", "note", "meta.*",
	} {
		_, err := ontop.ParseRedactPath(good)
		require.NoError(t, err, good)
	}
	for bad, says := range map[string]string{
		"":                     "is no path",
		"data.":                "is no path",
		"data.items[].amount":  "is no path",
		"data.work*":           "is no path",
		"data":                 "reaches data, which must stay",
		"*":                    "reaches event_type, which must stay",
		"data.*":               "reaches data.client_id, which must stay",
		"*.*":                  "reaches data.client_id",
		"event_type":           "reaches event_type",
		"data.total_amount":    "reaches data.total_amount",
		"data.items":           "reaches data.items, which must stay",
		"data.items.*":         "reaches data.items.item_id",
		"data.*.amount":        "reaches data.items.amount",
		"data.worker_id":       "reaches data.worker_id",
		"data.updated_at":      "reaches data.updated_at",
		"data.items.concept":   "reaches data.items.concept",
		"data.exchange_rate":   "reaches data.exchange_rate",
		"data.invoice_number":  "reaches data.invoice_number",
		"*.transaction_amount": "reaches data.transaction_amount",
	} {
		_, err := ontop.ParseRedactPath(bad)
		require.ErrorContains(t, err, says, bad)
	}
}

// What is read of a redacted body is what was read before, but for what was taken out.
func TestRedact_LeavesWhatReconciliationRestsOn(t *testing.T) {
	t.Parallel()
	personal := []string{
		"data.worker_email", "data.first_name", "data.last_name", "data.legal_name", "data.country", "data.country_iso", "data.job_title",
		"data.department", "data.entity", "data.email", "data.pdf_url", "data.items.description", "data.items.attachment_url",
	}
	bodies := fixtureBodies(t)
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SampledFrom(bodies).Draw(t, "body")
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(personal), 1, len(personal), rapid.ID).Draw(t, "fields")
		redacted, _, err := ontop.Redact(body, paths(t, chosen...))
		require.NoError(t, err)
		require.True(t, json.Valid(redacted))
		before, err := ontop.Decode(schema.Delivery{Company: "acme", ID: "d", Body: body})
		require.NoError(t, err)
		after, err := ontop.Decode(schema.Delivery{Company: "acme", ID: "d", Body: redacted})
		require.NoError(t, err)
		require.Equal(t, withoutPeople(before), withoutPeople(after))
	})
}

// withoutPeople is a message without what may be redacted.
func withoutPeople(m ontop.Message) ontop.Message {
	for i := range m.Contracts {
		c := &m.Contracts[i]
		c.WorkerEmail, c.FirstName, c.LastName, c.LegalName, c.Country, c.JobTitle, c.Department, c.Entity = "", "", "", "", "", "", "", ""
	}
	for i := range m.Invoices {
		m.Invoices[i].WorkerEmail, m.Invoices[i].PDFURL = "", ""
		for j := range m.Invoices[i].Lines {
			m.Invoices[i].Lines[j].Description, m.Invoices[i].Lines[j].AttachmentURL = "", ""
		}
	}
	for i := range m.KYCs {
		m.KYCs[i].WorkerEmail = ""
	}
	for i := range m.Payments {
		m.Payments[i].Email = ""
	}
	return m
}

func FuzzRedact(f *testing.F) {
	for _, body := range fixtureBodies(f) {
		f.Add(body)
	}
	f.Add([]byte(`{"data":[[{"items":{"description":"x"}}]],"a":1} `))
	fields := paths(f, "data.worker_email", "data.items.description", "data.*.email", "x.*")
	f.Fuzz(func(t *testing.T, body []byte) {
		redacted, changed, err := ontop.Redact(body, fields)
		if err != nil {
			return
		}
		require.Equal(t, json.Valid(body), json.Valid(redacted))
		again, more, err := ontop.Redact(redacted, fields)
		require.NoError(t, err)
		require.False(t, more)
		require.Equal(t, redacted, again)
		if !changed {
			require.Equal(t, body, redacted)
		}
	})
}
