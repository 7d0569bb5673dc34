package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func (r *root) importFile() *cobra.Command {
	command := &cobra.Command{
		Use:   "import FILE",
		Short: "Stage deliveries from an NDJSON file, one Ontop body a line",
		Long: "Stage deliveries from an NDJSON file, one Ontop body a line, in the same way as webhooks.\n" +
			"Importing a file again stages nothing again. Lines that are not JSON are named and left out.",
		Args: exactly("FILE"),
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			result, err := a.Import(c.Context(), id, file)
			if err != nil {
				return fmt.Errorf("import %s: %w", args[0], err)
			}
			if *asJSON {
				err = writeJSON(r.out, result)
			} else {
				_, err = fmt.Fprintf(r.out, "%d lines read; %d deliveries are in the store\n", result.Lines, result.Staged)
			}
			for _, line := range result.First {
				fmt.Fprintf(r.err, "%s line %d: %s\n", args[0], line.Line, line.Reason)
			}
			if result.Refused > 0 {
				return errors.Join(err, fmt.Errorf("%d lines were left out; mend them and import the file again", result.Refused))
			}
			return err
		})
	}
	return command
}
