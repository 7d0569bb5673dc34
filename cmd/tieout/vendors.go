package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func (r *root) vendors() *cobra.Command {
	command := &cobra.Command{
		Use:   "vendors",
		Short: "List who is owed and which vendor stands for them; approve and link vendors",
		Args:  noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			payees, err := sortedPayees(c, a, id)
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(r.out, payees)
			}
			return r.writeVendors(payees)
		})
	}
	command.AddCommand(r.vendorsApprove(), r.vendorsLink())
	return command
}

// writeVendors lists payees, and below them what there is to say about each.
func (r *root) writeVendors(payees []schema.Payee) error {
	var rows [][]string
	var page strings.Builder
	proposed := 0
	for _, p := range payees {
		rows = append(rows, []string{string(p.Key), string(p.State), p.Name, orDash(string(p.Vendor)), orDash(string(p.Origin))})
		if p.Detail != "" {
			page.WriteString("\n" + wrapped(0, string(p.Key), p.Detail))
		}
		switch p.State {
		case schema.PayeeDeclined:
			page.WriteString(wrapped(2, "next", fmt.Sprintf("tieout vendors approve %s --name NAME, or tieout vendors link %s VENDOR-ID", p.Key, p.Key)))
		case schema.PayeeProposed:
			proposed++
		case schema.PayeeApproved, schema.PayeeLinked:
		}
	}
	if proposed > 0 {
		fmt.Fprintf(&page, "\n%d proposed: tieout vendors approve PAYEE creates one, tieout vendors approve --all all of them,\n"+
			"and tieout vendors link PAYEE VENDOR-ID takes an existing vendor\n", proposed)
	}
	err := writeTable(r.out, []string{"payee", "state", "name", "vendor", "origin"}, rows)
	_, wrong := io.WriteString(r.out, page.String())
	return errors.Join(err, wrong)
}

func sortedPayees(c *cobra.Command, a *app.App, id schema.CompanyID) ([]schema.Payee, error) {
	found, err := a.Store().Payees(c.Context(), id)
	if err != nil {
		return nil, err
	}
	payees := make([]schema.Payee, 0, len(found))
	for _, p := range found {
		payees = append(payees, p)
	}
	slices.SortFunc(payees, func(x, y schema.Payee) int { return cmp.Compare(x.Key, y.Key) })
	return payees, nil
}

func (r *root) vendorsApprove() *cobra.Command {
	command := &cobra.Command{
		Use:   "approve [PAYEE...]",
		Short: "Let vendors be created in QuickBooks, for the payees named or for --all that are proposed",
		Args:  cobra.ArbitraryArgs,
	}
	only := companyFlag(command)
	all := command.Flags().Bool("all", false, "approve all that are proposed")
	name := command.Flags().String("name", "", "create the one payee's vendor under `NAME` instead of the proposed one")
	command.RunE = func(c *cobra.Command, args []string) error {
		if *all == (len(args) > 0) {
			return usageError{errors.New("name payees, or give --all")}
		}
		if *name != "" && len(args) != 1 {
			return usageError{fmt.Errorf("--name: is for exactly one payee, got %d", len(args))}
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			if *name != "" {
				as, err := a.ApproveVendorAs(c.Context(), id, schema.PayeeKey(args[0]), *name, operator())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(r.out, "%s approved as %q; it is created with the next load\n", args[0], clean(as))
				return err
			}
			approved, err := a.ApproveVendors(c.Context(), id, payeeKeys(args), operator())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(r.out, "%d approved; they are created with the next load\n", approved)
			return err
		})
	}
	return command
}

func payeeKeys(args []string) []schema.PayeeKey {
	keys := make([]schema.PayeeKey, len(args))
	for i, arg := range args {
		keys[i] = schema.PayeeKey(arg)
	}
	return keys
}

func (r *root) vendorsLink() *cobra.Command {
	command := &cobra.Command{
		Use:   "link PAYEE VENDOR-ID",
		Short: "Say which existing vendor in QuickBooks stands for a payee",
		Args:  exactly("PAYEE", "VENDOR-ID"),
	}
	only := companyFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			vendor, err := a.LinkVendor(c.Context(), id, schema.PayeeKey(args[0]), schema.VendorID(args[1]), operator())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(r.out, "%s is linked to %s (vendor %s)\n", args[0], clean(vendor.Name), vendor.ID)
			return err
		})
	}
	return command
}
