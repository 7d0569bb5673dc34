package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/tieout/tieout/cmd/internal/config"
)

// ReloadOn has Serve read the configuration again whenever something comes from
// hangups: how deliveries are verified, and the files of TLS, are swapped between
// two requests. A configuration with a mistake changes nothing. It must be called
// before Serve.
func (a *App) ReloadOn(hangups <-chan os.Signal, read func() (config.Config, error)) {
	a.hangups, a.reread = hangups, read
}

// reloading is how the last reload went, for Prometheus.
type reloading struct {
	ok, at, expires prometheus.Gauge
	secrets         *prometheus.GaugeVec
}

func newReloading(reg prometheus.Registerer) reloading {
	gauge := func(name, help string) prometheus.Gauge {
		return promauto.With(reg).NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return reloading{
		ok: gauge("tieout_config_last_reload_successful", "1 when the configuration was read without a mistake the last time, else 0."),
		at: gauge("tieout_config_last_reload_success_timestamp_seconds", "When the configuration in force was read."),
		expires: gauge("tieout_ingest_certificate_expiry_timestamp_seconds",
			"When the certificate of the webhook listener ends; 0 without TLS."),
		secrets: promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{
			Name: "tieout_ingest_secrets_expiry_timestamp_seconds",
			Help: "When the last of a company's secrets ends that follow each other without a gap; absent for ever.",
		}, []string{"company"}),
	}
}

// took notes that a configuration is in force.
func (r reloading) took(now time.Time, shown *certificates) {
	r.ok.Set(1)
	r.at.Set(float64(now.Unix()))
	if shown != nil {
		r.expires.Set(float64(shown.expires().Unix()))
	}
}

// reloads reads the configuration again, each time that it is asked to, until ctx
// ends.
func (s *server) reloads(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.app.hangups:
		}
		next, err := s.app.reread()
		if err == nil {
			err = s.reload(ctx, next)
		}
		if err != nil {
			s.reloading.ok.Set(0)
			s.app.log.ErrorContext(ctx, "configuration not reloaded; the one before stays in force", slog.Any("error", err))
		}
	}
}

// reload takes what can be taken of a configuration while requests go on. After an
// error nothing has changed.
func (s *server) reload(ctx context.Context, next config.Config) error {
	running := s.app.cfg
	companies := make([]config.Company, len(s.receiving))
	for i, c := range s.receiving {
		companies[i] = c
		if changed, ok := companyOf(next, c.ID); ok {
			companies[i].Ontop = changed.Ontop
		}
	}
	senders, err := sendersOf(companies)
	if err != nil {
		return err
	}
	shown := s.certificates
	if shown != nil && next.Public.TLS.CertFile != "" {
		if shown, err = newCertificates(next.Public.TLS); err != nil {
			return err
		}
	}
	if err := s.receiver.Reload(senders); err != nil {
		return err
	}
	if shown != nil {
		s.certificates.current.Store(shown.current.Load())
	}
	s.receiving = companies
	s.reloading.took(s.app.Now(), shown)
	s.watchSecrets(ctx, companies)
	if keys := needRestart(running, next); len(keys) > 0 {
		s.app.log.WarnContext(ctx, "configuration changed where only a restart helps", slog.Any("keys", keys))
	}
	s.app.log.InfoContext(ctx, "configuration reloaded", slog.Int("companies", len(companies)))
	return nil
}

func companyOf(cfg config.Config, id string) (config.Company, bool) {
	for _, c := range cfg.Companies {
		if c.ID == id {
			return c, true
		}
	}
	return config.Company{}, false
}

// needRestart returns the keys that differ between the configuration that the
// process began with and the next, and that a reload does not take.
func needRestart(running, next config.Config) []string {
	var keys []string
	differs := func(key string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			keys = append(keys, key)
		}
	}
	differs("store", running.Store, next.Store)
	differs("public.listen", running.Public.Listen, next.Public.Listen)
	differs("public.tls", running.Public.TLS.CertFile != "", next.Public.TLS.CertFile != "")
	rest := func(p config.Public) config.Public {
		p.Listen, p.URL, p.TLS = "", "", config.TLS{} // commands alone use the URL
		return p
	}
	differs("public", rest(running.Public), rest(next.Public))
	differs("private", running.Private, next.Private)
	differs("key_file", running.KeyFile, next.KeyFile)
	differs("schedule", running.Schedule, next.Schedule)
	differs("log", running.Log, next.Log)
	for _, c := range running.Companies {
		key := fmt.Sprintf("companies[%s]", c.ID)
		changed, ok := companyOf(next, c.ID)
		if !ok {
			keys = append(keys, key)
			continue
		}
		differs(key+".name", c.Name, changed.Name)
		differs(key+".ontop.client_ids", c.Ontop.ClientIDs, changed.Ontop.ClientIDs)
		differs(key+".ontop.redact", c.Ontop.Redact, changed.Ontop.Redact)
		differs(key+".quickbooks", c.QuickBooks, changed.QuickBooks)
		differs(key+".policy", c.Policy, changed.Policy)
	}
	for _, c := range next.Companies {
		if _, ok := companyOf(running, c.ID); !ok {
			keys = append(keys, fmt.Sprintf("companies[%s]", c.ID))
		}
	}
	return keys
}
