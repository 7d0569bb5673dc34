package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// status is what `status --json` writes.
type status struct {
	// Server is null when none is running.
	Server    *app.ServerStatus `json:"server"`
	Companies []app.Status      `json:"companies"`
	// Settled says that nothing is left to do but by people and by Ontop.
	Settled bool `json:"settled"`
}

func (r *root) status() *cobra.Command {
	command := &cobra.Command{
		Use:   "status",
		Short: "Show whether the server runs, each company's connection and what is still to be done",
		Args:  noArgs,
	}
	asJSON := jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.with(c.Context(), func(a *app.App) error {
			s, err := readStatus(c.Context(), a)
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(r.out, s)
			}
			return r.writeStatus(a.Now(), s)
		})
	}
	return command
}

// readStatus asks the server first, since what it has moved into the store by then
// is counted there.
func readStatus(ctx context.Context, a *app.App) (status, error) {
	s := status{Settled: true}
	server, running, err := a.Server(ctx)
	if err != nil {
		return s, err
	}
	if running {
		s.Server, s.Settled = &server, server.Idle
	}
	for _, id := range a.Companies() {
		one, err := a.Status(ctx, id)
		if err != nil {
			return s, err
		}
		if slices.Contains(server.QuotaBlocked, id) {
			one.Warnings = append(one.Warnings, app.QuotaWarning(id))
		}
		s.Companies = append(s.Companies, one)
		s.Settled = s.Settled && one.Settled
	}
	return s, nil
}

func (r *root) writeStatus(now time.Time, s status) error {
	server := "no server is running with this configuration"
	if s.Server != nil {
		server = fmt.Sprintf("the server is running; %d deliveries in its journal", s.Server.Journal.Deliveries)
		if !s.Server.Journal.Healthy {
			server += ", which takes none now: " + cmp.Or(s.Server.Journal.Refusing, "see its log")
		}
		for _, warning := range s.Server.Journal.Warnings {
			server += "\n  journal: " + warning
		}
	}
	if _, err := fmt.Fprintln(r.out, server); err != nil {
		return err
	}
	for _, one := range s.Companies {
		_, err := fmt.Fprintf(r.out, "\n%s: %s\n%s\n", one.Company, connectionText(one), standingText(one))
		if err != nil {
			return err
		}
		held := 0
		for _, n := range one.Backlog.Held {
			held += n
		}
		b := one.Backlog
		rows := [][]string{
			{"deliveries to look at", strconv.Itoa(b.Pending), since(now, b.OldestPending), ""},
			{"held", strconv.Itoa(held), since(now, b.OldestHeld), "see `tieout holds`"},
			{"waiting for Ontop", strconv.Itoa(b.Waiting), "-", ""},
			{"vendors to create", strconv.Itoa(one.ToCreate), "-", ""},
			{"to post", strconv.Itoa(b.Due), since(now, b.OldestDue), ""},
			{"no answer yet", strconv.Itoa(b.Uncertain), since(now, b.OldestUncertain), ""},
			{"to read back", strconv.Itoa(b.Unverified), since(now, b.OldestUnverified), ""},
			{"declined", strconv.Itoa(b.Declined), "-", "see `tieout holds`"},
			{"other records to make", strconv.Itoa(b.TasksDue), "-", "corrections, attachments, payments and transfers"},
			{"of them no answer yet", strconv.Itoa(b.TasksUncertain), "-", ""},
			{"of them to read back", strconv.Itoa(b.TasksUnverified), "-", ""},
			{
				"of them for a person", strconv.Itoa(b.TasksWaiting), since(now, b.OldestTaskWaiting),
				"see `tieout corrections`, `tieout payments`, `tieout attachments`",
			},
		}
		if err := writeTable(r.out, []string{"what", "count", "oldest", ""}, rows); err != nil {
			return err
		}
	}
	return nil
}

// standingText is what a company's line is followed by: what a person has to know,
// when the connection ends, and what the month has cost.
func standingText(s app.Status) string {
	var text strings.Builder
	for _, warning := range s.Warnings {
		fmt.Fprintf(&text, "  %s\n", warning)
	}
	if s.ConnectionEnds != nil && s.ReconnectWarningDays == nil {
		fmt.Fprintf(&text, "  the connection is good until %s\n", s.ConnectionEnds.UTC().Format(time.DateOnly))
	}
	fmt.Fprintf(&text, "  metered calls this month: %s", grouped(s.Metered.CorePlus))
	if s.Metered.Budget > 0 {
		fmt.Fprintf(&text, " of %s", grouped(int64(s.Metered.Budget)))
	}
	fmt.Fprintf(&text, " (CorePlus), and %s free ones (Core)\n", grouped(s.Metered.Core))
	return text.String()
}

// grouped writes a number with a comma between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func connectionText(s app.Status) string {
	switch s.Connection.State {
	case schema.Connected:
		return fmt.Sprintf("connected to %s (realm %s)", clean(s.Connection.Name), s.Connection.Realm)
	case schema.NeedsConsent, schema.Disconnected:
		return fmt.Sprintf("%s: %s; run `tieout connect --company %s`", s.Connection.State, clean(s.Connection.Detail), s.Company)
	}
	return fmt.Sprintf("not connected; run `tieout connect --company %s`", s.Company)
}
