package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/dashboards/reports"
	"github.com/tieout/tieout/schema"
)

// reconcileFlags are what an operator asks a report for.
type reconcileFlags struct {
	company, period, asOf, format, out string
}

func (r *root) reconcile() *cobra.Command {
	var f reconcileFlags
	command := &cobra.Command{
		Use:   "reconcile --period YYYY-MM",
		Short: "Report whether the books equal what arrived; exit 3 when a period does not tie",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			asked, err := f.parse(time.Now())
			if err != nil {
				return err
			}
			return r.with(c.Context(), func(a *app.App) error { return r.report(c, a, asked) })
		},
	}
	command.Flags().StringVar(&f.company, "company", "", "company `ID`; may be left out when there is only one")
	command.Flags().StringVar(&f.period, "period", "", "month `YYYY-MM`")
	command.Flags().StringVar(&f.asOf, "as-of", "", "report what was known at `TIME`, a date or RFC 3339 (default now)")
	command.Flags().StringVar(&f.format, "format", "text", "`FORMAT`: text or json")
	command.Flags().StringVar(&f.out, "out", "", "write to `FILE` instead of standard output")
	return command
}

// asked is what an operator asked for, understood.
type asked struct {
	company, out string
	period       schema.Period
	asOf         time.Time // zero for now
	write        func(io.Writer, schema.Report) error
}

// parse reports the first flag that cannot be understood, before anything is opened.
func (f reconcileFlags) parse(now time.Time) (asked, error) {
	a := asked{company: f.company, out: f.out}
	if f.period == "" {
		return a, usageError{fmt.Errorf("--period: needed, such as %s", now.AddDate(0, 0, -now.Day()).Format("2006-01"))}
	}
	var err error
	if a.period, err = schema.ParsePeriod(f.period); err != nil {
		return a, usageError{fmt.Errorf("--period: %w", err)}
	}
	if a.asOf, err = parseAsOf(f.asOf); err != nil {
		return a, usageError{err}
	}
	a.write = map[string]func(io.Writer, schema.Report) error{"text": reports.Text, "json": reports.JSON}[f.format]
	if a.write == nil {
		return a, usageError{fmt.Errorf("--format: must be text or json, is %q", f.format)}
	}
	return a, nil
}

func (r *root) report(c *cobra.Command, a *app.App, q asked) error {
	id, err := company(a, q.company)
	if err != nil {
		return err
	}
	asOf := q.asOf
	if asOf.IsZero() {
		asOf = a.Now()
	}
	report, err := a.Report(c.Context(), id, q.period, asOf)
	if err != nil {
		return err
	}
	if err := r.writeReport(q.out, report, q.write); err != nil {
		return err
	}
	if !report.Tied {
		return errNotTied
	}
	return nil
}

// writeReport writes to standard output, or to a file that appears complete or
// not at all.
func (r *root) writeReport(path string, report schema.Report, write func(io.Writer, schema.Report) error) error {
	if path == "" {
		return write(r.out, report)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".tieout-*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer os.Remove(file.Name())
	if err := write(file, report); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// parseAsOf reads a date, which means the end of that day in UTC, or an instant.
// Nothing is the zero time.
func parseAsOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := schema.ParseDate(text); err == nil {
		return day.AddDays(1).Time().Add(-time.Microsecond), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--as-of: must be YYYY-MM-DD or an instant such as 2026-09-01T08:00:00Z, is %q", text)
	}
	return at, nil
}
