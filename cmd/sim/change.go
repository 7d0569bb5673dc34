package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
)

// change plays what comes after everything is posted: Ontop changes some invoices
// and cancels one, and a person decides about the corrections that are proposed.
func (d *show) change(ctx context.Context) error {
	sent, err := d.rig.Send(ctx, ontopsim.SenderConfig{}, d.history.Afterwards)
	if err != nil {
		return err
	}
	if sent.Accepted != sent.Events {
		return fmt.Errorf("%d of %d changes were not accepted: %v", sent.Events-sent.Accepted, sent.Events, sent.Failures)
	}
	d.say("Ontop changed %d invoices that were posted already, and cancelled %d",
		sent.Events-len(d.history.Expected.With(ontopsim.Withdrawn)), len(d.history.Expected.With(ontopsim.Withdrawn)))
	want := len(ontopsim.Changes()) - 1 // nothing that is booked changed of what was renamed
	if err := d.awaitProposals(ctx, want); err != nil {
		return err
	}
	page, _, err := d.rig.Run(ctx, "corrections")
	if err != nil {
		return err
	}
	raised, cancelled, recoded := d.one(ontopsim.Raised), d.one(ontopsim.Withdrawn), d.one(ontopsim.Recoded)
	d.say("%d corrections wait for a person; `tieout corrections` shows what would be posted, such as\n\n%s", want, block(string(page), raised))
	for _, id := range []schema.InvoiceID{raised, cancelled} {
		if _, _, err := d.rig.Run(ctx, "corrections", "approve", string(id)); err != nil {
			return err
		}
		d.approved = append(d.approved, id)
	}
	if _, _, err := d.rig.Run(ctx, "corrections", "accept", string(recoded), "--reason", "reclassified by a journal entry"); err != nil {
		return err
	}
	d.say("approved %s (more is owed) and %s (cancelled), took %s as it is, and left one to look at later", raised, cancelled, recoded)
	if _, _, err := d.rig.Run(ctx, "sync"); err != nil {
		return err
	}
	if err := d.wait(ctx); err != nil {
		return err
	}
	d.say("both corrections are posted and read back; nothing that was posted before was touched")
	return nil
}

// one returns the invoice of a change.
func (d *show) one(change ontopsim.Trouble) schema.InvoiceID {
	return d.history.Expected.With(change)[0].ID
}

// awaitProposals waits until as many corrections as wanted wait for a person.
func (d *show) awaitProposals(ctx context.Context, want int) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	for {
		text, _, err := d.rig.Run(ctx, "corrections", "--json")
		if err != nil {
			return err
		}
		var proposals []struct{ Current bool }
		if err := json.Unmarshal(text, &proposals); err != nil {
			return fmt.Errorf("read corrections: %w", err)
		}
		if len(proposals) == want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d corrections are proposed, and not %d: %w", len(proposals), want, ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// block cuts what a listing says of one invoice.
func block(page string, id schema.InvoiceID) string {
	for part := range strings.SplitSeq(page, "\n\n") {
		if strings.HasPrefix(part, string(id)+" ") {
			return "        " + strings.ReplaceAll(strings.TrimSpace(part), "\n", "\n        ") + "\n"
		}
	}
	return ""
}
