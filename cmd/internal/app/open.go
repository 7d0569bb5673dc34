package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/seal"
	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/reconcile"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/engine"
	"github.com/tieout/tieout/schema/store"
	"github.com/tieout/tieout/transform"
)

// Options are what an [App] needs besides its configuration.
type Options struct {
	// Log is where the program reports on itself.
	Log *slog.Logger
	// Registry is where metrics are registered and read from.
	Registry *prometheus.Registry
	// Now is the clock.
	Now func() time.Time
	// HTTP is the client for QuickBooks. Defaults to http.DefaultClient, of
	// which only the transport is used.
	HTTP *http.Client
	// Pause is how long QuickBooks is left alone after it throttled a company.
	// Defaults to a minute, as Intuit advises.
	Pause time.Duration
}

// App is everything that one process needs, opened. It is safe for concurrent use.
type App struct {
	cfg     config.Config
	options Options
	log     *slog.Logger
	// instance tells this process from others that share the store.
	instance string

	engine      *engine.Attached // nil with a ClickHouse server
	store       *store.Store
	sealer      *seal.Sealer
	locks       *locks
	transformer *transform.Transformer
	reconciler  *reconcile.Reconciler
	calls       *quickbooks.Metrics
	loads       *load.Metrics
	companies   []*company

	lastCall atomic.Int64 // of QuickBooks, in Unix nanoseconds

	// Serve reads the configuration again when told to; see ReloadOn.
	hangups <-chan os.Signal
	reread  func() (config.Config, error)
}

// Open opens the store, brings its tables up to date, and prepares every company.
// It contacts no QuickBooks. The App has to be closed.
func Open(ctx context.Context, cfg config.Config, options Options) (*App, error) {
	a := &App{
		cfg: cfg, options: options, log: options.Log, instance: rand.Text(),
		calls: quickbooks.NewMetrics(options.Registry), loads: load.NewMetrics(options.Registry),
	}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) (err error) {
	if a.sealer, err = seal.Open(a.cfg.KeyFile); err != nil {
		return err
	}
	if err := a.openStore(ctx); err != nil {
		return err
	}
	claims, err := a.leases()
	if err != nil {
		return err
	}
	a.locks = newLocks(claims, a.options.Now, a.log)
	a.reconciler = reconcile.New(a.store)
	var rounds []transform.Config
	for _, c := range a.cfg.Companies {
		opened, err := a.newCompany(c)
		if err != nil {
			return fmt.Errorf("company %s: %w", c.ID, err)
		}
		a.companies = append(a.companies, opened)
		rounds = append(rounds, transform.Config{
			CompanyID: opened.id, ClientIDs: c.Ontop.ClientIDs, Policy: c.Policy.Schema(),
		})
	}
	a.transformer = transform.New(a.store, rounds, a.log, a.options.Registry, a.options.Now)
	return nil
}

func (a *App) openStore(ctx context.Context) error {
	dsn, err := store.ParseDSN(a.cfg.Store.DSN.Reveal())
	if err != nil {
		return fmt.Errorf("store.dsn: %w", err)
	}
	options := store.Options{DSN: dsn, Cluster: a.cfg.Store.Cluster, Now: a.options.Now}
	if dir, embedded := dsn.Embedded(); embedded {
		if a.engine, err = engine.Attach(ctx, engine.Config{Dir: dir}); err != nil {
			return err
		}
		options.Transport = a.engine
	}
	if a.store, err = store.Open(ctx, options); err != nil {
		return err
	}
	if _, err := a.store.Migrate(ctx); err != nil {
		return fmt.Errorf("bring tables up to date: %w", err)
	}
	return nil
}

// leases returns where claims are kept: with an embedded store in its folder, which
// all processes that share it see, and otherwise in the store.
func (a *App) leases() (leases, error) {
	if dir := a.cfg.Store.EmbeddedDir(); dir != "" {
		return newFileLeases(filepath.Join(dir, "locks"))
	}
	return a.store, nil
}

// throttleGap keeps processes that follow each other on one company from asking
// more of QuickBooks within a second than it allows: each counts only its own
// calls.
const throttleGap = time.Second

// called notes that QuickBooks was asked something.
func (a *App) called(context.Context, quickbooks.Answer) {
	a.lastCall.Store(a.options.Now().UnixNano())
}

// Close lets go of the store, once the next process may ask QuickBooks again.
// Nothing of the App may be used afterwards.
func (a *App) Close() error {
	var errs []error
	if last := a.lastCall.Load(); last != 0 {
		time.Sleep(min(throttleGap, time.Unix(0, last).Add(throttleGap).Sub(a.options.Now())))
	}
	for _, c := range a.companies {
		a.flushMeter(context.Background(), c)
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.engine != nil {
		errs = append(errs, a.engine.Close())
	}
	return errors.Join(errs...)
}

// Now returns the time by the App's clock, in UTC.
func (a *App) Now() time.Time { return a.options.Now().UTC() }

// Store returns the store, for reading.
func (a *App) Store() *store.Store { return a.store }

// Companies returns the ids of all companies, in the order of the configuration.
func (a *App) Companies() []schema.CompanyID {
	ids := make([]schema.CompanyID, len(a.companies))
	for i, c := range a.companies {
		ids[i] = c.id
	}
	return ids
}

// Report says whether a company's books agree with what arrived.
func (a *App) Report(ctx context.Context, id schema.CompanyID, period schema.Period, asOf time.Time) (schema.Report, error) {
	return a.reconciler.Report(ctx, id, period, asOf)
}

func (a *App) company(id schema.CompanyID) (*company, error) {
	for _, c := range a.companies {
		if c.id == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("company %q: %w", id, transform.ErrUnknownCompany)
}
