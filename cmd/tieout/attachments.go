package main

import (
	"github.com/spf13/cobra"

	"github.com/tieout/tieout/schema"
)

// attachments are the files of invoices: their PDFs, and the receipts of lines.
func (r *root) attachments() *cobra.Command {
	return r.tasks(tasksOf{
		command: "attachments", kinds: []schema.PostingKind{schema.PostAttachment}, none: "no file waits for a person",
	}, "List files that could not be attached; retry or skip one, or all of an invoice")
}
