package quickbookstest_test

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// browse asks for the consent page as a browser does.
func (w *world) browse(params url.Values) reply {
	w.t.Helper()
	q := url.Values{
		"client_id": {qbt.DefaultClientID}, "scope": {"com.intuit.quickbooks.accounting"}, "response_type": {"code"},
		"redirect_uri": {"https://app.test/callback?from=qbo"}, "state": {`s1&"<x>`},
	}
	maps.Copy(q, params)
	r, err := http.NewRequest(http.MethodGet, "https://qbo.test/connect/oauth2?"+q.Encode(), nil)
	require.NoError(w.t, err)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	return w.do(r)
}

// submitted is what a browser sends when the person chose and pressed a button.
func submitted(t *testing.T, page reply, pressed url.Values) url.Values {
	t.Helper()
	form := url.Values{}
	unescape := strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&lt;", "<", "&gt;", ">")
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllSubmatch(page.raw, -1) {
		form.Add(string(m[1]), unescape.Replace(string(m[2])))
	}
	maps.Copy(form, pressed)
	return form
}

func TestConsent(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) *world {
		t.Helper()
		return open(t, qbt.Config{OAuth: qbt.OAuth{AskBrowsers: true}, Realms: []qbt.Realm{{ID: "11", Name: `Acme <b>"`}, {ID: "22", Name: "Beta"}}})
	}
	location := func(t *testing.T, rep reply) url.Values {
		t.Helper()
		require.Equal(t, http.StatusFound, rep.status, string(rep.raw))
		back, err := url.Parse(rep.header.Get("Location"))
		require.NoError(t, err)
		require.Equal(t, "app.test", back.Host)
		require.Equal(t, "qbo", back.Query().Get("from"), "what the app's address had stays")
		require.Equal(t, `s1&"<x>`, back.Query().Get("state"))
		return back.Query()
	}

	t.Run("AsksAPerson", func(t *testing.T) {
		t.Parallel()
		page := setup(t).browse(nil)
		require.Equal(t, 200, page.status)
		require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))
		text := string(page.raw)
		for _, part := range []string{
			"Acme &lt;b&gt;&#34; (11)", "Beta (22)", ">Connect<", ">Cancel<", "<b>app.test</b>", "<b>sim-client</b>", `value="11" checked`,
		} {
			require.Contains(t, text, part)
		}
		require.NotContains(t, text, "<x>")
	})

	t.Run("ConnectGoesBackWithACode", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		form := submitted(t, w.browse(nil), url.Values{"sim_realm": {"22"}})
		back := location(t, w.browse(form))
		require.Equal(t, "22", back.Get("realmId"))
		require.NotEmpty(t, back.Get("code"))
		require.Empty(t, back.Get("error"))
	})

	t.Run("CancelGoesBackWithoutOne", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		form := submitted(t, w.browse(nil), url.Values{"sim_realm": {"11"}, "sim_answer": {"cancel"}})
		back := location(t, w.browse(form))
		require.Equal(t, "access_denied", back.Get("error"))
		require.Empty(t, back.Get("code"))
		require.Empty(t, back.Get("realmId"))
	})

	t.Run("AProgramIsNotAsked", func(t *testing.T) {
		t.Parallel()
		rep, back := setup(t).consent(nil)
		require.Equal(t, http.StatusFound, rep.status)
		require.Equal(t, "11", back.Get("realmId"))
	})

	t.Run("KeepsTheChallengeThroughThePage", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		challenge := url.Values{"code_challenge": {"x-challenge"}, "code_challenge_method": {"S256"}}
		form := submitted(t, w.browse(challenge), url.Values{"sim_realm": {"11"}})
		require.Equal(t, "x-challenge", form.Get("code_challenge"))
	})

	for name, params := range map[string]url.Values{
		"PlainChallenge":   {"code_challenge": {"x"}, "code_challenge_method": {"plain"}},
		"UnnamedChallenge": {"code_challenge": {"x"}},
		"OtherCompany":     {"sim_realm": {"33"}},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 400, setup(t).browse(params).status)
		})
	}

	t.Run("AnAppWithoutTheScopeIsSentBack", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Apps: []qbt.App{{ClientID: qbt.DefaultClientID, Scopes: []string{"com.intuit.quickbooks.payment"}}}})
		require.Equal(t, "invalid_scope", location(t, w.browse(nil)).Get("error"))
	})
}

// The package comment and the help list the control API as it is.
func TestControlAPI_IsDocumented(t *testing.T) {
	t.Parallel()
	comment, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	documented := regexp.MustCompile(`(?m)^//\t(GET|POST)\s+(\S+)`).FindAllStringSubmatch(string(comment), -1)
	var written, calls []string
	for _, m := range documented {
		written = append(written, m[1]+" "+m[2])
	}
	for _, call := range qbt.ControlAPI() {
		calls = append(calls, call.Method+" "+call.Path)
		require.NotEmpty(t, call.Does)
	}
	require.ElementsMatch(t, calls, written)
}
