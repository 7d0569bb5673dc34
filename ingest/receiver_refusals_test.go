package ingest_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

// A secret that was changed at the sender alone, or that ended, refuses everything
// from then on: whoever reads the log has to find that, and not a line for each
// request that a stranger makes up.
func TestReceiver_TellsOfRefusals(t *testing.T) {
	t.Parallel()
	const said = "requests for a company are refused"
	var minutes atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) }
	log := &lines{}
	secret := key(t, secretA)
	ended := key(t, secretB)
	ended.NotAfter = noon.Add(-time.Second)
	r, err := ingest.NewReceiver([]ingest.Company{
		{ID: "acme", Verifier: verifier(t, ingest.SignatureConfig{}, secret)},
		{ID: "ended", Verifier: verifier(t, ingest.SignatureConfig{}, ended)},
		{ID: "slow", Verifier: verifier(t, ingest.SignatureConfig{UnsafeAcceptUnsigned: true}), RatePerSecond: 1},
		{ID: "far", Verifier: verifier(t, ingest.SignatureConfig{}, secret), Origins: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	}, &memory{}, ingest.ReceiverConfig{}, ingest.Env{Now: now, Log: slog.New(slog.NewTextHandler(log, nil))})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &bench{addr: ln.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx, ln) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	ask := func(company string, h http.Header) int {
		t.Helper()
		return b.post(t, "/webhooks/ontop/"+company, h, strings.NewReader("{}")).code
	}
	lastLine := func() string {
		all := strings.Split(strings.TrimSpace(log.String()), "\n")
		return all[len(all)-1]
	}
	wrong := signed(ended.Secret, "m", "{}")

	require.Equal(t, 202, ask("acme", signed(secret.Secret, "m", "{}")))
	require.Empty(t, log.String(), "nothing is refused")

	require.Equal(t, 401, ask("acme", wrong))
	require.Contains(t, lastLine(), `level=WARN msg="`+said+`" company=acme cause=signature requests=1 next="compare ontop.secrets`)
	for range 5 {
		require.Equal(t, 401, ask("acme", wrong))
	}
	require.Equal(t, 1, strings.Count(log.String(), said), "the same is told once")

	require.Equal(t, 401, ask("acme", http.Header{}))
	require.Contains(t, lastLine(), "company=acme cause=missing requests=1")
	require.Equal(t, 401, ask("ended", wrong))
	require.Contains(t, lastLine(), `level=ERROR msg="`+said+`" company=ended cause=no_key requests=1 next="add a secret`)
	require.Equal(t, 401, ask("far", wrong))
	require.Contains(t, lastLine(), "company=far cause=origin requests=1")
	require.Equal(t, 202, ask("slow", http.Header{}))
	require.Equal(t, 429, ask("slow", http.Header{}))
	require.Contains(t, lastLine(), `level=WARN msg="`+said+`" company=slow cause=rate requests=1 next="raise ontop.rate_per_second`)

	minutes.Store(10)
	require.Equal(t, 401, ask("acme", http.Header{"Webhook-Id": {"m"}}))
	require.Contains(t, lastLine(), "company=acme cause=missing requests=1")
	late := signed(ended.Secret, "m", "{}")
	require.Equal(t, 401, ask("acme", late))
	require.Contains(t, lastLine(), "company=acme cause=expired requests=1")
	require.Equal(t, 7, strings.Count(log.String(), said))
	minutes.Store(0)
	require.Equal(t, 401, ask("acme", wrong))
	require.Equal(t, 7, strings.Count(log.String(), said), "a clock that is set back tells nothing anew")
	minutes.Store(3) // the signature of noon is still near
	require.Equal(t, 401, ask("acme", wrong))
	require.Equal(t, 7, strings.Count(log.String(), said))
}

func TestRefusals_CountWhatWasNotTold(t *testing.T) {
	t.Parallel()
	r := ingest.NewRefusals()
	require.Equal(t, 1, r.Due("acme", ingest.RejectedSignature, noon))
	for n := range 99 {
		require.Zero(t, r.Due("acme", ingest.RejectedSignature, noon.Add(time.Duration(n)*time.Second)))
	}
	require.Equal(t, 1, r.Due("acme", ingest.RejectedNoKey, noon), "each cause for itself")
	require.Equal(t, 1, r.Due("other", ingest.RejectedSignature, noon), "each company for itself")
	require.Equal(t, 100, r.Due("acme", ingest.RejectedSignature, noon.Add(10*time.Minute)))
	require.Zero(t, r.Due("acme", ingest.RejectedSignature, noon.Add(20*time.Minute-1)))
	require.Equal(t, 2, r.Due("acme", ingest.RejectedSignature, noon.Add(20*time.Minute)))
	for _, cause := range ingest.Rejections() {
		require.NotContains(t, ingest.NextOf(cause), "rate_per_second", "each has a way out of its own")
	}
}
