package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/wayin"
	"github.com/tieout/tieout/schema"
)

// steps are a way that ends before the store.
func steps(end *wayin.Trouble) []wayin.Step {
	return []wayin.Step{
		{Name: wayin.StepSigned, Detail: "a test event of 218 bytes, signed as bearer with secret 1 of 1"},
		{Name: wayin.StepTLS, Detail: "TLS 1.3, certificate valid until 2026-12-01, by R11", Warning: "the certificate ends in 8 days; renew it", Took: 12345 * time.Microsecond},
		{Name: wayin.StepAnswered, Detail: "202 Accepted: on disk, in the journal", Trouble: end, Took: 2 * time.Millisecond},
	}
}

func proveWith(t *testing.T, asJSON bool, proof app.WayInProof) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := (&root{streams: streams{out: &out}}).proveWayIn(asJSON, "acme", func(tell func(wayin.Step)) (app.WayInProof, error) {
		for _, s := range proof.Steps {
			tell(s)
		}
		return proof, nil
	})
	return out.String(), err
}

func TestProveWayIn_TellsEachStep(t *testing.T) {
	t.Parallel()
	const url = "https://hooks.example.com/webhooks/ontop/acme"
	const head = `✓ signed: a test event of 218 bytes, signed as bearer with secret 1 of 1
✓ tls: TLS 1.3, certificate valid until 2026-12-01, by R11 (12.3ms)
    but: the certificate ends in 8 days; renew it
`

	t.Run("Proven", func(t *testing.T) {
		t.Parallel()
		proof := app.WayInProof{URL: url, Proof: wayin.Proof{ID: "tieout-test-1", Steps: steps(nil), Proven: true}}
		text, err := proveWith(t, false, proof)
		require.NoError(t, err)
		require.Equal(t, head+"✓ answered: 202 Accepted: on disk, in the journal (2ms)\n"+url+" leads all the way; the test event is tieout-test-1\n", text)
		proof.Direct = true
		text, err = proveWith(t, false, proof)
		require.NoError(t, err)
		require.Contains(t, text, "    but: this is the listener itself: it proves nothing of DNS, TLS")
	})

	t.Run("Ended", func(t *testing.T) {
		t.Parallel()
		end := &wayin.Trouble{Cause: "502: the proxy does not reach tieout", Next: "start `tieout serve`"}
		proof := app.WayInProof{URL: url, Proof: wayin.Proof{ID: "tieout-test-1", Steps: steps(end)}}
		text, err := proveWith(t, false, proof)
		require.ErrorIs(t, err, errNotProven)
		require.Equal(t, head+"✗ answered: 502: the proxy does not reach tieout\n    next: start `tieout serve`\ntried "+url+"\n", text)

		text, err = proveWith(t, true, proof)
		require.ErrorIs(t, err, errNotProven)
		var got triedWayIn
		require.NoError(t, json.Unmarshal([]byte(text), &got))
		require.False(t, got.Proven)
		require.Len(t, got.Steps, 3)
		require.Equal(t, triedStep{
			Step: "answered", Detail: "202 Accepted: on disk, in the journal", Cause: end.Cause, Next: end.Next, TookMs: 2,
		}, got.Steps[2])
		require.True(t, got.Steps[1].OK)
	})
}

func TestRedactText(t *testing.T) {
	t.Parallel()
	counts := app.RedactCounts{Fields: []string{"data.email"}, Before: noon, Deliveries: 12, Redacted: 9}
	require.Equal(t, "12 deliveries received before "+instant(noon)+" looked at: 9 redacted (data.email)\n", redactText(counts, false))
	counts.Left, counts.Unreadable = 2, 1
	require.Equal(t, "12 deliveries received before "+instant(noon)+" looked at: 9 to be redacted (data.email)\n"+
		"    left: 2, which wait for a person or for their outcome; see `tieout deliveries list`\n"+
		"    left: 1, which are no JSON, so that no field can be found in them\n", redactText(counts, true))
}

func TestWriteRedactions(t *testing.T) {
	t.Parallel()
	write := func(asJSON bool, all ...schema.Redaction) string {
		var out bytes.Buffer
		require.NoError(t, (&root{streams: streams{out: &out}}).writeRedactions(all, asJSON))
		return out.String()
	}
	require.Equal(t, "nothing was ever taken out\n", write(false))
	require.Equal(t, "[]\n", write(true))
	done := schema.Redaction{ID: "r-1", Fields: []string{"data.email"}, Deliveries: 12, Redacted: 9, Done: true, By: "eva", RecordedAt: noon}
	begun := done
	begun.Done = false
	text := write(false, begun, done)
	require.Contains(t, text, "interrupted, or under way")
	require.Regexp(t, `eva +9 of 12 .* done +data\.email`, text)
	require.Contains(t, write(true, done), `"done": true`)
}

func TestDeliveriesTest_UsageErrors(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"--wait: must be above 0s, is -1s":                {"--wait", "-1s"},
		"--client-cert and --client-key: belong together": {"--client-cert", "a.pem"},
		"takes no argument, got \"acme\"":                 {"acme"},
	} {
		got := call(t, append([]string{"deliveries", "test"}, args...)...)
		require.Equal(t, exitUsage, got.code)
		require.Contains(t, got.err, says)
	}
}
