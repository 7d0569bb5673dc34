package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
)

// ontopFlags say what to send, and to whom.
type ontopFlags struct {
	url, secret, file string
	workers, months   int
	last              string
	seed              uint64
	currencies        []string
	clean, print      bool
	money             bool
	changes           int
	onlyChanges       bool
	files             string
	concurrency       int
}

func ontop() *cobra.Command {
	var f ontopFlags
	command := &cobra.Command{
		Use:   "ontop",
		Short: "Sign and post webhooks as Ontop does, from a file or made up",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	flags := command.Flags()
	flags.StringVar(&f.url, "url", "", "`URL` to post to, such as http://127.0.0.1:8080/webhooks/ontop/acme")
	flags.StringVar(&f.secret, "secret", "", "signing `SECRET`, whsec_ and base64")
	flags.StringVar(&f.file, "file", "", "send the events of `F.ndjson`, one a line")
	flags.IntVar(&f.workers, "workers", 16, "make up a history of `N` workers")
	flags.IntVar(&f.months, "months", 3, "over `M` months")
	flags.StringVar(&f.last, "last", "", "the last of them, `YYYY-MM` (default the month before this one)")
	flags.Uint64Var(&f.seed, "seed", 1, "`N` that makes histories differ")
	flags.StringSliceVar(&f.currencies, "currencies", nil, "`CODES` of the contracts (default USD,EUR,COP,BRL,MXN,JPY)")
	flags.BoolVar(&f.clean, "clean", false, "leave all troubles out")
	flags.BoolVar(&f.money, "money", false, "tell of every payment and of a top-up a month, too")
	flags.IntVar(&f.changes, "changes", 0, "afterwards, change `N` invoices of each kind that are posted by then")
	flags.BoolVar(&f.onlyChanges, "only-changes", false, "send nothing but what --changes adds, once the rest is posted")
	flags.StringVar(&f.files, "files", "", "`URL` below which the files of invoices are")
	flags.IntVar(&f.concurrency, "concurrency", 8, "send `N` events at once")
	flags.BoolVar(&f.print, "print", false, "print the bodies instead of sending them, one a line, as `tieout import` reads them")
	return command
}

func (f ontopFlags) run(c *cobra.Command) error {
	events, err := f.events()
	if err != nil {
		return err
	}
	if f.print {
		return ontopsim.WriteBodies(c.OutOrStdout(), events)
	}
	if f.url == "" || f.secret == "" {
		return errors.New("--url and --secret are needed, or --print")
	}
	sender, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: f.url, Secret: f.secret, Concurrency: f.concurrency}, time.Now)
	if err != nil {
		return err
	}
	summary, err := sender.Send(c.Context(), events)
	printSummary(c.OutOrStdout(), summary)
	if err == nil && summary.Accepted < summary.Events {
		err = fmt.Errorf("%d of %d events were not accepted", summary.Events-summary.Accepted, summary.Events)
	}
	return err
}

func (f ontopFlags) events() ([]ontopsim.Event, error) {
	if f.file != "" {
		return readEvents(f.file)
	}
	cfg := ontopsim.Config{
		Seed: f.seed, Workers: f.workers, Months: f.months, Money: f.money, Afterwards: f.changes, FilesURL: f.files,
	}
	cfg.LastMonth = schema.DateOf(time.Now().AddDate(0, 0, -time.Now().Day())).Period()
	if f.last != "" {
		var err error
		if cfg.LastMonth, err = schema.ParsePeriod(f.last); err != nil {
			return nil, fmt.Errorf("--last: %w", err)
		}
	}
	for _, code := range f.currencies {
		currency, err := schema.ParseCurrency(strings.TrimSpace(code))
		if err != nil {
			return nil, fmt.Errorf("--currencies: %w", err)
		}
		cfg.Currencies = append(cfg.Currencies, currency)
	}
	if f.clean {
		cfg.Troubles = []ontopsim.Trouble{}
	}
	history, err := ontopsim.Generate(cfg)
	if err != nil {
		return nil, err
	}
	if f.onlyChanges {
		return history.Afterwards, nil
	}
	return slices.Concat(history.Events, history.Afterwards), nil
}

func readEvents(path string) ([]ontopsim.Event, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var events []ontopsim.Event
	for event, err := range ontopsim.ReadEvents(file) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		events = append(events, event)
	}
	return events, nil
}

func printSummary(w io.Writer, s ontopsim.Summary) {
	fmt.Fprintf(w, "%d events, %d accepted, %d refused, %d given up, %d retried\n", s.Events, s.Accepted, s.Refused, s.GaveUp, s.Retried)
	for _, status := range slices.Sorted(maps.Keys(s.Answers)) {
		fmt.Fprintf(w, "  %d answers with status %d\n", s.Answers[status], status)
	}
	for _, failure := range s.Failures {
		fmt.Fprintf(w, "  %s: %s\n", failure.ID, failure.Reason)
	}
}
