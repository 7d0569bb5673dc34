package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/vendors"
)

// demoFlags say how much of a demo to give.
type demoFlags struct {
	exit, json, verbose bool
	workers, months     int
	seed                uint64
}

func demo() *cobra.Command {
	var f demoFlags
	command := &cobra.Command{
		Use:   "demo",
		Short: "The whole job on this machine: webhooks to bills to a report, with every kind of trouble",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log := io.Discard
			if f.verbose {
				log = c.ErrOrStderr()
			}
			return f.run(c.Context(), c.OutOrStdout(), log)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&f.exit, "exit", false, "stop after the report, and fail unless every cent is accounted for")
	flags.BoolVar(&f.json, "json", false, "write the outcome as JSON")
	flags.BoolVar(&f.verbose, "verbose", false, "show what the program logs")
	flags.IntVar(&f.workers, "workers", 16, "how many `N` people work for the company")
	flags.IntVar(&f.months, "months", 3, "over how many `M` months")
	flags.Uint64Var(&f.seed, "seed", 1, "`N` that makes histories differ")
	return command
}

func (f demoFlags) run(ctx context.Context, out, log io.Writer) error {
	dir, err := os.MkdirTemp("", "tieout-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := findProgram()
	if err != nil {
		return err
	}
	tell := out
	if f.json {
		tell = io.Discard
	}
	d := &show{flags: f, out: tell, began: time.Now()}
	if err := d.prepare(ctx, program, dir, log); err != nil {
		return err
	}
	defer d.rig.Close()
	process, err := d.rig.Serve(ctx)
	if err != nil {
		return err
	}
	outcome, err := d.perform(ctx)
	if err == nil && f.json {
		err = json.NewEncoder(out).Encode(outcome)
	}
	if err == nil && !f.exit {
		d.linger(ctx)
	}
	return errors.Join(err, process.Stop(30*time.Second), outcome.failure())
}

// findProgram looks for tieout beside this program, and then in the PATH.
func findProgram() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "tieout")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath("tieout")
	if err != nil {
		return "", errors.New("the tieout program is neither beside this one nor in the PATH; run `make build`")
	}
	return filepath.Abs(path)
}

// show is one run of the demo.
type show struct {
	flags   demoFlags
	out     io.Writer
	began   time.Time
	rig     *rig.Rig
	history ontopsim.History
	last    schema.Period
	// approved are the invoices whose corrections were.
	approved []schema.InvoiceID
}

// say writes one line with the time since the beginning.
func (d *show) say(format string, args ...any) {
	fmt.Fprintf(d.out, "%5.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

func (d *show) prepare(ctx context.Context, program, dir string, log io.Writer) error {
	// The last whole month, so that the demo is always about now.
	d.last = schema.DateOf(d.began.UTC().AddDate(0, 0, -d.began.UTC().Day())).Period()
	first := schema.DateOf(d.last.First().Time().AddDate(0, 1-d.flags.months, 0))
	files, err := rig.FreePort(ctx)
	if err != nil {
		return err
	}
	cfg := ontopsim.Config{
		Afterwards: 1, Money: true, FilesURL: "http://" + files, PDFEvery: 3, BrokenFiles: 1,
		ClientID: "999", Seed: d.flags.seed, Workers: d.flags.workers, Months: d.flags.months, LastMonth: d.last,
		Currencies: []schema.Currency{"USD", "EUR", "USD", "COP", "BRL", "MXN"}, CustomerName: customerName, CloseDate: first.AddDays(-1),
	}
	if d.history, err = ontopsim.Generate(cfg); err != nil {
		return err
	}
	d.rig, err = rig.New(ctx, rig.Config{
		Program: program, Dir: dir, ClientID: "999", Log: log,
		Schedule: `{transform: "@every 1m", load: "@every 1m"}`, Files: files, Money: true,
		Books: quickbookstest.Config{Now: time.Now, Seed: d.flags.seed, Realms: []quickbookstest.Realm{{
			ID: quickbookstest.DefaultRealm, Name: "Acme Inc", Country: "US",
			Preferences: quickbookstest.Preferences{MultiCurrency: true, HomeCurrency: homeCurrency, BookCloseDate: first.AddDays(-1).String()},
		}}},
	})
	if err != nil {
		return err
	}
	return d.clash()
}

const (
	homeCurrency = "USD"
	customerName = "Globex Corporation"
)

// clash enters a customer by the very name that a worker's vendor would get, which
// QuickBooks does not allow twice.
func (d *show) clash() error {
	for _, invoice := range d.history.Expected.With(ontopsim.NameTaken) {
		var suffixes []string
		if invoice.Currency != homeCurrency {
			suffixes = append(suffixes, string(invoice.Currency))
		}
		name := vendors.DisplayName(customerName, suffixes...)
		_, err := d.rig.Books.Create(d.rig.Realm, "Customer", map[string]any{"DisplayName": name})
		if fault, ok := errors.AsType[*quickbookstest.Fault](err); ok && fault.Errors[0].Code == "6240" {
			err = nil // two invoices of one worker
		}
		if err != nil {
			return fmt.Errorf("enter customer %s: %w", name, err)
		}
	}
	return nil
}
