package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// proposedCorrection is one element of `corrections --json`.
type proposedCorrection struct {
	Invoice  schema.InvoiceID `json:"invoice_id"`
	Number   string           `json:"invoice_number"`
	Worker   string           `json:"worker"`
	Proposal string           `json:"proposal"` // binds an approval to what was seen
	// Current is false when the invoice has changed again since.
	Current   bool               `json:"current"`
	Since     string             `json:"since"`
	Documents []proposedDocument `json:"documents"`
}

// proposedDocument is one part of a correction.
type proposedDocument struct {
	Subject  string                 `json:"subject"`
	State    schema.CorrectionState `json:"state"`
	Code     string                 `json:"code"` // of what was declined
	Cause    string                 `json:"cause"`
	NextStep string                 `json:"next_step"`
	Owner    schema.Owner           `json:"owner"`

	Kind     schema.DocumentKind `json:"kind"` // empty when there is none to post
	Number   string              `json:"number"`
	Date     string              `json:"date"`
	Vendor   string              `json:"vendor"`
	VendorID schema.VendorID     `json:"vendor_id"`
	Currency schema.Currency     `json:"currency"`
	Total    string              `json:"total"` // as the document has it: above zero, also of a vendor credit
	Lines    []proposedLine      `json:"lines"`
}

type proposedLine struct {
	Concept     string           `json:"concept"`
	Description string           `json:"description"`
	Amount      string           `json:"amount"`
	Account     schema.AccountID `json:"account"`
	AccountName string           `json:"account_name"`
	Class       schema.ClassID   `json:"class"`
}

func (r *root) corrections() *cobra.Command {
	command := &cobra.Command{
		Use:   "corrections",
		Short: "List corrections of what changed after it was posted; approve one, or accept the books as they are",
		Args:  noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			proposals, err := a.Proposals(c.Context(), id)
			if err != nil {
				return err
			}
			shown, err := r.shown(c, a, id, proposals...)
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(r.out, shown)
			}
			return r.writeCorrections(shown)
		})
	}
	command.AddCommand(r.correctionsApprove(), r.correctionsAccept())
	return command
}

func (r *root) correctionsApprove() *cobra.Command {
	command := &cobra.Command{
		Use:   "approve INVOICE",
		Short: "Let the documents of an invoice's correction be posted",
		Args:  exactly("INVOICE"),
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	seen := command.Flags().String("id", "", "approve nothing but the `PROPOSAL` that was listed under this id")
	command.RunE = func(c *cobra.Command, args []string) error {
		return r.decided(c, *only, *asJSON, "approved by "+operator()+"; the next load posts", func(a *app.App, id schema.CompanyID) (app.Proposal, error) {
			return a.ApproveCorrection(c.Context(), id, schema.InvoiceID(args[0]), *seen, operator())
		})
	}
	return command
}

func (r *root) correctionsAccept() *cobra.Command {
	command := &cobra.Command{
		Use:   "accept INVOICE --reason TEXT",
		Short: "Say that the books are right as they are, and that nothing is to be posted",
		Args:  exactly("INVOICE"),
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	seen := command.Flags().String("id", "", "accept nothing but the `PROPOSAL` that was listed under this id")
	reason := reasonFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		if err := reason.check(); err != nil {
			return err
		}
		return r.decided(c, *only, *asJSON, "accepted as it is by "+operator()+"; not posted", func(a *app.App, id schema.CompanyID) (app.Proposal, error) {
			return a.AcceptBooks(c.Context(), id, schema.InvoiceID(args[0]), *seen, string(*reason), operator())
		})
	}
	return command
}

// decided runs a decision and shows what it was about.
func (r *root) decided(
	c *cobra.Command, only string, asJSON bool, outcome string, decide func(*app.App, schema.CompanyID) (app.Proposal, error),
) error {
	return r.withCompany(c.Context(), only, func(a *app.App, id schema.CompanyID) error {
		proposal, err := decide(a, id)
		if err != nil {
			return err
		}
		shown, err := r.shown(c, a, id, proposal)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(r.out, shown[0])
		}
		var page strings.Builder
		fmt.Fprintf(&page, "%s  %s\n", heading(shown[0]), outcome)
		for _, d := range shown[0].Documents {
			page.WriteString(documentText(d))
		}
		_, err = fmt.Fprint(r.out, page.String())
		return err
	})
}

// shown turns proposals into what is written about them, with the names that
// accounts and vendors have in QuickBooks.
func (r *root) shown(c *cobra.Command, a *app.App, id schema.CompanyID, proposals ...app.Proposal) ([]proposedCorrection, error) {
	all := []proposedCorrection{}
	if len(proposals) == 0 {
		return all, nil
	}
	books, err := a.Store().Books(c.Context(), id, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, p := range proposals {
		one := proposedCorrection{
			Invoice: p.Invoice.ID, Number: p.Invoice.Number, Worker: cmp.Or(p.Invoice.WorkerEmail, string(p.Invoice.Worker)),
			Proposal: p.ID, Current: p.Current(), Documents: []proposedDocument{},
		}
		var since time.Time
		for _, part := range p.Parts {
			if since.IsZero() || part.Task.RecordedAt.Before(since) {
				since = part.Task.RecordedAt
			}
			d := newProposedDocument(part, books)
			one.Worker = cmp.Or(part.Task.Correction.Document.PayeeName, one.Worker)
			one.Documents = append(one.Documents, d)
		}
		one.Since = instant(since)
		all = append(all, one)
	}
	return all, nil
}

func newProposedDocument(p schema.TaskPosition, books schema.Books) proposedDocument {
	from := p.Task.Correction.Document
	why := whyTask(p)
	d := proposedDocument{
		Subject: p.Task.Subject, State: p.CorrectionState(), Code: why.code, Cause: why.cause, NextStep: why.next, Owner: why.owner,
		Kind: from.Kind, Number: from.DocNumber, VendorID: from.Vendor, Currency: from.Currency, Lines: []proposedLine{},
	}
	if from.Kind == "" {
		return d
	}
	d.Date, d.Total = from.TxnDate.String(), from.Total.Decimal()
	d.Vendor = from.PayeeName
	if at := slices.IndexFunc(books.Vendors, func(v schema.Vendor) bool { return v.ID == from.Vendor }); at >= 0 {
		d.Vendor = books.Vendors[at].Name
	}
	for _, line := range from.Lines {
		one := proposedLine{
			Concept: line.Concept, Description: line.Description, Amount: line.Amount.Decimal(), Account: line.Account, Class: line.Class,
		}
		if at := slices.IndexFunc(books.Accounts, func(a schema.Account) bool { return a.ID == line.Account }); at >= 0 {
			one.AccountName = books.Accounts[at].Name
		}
		d.Lines = append(d.Lines, one)
	}
	return d
}

func (r *root) writeCorrections(all []proposedCorrection) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(r.out, "no correction waits for a person")
		return err
	}
	var page strings.Builder
	for n, p := range all {
		if n > 0 {
			page.WriteString("\n")
		}
		fmt.Fprintf(&page, "%s  since %s  proposal %s\n", heading(p), p.Since, p.Proposal)
		if !p.Current {
			page.WriteString("    the invoice changed again; run `tieout sync`, which proposes what is right now\n")
		}
		cause := ""
		for _, d := range p.Documents {
			if d.Cause != cause {
				page.WriteString(wrapped(4, codeLabel(d.Code), d.Cause))
			}
			cause = d.Cause
			page.WriteString(documentText(d))
		}
		page.WriteString(wrapped(6, "next", nextOf(p)))
	}
	_, err := fmt.Fprint(r.out, page.String())
	return err
}

func codeLabel(code string) string {
	if code == "" {
		return ""
	}
	return "declined (" + clean(code) + ")"
}

func heading(p proposedCorrection) string {
	return fmt.Sprintf("%s  %s  %s", p.Invoice, orDash(clean(p.Number)), orDash(clean(p.Worker)))
}

// nextOf says what can be done about a correction as a whole.
func nextOf(p proposedCorrection) string {
	accept := fmt.Sprintf("tieout corrections accept %s --reason TEXT", p.Invoice)
	for _, d := range p.Documents {
		if d.State == schema.CorrectionHeld || d.State == schema.CorrectionProposed && d.Kind == "" {
			return d.NextStep + "; if the books are right then: " + accept
		}
	}
	return fmt.Sprintf("tieout corrections approve %s, or %s", p.Invoice, accept)
}

// documentText shows a document as it is posted, one line of it below another.
func documentText(d proposedDocument) string {
	if d.Kind == "" {
		return ""
	}
	var page strings.Builder
	fmt.Fprintf(&page, "    %s %s of %s over %s %s to %s (vendor %s)\n",
		d.Kind.Name(), orDash(clean(d.Number)), d.Date, d.Total, d.Currency, orDash(clean(d.Vendor)), orDash(string(d.VendorID)))
	for _, line := range d.Lines {
		fmt.Fprintf(&page, "      %14s  %s  %s", line.Amount, clean(line.Concept), clean(cmp.Or(line.AccountName, "account "+string(line.Account))))
		if line.Description != "" {
			fmt.Fprintf(&page, "  %s", clean(line.Description))
		}
		page.WriteString("\n")
	}
	return page.String()
}

// reason is why a person decides something. Whoever reads the report asks for it.
type reason string

func reasonFlag(c *cobra.Command) *reason {
	var r reason
	c.Flags().StringVar((*string)(&r), "reason", "", "why, for the record (`TEXT`)")
	return &r
}

func (r reason) check() error {
	if strings.TrimSpace(string(r)) == "" {
		return usageError{errors.New("--reason: needed; whoever reads the report will ask why")}
	}
	return nil
}
