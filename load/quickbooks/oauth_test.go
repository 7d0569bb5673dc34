package quickbooks_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

func TestOAuth_AuthorizeURL(t *testing.T) {
	t.Parallel()
	b := setup(t, answers(ok("{}")))
	u, err := url.Parse(b.oauth.AuthorizeURL("s-1", ""))
	require.NoError(t, err)
	require.Equal(t, "connect.qbo.test", u.Host)
	require.Equal(t, url.Values{
		"client_id": {"client-1"}, "scope": {quickbooks.Scope}, "redirect_uri": {"https://tieout.test/callback"},
		"response_type": {"code"}, "state": {"s-1"},
	}, u.Query())

	u, err = url.Parse(b.oauth.AuthorizeURL("s-1", "planted-verifier"))
	require.NoError(t, err)
	require.Equal(t, "S256", u.Query().Get("code_challenge_method"))
	require.NotContains(t, u.String(), "planted-verifier")
}

func TestParseCallback(t *testing.T) {
	t.Parallel()
	const at = "https://tieout.test/callback?"
	got, err := quickbooks.ParseCallback(at+"code=c-1&state=s-1&realmId=42", "s-1")
	require.NoError(t, err)
	require.Equal(t, quickbooks.Callback{Code: "c-1", RealmID: "42", State: "s-1"}, got)

	for name, address := range map[string]string{
		"WrongState": "code=c-1&state=s-2&realmId=42", "NoState": "code=c-1&realmId=42",
		"NoCode": "state=s-1&realmId=42", "NoCompany": "code=c-1&state=s-1", "Nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := quickbooks.ParseCallback(at+address, "s-1")
			require.Error(t, err)
			require.NotContains(t, err.Error(), "c-1")
		})
	}
	_, err = quickbooks.ParseCallback(at+"code=c-1&state=&realmId=42", "")
	require.ErrorIs(t, err, quickbooks.ErrState, "no state of ours fits none of theirs")
	_, err = quickbooks.ParseCallback("://", "s-1")
	require.Error(t, err)

	_, err = quickbooks.ParseCallback(at+"error=access_denied&state=s-1", "s-1")
	var fault *quickbooks.Fault
	require.ErrorAs(t, err, &fault)
	require.Equal(t, quickbooks.Person, fault.Decision())
}

func TestOAuth_Exchange(t *testing.T) {
	t.Parallel()
	var header http.Header
	var form url.Values
	answer := `{"access_token":"a","refresh_token":"r","expires_in":3600,"x_refresh_token_expires_in":"8726400"}`
	oauth, err := quickbooks.NewOAuth(config(), &http.Client{Transport: direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		header, form = r.Header, r.PostForm
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(answer))
	})}}, time.Now, nil)
	require.NoError(t, err)

	token, err := oauth.Exchange(t.Context(), quickbooks.Callback{Code: "c-1", RealmID: "42", Verifier: "v"})
	require.NoError(t, err)
	require.Equal(t, "42", token.RealmID)
	require.Equal(t, "authorization_code", form.Get("grant_type"))
	require.Equal(t, "c-1", form.Get("code"))
	require.Equal(t, "v", form.Get("code_verifier"))
	require.Equal(t, "https://tieout.test/callback", form.Get("redirect_uri"))
	require.Equal(t, "true", header.Get("X-Include-Refresh-Token-Hard-Expires-In"))
	require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("client-1:"+plantedKey)), header.Get("Authorization"))
	require.WithinDuration(t, time.Now().Add(101*24*time.Hour), token.RefreshExpires, time.Minute)
	require.True(t, token.RefreshHardExpires.IsZero())

	hard := time.Now().Add(time.Hour)
	next, err := oauth.Refresh(t.Context(), quickbooks.Token{RealmID: "42", RefreshToken: "r", RefreshHardExpires: hard})
	require.NoError(t, err)
	require.Equal(t, hard, next.RefreshHardExpires, "an end that is not told again still holds")
}

func TestOAuth_BadAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer response
		fault  bool
	}{
		"InvalidGrant":        {invalidGrant(), true},
		"InvalidGrantOn200":   {ok(`{"error":"invalid_grant"}`), true},
		"RefusedWithoutWords": {response{status: 403, body: "<html>"}, true},
		"Down":                {response{status: 503}, false},
		"Page":                {ok("<html>Sign in</html>"), false},
		"NoToken":             {ok(`{"refresh_token":"r","expires_in":3600}`), false},
		"NoRefreshToken":      {ok(`{"access_token":"a","expires_in":3600}`), false},
		"NoLife":              {ok(`{"access_token":"a","refresh_token":"r"}`), false},
		"Redirect":            {response{status: 302, header: map[string]string{"Location": "https://elsewhere.test"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, answers(ok("{}")))
			b.tokens.script = []response{tc.answer}
			_, err := b.oauth.Exchange(t.Context(), quickbooks.Callback{Code: "c", RealmID: realm})
			if tc.fault {
				var fault *quickbooks.Fault
				require.ErrorAs(t, err, &fault)
				return
			}
			var unknown *quickbooks.NoAnswer
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, quickbooks.Retry, unknown.Decision())
		})
	}
}

func TestToken_RoundTrips(t *testing.T) {
	t.Parallel()
	token := quickbooks.Token{
		RealmID: realm, AccessToken: "a", RefreshToken: "r", AccessExpires: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
		RefreshExpires: time.Date(2027, 2, 2, 0, 0, 0, 0, time.UTC),
	}
	plain, err := token.Plain()
	require.NoError(t, err)
	back, err := quickbooks.ParseToken(plain)
	require.NoError(t, err)
	require.Equal(t, token, back)

	for _, bad := range []string{"", "{}", "planted-refresh-1", `{"realm_id":1,"refresh_token":"planted-refresh-1"}`} {
		_, err := quickbooks.ParseToken([]byte(bad))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "planted")
	}
}

func TestToken_ReconnectWarning(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, tc := range []struct {
		name string
		left time.Duration
		days int
		due  bool
	}{
		{"LongBefore", 31 * day, 0, false},
		{"AMonth", 30 * day, 30, true},
		{"EightDays", 8 * day, 30, true},
		{"AWeek", 7 * day, 7, true},
		{"LastDay", time.Hour, 1, true},
		{"Over", -time.Second, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			token := quickbooks.Token{RefreshExpires: now.Add(90 * day), RefreshHardExpires: now.Add(tc.left)}
			days, due := token.ReconnectWarning(now)
			require.Equal(t, tc.days, days)
			require.Equal(t, tc.due, due)
		})
	}
	_, due := quickbooks.Token{}.ReconnectWarning(now)
	require.False(t, due)
	require.Equal(t, now, quickbooks.Token{RefreshExpires: now, RefreshHardExpires: now.Add(day)}.Ends())
}
