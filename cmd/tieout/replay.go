package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

// mostReplayed is how many deliveries `replay --json` describes; all are counted.
const mostReplayed = 1000

// replayed is what `replay --json` writes.
type replayed struct {
	DryRun bool `json:"dry_run"`
	app.ReplayCounts
	Changes []replayedDelivery `json:"changes"` // the first thousand
}

type replayedDelivery struct {
	ID         schema.DeliveryID  `json:"id"`
	ReceivedAt time.Time          `json:"received_at"`
	EventType  string             `json:"event_type"`
	Before     schema.OutcomeKind `json:"before"`
	Now        schema.OutcomeKind `json:"now"`
	Detail     string             `json:"detail"`
}

func (r *root) replay() *cobra.Command {
	command := &cobra.Command{
		Use:   "replay --from TIME --to TIME",
		Short: "Read what was received again, as today's program and configuration do",
		Long: "Read what was received again, as today's program and configuration do: after a field was read wrongly, a client\n" +
			"was missing in ontop.client_ids, or a policy was turned on.\n\n" +
			"Contracts and invoices are recorded only where they differ, and drafts that are not posted follow. A delivery keeps\n" +
			"its first outcome on record; what holds from now on is recorded beside it, with who asked and why. What is in\n" +
			"QuickBooks stays as it is: corrections of it are proposed, see `tieout corrections`. A running server may go on\n" +
			"meanwhile. A replay that was stopped is run again, or from where it says.",
		Args: noArgs,
	}
	only, asJSON, chosen := companyFlag(command), jsonFlag(command), windowFlags(command)
	dry := command.Flags().Bool("dry-run", false, "record nothing; say what would change")
	why := command.Flags().String("reason", "tieout replay", "why, for the record (`TEXT`)")
	command.RunE = func(c *cobra.Command, _ []string) error {
		q, err := chosen.query()
		if err != nil {
			return err
		}
		if q.From.IsZero() || q.To.IsZero() {
			return usageError{errors.New("--from and --to: needed, such as --from 2026-08-01 --to 2026-09-01")}
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			query := app.ReplayQuery{
				Company: id, From: q.From, To: q.To, Type: q.Type,
				Replay: transform.Replay{Rehearse: *dry, Reason: *why, By: operator()},
			}
			return r.writeReplay(*asJSON, *dry, func(tell func(app.Replayed)) (app.ReplayCounts, error) {
				return a.Replay(c.Context(), query, tell)
			})
		})
	}
	return command
}

// writeReplay runs a replay and writes what it tells, in text as it is told.
func (r *root) writeReplay(asJSON, dry bool, run func(func(app.Replayed)) (app.ReplayCounts, error)) error {
	document := replayed{DryRun: dry, Changes: []replayedDelivery{}}
	var written error
	counts, err := run(func(change app.Replayed) {
		one := replayedDelivery{
			ID: change.Before.ID, ReceivedAt: change.Before.ReceivedAt, EventType: change.Now.EventType,
			Before: change.Before.Stands().Kind, Now: change.Now.Kind, Detail: change.Now.Detail,
		}
		switch {
		case !asJSON:
			_, wrong := io.WriteString(r.out, replayedLine(one))
			written = errors.Join(written, wrong)
		case len(document.Changes) < mostReplayed:
			document.Changes = append(document.Changes, one)
		}
	})
	if err != nil && !counts.Reached.IsZero() {
		err = fmt.Errorf("%w; what was done until then stays: go on with --from %s", err, counts.Reached.Format(time.RFC3339Nano))
	}
	document.ReplayCounts = counts
	if asJSON {
		return errors.Join(err, writeJSON(r.out, document))
	}
	_, wrong := io.WriteString(r.out, replayText(counts, dry))
	return errors.Join(err, written, wrong)
}

func replayedLine(d replayedDelivery) string {
	line := fmt.Sprintf("%s  %s  %s: was %s, is %s\n", d.ReceivedAt.Format(time.DateTime+"Z"), clean(string(d.ID)), orDash(clean(d.EventType)), d.Before, d.Now)
	if d.Detail != "" {
		line += wrapped(4, "", d.Detail)
	}
	return line
}

// replayText sums up.
func replayText(n app.ReplayCounts, dry bool) string {
	changed := "changed"
	if dry {
		changed = "would change"
	}
	if n.Changed+n.Contracts+n.Invoices+n.Tasks+n.Drafted == 0 {
		return fmt.Sprintf("%s read again; nothing %s\n", deliveryCount(n.Deliveries), changed)
	}
	parts := []string{counted(n.Changed, "outcome"), counted(n.Contracts, "contract"), counted(n.Invoices, "invoice")}
	if n.Tasks > 0 {
		parts = append(parts, counted(n.Tasks, "other record"))
	}
	text := fmt.Sprintf("%s read again; %s: %s", deliveryCount(n.Deliveries), changed, strings.Join(parts, ", "))
	if dry {
		return text + "; drafts that are not posted would follow\n"
	}
	return text + fmt.Sprintf("; %s followed\n", counted(n.Drafted, "draft"))
}

func deliveryCount(n int) string {
	if n == 1 {
		return "1 delivery"
	}
	return strconv.Itoa(n) + " deliveries"
}
