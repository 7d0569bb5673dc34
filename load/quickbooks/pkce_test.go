package quickbooks_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// The simulator checks a verifier wherever a challenge was given.
func TestOAuth_PKCE(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T, pkce bool) (*quickbookstest.Server, func() *quickbooks.OAuth) {
		t.Helper()
		sim := quickbookstest.New(quickbookstest.Config{})
		cfg := config()
		cfg.ClientID, cfg.ClientSecret, cfg.PKCE = quickbookstest.DefaultClientID, quickbookstest.DefaultClientSecret, pkce
		cfg.AuthorizeURL, cfg.TokenURL = "https://qbo.test/connect/oauth2", "https://qbo.test/oauth2/v1/tokens/bearer"
		return sim, func() *quickbooks.OAuth {
			oauth, err := quickbooks.NewOAuth(cfg, sim.Client(), sim.Now, nil)
			require.NoError(t, err)
			return oauth
		}
	}
	// consent is what the person's browser does, and where it ends up.
	consent := func(t *testing.T, sim *quickbookstest.Server, address, state string) quickbooks.Callback {
		t.Helper()
		resp, err := sim.Client().Get(address)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusFound, resp.StatusCode)
		callback, err := quickbooks.ParseCallback(resp.Header.Get("Location"), state)
		require.NoError(t, err)
		return callback
	}
	challenge := func(t *testing.T, address string) string {
		t.Helper()
		u, err := url.Parse(address)
		require.NoError(t, err)
		return u.Query().Get("code_challenge")
	}

	t.Run("IsOffByDefault", func(t *testing.T) {
		t.Parallel()
		sim, begin := setup(t, false)
		oauth := begin()
		address := oauth.AuthorizeURL("state-1", "")
		require.Empty(t, challenge(t, address), "nothing that Intuit publishes says that it takes one")
		_, err := oauth.Exchange(t.Context(), consent(t, sim, address, "state-1"))
		require.NoError(t, err)
	})

	t.Run("IsProven", func(t *testing.T) {
		t.Parallel()
		sim, begin := setup(t, true)
		oauth := begin()
		first, second := oauth.AuthorizeURL("state-1", ""), oauth.AuthorizeURL("state-2", "")
		require.Len(t, challenge(t, first), 43)
		require.NotEqual(t, challenge(t, first), challenge(t, second), "each connection has its own")
		_, err := oauth.Exchange(t.Context(), consent(t, sim, first, "state-1"))
		require.NoError(t, err)
	})

	t.Run("StolenCodeIsWorthNothing", func(t *testing.T) {
		t.Parallel()
		sim, begin := setup(t, true)
		oauth := begin()
		for name, thief := range map[string]func(*quickbooks.Callback) *quickbooks.OAuth{
			"OtherConnection": func(cb *quickbooks.Callback) *quickbooks.OAuth { cb.State = "state-9"; return oauth },
			"OtherProcess":    func(*quickbooks.Callback) *quickbooks.OAuth { return begin() },
			"NoState":         func(cb *quickbooks.Callback) *quickbooks.OAuth { cb.State = ""; return oauth },
		} {
			callback := consent(t, sim, oauth.AuthorizeURL("state-1", ""), "state-1")
			_, err := thief(&callback).Exchange(t.Context(), callback)
			fault := &quickbooks.Fault{}
			require.ErrorAs(t, err, &fault, name)
			require.Equal(t, "invalid_grant", fault.Code, name)
		}
	})

	t.Run("CallersOwnSecretComesFirst", func(t *testing.T) {
		t.Parallel()
		sim, begin := setup(t, true)
		own := quickbooks.Secret("a-verifier-of-the-caller-that-is-43-letters")
		callback := consent(t, sim, begin().AuthorizeURL("state-1", own), "state-1")
		callback.Verifier = own
		_, err := begin().Exchange(t.Context(), callback)
		require.NoError(t, err)
	})
}
