package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

var companyID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// mistakes collects what is wrong, by key.
type mistakes []error

func (m *mistakes) add(key, format string, args ...any) {
	*m = append(*m, fmt.Errorf("%s: "+format, append([]any{key}, args...)...))
}

func (m *mistakes) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		m.add(key, "must be one of %s, is %q", strings.Join(allowed, ", "), value)
	}
}

func (m *mistakes) between(key string, value, least, most int) {
	if value < least || value > most {
		m.add(key, "must be from %d to %d, is %d", least, most, value)
	}
}

func (c Config) validate() []error {
	var m mistakes
	c.Store.validate(&m)
	m.listen("public.listen", c.Public.Listen)
	c.Public.validate(&m)
	if c.Public.URL != "" {
		m.webAddress("public.url", c.Public.URL, false)
	}
	m.listen("private.listen", c.Private.Listen)
	if c.Public.Listen == c.Private.Listen {
		m.add("private.listen", "must differ from public.listen, is %q too", c.Private.Listen)
	}
	m.webAddress("private.url", c.Private.URL, false)
	if c.KeyFile == "" {
		m.add("key_file", "is missing; `tieout config init` makes one")
	}
	m.schedule("schedule.transform", c.Schedule.Transform)
	m.schedule("schedule.load", c.Schedule.Load)
	m.schedule("schedule.sweep", c.Schedule.Sweep)
	if c.Log.Format != "" {
		m.oneOf("log.format", c.Log.Format, "json", "text")
	}
	if c.Log.Level != "" {
		m.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	}
	if len(c.Companies) == 0 {
		m.add("companies", "is empty; at least one company is needed")
	}
	seen := map[string]bool{}
	for i, company := range c.Companies {
		if company.ID != "" && seen[company.ID] {
			m.add(fmt.Sprintf("companies[%d].id", i), "%q is used twice", company.ID)
		}
		seen[company.ID] = true
		company.validate(&m, companyKey(i, company.ID))
	}
	return m
}

// companyKey is how mistakes name a company: by id, or by place when it has none.
func companyKey(i int, id string) string {
	if id == "" {
		return fmt.Sprintf("companies[%d]", i)
	}
	return fmt.Sprintf("companies[%s]", id)
}

func (s Store) validate(m *mistakes) {
	dsn := s.DSN.Reveal()
	switch scheme, rest, _ := strings.Cut(dsn, "://"); scheme {
	case "embedded":
		if !filepath.IsAbs(rest) {
			m.add("store.dsn", "the folder behind embedded:// must be absolute, is %q", rest)
		}
		if s.Cluster != "" {
			m.add("store.cluster", "the embedded engine has no cluster; give the address of a server in store.dsn, or leave it out")
		}
	case "http", "https", "clickhouse":
		if u, err := url.Parse(dsn); err != nil || u.Host == "" {
			m.add("store.dsn", "is not an address such as %s://user:pass@host:8123/db", scheme)
		}
	default:
		m.add("store.dsn", "must begin with embedded://, http://, https:// or clickhouse://")
	}
	if !filepath.IsAbs(s.Journal) {
		m.add("store.journal", "must be an absolute path, is %q", s.Journal)
	}
	m.between("store.journal_limit_mib", s.JournalLimitMiB, 16, 1<<20)
}

func (m *mistakes) listen(key, value string) {
	host, port, err := net.SplitHostPort(value)
	if err != nil || port == "" {
		m.add(key, "must be host:port, is %q", value)
		return
	}
	if strings.ContainsAny(host, "/ ") {
		m.add(key, "must be host:port, is %q", value)
	}
}

func (m *mistakes) schedule(key, value string) {
	if _, err := cron.ParseStandard(value); err != nil {
		m.add(key, "must be a cron expression or @every DURATION, is %q", value)
	}
}

// webAddress checks an http(s) address. Where tokens or amounts travel, only a
// loopback address, which a simulator has, may be without TLS.
func (m *mistakes) webAddress(key, value string, confidential bool) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		m.add(key, "must be an http(s) address, is %q", value)
		return
	}
	if confidential && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		m.add(key, "must use https, is %q; only a simulator on this machine may do without", value)
	}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

func (c Company) validate(m *mistakes, key string) {
	if !companyID.MatchString(c.ID) {
		m.add(key+".id", "must be 1 to 40 lower-case letters, digits and dashes, is %q", c.ID)
	}
	c.Ontop.validate(m, key+".ontop")
	c.QuickBooks.validate(m, key+".quickbooks")
	c.Policy.validate(m, key+".policy")
}

// placeholder stands in the starting configuration where an operator's own value
// belongs.
const placeholder = "..."

func (q QuickBooks) validate(m *mistakes, key string) {
	m.oneOf(key+".environment", q.Environment, "production", "sandbox")
	for _, address := range []struct{ key, value string }{
		{"api_url", q.APIURL}, {"authorize_url", q.AuthorizeURL}, {"token_url", q.TokenURL}, {"revoke_url", q.RevokeURL},
	} {
		if address.value != "" {
			m.webAddress(key+"."+address.key, address.value, true)
		}
	}
	if q.ClientID == "" || q.ClientID == placeholder {
		m.add(key+".client_id", "is missing; it is in the app's keys at developer.intuit.com")
	}
	if q.ClientSecret == "" {
		m.add(key+".client_secret", "is missing; it is in the app's keys at developer.intuit.com")
	}
	if q.Patience < 0 || q.Patience > time.Hour {
		m.add(key+".patience", "must be from 0s to 1h, is %s", q.Patience)
	}
	m.between(key+".batch_size", q.BatchSize, 1, 30)
	m.between(key+".requests_per_minute", q.RequestsPerMinute, 1, 500)
	m.between(key+".requests_per_second", q.RequestsPerSecond, 1, 10)
	m.between(key+".batches_per_minute", q.BatchesPerMinute, 1, 40)
	m.between(key+".metered_budget", *q.MeteredBudget, 0, 100_000_000)
	m.between(key+".mirror_days", q.MirrorDays, 1, 3660)
	m.between(key+".duplicate_days", q.DuplicateDays, 1, 366)
}
