package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// payments are what moved money: what Ontop paid, and what came into the wallet.
func (r *root) payments() *cobra.Command {
	command := r.tasks(tasksOf{
		command: "payments", kinds: []schema.PostingKind{schema.PostPayment, schema.PostTransfer}, none: "no payment and no top-up waits for a person",
		earlier: "What came while policy.record_payments or policy.record_top_ups was off was only noted. Once they are on,\n" +
			"`tieout replay --from TIME --to TIME` brings it in; with --dry-run it says what it would bring.",
	}, "List payments and top-ups that wait for a person; match, retry or skip one")
	command.AddCommand(r.paymentsMatch())
	return command
}

func (r *root) paymentsMatch() *cobra.Command {
	command := &cobra.Command{
		Use:   "match PAYMENT INVOICE",
		Short: "Say which invoice a payment of Ontop's pays",
		Args:  exactly("PAYMENT", "INVOICE"),
	}
	only := companyFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			task, err := a.MatchPayment(c.Context(), id, args[0], schema.InvoiceID(args[1]), operator())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(r.out, "payment %s pays invoice %s, over %s of %s; it is recorded with the next load\n",
				clean(task.Payment.Source), task.Invoice, task.Payment.Amount, task.Payment.On)
			return err
		})
	}
	return command
}
