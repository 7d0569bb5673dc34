package main

import (
	"github.com/spf13/cobra"

	"github.com/tieout/tieout/load/quickbooks"
)

func (r *root) faults() *cobra.Command {
	command := &cobra.Command{
		Use:   "faults",
		Short: "List what QuickBooks may answer, what it means and what is done about it",
		Args:  noArgs,
	}
	asJSON := jsonFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		all := quickbooks.Catalogue()
		if *asJSON {
			return writeJSON(r.out, all)
		}
		var rows [][]string
		for _, e := range all {
			code := e.Code
			if e.When != "" {
				code += " (" + e.When + ")"
			}
			rows = append(rows, []string{code, e.Name, string(e.Decision), e.Sentence, e.NextStep})
		}
		return writeTable(r.out, []string{"code", "name", "decision", "finance reads", "next step"}, rows)
	}
	return command
}
