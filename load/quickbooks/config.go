package quickbooks

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"
)

// Scope is what we ask a company for: its accounting data, nothing about
// persons.
const Scope = "com.intuit.quickbooks.accounting"

// Environment names one of the two worlds that Intuit runs. The empty
// Environment has no addresses of its own, so each must be configured.
type Environment string

// The environments.
const (
	Production Environment = "production"
	Sandbox    Environment = "sandbox"
)

// Config is an app registered with Intuit and how it may be used. It is shared
// by every company that connected that app.
type Config struct {
	// Environment fills the four addresses that are left empty.
	//
	// Defaults to none: an app never reaches production by forgetting a setting.
	Environment Environment `yaml:"environment"`

	// APIURL is the accounting API without its path, such as
	// "https://quickbooks.api.intuit.com".
	//
	// Defaults to the one of Environment.
	APIURL string `yaml:"api_url"`

	// AuthorizeURL is the page where a person lets us into a company.
	//
	// Defaults to the one of Environment.
	AuthorizeURL string `yaml:"authorize_url"`

	// TokenURL exchanges codes and refresh tokens.
	//
	// Defaults to the one of Environment.
	TokenURL string `yaml:"token_url"`

	// RevokeURL ends a connection.
	//
	// Defaults to the one of Environment.
	RevokeURL string `yaml:"revoke_url"`

	// ClientID names the app. Required.
	ClientID string `yaml:"client_id"`

	// ClientSecret proves that we are the app. Required.
	ClientSecret Secret `yaml:"client_secret"`

	// RedirectURL is where Intuit sends the person back, exactly as registered.
	// Production accepts https only. Needed for connecting, not for running.
	RedirectURL string `yaml:"redirect_url"`

	// PKCE adds a proof key (RFC 7636, S256) to connecting, so that a code taken
	// from the person's browser is worth nothing to a thief who also has the app's
	// secret. It matters only while a person connects.
	//
	// Defaults to off: nothing that Intuit publishes mentions it, neither the guide
	// nor the discovery document, and an authorize page that refuses what it does
	// not know would keep everybody out. The state and the app's secret protect a
	// connection as far as Intuit documents.
	PKCE bool `yaml:"pkce"`

	// MinorVersion is sent with each call. Versions up to 74 are answered as 75
	// since August 2025.
	//
	// Defaults to 75.
	MinorVersion int `yaml:"minor_version"`

	// Limits bound how fast one company is called.
	Limits Limits `yaml:"limits"`

	// BatchSize is the most items sent in one batch, 1 to 30. Fewer make a batch
	// faster and a lost answer cheaper, and reach fewer writes a minute.
	//
	// Defaults to 30, which is the most that QuickBooks takes.
	BatchSize int `yaml:"batch_size"`

	// Timeout bounds one request. QuickBooks cuts its own work at 120 seconds, so
	// anything shorter turns writes that succeeded into lost answers.
	//
	// Defaults to 130 seconds.
	Timeout time.Duration `yaml:"timeout"`

	// ReadTries is how often a read is sent before its lack of an answer is
	// returned. Writes are not affected: they are sent once.
	//
	// Defaults to 5.
	ReadTries int `yaml:"read_tries"`

	// ThrottleTries is how often a call is sent in all while QuickBooks answers
	// that the company is throttled, with a pause before each.
	//
	// Defaults to 4, so that a real throttle has three minutes to pass.
	ThrottleTries int `yaml:"throttle_tries"`

	// MaxAnswerBytes bounds the body of one answer. A longer one counts as cut
	// off.
	//
	// Defaults to 32 MiB; a page of 1000 bills is seldom above 5.
	MaxAnswerBytes int64 `yaml:"max_answer_bytes"`
}

// Limits are the throttles that QuickBooks publishes for one company and app,
// kept by moving windows of our own because no header tells how much is left.
type Limits struct {
	// PerMinute is the most requests in any minute. Defaults to 500.
	PerMinute int `yaml:"per_minute"`

	// PerSecond is the most requests in any second. Defaults to 10.
	PerSecond int `yaml:"per_second"`

	// BatchesPerMinute is the most batches in any minute. Defaults to 40.
	BatchesPerMinute int `yaml:"batches_per_minute"`

	// Concurrent is the most requests under way at once. Older limits named 10
	// of them, and no gain was published for more. Defaults to 10.
	Concurrent int `yaml:"concurrent"`

	// Pause is how long a company is left alone after it throttled us, unless it
	// asks for longer. Defaults to 60 seconds, as Intuit advises.
	Pause time.Duration `yaml:"pause"`
}

// withDefaults fills what was left empty.
func (c Config) withDefaults() Config {
	known := c.Environment.addresses()
	c.APIURL = cmp.Or(c.APIURL, known.api)
	c.AuthorizeURL = cmp.Or(c.AuthorizeURL, known.authorize)
	c.TokenURL = cmp.Or(c.TokenURL, known.token)
	c.RevokeURL = cmp.Or(c.RevokeURL, known.revoke)
	c.MinorVersion = cmp.Or(c.MinorVersion, 75)
	c.Limits = c.Limits.withDefaults()
	c.BatchSize = cmp.Or(c.BatchSize, maxBatchItems)
	c.Timeout = cmp.Or(c.Timeout, 130*time.Second)
	c.ReadTries = cmp.Or(c.ReadTries, 5)
	c.ThrottleTries = cmp.Or(c.ThrottleTries, 4)
	c.MaxAnswerBytes = cmp.Or(c.MaxAnswerBytes, 32<<20)
	return c
}

func (l Limits) withDefaults() Limits {
	l.PerMinute = cmp.Or(l.PerMinute, 500)
	l.PerSecond = cmp.Or(l.PerSecond, 10)
	l.BatchesPerMinute = cmp.Or(l.BatchesPerMinute, 40)
	l.Concurrent = cmp.Or(l.Concurrent, 10)
	l.Pause = cmp.Or(l.Pause, time.Minute)
	return l
}

// Validate reports every bad setting at once, each by the name an operator
// would look for.
func (c Config) Validate() error {
	errs := []error{c.Environment.validate()}
	filled := c.withDefaults()
	errs = append(errs,
		checkURL("api_url", filled.APIURL),
		checkURL("authorize_url", filled.AuthorizeURL),
		checkURL("token_url", filled.TokenURL),
		checkURL("revoke_url", filled.RevokeURL),
	)
	if c.RedirectURL != "" {
		errs = append(errs, checkURL("redirect_url", c.RedirectURL))
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("quickbooks.client_id: is missing"))
	}
	if c.ClientSecret == "" {
		errs = append(errs, errors.New("quickbooks.client_secret: is missing"))
	}
	if c.BatchSize < 0 || c.BatchSize > maxBatchItems {
		errs = append(errs, fmt.Errorf("quickbooks.batch_size: must be 1 to %d, is %d", maxBatchItems, c.BatchSize))
	}
	if filled.Timeout <= serverTimeout {
		errs = append(errs, fmt.Errorf("quickbooks.timeout: must be longer than the %s that QuickBooks may take, is %s", serverTimeout, c.Timeout))
	}
	for name, n := range map[string]int64{
		"minor_version": int64(c.MinorVersion), "read_tries": int64(c.ReadTries),
		"throttle_tries": int64(c.ThrottleTries), "max_answer_bytes": c.MaxAnswerBytes,
		"limits.per_minute": int64(c.Limits.PerMinute), "limits.per_second": int64(c.Limits.PerSecond),
		"limits.batches_per_minute": int64(c.Limits.BatchesPerMinute), "limits.concurrent": int64(c.Limits.Concurrent),
		"limits.pause": int64(c.Limits.Pause),
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("quickbooks.%s: must not be negative, is %d", name, n))
		}
	}
	return errors.Join(errs...)
}

// serverTimeout is how long QuickBooks works on a request before it cuts it.
const serverTimeout = 120 * time.Second

// checkURL refuses an address that would carry a token in the clear. Loopback
// is the simulator, or a person's own machine during development.
func checkURL(setting, raw string) error {
	if raw == "" {
		return fmt.Errorf("quickbooks.%s: is missing; set it, or set environment to production or sandbox", setting)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("quickbooks.%s: is not an address", setting)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("quickbooks.%s: must begin with https, is %s://%s", setting, u.Scheme, u.Host)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

type addresses struct{ api, authorize, token, revoke string }

// addresses are as Intuit publishes them; both worlds share all but the API.
func (e Environment) addresses() addresses {
	shared := addresses{
		api:       "https://quickbooks.api.intuit.com",
		authorize: "https://appcenter.intuit.com/connect/oauth2",
		token:     "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
		revoke:    "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
	}
	switch e {
	case Production:
		return shared
	case Sandbox:
		shared.api = "https://sandbox-quickbooks.api.intuit.com"
		return shared
	default:
		return addresses{}
	}
}

func (e Environment) validate() error {
	switch e {
	case "", Production, Sandbox:
		return nil
	default:
		return fmt.Errorf("quickbooks.environment: must be production or sandbox, is %q", string(e))
	}
}
