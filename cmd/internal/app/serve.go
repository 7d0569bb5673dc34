package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/robfig/cron/v3"
	"golang.org/x/sync/errgroup"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/load"
)

// drainOnStop bounds how long stopping moves what was just received into the
// store. What is left stays in the journal, and is moved at the next start.
const drainOnStop = 5 * time.Second

// Serve receives webhooks and runs every stage on schedule until ctx ends. Then it
// takes no more deliveries, answers those that it accepted, lets the cycles that
// run come to a safe end, and returns.
//
// The public listener opens before anything is drained or posted, and closes
// first; nothing that happens behind it is a reason to close it.
func (a *App) Serve(ctx context.Context) error {
	s, err := a.newServer(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	a.log.InfoContext(ctx, "serving", slog.String("public", s.public.Addr().String()), slog.String("private", s.private.Addr().String()),
		slog.Int("companies", len(a.companies)))
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return s.receiver.Serve(running, s.public) })
	group.Go(func() error { return s.drainer.Run(running) })
	group.Go(func() error { return s.servePrivate(running) })
	group.Go(func() error { return a.schedule(running) })
	group.Go(func() error { return a.redactDaily(running) })
	group.Go(func() error { return s.reloads(running) })
	for _, c := range a.companies {
		group.Go(func() error {
			c.work(running, func(ctx context.Context, what rounds) { a.workOnce(ctx, c, what) })
			return nil
		})
		group.Go(func() error {
			c.backlog.run(running)
			return nil
		})
	}
	err = group.Wait()
	s.drainLast(ctx)
	a.log.InfoContext(ctx, "stopped")
	return err
}

// server is what Serve opens and closes.
type server struct {
	app      *App
	public   net.Listener
	private  net.Listener
	journal  *ingest.Journal
	drainer  *ingest.Drainer
	receiver *ingest.Receiver
	// certificates are those of the public listener; nil without TLS.
	certificates *certificates
	// receiving is how the receiver serves companies now.
	receiving []config.Company
	reloading reloading
	// tracing is nil unless the environment asks for it.
	tracing *tracing
}

func (a *App) newServer(ctx context.Context) (s *server, err error) {
	s = &server{app: a}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	env := a.ingestEnv(ingest.NewMetrics(a.options.Registry))
	if s.tracing, err = newTracing(ctx, a.log); err != nil {
		a.log.ErrorContext(ctx, "requests are not traced", slog.Any("error", err)) // and received all the same
	}
	if s.tracing != nil {
		env.Tracer = s.tracing
	}
	if err := s.open(env); err != nil {
		return s, err
	}
	var listen net.ListenConfig
	if s.public, err = listen.Listen(ctx, "tcp", a.cfg.Public.Listen); err != nil {
		return s, fmt.Errorf("public.listen: %w", err)
	}
	if s.private, err = listen.Listen(ctx, "tcp", a.cfg.Private.Listen); err != nil {
		return s, fmt.Errorf("private.listen: %w", err)
	}
	s.reloading = newReloading(a.options.Registry)
	s.reloading.took(a.Now(), s.certificates)
	s.watchSecrets(ctx, s.receiving)
	a.options.Registry.MustRegister(newBacklogCollector(a), newStandingCollector(a), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s, nil
}

// open opens what stands between the public listener and the store.
func (s *server) open(env ingest.Env) error {
	a := s.app
	s.receiving = a.cfg.Companies
	senders, err := sendersOf(s.receiving)
	if err != nil {
		return err
	}
	receiving, err := receiverConfig(a.cfg.Public)
	if err != nil {
		return err
	}
	if a.cfg.Public.TLS.CertFile != "" {
		if s.certificates, err = newCertificates(a.cfg.Public.TLS); err != nil {
			return err
		}
		receiving.TLS = s.certificates.serving()
	}
	s.journal, err = ingest.OpenJournal(ingest.JournalConfig{
		Dir: a.cfg.Store.Journal, MaxBytes: int64(a.cfg.Store.JournalLimitMiB) << 20,
	}, env)
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	if s.drainer, err = ingest.NewDrainer(s.journal, a.store, a.nudgeAll, ingest.DrainConfig{}, env); err != nil {
		return err
	}
	s.receiver, err = ingest.NewReceiver(senders, s.journal, receiving, env)
	return err
}

// close lets go of what is still open. Listeners that served are closed already.
func (s *server) close() {
	if s.journal != nil {
		if err := s.journal.Close(); err != nil {
			s.app.log.Error("journal not closed", slog.Any("error", err))
		}
	}
	for _, listener := range []net.Listener{s.public, s.private} {
		if listener != nil {
			listener.Close() // closing twice is an error that says nothing
		}
	}
	if s.tracing != nil {
		s.tracing.close(context.Background())
	}
}

// drainLast moves what was received last into the store, if that is quick.
func (s *server) drainLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainOnStop)
	defer cancel()
	if n, err := s.drainer.Drain(ctx); err != nil {
		s.app.log.WarnContext(ctx, "journal not drained; the next start goes on", slog.Int("drained", n), slog.Any("error", err))
	}
}

func (s *server) servePrivate(ctx context.Context) error {
	pages := &http.Server{
		Handler: s.app.newPrivate(s.status,
			readiness{name: "journal", check: s.journalReady, warnings: s.journalWarnings},
			readiness{name: "store", check: s.app.store.Health},
		),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		// A connection to QuickBooks takes two calls of at most 130 seconds.
		WriteTimeout:   5 * time.Minute,
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(s.app.log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- pages.Serve(s.private) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("private listener: %w", err)
	case <-ctx.Done():
	}
	// A scrape or a page may finish; nobody's data depends on it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := pages.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = pages.Close()
	}
	if served := <-stopped; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// nudgeAll wakes every company's worker after deliveries were staged. A company
// that got none finds nothing, at the cost of a query.
func (a *App) nudgeAll() {
	for _, c := range a.companies {
		c.transforms.Now()
	}
}

// schedule wakes the workers by the clock. The times of day are UTC.
func (a *App) schedule(ctx context.Context) error {
	clock := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger))
	for _, job := range []struct {
		key, when string
		of        func(*company) nudge
	}{
		{"transform", a.cfg.Schedule.Transform, func(c *company) nudge { return c.transforms }},
		{"load", a.cfg.Schedule.Load, func(c *company) nudge { return c.loads }},
		{"sweep", a.cfg.Schedule.Sweep, func(c *company) nudge { return c.sweeps }},
	} {
		_, err := clock.AddFunc(job.when, func() {
			for _, c := range a.companies {
				job.of(c).Now()
			}
		})
		if err != nil {
			return fmt.Errorf("schedule.%s: %w", job.key, err)
		}
	}
	clock.Start()
	<-ctx.Done()
	<-clock.Stop().Done()
	return nil
}

// workOnce runs one cycle and logs what came of it. QuickBooks or the store being
// away is told, and is tried again with the next cycle.
func (a *App) workOnce(ctx context.Context, c *company, what rounds) {
	if what.sweep {
		if err := a.store.ResetWatermarks(ctx); err != nil {
			a.log.WarnContext(ctx, "watermarks not reset", slog.Any("error", err))
		}
	}
	counts, err := a.cycle(ctx, c, what)
	if err != nil && ctx.Err() == nil {
		level := slog.LevelError
		if errors.Is(err, load.ErrQuota) {
			level = slog.LevelWarn // what somebody must do was told when it began
		}
		a.log.LogAttrs(ctx, level, "cycle failed", slog.String("company", string(c.id)), slog.Any("error", err))
	}
	others := counts.Corrected + counts.Attached + counts.Paid + counts.Transferred
	if counts.Posted+counts.Adopted+counts.Declined+counts.Uncertain+others > 0 {
		a.log.InfoContext(ctx, "cycle finished", slog.String("company", string(c.id)), slog.Int("posted", counts.Posted),
			slog.Int("adopted", counts.Adopted), slog.Int("verified", counts.Verified), slog.Int("declined", counts.Declined),
			slog.Int("uncertain", counts.Uncertain), slog.Int("corrected", counts.Corrected), slog.Int("attached", counts.Attached),
			slog.Int("paid", counts.Paid), slog.Int("transferred", counts.Transferred))
	}
}
