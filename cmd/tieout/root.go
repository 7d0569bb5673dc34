package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/schema"
)

// The exit codes that scripts rely on.
const (
	exitDone    = 0
	exitError   = 1
	exitUsage   = 2
	exitNotTied = 3
)

// errNotTied ends `reconcile` with its own exit code; the report has said why.
var errNotTied = errors.New("the period does not tie")

// usageError is a mistake in how a command was called.
type usageError struct{ error }

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// root carries the flags that every command takes.
type root struct {
	streams
	configPath string
}

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, s streams) int {
	command := newRoot(s)
	command.SetArgs(args)
	called, err := command.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNotTied):
		return exitNotTied
	case errors.As(err, &usage):
		fmt.Fprintf(s.err, "tieout: %v\nSee `%s --help`.\n", err, called.CommandPath())
		return exitUsage
	}
	fmt.Fprintln(s.err, "tieout:", err)
	return exitError
}

func newRoot(s streams) *cobra.Command {
	r := &root{streams: s}
	command := &cobra.Command{
		Use:   "tieout",
		Short: "Ontop's invoices in QuickBooks Online, proven to the cent",
		Long: "tieout brings the invoices that workers submit through Ontop into QuickBooks Online\n" +
			"as vendors and bills, and proves to the cent that the books equal the source.\n\n" +
			"Exit codes: 0 done, 1 error, 2 wrong usage, 3 a period that does not tie.",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.SetIn(s.in)
	command.SetOut(s.out)
	command.SetErr(s.err)
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	command.CompletionOptions.DisableDefaultCmd = true
	command.PersistentFlags().StringVar(&r.configPath, "config", "",
		"configuration `FILE` (default $TIEOUT_CONFIG, else ./tieout.yaml, else /etc/tieout/tieout.yaml)")
	command.AddCommand(
		r.serve(), r.sync(), r.reconcile(), r.importFile(), r.connect(), r.disconnect(), r.rules(), r.vendors(), r.holds(),
		r.corrections(), r.payments(), r.attachments(), r.deliveries(), r.replay(), r.journal(),
		r.status(), r.config(), r.engine(), r.migrate(), r.faults(), r.quickBooks(), version(),
	)
	return command
}

// noArgs refuses what stands behind a command that takes nothing.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasSubCommands() {
		return usageError{fmt.Errorf("takes no argument, got %q", args[0])}
	}
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return usageError{fmt.Errorf("unknown command %q; did you mean %s?", args[0], strings.Join(near, " or "))}
	}
	return usageError{fmt.Errorf("unknown command %q", args[0])}
}

// exactly takes as many arguments as there are names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return usageError{fmt.Errorf("needs %s, got %s", strings.Join(names, " and "), counted(len(args), "argument"))}
	}
}

// counted writes a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// load reads the configuration from where the operator said, or from where it
// usually is.
func (r *root) load() (config.Config, error) {
	path := r.configPath
	if path == "" {
		path = os.Getenv("TIEOUT_CONFIG")
	}
	for _, candidate := range []string{"tieout.yaml", "/etc/tieout/tieout.yaml"} {
		if path != "" {
			break
		}
		if _, err := os.Stat(candidate); err == nil {
			path = candidate
		}
	}
	if path == "" {
		return config.Config{}, errors.New("no configuration: give --config FILE, or write one with `tieout config init`")
	}
	return config.Load(path, config.Source{})
}

// open loads the configuration and opens everything for one command, which has
// to close it.
func (r *root) open(ctx context.Context) (*app.App, error) {
	cfg, err := r.load()
	if err != nil {
		return nil, err
	}
	return r.openWith(ctx, cfg, r.logger(cfg.Log, "text", slog.LevelWarn))
}

func (r *root) openWith(ctx context.Context, cfg config.Config, log *slog.Logger) (*app.App, error) {
	return app.Open(ctx, cfg, app.Options{Log: log, Registry: prometheus.NewRegistry(), Now: time.Now})
}

func (r *root) logger(l config.Log, format string, level slog.Level) *slog.Logger {
	if l.Format != "" {
		format = l.Format
	}
	if l.Level != "" {
		// The configuration was checked: the text is one of the four levels.
		_ = level.UnmarshalText([]byte(l.Level))
	}
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		options.ReplaceAttr = withUnit
		return slog.New(slog.NewJSONHandler(r.err, options))
	}
	return slog.New(slog.NewTextHandler(r.err, options))
}

// withUnit writes a duration as text does, such as 1.5ms, where JSON would have a bare
// number of nanoseconds.
func withUnit(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// with opens everything, runs do, and closes everything.
func (r *root) with(ctx context.Context, do func(*app.App) error) error {
	a, err := r.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}

// withCompany does so for the company that was named, or the only one.
func (r *root) withCompany(ctx context.Context, id string, do func(*app.App, schema.CompanyID) error) error {
	return r.with(ctx, func(a *app.App) error {
		known, err := company(a, id)
		if err != nil {
			return err
		}
		return do(a, known)
	})
}

// companyFlag adds --company. Where there is only one company it may be left out.
func companyFlag(c *cobra.Command) *string {
	return c.Flags().String("company", "", "company `ID`; may be left out when there is only one")
}

func jsonFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "write JSON")
}

// company returns the one that was named, or the only one.
func company(a *app.App, id string) (schema.CompanyID, error) {
	all := a.Companies()
	if id == "" && len(all) == 1 {
		return all[0], nil
	}
	if id == "" {
		return "", usageError{fmt.Errorf("--company: needed, since there are several: %v", all)}
	}
	for _, known := range all {
		if string(known) == id {
			return known, nil
		}
	}
	return "", usageError{fmt.Errorf("--company: %q is not configured; there are %v", id, all)}
}
