package main

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"
)

func (r *root) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Receive webhooks and run every stage on schedule, until told to stop",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := r.load()
			if err != nil {
				return err
			}
			a, err := r.openWith(c.Context(), cfg, r.logger(cfg.Log, "json", slog.LevelInfo))
			if err != nil {
				return err
			}
			return errors.Join(a.Serve(c.Context()), a.Close())
		},
	}
}
