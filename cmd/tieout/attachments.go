package main

import (
	"github.com/spf13/cobra"

	"github.com/tieout/tieout/schema"
)

// attachments are the files of invoices: their PDFs, and the receipts of lines.
func (r *root) attachments() *cobra.Command {
	return r.tasks(tasksOf{
		command: "attachments", kinds: []schema.PostingKind{schema.PostAttachment}, none: "no file waits for a person",
		earlier: "Files of invoices that were in QuickBooks before policy.attach_pdf was on are not attached by themselves. Once it\n" +
			"is on, `tieout replay --from TIME --to TIME` brings them in; with --dry-run it says what it would bring.",
	}, "List files that could not be attached; retry or skip one, or all of an invoice")
}
