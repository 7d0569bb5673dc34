package ontop_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// form is how a body may be written without meaning anything else.
type form struct {
	t *rapid.T
	// quoted writes numbers as strings, where both are allowed.
	quoted bool
	// spaced puts white space wherever JSON allows it.
	spaced bool
	// shuffled changes the order of fields.
	shuffled bool
	// escaped writes characters of texts and names as \u escapes.
	escaped bool
	// extended adds fields that nobody knows.
	extended bool
	// nulled adds every field that is missing, as null.
	nulled bool
}

func drawForm(t *rapid.T) form {
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	return form{t, flag("quoted"), flag("spaced"), flag("shuffled"), flag("escaped"), flag("extended"), flag("nulled")}
}

func (f form) space() string {
	if !f.spaced {
		return ""
	}
	return rapid.SampledFrom([]string{"", " ", "\n", "\t\r\n  "}).Draw(f.t, "space")
}

func (f form) text(s string) string {
	quoted, err := json.Marshal(s)
	require.NoError(f.t, err)
	if !f.escaped || s == "" {
		return string(quoted)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		if c < 0x10000 && rapid.IntRange(0, 3).Draw(f.t, "escape") == 0 {
			b.WriteString(`\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(c), 16))) + strconv.FormatInt(int64(c), 16))
			continue
		}
		one, err := json.Marshal(string(c))
		require.NoError(f.t, err)
		b.Write(one[1 : len(one)-1])
	}
	b.WriteByte('"')
	return b.String()
}

// write writes a value, decoded with UseNumber, in the form.
func (f form) write(v any) string {
	switch v := v.(type) {
	case json.Number:
		if f.quoted {
			return f.text(v.String())
		}
		return v.String()
	case string:
		return f.text(v)
	case []any:
		var elements []string
		for _, element := range v {
			elements = append(elements, f.space()+f.write(element)+f.space())
		}
		return "[" + strings.Join(elements, ",") + f.space() + "]"
	case map[string]any:
		return f.object(v)
	default:
		text, err := json.Marshal(v)
		require.NoError(f.t, err)
		return string(text)
	}
}

func (f form) object(object map[string]any) string {
	names := sortedKeys(object)
	if f.shuffled {
		names = rapid.Permutation(names).Draw(f.t, "order")
	}
	var fields []string
	if f.nulled {
		for _, name := range []string{"worker_id", "due_date", "exchange_rate", "paid_at", "pdf_url", "legal_name", "usd_amount"} {
			if _, ok := object[name]; !ok {
				fields = append(fields, f.text(name)+":null")
			}
		}
	}
	for _, name := range names {
		fields = append(fields, f.space()+f.text(name)+f.space()+":"+f.space()+f.write(object[name])+f.space())
	}
	if f.extended {
		at := rapid.IntRange(0, len(fields)).Draw(f.t, "where")
		fields = slices.Insert(fields, at, `"of_tomorrow":{"invoice_id":[1,{"items":"\u007b"}],"":-1.5e-3}`)
	}
	return f.space() + "{" + strings.Join(fields, ",") + f.space() + "}" + f.space()
}

// The form of a body says nothing: white space, the order of fields, escapes,
// fields of tomorrow, nulls for what is missing, and numbers as strings.
func TestDecode_FormDoesNotMatter(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(ontop.Fixtures(), "*.json")
	require.NoError(t, err)
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".json"), func(t *testing.T) {
			t.Parallel()
			body := fixture(t, strings.TrimSuffix(file, ".json"))
			want := decode(t, body)
			dec := json.NewDecoder(strings.NewReader(body))
			dec.UseNumber()
			var plain any
			require.NoError(t, dec.Decode(&plain))
			rapid.Check(t, func(rt *rapid.T) {
				text := drawForm(rt).write(plain)
				got, err := ontop.Decode(delivery(text))
				require.NoError(rt, err, text)
				require.Equal(rt, want, got, text)
			})
		})
	}
}

// An object says the same alone, in an array, and beside others.
func TestDecode_ArrayIsItsObjectsOneByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		eventType := rapid.SampledFrom(ontop.EventTypes()).Draw(rt, "event_type")
		objects := make([]string, rapid.IntRange(1, 4).Draw(rt, "objects"))
		var want ontop.Message
		for i := range objects {
			objects[i] = drawObject(rt, eventType, "object")
			m, err := ontop.Decode(delivery(`{"event_type":"` + string(eventType) + `","data":` + objects[i] + `}`))
			require.NoError(rt, err)
			want.Contracts = append(want.Contracts, m.Contracts...)
			want.Invoices = append(want.Invoices, m.Invoices...)
			want.KYCs = append(want.KYCs, m.KYCs...)
			want.Payments = append(want.Payments, m.Payments...)
			want.TopUps = append(want.TopUps, m.TopUps...)
			for _, client := range m.Clients {
				if !slices.Contains(want.Clients, client) {
					want.Clients = append(want.Clients, client)
				}
			}
			for _, trouble := range m.Troubles {
				trouble.Object = "data[" + strconv.Itoa(i) + "]"
				want.Troubles = append(want.Troubles, trouble)
			}
		}
		want.Type = eventType
		got, err := ontop.Decode(delivery(`{"event_type":"` + string(eventType) + `","data":[` + strings.Join(objects, ",") + `]}`))
		require.NoError(rt, err)
		require.Equal(rt, want, got)
	})
}

// A body that was cut off anywhere, or had one byte changed, is read or refused;
// what was cut off is never taken for whole.
func TestDecode_DamagedBodies(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"invoice_confirmed", "contract_ended", "payment", "invoice_array_and_odd_forms"} {
		body := bytes.TrimSpace([]byte(fixture(t, name)))
		for end := range body {
			_, err := ontop.Decode(schema.Delivery{Body: body[:end]})
			require.Error(t, err, "cut off after %d bytes", end)
		}
		for i := range body {
			damaged := bytes.Clone(body)
			damaged[i] ^= 0x10
			m, err := ontop.Decode(schema.Delivery{Body: damaged})
			if err == nil {
				require.True(t, json.Valid(damaged), string(damaged))
				continue
			}
			require.Empty(t, m.Subjects())
		}
	}
}

func TestDecode_FromManyGoroutines(t *testing.T) {
	t.Parallel()
	d := delivery(fixture(t, "invoice_all_concepts"))
	want, err := ontop.Decode(d)
	require.NoError(t, err)
	var group sync.WaitGroup
	got := make([]ontop.Message, 8)
	for i := range got {
		group.Go(func() { got[i], _ = ontop.Decode(d) })
	}
	group.Wait()
	for _, m := range got {
		require.Equal(t, want, m)
	}
}
