package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"strings"
	"time"
)

// The embedded engine's DSN begins so, and continues with its folder.
const embeddedScheme = "embedded://"

// DefaultMeteredBudget is how many metered calls a month a company has unless it is
// told otherwise: a hundred companies then fit the 500,000 of Intuit's free tier.
const DefaultMeteredBudget = 5000

// EmbeddedDir returns the folder of the embedded engine, or nothing when the
// store is a server.
func (s Store) EmbeddedDir() string {
	dir, ok := strings.CutPrefix(s.DSN.Reveal(), embeddedScheme)
	if !ok {
		return ""
	}
	return dir
}

func (c Config) withDefaults(from Source) Config {
	dataDir := DataDir(from.Env)
	c.Store.DSN = cmp.Or(c.Store.DSN, Secret(embeddedScheme+dataDir))
	c.Store.Journal = cmp.Or(c.Store.Journal, filepath.Join(cmp.Or(c.Store.EmbeddedDir(), dataDir), "journal"))
	c.Store.JournalLimitMiB = cmp.Or(c.Store.JournalLimitMiB, 4096)
	c.Public.Listen = cmp.Or(c.Public.Listen, "127.0.0.1:8080")
	c.Public = c.Public.withDefaults()
	c.Private.Listen = cmp.Or(c.Private.Listen, "127.0.0.1:8090")
	c.Private.URL = cmp.Or(c.Private.URL, "http://"+c.Private.Listen)
	c.Schedule.Transform = cmp.Or(c.Schedule.Transform, "@every 30s")
	c.Schedule.Load = cmp.Or(c.Schedule.Load, "@every 1m")
	c.Schedule.Sweep = cmp.Or(c.Schedule.Sweep, "@daily")
	for i := range c.Companies {
		c.Companies[i] = c.Companies[i].withDefaults()
	}
	return c
}

func (p Public) withDefaults() Public {
	p.Connections = cmp.Or(p.Connections, 4096)
	p.ConnectionsPerAddress = cmp.Or(p.ConnectionsPerAddress, max((p.Connections+1)/2, 1))
	p.InFlight = cmp.Or(p.InFlight, 1024)
	p.BufferMiB = cmp.Or(p.BufferMiB, 64)
	p.ReadTimeout = cmp.Or(p.ReadTimeout, 10*time.Second)
	if p.ReplayWindow == nil {
		window := 10 * time.Minute
		p.ReplayWindow = &window
	}
	if p.TLS.CertFile != "" {
		p.TLS.MinVersion = cmp.Or(p.TLS.MinVersion, "1.2")
	}
	return p
}

func (c Company) withDefaults() Company {
	c.Name = cmp.Or(c.Name, c.ID)
	c.Ontop.Signature = cmp.Or(c.Ontop.Signature, "standard-webhooks")
	if c.Ontop.Signature == "hmac-hex" {
		c.Ontop.Header = cmp.Or(c.Ontop.Header, "X-Signature")
	}
	c.Ontop.Tolerance = cmp.Or(c.Ontop.Tolerance, 5*time.Minute)
	c.Ontop.RatePerSecond = cmp.Or(c.Ontop.RatePerSecond, 5000)
	c.QuickBooks.Environment = cmp.Or(c.QuickBooks.Environment, "production")
	c.QuickBooks.BatchSize = cmp.Or(c.QuickBooks.BatchSize, 30)
	c.QuickBooks.RequestsPerMinute = cmp.Or(c.QuickBooks.RequestsPerMinute, 500)
	c.QuickBooks.RequestsPerSecond = cmp.Or(c.QuickBooks.RequestsPerSecond, 10)
	c.QuickBooks.BatchesPerMinute = cmp.Or(c.QuickBooks.BatchesPerMinute, 40)
	if c.QuickBooks.MeteredBudget == nil {
		budget := DefaultMeteredBudget
		c.QuickBooks.MeteredBudget = &budget
	}
	c.QuickBooks.MirrorDays = cmp.Or(c.QuickBooks.MirrorDays, 92)
	c.QuickBooks.DuplicateDays = cmp.Or(c.QuickBooks.DuplicateDays, 7)
	c.Policy = c.Policy.withDefaults()
	return c
}

func (p Policy) withDefaults() Policy {
	p.PostOn = cmp.Or(p.PostOn, "confirmed")
	p.PlatformVendor = cmp.Or(p.PlatformVendor, "Ontop")
	p.CreateVendors = cmp.Or(p.CreateVendors, "review")
	p.ClosedPeriod = cmp.Or(p.ClosedPeriod, "hold")
	p.NegativeTotal = cmp.Or(p.NegativeTotal, "hold")
	p.BillDate = cmp.Or(p.BillDate, "issue_date")
	p.FileLimitMiB = cmp.Or(p.FileLimitMiB, 20)
	p.FilesAtOnce = cmp.Or(p.FilesAtOnce, 2)
	p.FilesPerLoad = cmp.Or(p.FilesPerLoad, 40)
	payee := map[string]string{
		"PAYMENT_AGENT": "worker", "SERVICE_PROVIDER": "worker", "CONTRACTOR_OF_RECORD": "platform", "EOR": "platform",
	}
	maps.Copy(payee, p.Payee)
	p.Payee = payee
	return p
}
