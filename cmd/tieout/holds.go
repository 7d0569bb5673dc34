package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/load/reconcile"
	"github.com/tieout/tieout/schema"
)

// heldInvoice is one line of `holds --json`.
type heldInvoice struct {
	Invoice schema.InvoiceID `json:"invoice_id"`
	Number  string           `json:"invoice_number"`
	Payee   string           `json:"payee"`
	Total   string           `json:"total"`
	Since   string           `json:"since"`
	Holds   []heldFor        `json:"holds"`
}

type heldFor struct {
	// Reason is a hold's, or the state of what QuickBooks declined: declined or
	// possible_duplicate_by_hand.
	Reason   schema.HoldReason `json:"reason"`
	Detail   string            `json:"detail"`
	NextStep string            `json:"next_step"`
	Owner    schema.Owner      `json:"owner"`
}

func (r *root) holds() *cobra.Command {
	command := &cobra.Command{
		Use:   "holds",
		Short: "List what is held or was declined, and why; hold, release or skip an invoice",
		Args:  noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			held, err := heldInvoices(c, a, id)
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(r.out, held)
			}
			waiting, err := a.Store().WaitingTasks(c.Context(), id)
			if err != nil {
				return err
			}
			return errors.Join(r.writeHolds(held), r.writeElsewhere(waiting))
		})
	}
	command.AddCommand(
		r.decide("hold", schema.DecideHold, "Keep an invoice from being posted until it is released"),
		r.decide("release", schema.DecideRelease, "Take back a hold or a skip"),
		r.decide("skip", schema.DecideSkip, "Never post an invoice: it is booked elsewhere, or not at all"),
	)
	return command
}

func heldInvoices(c *cobra.Command, a *app.App, id schema.CompanyID) ([]heldInvoice, error) {
	held := []heldInvoice{}
	for p, err := range a.Store().OpenPositions(c.Context(), id) {
		if err != nil {
			return nil, err
		}
		if line, waits := newHeldInvoice(p); waits {
			held = append(held, line)
		}
	}
	return held, nil
}

// newHeldInvoice returns what there is to say about an invoice that waits for a person,
// whether its draft is held or QuickBooks declined it, and whether it does.
func newHeldInvoice(p schema.Position) (heldInvoice, bool) {
	line := heldInvoice{
		Invoice: p.Invoice.ID, Number: p.Invoice.Number, Payee: p.Draft.PayeeName, Total: p.Invoice.Total.String(),
		Since: instant(p.FirstRecordedAt),
	}
	if refusal, refused := reconcile.Refused(p); refused {
		line.Holds = []heldFor{{
			Reason: schema.HoldReason(refusal.State), Detail: refusal.Cause, NextStep: refusal.Next, Owner: refusal.Owner,
		}}
		return line, true
	}
	if p.Draft.State != schema.DraftHeld {
		return heldInvoice{}, false
	}
	for _, h := range p.Draft.Holds {
		line.Holds = append(line.Holds, heldFor{Reason: h.Reason, Detail: h.Detail, NextStep: h.NextStep, Owner: h.Owner})
	}
	return line, true
}

func (r *root) writeHolds(held []heldInvoice) error {
	if len(held) == 0 {
		_, err := fmt.Fprintln(r.out, "nothing is held")
		return err
	}
	var page strings.Builder
	for _, line := range held {
		fmt.Fprintf(&page, "%s  %s  %s  %s  since %s\n", line.Invoice, orDash(clean(line.Number)), orDash(clean(line.Payee)), line.Total, line.Since)
		for _, h := range line.Holds {
			page.WriteString(wrapped(4, string(h.Reason), h.Detail) + wrapped(6, "next", h.NextStep))
		}
	}
	_, err := fmt.Fprint(r.out, page.String())
	return err
}

// writeElsewhere says what else waits for a person, and which command lists it. A
// correction of several documents waits once.
func (r *root) writeElsewhere(waiting []schema.TaskPosition) error {
	invoices := map[schema.InvoiceID]bool{}
	files, payments := 0, 0
	for _, p := range waiting {
		switch p.Task.Kind {
		case schema.PostCorrection:
			invoices[p.Task.Invoice] = true
		case schema.PostAttachment:
			files++
		default:
			payments++
		}
	}
	for _, one := range []struct {
		count         int
		what, command string
	}{
		{len(invoices), "correction", "corrections"}, {payments, "payment or top-up", "payments"}, {files, "file", "attachments"},
	} {
		if one.count == 0 {
			continue
		}
		text := counted(one.count, one.what)
		if one.command == "payments" && one.count > 1 {
			text = fmt.Sprintf("%d payments or top-ups", one.count)
		}
		if _, err := fmt.Fprintf(r.out, "%s to decide about: see `tieout %s`\n", text, one.command); err != nil {
			return err
		}
	}
	return nil
}

func (r *root) decide(name string, kind schema.DecisionKind, short string) *cobra.Command {
	command := &cobra.Command{Use: name + " INVOICE --reason TEXT", Short: short, Args: exactly("INVOICE")}
	only, why := companyFlag(command), reasonFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		if err := why.check(); err != nil {
			return err
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			err := a.Decide(c.Context(), schema.Decision{
				Company: id, Invoice: schema.InvoiceID(args[0]), Kind: kind, Reason: string(*why), By: operator(),
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(r.out, "%s: %s recorded\n", args[0], kind)
			return err
		})
	}
	return command
}
