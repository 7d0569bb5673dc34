package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// companyStatus is one company of `status --json`.
type companyStatus struct {
	Company    schema.CompanyID  `json:"company"`
	Connection schema.Connection `json:"connection"`
	Backlog    schema.Backlog    `json:"backlog"`
	Settled    bool              `json:"settled"` // nothing is under way: what is open waits for a person or for Ontop
}

func (r *root) status() *cobra.Command {
	command := &cobra.Command{
		Use:   "status",
		Short: "Show each company's connection and what is still to be done",
		Args:  noArgs,
	}
	asJSON := jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.with(c.Context(), func(a *app.App) error {
			var all []companyStatus
			for _, id := range a.Companies() {
				one, err := statusOf(c, a, id)
				if err != nil {
					return err
				}
				all = append(all, one)
			}
			if *asJSON {
				return writeJSON(r.out, all)
			}
			return r.writeStatus(a, all)
		})
	}
	return command
}

func statusOf(c *cobra.Command, a *app.App, id schema.CompanyID) (companyStatus, error) {
	connection, err := a.Store().Connection(c.Context(), id)
	if err != nil {
		return companyStatus{}, err
	}
	backlog, err := a.Store().Backlog(c.Context(), id)
	if err != nil {
		return companyStatus{}, err
	}
	return companyStatus{
		Company: id, Connection: connection, Backlog: backlog,
		Settled: backlog.Pending == 0 && backlog.Due == 0 && backlog.Uncertain == 0 && backlog.Unverified == 0,
	}, nil
}

func (r *root) writeStatus(a *app.App, all []companyStatus) error {
	for _, s := range all {
		state := string(s.Connection.State)
		switch s.Connection.State {
		case schema.Connected:
			state = fmt.Sprintf("connected to %s (realm %s)", clean(s.Connection.Name), s.Connection.Realm)
		case "":
			state = fmt.Sprintf("not connected; run `tieout connect --company %s`", s.Company)
		case schema.NeedsConsent, schema.Disconnected:
			state += fmt.Sprintf(": %s; run `tieout connect --company %s`", clean(s.Connection.Detail), s.Company)
		}
		if _, err := fmt.Fprintf(r.out, "%s: %s\n\n", s.Company, state); err != nil {
			return err
		}
		held := 0
		for _, n := range s.Backlog.Held {
			held += n
		}
		now, b := a.Now(), s.Backlog
		rows := [][]string{
			{"deliveries to look at", strconv.Itoa(b.Pending), since(now, b.OldestPending), ""},
			{"held", strconv.Itoa(held), since(now, b.OldestHeld), "see `tieout holds`"},
			{"waiting for Ontop", strconv.Itoa(b.Waiting), "-", ""},
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
