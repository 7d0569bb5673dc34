package schema_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// written is an arrival as the receiver writes it.
func written(a schema.Arrival) string {
	b := schema.AppendArrival(nil, a)
	for _, field := range a.Headers {
		b = schema.AppendHeaderField(b, []byte(field.Name), []byte(field.Value))
	}
	return string(b)
}

func TestParseArrival_ReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := schema.Arrival{
			From: rapid.StringMatching(`[0-9a-f:.]{0,39}`).Draw(t, "from"), Scheme: rapid.StringMatching(`[a-z-]{0,20}`).Draw(t, "scheme"),
			Key: rapid.IntRange(0, 9).Draw(t, "key"), Omitted: rapid.IntRange(0, 9).Draw(t, "omitted"),
		}
		if rapid.Bool().Draw(t, "signed") {
			a.SignedAt = time.UnixMilli(rapid.Int64Range(1, 1<<42).Draw(t, "signed at")).UTC()
		}
		for range rapid.IntRange(0, 5).Draw(t, "fields") {
			a.Headers = append(a.Headers, schema.HeaderField{
				Name: rapid.StringMatching(`[A-Za-z0-9-]{1,20}`).Draw(t, "name"), Value: rapid.StringMatching(`[^\n]{0,40}`).Draw(t, "value"),
			})
		}
		got, err := schema.ParseArrival(written(a))
		require.NoError(t, err)
		require.Equal(t, a, got)
	})
}

func TestAppendHeaderField_KeepsALineALine(t *testing.T) {
	t.Parallel()
	b := schema.AppendHeaderField(schema.AppendArrival(nil, schema.Arrival{}), []byte("X-\nOdd"), []byte("one\nKey: two"))
	a, err := schema.ParseArrival(string(b))
	require.NoError(t, err)
	require.Equal(t, []schema.HeaderField{{Name: "X- Odd", Value: "one Key: two"}}, a.Headers)
}

func FuzzParseArrival(f *testing.F) {
	f.Add("")
	f.Add("192.0.2.1 bearer 1 0 0\nHost: a\n")
	f.Add("  0 0\n")
	f.Add("a b 1 99999999999999999999 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := schema.ParseArrival(text)
		if err != nil || text == "" || strings.Contains(text, "\r") {
			return
		}
		again, err := schema.ParseArrival(written(a))
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}
