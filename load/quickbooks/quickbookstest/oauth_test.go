package quickbookstest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

const redirect = "https://app.test/callback"

// consent walks through the authorize page and returns what the app is sent.
func (w *world) consent(changes url.Values) (reply, url.Values) {
	w.t.Helper()
	values := url.Values{
		"client_id": {qbt.DefaultClientID}, "scope": {"com.intuit.quickbooks.accounting openid"}, "redirect_uri": {redirect},
		"response_type": {"code"}, "state": {"s1"},
	}
	maps.Copy(values, changes)
	r, err := http.NewRequest(http.MethodGet, "https://qbo.test/connect/oauth2?"+values.Encode(), nil)
	require.NoError(w.t, err)
	rep := w.do(r)
	if rep.status != http.StatusFound {
		return rep, nil
	}
	back, err := url.Parse(rep.header.Get("Location"))
	require.NoError(w.t, err)
	require.True(w.t, strings.HasPrefix(back.String(), redirect))
	return rep, back.Query()
}

func (w *world) exchange(form url.Values, change func(*http.Request)) reply {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "https://qbo.test/oauth2/v1/tokens/bearer", strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(qbt.DefaultClientID, qbt.DefaultClientSecret)
	if change != nil {
		change(r)
	}
	return w.do(r)
}

func (w *world) refresh(token string) reply {
	w.t.Helper()
	return w.exchange(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, nil)
}

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}}
}

func requireError(t *testing.T, rep reply, status int, reason string) {
	t.Helper()
	require.Equal(t, status, rep.status, string(rep.raw))
	require.Equal(t, reason, rep.at("error"))
}

func TestOAuth_Connect(t *testing.T) {
	t.Parallel()

	t.Run("GivesTokensForACode", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		_, back := w.consent(nil)
		require.Equal(t, "s1", back.Get("state"))
		require.Equal(t, w.realm, back.Get("realmId"))

		rep := w.exchange(codeForm(back.Get("code")), nil)
		require.Equal(t, 200, rep.status)
		require.Equal(t, "bearer", rep.at("token_type"))
		require.Equal(t, "3600", rep.at("expires_in"))
		require.Equal(t, "8640000", rep.at("x_refresh_token_expires_in"))
		require.NotContains(t, rep.body, "x_refresh_token_hard_expires_in")
		require.NotEmpty(t, rep.header.Get("intuit_tid"))
		w.token = rep.at("access_token")
		require.Equal(t, 200, w.ping().status)

		requireError(t, w.exchange(codeForm(back.Get("code")), nil), 400, "invalid_grant") // once only
	})

	t.Run("TellsTheHardEndToThoseWhoAsk", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		_, back := w.consent(nil)
		rep := w.exchange(codeForm(back.Get("code")), func(r *http.Request) {
			r.Header.Set("x-include-refresh-token-hard-expires-in", "true")
		})
		require.Equal(t, "157680000", rep.at("x_refresh_token_hard_expires_in"))
	})

	t.Run("TakesTheSecretInTheBody", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		_, back := w.consent(nil)
		form := codeForm(back.Get("code"))
		form.Set("client_id", qbt.DefaultClientID)
		form.Set("client_secret", qbt.DefaultClientSecret)
		require.Equal(t, 200, w.exchange(form, func(r *http.Request) { r.Header.Del("Authorization") }).status)
	})

	t.Run("RefusesAWrongSecret", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for _, change := range []func(*http.Request){
			func(r *http.Request) { r.SetBasicAuth(qbt.DefaultClientID, "wrong") },
			func(r *http.Request) { r.SetBasicAuth("nobody", qbt.DefaultClientSecret) },
			func(r *http.Request) { r.Header.Set("Authorization", "Basic !") },
			func(r *http.Request) { r.Header.Del("Authorization") },
		} {
			requireError(t, w.exchange(codeForm("x"), change), 401, "invalid_client")
		}
	})

	for name, change := range map[string]func(w *world, form url.Values){
		"OtherRedirect": func(_ *world, form url.Values) { form.Set("redirect_uri", "https://evil.test") },
		"UnknownCode":   func(_ *world, form url.Values) { form.Set("code", "x") },
		"OldCode":       func(w *world, _ url.Values) { w.s.Advance(11 * time.Minute) },
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			_, back := w.consent(nil)
			form := codeForm(back.Get("code"))
			change(w, form)
			requireError(t, w.exchange(form, nil), 400, "invalid_grant")
		})
	}

	t.Run("ChecksPKCEWhereItIsUsed", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		sum := sha256.Sum256([]byte("verifier"))
		challenge := url.Values{"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
		_, back := w.consent(challenge)
		requireError(t, w.exchange(codeForm(back.Get("code")), nil), 400, "invalid_grant")
		form := codeForm(back.Get("code"))
		form.Set("code_verifier", "verifier")
		require.Equal(t, 200, w.exchange(form, nil).status)
	})

	for name, change := range map[string]url.Values{
		"NoState":      {"state": {""}},
		"NoScope":      {"scope": {""}},
		"OtherScope":   {"scope": {"openid"}},
		"UnknownApp":   {"client_id": {"nobody"}},
		"OtherType":    {"response_type": {"token"}},
		"UnknownRealm": {"sim_realm": {"7"}},
	} {
		t.Run("ShowsAnErrorFor"+name, func(t *testing.T) {
			t.Parallel()
			rep, _ := open(t, qbt.Config{}).consent(change)
			require.Equal(t, 400, rep.status)
			require.Contains(t, rep.header.Get("Content-Type"), "text/html")
		})
	}

	t.Run("RedirectsOnlyWhereRegistered", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Apps: []qbt.App{{ClientID: qbt.DefaultClientID, RedirectURIs: []string{"https://other.test"}}}})
		rep, _ := w.consent(nil)
		require.Equal(t, 400, rep.status)
	})

	t.Run("AsksForACompanyWhenConfigured", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{OAuth: qbt.OAuth{AskConsent: true}, Realms: []qbt.Realm{{ID: "11", Name: "<Acme>"}, {ID: "22"}}})
		rep, _ := w.consent(nil)
		require.Equal(t, 200, rep.status)
		require.Contains(t, string(rep.raw), "&lt;Acme&gt; (11)")
		_, back := w.consent(url.Values{"sim_realm": {"22"}})
		require.Equal(t, "22", back.Get("realmId"))
		_, back = w.consent(url.Values{"sim_realm": {"deny"}})
		require.Equal(t, "access_denied", back.Get("error"))
		require.Empty(t, back.Get("code"))
	})

	t.Run("HasADiscoveryDocument", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		r, err := http.NewRequest(http.MethodGet, "http://qbo.test/.well-known/openid_sandbox_configuration", nil)
		require.NoError(t, err)
		require.Equal(t, "http://qbo.test/oauth2/v1/tokens/bearer", w.do(r).at("token_endpoint"))
	})
}

func TestOAuth_Refresh(t *testing.T) {
	t.Parallel()

	t.Run("KeepsTheValueForADayThenRotates", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		first := w.s.Grant("", "").RefreshToken
		w.s.Advance(time.Hour)
		require.Equal(t, first, w.refresh(first).at("refresh_token"))
		w.s.Advance(23 * time.Hour)
		second := w.refresh(first).at("refresh_token")
		require.NotEqual(t, first, second)
		rep := w.refresh(first)
		requireError(t, rep, 400, "invalid_grant")
		require.Equal(t, "Token invalid", rep.at("error_description"))
		require.Equal(t, 200, w.refresh(second).status)
	})

	t.Run("RotatesEveryTimeWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{OAuth: qbt.OAuth{RotateEvery: -1}})
		first := w.s.Grant("", "").RefreshToken
		require.NotEqual(t, first, w.refresh(first).at("refresh_token"))
	})

	t.Run("LeavesTheOldValueAliveWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{OAuth: qbt.OAuth{RotateEvery: -1, OldRefreshLife: 24 * time.Hour}})
		first := w.s.Grant("", "").RefreshToken
		w.refresh(first)
		w.s.Advance(23 * time.Hour)
		require.Equal(t, 200, w.refresh(first).status)
		w.s.Advance(25 * time.Hour)
		requireError(t, w.refresh(first), 400, "invalid_grant")
	})

	t.Run("RollsAHundredDaysOn", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		token := w.s.Grant("", "").RefreshToken
		for range 5 {
			w.s.Advance(99 * 24 * time.Hour)
			rep := w.refresh(token)
			require.Equal(t, 200, rep.status)
			token = rep.at("refresh_token")
		}
		w.s.Advance(100 * 24 * time.Hour)
		requireError(t, w.refresh(token), 400, "invalid_grant")
	})

	t.Run("EndsAfterFiveYears", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{OAuth: qbt.OAuth{HardLife: 150 * 24 * time.Hour}})
		token := w.s.Grant("", "").RefreshToken
		w.s.Advance(99 * 24 * time.Hour)
		rep := w.refresh(token)
		require.Equal(t, "4406400", rep.at("x_refresh_token_expires_in")) // 51 days
		w.s.Advance(51 * 24 * time.Hour)
		requireError(t, w.refresh(rep.at("refresh_token")), 400, "invalid_grant")
	})

	t.Run("RefusesAnotherGrantTypeOrForm", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		requireError(t, w.exchange(url.Values{"grant_type": {"password"}}, nil), 400, "unsupported_grant_type")
		requireError(t, w.exchange(url.Values{}, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }), 400, "invalid_request")
	})

	t.Run("LosesARotatedTokenWithItsAnswer", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{OAuth: qbt.OAuth{RotateEvery: -1}})
		first := w.s.Grant("", "").RefreshToken
		w.s.Next(qbt.Trouble{Kind: qbt.LoseAfter, On: "token"})
		r, err := http.NewRequest(http.MethodPost, "https://qbo.test/oauth2/v1/tokens/bearer",
			strings.NewReader(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first}}.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(qbt.DefaultClientID, qbt.DefaultClientSecret)
		_, err = w.try(r)
		require.Error(t, err)
		requireError(t, w.refresh(first), 400, "invalid_grant")
	})

	for name, revokes := range map[string]bool{"LosesTheRace": false, "LosesTheRaceAndTheTokens": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := open(t, qbt.Config{Now: time.Now, OAuth: qbt.OAuth{RefreshTakes: time.Second, RaceRevokes: revokes}})
				token := w.s.Grant("", "").RefreshToken
				first := make(chan reply)
				go func() { first <- w.refresh(token) }()
				synctest.Wait()
				requireError(t, w.refresh(token), 400, "invalid_grant")
				won := <-first
				require.Equal(t, 200, won.status)
				w.token = won.at("access_token")
				require.Equal(t, revokes, w.ping().status == 401)
				require.Equal(t, revokes, w.refresh(token).status == 400)
			})
		})
	}
}

func TestOAuth_Access(t *testing.T) {
	t.Parallel()

	requireGateway := func(t *testing.T, rep reply, status int, code, detail string) {
		t.Helper()
		require.Equal(t, status, rep.status, string(rep.raw))
		require.Equal(t, code, rep.at("fault.error.0.code"))
		require.Contains(t, rep.at("fault.error.0.detail"), detail)
		require.NotContains(t, rep.body, "Fault")
		require.Contains(t, rep.body, "queryResponse")
	}

	t.Run("ExpiresAfterAnHour", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.s.Advance(time.Hour - time.Second)
		require.Equal(t, 200, w.ping().status)
		w.s.Advance(time.Second)
		rep := w.ping()
		requireGateway(t, rep, 401, "3200", "Token expired: ")
		require.Equal(t, "AUTHENTICATION", rep.at("fault.type"))
		require.Equal(t, "message=AuthenticationFailed; errorCode=003200; statusCode=401", rep.at("fault.error.0.message"))
		require.Equal(t, `Bearer realm="Intuit", error="invalid_token"`, rep.header.Get("WWW-Authenticate"))
		require.Equal(t, 1, w.s.Stats().Unauthorized)
	})

	t.Run("NeedsAToken", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.token = ""
		requireGateway(t, w.ping(), 401, "3202", "")
		w.token = "nonsense"
		requireGateway(t, w.ping(), 401, "3200", "")
	})

	t.Run("NeedsItsOwnCompany", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Realms: []qbt.Realm{{ID: "11"}, {ID: "22"}}})
		w.realm = "22"
		requireGateway(t, w.ping(), 403, "3100", "")
		w.realm = "33"
		requireGateway(t, w.ping(), 403, "3100", "")
	})

	t.Run("EndsEarlyOnRequest", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		refresh := w.s.Grant("", "").RefreshToken
		w.s.ExpireAccess(w.realm)
		requireGateway(t, w.ping(), 401, "3200", "Token expired")
		w.token = w.refresh(refresh).at("access_token")
		require.Equal(t, 200, w.ping().status)
	})

	t.Run("EndsForGoodOnDisconnect", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		refresh := w.s.Grant("", "").RefreshToken
		w.s.Disconnect(w.realm)
		requireGateway(t, w.ping(), 401, "3200", "Token revoked")
		requireError(t, w.refresh(refresh), 400, "invalid_grant")
	})

	for _, form := range []string{"json", "form"} {
		t.Run("EndsOnRevokeAs"+form, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			g := w.s.Grant("", "")
			w.token = g.AccessToken
			revoke := func(secret string) reply {
				body := `{"token":"` + g.RefreshToken + `"}`
				if form == "form" {
					body = url.Values{"token": {g.RefreshToken}}.Encode()
				}
				r, err := http.NewRequest(http.MethodPost, "https://qbo.test/v2/oauth2/tokens/revoke", strings.NewReader(body))
				require.NoError(t, err)
				r.SetBasicAuth(qbt.DefaultClientID, secret)
				return w.do(r)
			}
			requireError(t, revoke("wrong"), 401, "invalid_client")
			require.Equal(t, 200, revoke(qbt.DefaultClientSecret).status)
			require.Equal(t, 401, w.ping().status)
			again := revoke(qbt.DefaultClientSecret)
			require.Equal(t, 400, again.status)
			require.Empty(t, again.raw, "without a word, as clients reported")
		})
	}
}
