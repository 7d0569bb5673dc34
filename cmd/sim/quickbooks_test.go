package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// pretend runs `sim quickbooks` until the test ends, and returns its address and
// what it said up to there.
func pretend(t *testing.T, args ...string) (address, said string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, append([]string{"quickbooks", "--listen", "127.0.0.1:0"}, args...), write, write)
		write.Close()
	}()
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if m := regexp.MustCompile(`api_url: (\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			address = m[1]
			break
		}
	}
	require.NotEmpty(t, address, said)
	go io.Copy(io.Discard, read)
	t.Cleanup(func() { stop(); require.Zero(t, <-ended) })
	return address, said
}

func ask(t *testing.T, method, address, body string, header ...string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(raw)
}

// token connects an app to a company without the ceremony.
func token(t *testing.T, address, realm string) string {
	t.Helper()
	_, text := ask(t, http.MethodPost, address+"/_sim/grant", `{"realm":"`+realm+`"}`)
	var grant quickbookstest.Grant
	require.NoError(t, json.Unmarshal([]byte(text), &grant), text)
	return "Bearer " + grant.AccessToken
}

const authorize = "/connect/oauth2?client_id=sim-client&scope=com.intuit.quickbooks.accounting&response_type=code&redirect_uri=https%3A%2F%2Fapp.test&state=s1"

func TestQuickBooks_Companies(t *testing.T) {
	t.Parallel()
	address, said := pretend(t, "--realm", "77", "--realm", "78", "--name", "Acme", "--language", "fr")
	require.Contains(t, said, `QuickBooks company "Acme", realm 77`)
	require.Contains(t, said, `QuickBooks company "Acme 2", realm 78`)

	status, text := ask(t, http.MethodGet, address+"/v3/company/78/bill/999", "", "Authorization", token(t, address, "78"))
	require.Equal(t, 400, status)
	require.Contains(t, text, "Objet introuvable")
	status, _ = ask(t, http.MethodGet, address+"/v3/company/78/preferences", "", "Authorization", token(t, address, "77"))
	require.Equal(t, 403, status, "each company has its own tokens")

	status, text = ask(t, http.MethodGet, address+authorize, "", "Accept", "text/html")
	require.Equal(t, 200, status, "a browser sees a page")
	require.Contains(t, text, "Acme 2 (78)")
	require.Contains(t, text, "Cancel")
	status, _ = ask(t, http.MethodGet, address+authorize, "")
	require.Equal(t, 302, status, "a program has consented")
}

func TestQuickBooks_Consent(t *testing.T) {
	t.Parallel()
	always, _ := pretend(t, "--consent", "always")
	status, _ := ask(t, http.MethodGet, always+authorize, "")
	require.Equal(t, 200, status)
	never, _ := pretend(t, "--consent", "never")
	status, _ = ask(t, http.MethodGet, never+authorize, "", "Accept", "text/html")
	require.Equal(t, 302, status)
}

// Two processes that renew at once lose the connection, as QuickBooks is said to
// punish it.
func TestQuickBooks_RacingRefreshes(t *testing.T) {
	t.Parallel()
	address, _ := pretend(t, "--refresh-takes", "500ms", "--rotate-every", "1ns")
	_, text := ask(t, http.MethodPost, address+"/_sim/grant", `{}`)
	var grant quickbookstest.Grant
	require.NoError(t, json.Unmarshal([]byte(text), &grant))
	answers := make(chan string, 2)
	for range 2 {
		go func() {
			form := url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {grant.RefreshToken},
				"client_id": {quickbookstest.DefaultClientID}, "client_secret": {quickbookstest.DefaultClientSecret},
			}
			resp, err := http.PostForm(address+"/oauth2/v1/tokens/bearer", form)
			if err != nil {
				answers <- err.Error()
				return
			}
			defer resp.Body.Close()
			raw, _ := io.ReadAll(resp.Body)
			answers <- string(raw)
		}()
	}
	both := <-answers + <-answers
	require.Contains(t, both, "invalid_grant")
	require.Contains(t, both, "access_token")
	access := regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(both)
	status, _ := ask(t, http.MethodGet, address+"/v3/company/"+grant.Realm+"/preferences", "", "Authorization", "Bearer "+access[1])
	require.Equal(t, 401, status, "the winner's tokens are gone with the loser's")
}

func TestQuickBooks_Misbehaves(t *testing.T) {
	t.Parallel()

	t.Run("AlwaysWhenTheChanceIsOne", func(t *testing.T) {
		t.Parallel()
		address, _ := pretend(t, "--faults", "throttle=1", "--faults-on", "read")
		bearer := token(t, address, "")
		status, text := ask(t, http.MethodGet, address+"/v3/company/"+quickbookstest.DefaultRealm+"/preferences", "", "Authorization", bearer)
		require.Equal(t, http.StatusTooManyRequests, status)
		require.Contains(t, text, "ThrottleExceeded")
		status, _ = ask(t, http.MethodPost, address+"/v3/company/"+quickbookstest.DefaultRealm+"/vendor", `{"DisplayName":"Ana"}`, "Authorization", bearer)
		require.Equal(t, 200, status, "only reads are struck")
		status, _ = ask(t, http.MethodPost, address+"/_sim/chaos", `{}`)
		require.Equal(t, 200, status)
		status, _ = ask(t, http.MethodGet, address+"/v3/company/"+quickbookstest.DefaultRealm+"/preferences", "", "Authorization", bearer)
		require.Equal(t, 200, status, "until somebody ends it")
	})

	t.Run("TheSameWithTheSameSeed", func(t *testing.T) {
		t.Parallel()
		run := func(args ...string) (statuses []int) {
			address, _ := pretend(t, append(args, "--faults", "server_error=0.3,throttle=0.2")...)
			bearer := token(t, address, "")
			ask(t, http.MethodPost, address+"/_sim/limits", `{"limits":{"off":true}}`) // which follow the time of day
			for range 40 {
				status, _ := ask(t, http.MethodGet, address+"/v3/company/"+quickbookstest.DefaultRealm+"/preferences", "", "Authorization", bearer)
				statuses = append(statuses, status)
			}
			return statuses
		}
		first := run("--faults-seed", "7")
		require.Subset(t, first, []int{200, 429, 503})
		require.Equal(t, first, run("--faults-seed", "7", "--seed", "9"))
		require.NotEqual(t, first, run("--faults-seed", "8"))
	})

	t.Run("SaysWhatIsWrong", func(t *testing.T) {
		t.Parallel()
		for _, tc := range []struct{ args, says string }{
			{"--faults explode=0.1", "no such kind"},
			{"--faults throttle", "a number from 0 to 1"},
			{"--faults throttle=1.5", "a number from 0 to 1"},
			{"--faults throttle=NaN", "a number from 0 to 1"},
			{"--faults throttle=0.6,delay=0.6", "1.2 together"},
			{"--consent perhaps", "--consent"},
			{"--webhooks http://127.0.0.1:1", "--webhooks-token"},
		} {
			code, _, errOut := call(t, append([]string{"quickbooks", "--listen", "127.0.0.1:0"}, strings.Fields(tc.args)...)...)
			require.Equal(t, 1, code, tc.args)
			require.Contains(t, errOut, tc.says)
		}
	})

	t.Run("ABitOfEverything", func(t *testing.T) {
		t.Parallel()
		odds, err := oddsOf([]string{"all=0.13", "throttle=0.1"})
		require.NoError(t, err)
		require.Len(t, odds, len(quickbookstest.TroubleKinds()))
		require.InDelta(t, 0.11, odds[quickbookstest.Throttle], 1e-9)
	})
}

func TestQuickBooks_Webhooks(t *testing.T) {
	t.Parallel()
	type delivery struct{ signature, body string }
	told := make(chan delivery, 10)
	subscriber := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told <- delivery{r.Header.Get("intuit-signature"), string(body)}
	}))
	t.Cleanup(subscriber.Close)
	address, _ := pretend(t, "--webhooks", subscriber.URL, "--webhooks-token", "verify_me")
	status, _ := ask(t, http.MethodPost, address+"/_sim/create", `{"entity":"Vendor","set":{"DisplayName":"Ana"}}`)
	require.Equal(t, 200, status)
	got := <-told
	require.Equal(t, quickbookstest.Sign("verify_me", []byte(got.body)), got.signature)
	require.Contains(t, got.body, `"type":"qbo.vendor.created.v1"`)
}

// What a person can do is in the help, not only in the code.
func TestQuickBooks_Help(t *testing.T) {
	t.Parallel()
	code, out, _ := call(t, "quickbooks", "--help")
	require.Zero(t, code)
	for _, control := range quickbookstest.ControlAPI() {
		require.Regexp(t, `(?m)^  `+control.Method+` +`+regexp.QuoteMeta(control.Path)+` `, out)
	}
	for _, help := range quickbookstest.TroubleKinds() {
		require.Contains(t, out, "  "+string(help.Kind)+" ")
	}
}
