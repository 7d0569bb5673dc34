package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
)

func (r *root) migrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the store's tables up to date; serve does so by itself",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return r.with(c.Context(), func(*app.App) error {
				_, err := fmt.Fprintln(r.out, "the tables are up to date")
				return err
			})
		},
	}
}
