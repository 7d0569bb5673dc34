package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func (r *root) sync() *cobra.Command {
	command := &cobra.Command{
		Use:   "sync",
		Short: "Run one whole cycle now: draft what arrived, post what is ready, read it back",
		Args:  noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.with(c.Context(), func(a *app.App) error { return r.syncAll(c.Context(), a, *only, *asJSON) })
	}
	return command
}

// cycleCounts is what `sync --json` writes: the sums, and each company's counts.
type cycleCounts struct {
	app.Counts
	Companies map[schema.CompanyID]app.Counts `json:"companies"`
}

func (r *root) syncAll(ctx context.Context, a *app.App, only string, asJSON bool) error {
	companies := a.Companies()
	if only != "" {
		id, err := company(a, only)
		if err != nil {
			return err
		}
		companies = []schema.CompanyID{id}
	}
	counts := cycleCounts{Companies: map[schema.CompanyID]app.Counts{}}
	var errs []error
	for _, id := range companies {
		progress := func(step string) {
			if !asJSON {
				fmt.Fprintf(r.err, "%s: %s\n", id, step)
			}
		}
		result, err := a.Cycle(ctx, id, progress)
		counts.Counts = counts.Add(result)
		counts.Companies[id] = result
		if err != nil {
			errs = append(errs, fmt.Errorf("company %s: %w", id, err))
		}
	}
	if asJSON {
		return errors.Join(append(errs, writeJSON(r.out, counts))...)
	}
	var rows [][]string
	for _, id := range companies {
		n := counts.Companies[id]
		rows = append(rows, []string{
			string(id), strconv.Itoa(n.Received), strconv.Itoa(n.Drafted), strconv.Itoa(n.Held), strconv.Itoa(n.Posted),
			strconv.Itoa(n.Adopted), strconv.Itoa(n.Verified), strconv.Itoa(n.Declined), strconv.Itoa(n.Uncertain),
		})
	}
	header := []string{"company", "received", "drafted", "held", "posted", "adopted", "verified", "declined", "uncertain"}
	return errors.Join(append(errs, writeTable(r.out, header, rows), r.writeOthers(counts.Counts))...)
}

// writeOthers says what else was made, if anything was.
func (r *root) writeOthers(n app.Counts) error {
	if n.Corrected+n.Attached+n.Paid+n.Transferred == 0 {
		return nil
	}
	_, err := fmt.Fprintf(r.out, "\n%s, %s, %s and %s\n", counted(n.Corrected, "correction"), counted(n.Attached, "attachment"),
		counted(n.Paid, "payment"), counted(n.Transferred, "transfer"))
	return err
}
