package main

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func (r *root) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Receive webhooks and run every stage on schedule, until told to stop",
		Long: "Receive webhooks and run every stage on schedule, until told to stop by SIGTERM.\n\n" +
			"SIGHUP reads the configuration and its secrets' files again: what companies[].ontop says\n" +
			"and the files of public.tls are taken between two requests. A configuration with a\n" +
			"mistake changes nothing, and the log says what is wrong; it also names what was\n" +
			"changed and needs a restart.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			// From the first moment on, so that a reload that comes early ends nothing.
			hangups := make(chan os.Signal, 1)
			signal.Notify(hangups, syscall.SIGHUP)
			defer signal.Stop(hangups)
			cfg, err := r.load()
			if err != nil {
				return err
			}
			a, err := r.openWith(c.Context(), cfg, r.logger(cfg.Log, "json", slog.LevelInfo))
			if err != nil {
				return err
			}
			a.ReloadOn(hangups, r.load)
			return errors.Join(a.Serve(c.Context()), a.Close())
		},
	}
}
