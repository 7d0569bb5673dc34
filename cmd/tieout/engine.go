package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/schema/engine"
)

func (r *root) engine() *cobra.Command {
	command := &cobra.Command{Use: "engine", Short: "Fetch and check the embedded ClickHouse engine", Args: noArgs}
	command.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	command.AddCommand(
		&cobra.Command{
			Use: "fetch", Short: "Fetch the engine's library once, and check it", Args: noArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				path, err := engine.Fetch(c.Context(), engine.FetchConfig{Progress: r.err})
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(r.out, path)
				return err
			},
		},
		r.engineCheck(),
	)
	return command
}

func (r *root) engineCheck() *cobra.Command {
	command := &cobra.Command{
		Use: "check", Short: "Print the engine's version, folder, size and memory, and check its library", Args: noArgs,
	}
	asJSON := jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := r.load()
		if err != nil {
			return err
		}
		dir := cfg.Store.EmbeddedDir()
		if dir == "" {
			return errors.New("the store is a ClickHouse server, not the embedded engine")
		}
		attached, err := engine.Attach(c.Context(), engine.Config{Dir: dir})
		if err != nil {
			return err
		}
		report, err := attached.Check(c.Context())
		if err == nil && *asJSON {
			err = writeJSON(r.out, report)
		} else if err == nil {
			_, err = fmt.Fprint(r.out, report)
		}
		return errors.Join(err, attached.Close())
	}
	return command
}
