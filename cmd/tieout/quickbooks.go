package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/load/quickbooks"
)

func (r *root) quickBooks() *cobra.Command {
	command := &cobra.Command{
		Use:   "quickbooks",
		Short: "Look at QuickBooks itself, apart from the work that is done with it",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(r.quickBooksProbe())
	return command
}

func (r *root) quickBooksProbe() *cobra.Command {
	command := &cobra.Command{
		Use:   "probe --yes",
		Short: "Check on a sandbox company what tieout had to assume about QuickBooks Online",
		Long: "probe checks on a sandbox company what tieout had to assume about QuickBooks Online,\n" +
			"because no source documents it or sources disagree. It refuses to run in production.\n\n" +
			"It creates vendors, customers, employees, an account and bills whose names begin with\n" +
			"\"tieout probe\"; deletes the bills and makes the rest inactive when it is done, also when\n" +
			"it is interrupted; and says what it left. It takes a few minutes.\n\n" +
			"Some questions need a setting of the company: multicurrency, a closing date, and the\n" +
			"warning about duplicate bill numbers. The report says which; turn them on and run again.\n\n" +
			"It ends with exit code 1 when it found something that tieout cannot live with.",
		Args: noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	var own probe.Config
	yes := command.Flags().Bool("yes", false, "confirm that records may be created in the company")
	command.Flags().BoolVar(&own.Throttle, "throttle", false, "also provoke the throttle, which blocks the company for a minute")
	command.Flags().StringVar(&own.Again, "again", "", "only find out whether the request `ID` of an earlier run is still known")
	command.RunE = func(c *cobra.Command, _ []string) error {
		if !*yes {
			return usageError{errors.New("--yes: needed, since the probe creates records in the company; see --help")}
		}
		return r.probe(c.Context(), *only, own, *asJSON)
	}
	return command
}

// probe runs the probe and writes its report, also when the run ended early.
func (r *root) probe(ctx context.Context, only string, own probe.Config, asJSON bool) error {
	cfg, err := r.load()
	if err != nil {
		return err
	}
	if err := mayProbe(cfg, only); err != nil {
		return err
	}
	return r.withConfig(ctx, cfg, func(a *app.App) error {
		id, err := company(a, only)
		if err != nil {
			return err
		}
		client, err := a.Client(ctx, id)
		if err != nil {
			return err
		}
		own.Now = a.Now
		own.Progress = func(name string) { fmt.Fprintln(r.err, name) }
		report, err := probe.Run(ctx, client, own)
		if len(report.Findings) == 0 {
			return err
		}
		write := writeProbe
		if asJSON {
			write = func(w io.Writer, report probe.Report) error { return writeJSON(w, report) }
		}
		err = errors.Join(err, write(r.out, report))
		if n := len(report.Alarming()); n > 0 {
			err = errors.Join(err, fmt.Errorf("QuickBooks answered %d questions in a way that has to be settled before production", n))
		}
		return err
	})
}

func (r *root) withConfig(ctx context.Context, cfg config.Config, do func(*app.App) error) error {
	a, err := r.openWith(ctx, cfg, r.logger(cfg.Log, "text", slog.LevelWarn))
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}

// mayProbe refuses production, before anything is opened or sent. A company that
// is not there, or not named among several, is for others to complain about.
func mayProbe(cfg config.Config, only string) error {
	for _, c := range cfg.Companies {
		if c.ID != only && (only != "" || len(cfg.Companies) > 1) {
			continue
		}
		if err := probe.Allowed(quickbooks.Environment(c.QuickBooks.Environment), c.QuickBooks.APIURL); err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	return nil
}

// writeProbe writes a report for people, the surprising first.
func writeProbe(w io.Writer, r probe.Report) error {
	alarming, different := r.Alarming(), r.Of(probe.Different)
	fmt.Fprintf(w, "QuickBooks company %s, %s, %s, %s\n", r.Realm, orDash(clean(r.Country)), currencies(r), instant(r.StartedAt))
	fmt.Fprintf(w, "%d questions: %d to settle before production, %d answered otherwise, %d not tried, %d as relied on\n",
		len(r.Findings), len(alarming), len(different)-len(alarming), len(r.Of(probe.NotTried)), len(r.Of(probe.AsReliedOn)))
	writeSurprises(w, "To settle before production", alarming)
	writeSurprises(w, "Answered otherwise; tieout can live with it", different[len(alarming):])
	writeUntried(w, r.Of(probe.NotTried))
	if kept := r.Of(probe.AsReliedOn); len(kept) > 0 {
		fmt.Fprint(w, "\nAs relied on\n\n")
		rows := make([][]string, len(kept))
		for i, f := range kept {
			rows[i] = []string{"  " + f.Name, f.Found, f.Meaning}
		}
		if err := writeTable(w, []string{"  experiment", "found", "which means"}, rows); err != nil {
			return err
		}
	}
	writeList(w, "No sandbox can answer", r.Beyond)
	fmt.Fprintf(w, "\nRemoved: %s\n", removed(r))
	if len(r.Left) == 0 {
		_, err := fmt.Fprintln(w, "Left: nothing but inactive records named \"tieout probe\"")
		return err
	}
	writeList(w, "Left in the company", r.Left)
	return nil
}

func currencies(r probe.Report) string {
	if r.MultiCurrency {
		return clean(r.HomeCurrency) + " and others"
	}
	return clean(r.HomeCurrency) + " only"
}

func removed(r probe.Report) string {
	return fmt.Sprintf("%s deleted; %s, %s, %s and %s made inactive", counted(r.Removed["Bill"], "bill"),
		counted(r.Removed["Vendor"], "vendor"), counted(r.Removed["Customer"], "customer"),
		counted(r.Removed["Employee"], "employee"), counted(r.Removed["Account"], "account"))
}

func writeSurprises(w io.Writer, title string, findings []probe.Finding) {
	if len(findings) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, f := range findings {
		fmt.Fprintf(w, "\n  %s: %s\n", f.Name, clean(f.Found))
		for _, row := range [][2]string{
			{"question", f.Question}, {"tried", f.Tried}, {"documented", f.Documented}, {"relied on", f.ReliesOn}, {"found", f.Meaning},
		} {
			fmt.Fprintf(w, "    %-11s %s\n", row[0], row[1])
		}
		for _, e := range f.Evidence {
			fmt.Fprintf(w, "    %-11s %s\n", "evidence", clean(evidence(e)))
		}
	}
}

func evidence(e probe.Evidence) string {
	var b strings.Builder
	b.WriteString(e.Step)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", status %d", e.Status)
	}
	for _, part := range [][2]string{{", fault ", e.Code}, {", ", e.Note}, {", intuit_tid ", e.TID}, {": ", e.Words}} {
		if part[1] != "" {
			b.WriteString(part[0] + part[1])
		}
	}
	return b.String()
}

// writeUntried says each reason once.
func writeUntried(w io.Writer, findings []probe.Finding) {
	var reasons []string
	names := map[string][]string{}
	for _, f := range findings {
		if names[f.Reason] == nil {
			reasons = append(reasons, f.Reason)
		}
		names[f.Reason] = append(names[f.Reason], f.Name)
	}
	if len(reasons) > 0 {
		fmt.Fprint(w, "\nNot tried\n")
	}
	for _, reason := range reasons {
		fmt.Fprintf(w, "\n  %s\n    %s\n", strings.Join(names[reason], ", "), clean(reason))
	}
}

func writeList(w io.Writer, title string, items []string) {
	fmt.Fprintf(w, "\n%s\n\n", title)
	for _, item := range items {
		fmt.Fprintf(w, "  - %s\n", clean(item))
	}
}
