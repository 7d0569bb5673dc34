package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func (r *root) deliveries() *cobra.Command {
	command := &cobra.Command{
		Use:   "deliveries",
		Short: "Look at what was received, dismiss what nobody can read, prove the way in, take out personal data",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(r.deliveriesList(), r.deliveriesShow(), r.deliveriesDismiss(), r.deliveriesTest(),
		r.deliveriesRedact(), r.deliveriesRedactions())
	return command
}

// window are the flags that choose deliveries.
type window struct{ from, to, kind string }

func windowFlags(c *cobra.Command) *window {
	var w window
	c.Flags().StringVar(&w.from, "from", "", "received at `TIME` or later; a date is its first instant in UTC")
	c.Flags().StringVar(&w.to, "to", "", "received before `TIME`, so that --from 2026-08-01 --to 2026-09-01 is August")
	c.Flags().StringVar(&w.kind, "type", "", "only this event `TYPE`, such as INVOICE_PAID")
	return &w
}

func (w *window) query() (q schema.DeliveryQuery, err error) {
	q.Type = w.kind
	if q.From, err = parseInstant("--from", w.from); err != nil {
		return q, err
	}
	if q.To, err = parseInstant("--to", w.to); err != nil {
		return q, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return q, usageError{fmt.Errorf("--to: must be after --from, is %s", w.to)}
	}
	return q, nil
}

// parseInstant reads a date, which means its first instant in UTC, or an instant.
// Nothing is the zero time.
func parseInstant(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := schema.ParseDate(text); err == nil {
		return day.Time(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usageError{fmt.Errorf("%s: must be YYYY-MM-DD or an instant such as 2026-09-01T08:00:00Z, is %q", flag, text)}
	}
	return at, nil
}

func (r *root) deliveriesList() *cobra.Command {
	command := &cobra.Command{
		Use:   "list",
		Short: "List deliveries in the order of receipt, with what became of each",
		Long: "List deliveries in the order of receipt, with what became of each.\n\n" +
			"Two lines of one id are two bodies that the sender sent under it: at most one of them was applied.",
		Args: noArgs,
	}
	only, asJSON, chosen := companyFlag(command), jsonFlag(command), windowFlags(command)
	outcome := command.Flags().String("outcome", "", "only this `KIND`: "+fmt.Sprint(outcomes()))
	limit := command.Flags().Int("limit", 1000, "stop after as many; 0 is all")
	command.RunE = func(c *cobra.Command, _ []string) error {
		q, err := chosen.query()
		if err != nil {
			return err
		}
		q.Outcome = schema.OutcomeKind(*outcome)
		if *outcome != "" && !slices.Contains(outcomes(), q.Outcome) {
			return usageError{fmt.Errorf("--outcome: must be one of %v, is %q", outcomes(), *outcome)}
		}
		if *limit < 0 {
			return usageError{fmt.Errorf("--limit: must not be negative, is %d", *limit)}
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			q.Company = id
			var page deliveryPage = &deliveryTable{out: r.out}
			if *asJSON {
				page = &deliveryArray{out: r.out, err: r.err}
			}
			return listDeliveries(page, a.Store().Deliveries(c.Context(), q), *limit)
		})
	}
	return command
}

// outcomes are the kinds by which deliveries are chosen.
func outcomes() []schema.OutcomeKind { return append(schema.OutcomeKinds(), schema.OutcomePending) }

func (r *root) deliveriesShow() *cobra.Command {
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Show everything that was received under an id, and what became of it",
		Long: "Show everything that was received under an id, and what became of it: whether it could be read, of which\n" +
			"invoices and contracts it spoke, and where those stand now, up to the bill in QuickBooks.\n\n" +
			"The body is laid out if it is JSON. What could steer a terminal is written as \\x1b or \\u{202e}; --json has the\n" +
			"body exactly, under body or, where it is not UTF-8, under body_base64. Only a request with a valid signature is\n" +
			"ever stored, and its header with it, but for what may be a secret.",
		Args: exactly("ID"),
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	raw := command.Flags().Bool("raw", false, "do not lay out the body")
	command.RunE = func(c *cobra.Command, args []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			found, err := a.Delivered(c.Context(), id, schema.DeliveryID(args[0]))
			if err != nil {
				return err
			}
			all := make([]shownDelivery, len(found))
			for i, receipt := range found {
				fates, err := a.Fates(c.Context(), id, receipt.Stands().Subjects)
				if err != nil {
					return err
				}
				all[i] = newShownDelivery(receipt).withBody(receipt).withFates(fates)
			}
			if *asJSON {
				return writeJSON(r.out, all)
			}
			return r.writeDelivered(all, found, *raw)
		})
	}
	return command
}

func (r *root) deliveriesDismiss() *cobra.Command {
	command := &cobra.Command{
		Use:   "dismiss ID --reason TEXT",
		Short: "Settle a delivery that nobody can read or apply, so that its month can tie",
		Long: "Settle a delivery that nobody can read or apply, so that its month can tie.\n\n" +
			"That is a recorded decision: the report names who made it and why, and the delivery keeps its outcome. Should a\n" +
			"replay find something else wrong with it, it needs a person again.",
		Args: exactly("ID"),
	}
	only, why := companyFlag(command), reasonFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		if err := why.check(); err != nil {
			return err
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			dismissed, err := a.Dismiss(c.Context(), id, schema.DeliveryID(args[0]), string(*why), operator())
			for _, review := range dismissed {
				if err == nil {
					_, err = fmt.Fprintf(r.out, "%s: %s, dismissed by %s\n", clean(args[0]), review.Kind, review.By)
				}
			}
			return err
		})
	}
	return command
}
