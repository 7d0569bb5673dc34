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

func compact(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := fs.ReadFile(ontop.Fixtures(), name+".json")
	require.NoError(tb, err)
	var body bytes.Buffer
	require.NoError(tb, json.Compact(&body, text))
	return body.Bytes()
}
