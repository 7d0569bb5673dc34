package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func (r *root) deliveriesRedact() *cobra.Command {
	command := &cobra.Command{
		Use:   "redact",
		Short: "Take personal data out of old deliveries, as ontop.redact of the configuration says",
		Long: "Take personal data out of old deliveries, as ontop.redact of the configuration says. `tieout serve` does so by\n" +
			"itself, daily; this does it now, and all of it.\n\n" +
			"A field that is taken out becomes null; every other byte of the body stays, and so does the hash of the body as\n" +
			"it arrived, so that repetitions and conflicts are still recognised and reports tie as before. What waits for a\n" +
			"person or for its outcome is left alone until it is settled, and so is what is no JSON. Each batch is recorded for\n" +
			"ever: see `tieout deliveries redactions`. The store lets go of the old rows at once and of their files within\n" +
			"minutes, while it runs. Contracts, invoices, drafts and what is in QuickBooks are not deliveries: they keep the\n" +
			"names that were booked, and backups keep what they hold.",
		Args: noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	dry := command.Flags().Bool("dry-run", false, "change nothing; say what would be taken out")
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			counts, err := a.Redact(c.Context(), app.RedactQuery{Company: id, DryRun: *dry, By: operator()})
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(r.out, struct {
					DryRun bool `json:"dry_run"`
					app.RedactCounts
				}{*dry, counts})
			}
			_, err = io.WriteString(r.out, redactText(counts, *dry))
			return err
		})
	}
	return command
}

// redactText sums up.
func redactText(n app.RedactCounts, dry bool) string {
	verb := "redacted"
	if dry {
		verb = "to be redacted"
	}
	text := wrapped(0, "", fmt.Sprintf("%s received before %s looked at: %d %s (%s)",
		deliveryCount(n.Deliveries), instant(n.Before), n.Redacted, verb, strings.Join(n.Fields, ", ")))
	if n.Left > 0 {
		text += wrapped(4, "left", fmt.Sprintf("%d, which wait for a person or for their outcome; see `tieout deliveries list`", n.Left))
	}
	if n.Unreadable > 0 {
		text += wrapped(4, "left", fmt.Sprintf("%d, which are no JSON, so that no field can be found in them", n.Unreadable))
	}
	return text
}

// shownRedaction is one element of `deliveries redactions --json`.
type shownRedaction struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Fields     []string  `json:"fields"`
	Before     time.Time `json:"before"`
	Deliveries int       `json:"deliveries"`
	Redacted   int       `json:"redacted"`
	Left       int       `json:"left"`
	Unreadable int       `json:"unreadable"`
	Done       bool      `json:"done"`
}

func (r *root) deliveriesRedactions() *cobra.Command {
	command := &cobra.Command{
		Use:   "redactions",
		Short: "List when personal data was taken out of deliveries, which, of how many, and who asked for it",
		Args:  noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			all, err := a.Store().Redactions(c.Context(), id)
			if err != nil {
				return err
			}
			return r.writeRedactions(all, *asJSON)
		})
	}
	return command
}

func (r *root) writeRedactions(all []schema.Redaction, asJSON bool) error {
	if asJSON {
		shown := []shownRedaction{}
		for _, one := range all {
			shown = append(shown, shownRedaction{
				ID: one.ID, At: one.RecordedAt, By: one.By, Fields: one.Fields, Before: one.Before, Deliveries: one.Deliveries,
				Redacted: one.Redacted, Left: one.Left, Unreadable: one.Unreadable, Done: one.Done,
			})
		}
		return writeJSON(r.out, shown)
	}
	if len(all) == 0 {
		_, err := io.WriteString(r.out, "nothing was ever taken out\n")
		return err
	}
	var rows [][]string
	for _, one := range all {
		state := "done"
		if !one.Done {
			state = "interrupted, or under way"
		}
		rows = append(rows, []string{
			instant(one.RecordedAt), one.By, fmt.Sprintf("%d of %d", one.Redacted, one.Deliveries), instant(one.Before), state, strings.Join(one.Fields, ", "),
		})
	}
	return writeTable(r.out, []string{"at", "by", "redacted", "received before", "state", "fields"}, rows)
}
