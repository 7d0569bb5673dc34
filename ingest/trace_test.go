package ingest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID      = "00f067aa0ba902b7"
	traceparent = "00-" + traceID + "-" + spanID + "-01"
)

func TestParseTrace(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		traceparent:                                             true,
		"00-" + traceID + "-" + spanID + "-00":                  true,
		"01-" + traceID + "-" + spanID + "-01":                  true,
		"01-" + traceID + "-" + spanID + "-01-later":            true,
		"01-" + traceID + "-" + spanID + "-01later":             false,
		traceparent + "-more":                                   false,
		"ff-" + traceID + "-" + spanID + "-01":                  false,
		"0g-" + traceID + "-" + spanID + "-01":                  false,
		strings.ToUpper(traceparent):                            false,
		"00-" + strings.Repeat("0", 32) + "-" + spanID + "-01":  false,
		"00-" + traceID + "-" + strings.Repeat("0", 16) + "-01": false,
		"00_" + traceID + "-" + spanID + "-01":                  false,
		"":                                                      false, "00": false, " " + traceparent: false,
		"01-" + traceID + "-" + spanID + "-01-" + strings.Repeat("a", 300): false,
	} {
		id, span := ingest.ParseTrace([]byte(header))
		if want {
			require.Equal(t, []string{traceID, spanID}, []string{id, span}, header)
		} else {
			require.Empty(t, id+span, header)
		}
	}
}

func FuzzParseTrace(f *testing.F) {
	f.Add([]byte(traceparent))
	f.Add([]byte("01-" + traceID + "-" + spanID + "-01-later"))
	f.Fuzz(func(t *testing.T, header []byte) {
		id, span := ingest.ParseTrace(header)
		if id == "" {
			require.Empty(t, span)
			return
		}
		require.Len(t, id, 32)
		require.Len(t, span, 16)
		require.Contains(t, string(header), "-"+id+"-"+span+"-")
	})
}
