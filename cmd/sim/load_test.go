package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/ingest"
)

const loadSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

// loaded is a receiver that verifies, answers what answer says of the n-th request,
// and counts its 202 as tieout does, one more for each that it invents.
func loaded(t *testing.T, invents int64, answer func(n int64) int) (server *httptest.Server, got *atomic.Int64) {
	t.Helper()
	webhook, err := standardwebhooks.NewWebhook(loadSecret)
	require.NoError(t, err)
	got = &atomic.Int64{}
	var taken atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhooks/ontop/acme", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || webhook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		code := answer(got.Add(1))
		if code == http.StatusAccepted {
			taken.Add(1)
		}
		w.WriteHeader(code)
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		n := taken.Load()
		if n > 0 {
			n += invents
		}
		fmt.Fprintf(w, "tieout_ingest_requests_total{code=\"202\"} %d\ntieout_ingest_staged_total{channel=\"webhook\"} 0\ntieout_ingest_journal_deliveries 0\n", n)
	})
	server = httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, got
}

func accepted(int64) int { return http.StatusAccepted }

func TestLoad(t *testing.T) {
	t.Parallel()
	const path = "/webhooks/ontop/acme"

	t.Run("PrintsALedgerThatBalances", func(t *testing.T) {
		t.Parallel()
		server, got := loaded(t, 0, func(n int64) int {
			if n%4 == 0 {
				return 503
			}
			return 202
		})
		code, out, errOut := call(t, "load", "--url", server.URL+path, "--secret", loadSecret, "--connections", "3",
			"--duration", "100ms", "--metrics", server.URL+"/metrics")
		require.Zero(t, code, errOut)
		require.Contains(t, out, "closed loop, 3 connections")
		require.Regexp(t, `(?m)^  sent +`+figures.Number(got.Load())+`$`, out)
		require.Regexp(t, `(?m)^  refused +`+figures.Number(got.Load()/4)+`$`, out)
		require.Regexp(t, `(?m)^  503 Service Unavailable +`+figures.Number(got.Load()/4)+`$`, out)
		require.Regexp(t, `p50 +p99 +p99.9 +worst`, out)
		require.Contains(t, out, "The ledger balances: sent = acknowledged + refused + cut off, and the server counts as many answers 202.")
	})

	t.Run("SaysWhatHoldsItBack", func(t *testing.T) {
		t.Parallel()
		server, _ := loaded(t, 0, func(n int64) int {
			<-time.After(20 * time.Millisecond)
			if n%2 == 0 {
				return 429
			}
			return 202
		})
		code, out, errOut := call(t, "load", "--url", server.URL+path, "--secret", loadSecret, "--connections", "1", "--duration", "200ms", "--rate", "200")
		require.Zero(t, code, errOut)
		require.Contains(t, out, "open loop, 200 a second, 1 connections")
		require.Contains(t, out, "raise its ontop.rate_per_second")
		require.Contains(t, out, "Nothing was compared with the server: see --metrics.")
		require.Regexp(t, `\d+ were due when no connection was free, up to [\d.]+ ms; \d+ were given up`, out)
	})

	t.Run("SendsAtARateAndPrintsJSON", func(t *testing.T) {
		t.Parallel()
		server, got := loaded(t, 0, accepted)
		code, out, errOut := call(t, "load", "--url", server.URL+path, "--secret", loadSecret, "--connections", "4",
			"--duration", "300ms", "--rate", "500", "--body-bytes", "700", "--json")
		require.Zero(t, code, errOut)
		var report loadReport
		require.NoError(t, json.Unmarshal([]byte(out), &report))
		require.InDelta(t, 150, got.Load(), 75)
		require.Equal(t, got.Load(), report.Ledger.Acknowledged)
		require.Equal(t, map[int]int64{202: got.Load()}, report.Statuses)
		require.Equal(t, 500, report.Rate)
		require.Positive(t, report.Acked.P99)
		require.GreaterOrEqual(t, report.All.Worst, report.All.P50)
		require.Empty(t, report.Void)
	})

	t.Run("SaysVoidWhenTheServerCountsOtherwise", func(t *testing.T) {
		t.Parallel()
		server, _ := loaded(t, 1, accepted)
		args := []string{"load", "--url", server.URL + path, "--secret", loadSecret, "--connections", "1", "--duration", "20ms", "--metrics", server.URL + "/metrics"}
		code, out, errOut := call(t, args...)
		require.Equal(t, 1, code)
		require.Contains(t, out, "VOID: the run is void, its ledger does not balance")
		require.Contains(t, errOut, "void")
	})

	t.Run("SaysInJSONThatARunIsVoid", func(t *testing.T) {
		t.Parallel()
		server, _ := loaded(t, -1, accepted)
		code, out, _ := call(t, "load", "--url", server.URL+path, "--secret", loadSecret, "--connections", "1", "--duration", "20ms",
			"--metrics", server.URL+"/metrics", "--json")
		require.Equal(t, 1, code)
		var report loadReport
		require.NoError(t, json.Unmarshal([]byte(out), &report))
		require.Contains(t, report.Void, "the server's count of answers 202")
	})

	t.Run("SaysWhatIsWrong", func(t *testing.T) {
		t.Parallel()
		server, _ := loaded(t, 0, accepted)
		for want, args := range map[string][]string{
			"--url and --secret are needed, or --config": {},
			"--rate must not be negative":                {"--rate", "-1"},
			"--duration must be positive":                {"--duration", "0s"},
			"from 256":                                   {"--url", server.URL, "--secret", loadSecret, "--body-bytes", "1"},
			"404":                                        {"--url", server.URL, "--secret", loadSecret, "--metrics", server.URL + "/absent"},
			"connect to 127.0.0.1:1":                     {"--url", "http://127.0.0.1:1" + path, "--secret", loadSecret, "--duration", "20ms"},
			"absent.yaml":                                {"--config", filepath.Join(t.TempDir(), "absent.yaml")},
		} {
			code, _, errOut := call(t, append([]string{"load"}, args...)...)
			require.Equal(t, 1, code, want)
			require.Contains(t, errOut, want)
		}
	})
}

// TestLoad_SendsToTheCompanyOfAConfiguration sends to a real receiver, at the address
// and with the secret that its file of settings names.
func TestLoad_SendsToTheCompanyOfAConfiguration(t *testing.T) {
	t.Parallel()
	key, err := ingest.ParseKey(ingest.StandardWebhooks, loadSecret)
	require.NoError(t, err)
	verifier, err := ingest.NewVerifier(ingest.SignatureConfig{}, []ingest.Key{key})
	require.NoError(t, err)
	env := ingest.Env{Now: time.Now}
	journal, err := ingest.OpenJournal(ingest.JournalConfig{Dir: t.TempDir()}, env)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, journal.Close()) })
	receiver, err := ingest.NewReceiver([]ingest.Company{{ID: "acme", Verifier: verifier}}, journal, ingest.ReceiverConfig{}, env)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	listener := server.Listener
	ctx, done := t.Context(), make(chan error, 1)
	go func() { done <- receiver.Serve(ctx, listener) }()
	t.Cleanup(func() { require.NoError(t, <-done) })

	text := "store: {dsn: embedded://" + t.TempDir() + "}\npublic: {listen: \"" + listener.Addr().String() + "\"}\nkey_file: /none\ncompanies:\n" +
		"  - {id: acme, name: Acme, ontop: {client_ids: [\"1\"], secrets: [{secret: whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk, not_after: 2020-01-01}, " +
		loadSecret + "]}, quickbooks: {environment: sandbox, client_id: a, client_secret: b}}\n"
	file := filepath.Join(t.TempDir(), "tieout.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))

	code, out, errOut := call(t, "load", "--config", file, "--connections", "4", "--duration", "100ms", "--json")
	require.Zero(t, code, errOut)
	var report loadReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Positive(t, report.Ledger.Acknowledged)
	require.Zero(t, report.Ledger.Refused+report.Ledger.Cut)
	require.EqualValues(t, report.Ledger.Acknowledged, journal.Stats().Durable, "acknowledged is found")

	code, _, errOut = call(t, "load", "--config", file, "--company", "globex")
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "--company: name one of acme")
}

func TestSigning(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	company := config.Company{ID: "acme", Ontop: config.Ontop{Signature: "standard-webhooks"}}
	_, err := signing(company, now)
	require.ErrorContains(t, err, "no whsec_ secret")
	company.Ontop.Secrets = []config.SigningSecret{
		{Secret: "whpk_public"}, {Secret: "whsec_ended", NotAfter: now}, {Secret: "whsec_later", NotBefore: now.Add(time.Hour)}, {Secret: "whsec_now"},
	}
	secret, err := signing(company, now)
	require.NoError(t, err)
	require.Equal(t, "whsec_now", secret)
	company.Ontop.Signature = "hmac-hex"
	_, err = signing(company, now)
	require.ErrorContains(t, err, "load signs as Standard Webhooks does")
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/webhooks/ontop/acme", ":8080": "http://127.0.0.1:8080/webhooks/ontop/acme",
		"0.0.0.0:80": "http://127.0.0.1:80/webhooks/ontop/acme", "books.example:8080": "http://books.example:8080/webhooks/ontop/acme",
	} {
		got, err := address(config.Public{Listen: listen}, "acme")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := address(config.Public{Listen: ":443", TLS: config.TLS{CertFile: "x"}}, "acme")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(got, "https://"))
	_, err = address(config.Public{Listen: "nowhere"}, "acme")
	require.ErrorContains(t, err, "public.listen")
}
