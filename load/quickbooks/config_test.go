package quickbooks_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

func TestConfig_Validate(t *testing.T) {
	t.Parallel()
	good := quickbooks.Config{Environment: quickbooks.Production, ClientID: "id", ClientSecret: "secret"}
	require.NoError(t, good.Validate())
	require.NoError(t, config().Validate())

	for name, tc := range map[string]struct {
		change  func(*quickbooks.Config)
		setting string
	}{
		"NoEnvironmentAndNoAddress": {func(c *quickbooks.Config) { c.Environment = "" }, "quickbooks.api_url"},
		"UnknownEnvironment":        {func(c *quickbooks.Config) { c.Environment = "staging" }, "quickbooks.environment"},
		"APIInTheClear":             {func(c *quickbooks.Config) { c.APIURL = "http://quickbooks.test" }, "quickbooks.api_url"},
		"TokensInTheClear":          {func(c *quickbooks.Config) { c.TokenURL = "http://10.0.0.1/t" }, "quickbooks.token_url"},
		"RevokeInTheClear":          {func(c *quickbooks.Config) { c.RevokeURL = "ftp://x.test/t" }, "quickbooks.revoke_url"},
		"RedirectInTheClear":        {func(c *quickbooks.Config) { c.RedirectURL = "http://tieout.test/cb" }, "quickbooks.redirect_url"},
		"LooksLikeLoopback":         {func(c *quickbooks.Config) { c.APIURL = "http://localhost.evil.test" }, "quickbooks.api_url"},
		"PasswordInAddress":         {func(c *quickbooks.Config) { c.APIURL = "https://u:planted@x.test" }, "quickbooks.api_url"},
		"NoAddressAtAll":            {func(c *quickbooks.Config) { c.AuthorizeURL = "::" }, "quickbooks.authorize_url"},
		"NoClient":                  {func(c *quickbooks.Config) { c.ClientID = "" }, "quickbooks.client_id"},
		"NoSecret":                  {func(c *quickbooks.Config) { c.ClientSecret = "" }, "quickbooks.client_secret"},
		"TooManyItems":              {func(c *quickbooks.Config) { c.BatchSize = 31 }, "quickbooks.batch_size"},
		"TooShortTimeout":           {func(c *quickbooks.Config) { c.Timeout = 30 * time.Second }, "quickbooks.timeout"},
		"NegativeLimit":             {func(c *quickbooks.Config) { c.Limits.PerSecond = -1 }, "quickbooks.limits.per_second"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			tc.change(&cfg)
			err := cfg.Validate()
			require.ErrorContains(t, err, tc.setting+":")
			clean(t, err.Error())
			_, err = quickbooks.NewOAuth(cfg, http.DefaultClient, time.Now, nil)
			require.Error(t, err)
		})
	}

	t.Run("ReportsEveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()
		err := quickbooks.Config{}.Validate()
		for _, setting := range []string{"api_url", "authorize_url", "token_url", "revoke_url", "client_id", "client_secret"} {
			require.ErrorContains(t, err, "quickbooks."+setting+":")
		}
	})

	t.Run("LoopbackMayBeInTheClear", func(t *testing.T) {
		t.Parallel()
		for _, host := range []string{"localhost:9000", "127.0.0.1:9000", "127.1.2.3", "[::1]:9000"} {
			cfg := good
			cfg.APIURL, cfg.TokenURL, cfg.RedirectURL = "http://"+host, "http://"+host+"/t", "http://"+host+"/cb"
			require.NoError(t, cfg.Validate())
		}
	})
}

func TestConfig_SandboxIsNotProduction(t *testing.T) {
	t.Parallel()
	for environment, host := range map[quickbooks.Environment]string{
		quickbooks.Production: "quickbooks.api.intuit.com", quickbooks.Sandbox: "sandbox-quickbooks.api.intuit.com",
	} {
		var asked string
		transport := direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.Host
			w.Write([]byte(companyAnswer))
		})}
		cfg := quickbooks.Config{Environment: environment, ClientID: "id", ClientSecret: "secret"}
		oauth, err := quickbooks.NewOAuth(cfg, &http.Client{Transport: transport}, time.Now, nil)
		require.NoError(t, err)
		b := setup(t, answers(ok("{}")))
		session := quickbooks.NewSession(oauth, b.store, b.lock, realm, b.logger())
		_, err = quickbooks.NewClient(session, b.logger(), nil).CompanyInfo(t.Context())
		require.NoError(t, err)
		require.Equal(t, host, asked)
	}
}
