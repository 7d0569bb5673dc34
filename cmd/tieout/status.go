package main

import (
	"context"
	"fmt"
	"strconv"
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
			server += ", which takes none now: see its log"
		}
	}
	if _, err := fmt.Fprintln(r.out, server); err != nil {
		return err
	}
	for _, one := range s.Companies {
		if _, err := fmt.Fprintf(r.out, "\n%s: %s\n\n", one.Company, connectionText(one)); err != nil {
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
			{"declined", strconv.Itoa(b.Declined), "-", ""},
		}
		if err := writeTable(r.out, []string{"what", "count", "oldest", ""}, rows); err != nil {
			return err
		}
	}
	return nil
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
