package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/seal"
)

func (r *root) config() *cobra.Command {
	command := &cobra.Command{Use: "config", Short: "Write, check, print and explain the configuration", Args: noArgs}
	command.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	command.AddCommand(
		&cobra.Command{
			Use: "check", Short: "Report every mistake in the configuration", Args: noArgs,
			RunE: func(*cobra.Command, []string) error {
				cfg, err := r.load()
				if err != nil {
					return err
				}
				if _, err := seal.Open(cfg.KeyFile); err != nil {
					return err
				}
				_, err = fmt.Fprintf(r.out, "the configuration is right; companies: %d\n", len(cfg.Companies))
				return err
			},
		},
		&cobra.Command{
			Use: "print", Short: "Print the configuration in force, without its secrets", Args: noArgs,
			RunE: func(*cobra.Command, []string) error {
				cfg, err := r.load()
				if err != nil {
					return err
				}
				return cfg.Print(r.out)
			},
		},
		&cobra.Command{
			Use: "reference", Short: "Print what every key means", Args: noArgs,
			RunE: func(*cobra.Command, []string) error { return config.Reference(r.out) },
		},
		r.configInit(),
	)
	return command
}

func (r *root) configInit() *cobra.Command {
	command := &cobra.Command{
		Use: "init", Short: "Write a configuration to start from, and the keyset that seals tokens", Args: noArgs,
	}
	dir := command.Flags().String("dir", ".", "write into `FOLDER`")
	command.RunE = func(*cobra.Command, []string) error {
		folder, err := filepath.Abs(*dir)
		if err != nil {
			return err
		}
		keys, file := filepath.Join(folder, "keyset.json"), filepath.Join(folder, "tieout.yaml")
		for _, path := range []string{keys, file} {
			if _, err := os.Lstat(path); err == nil {
				return fmt.Errorf("%s exists already, and is not replaced; give another folder with --dir", path)
			}
		}
		if err := seal.NewKeyset(keys); err != nil {
			return err
		}
		text := config.Starter(keys)
		out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if _, err := out.WriteString(text); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(r.out, "wrote %s and %s\nFill in the secrets, then run `tieout config check --config %s`.\n"+
			"Back up the keyset: without it QuickBooks has to be connected again.\n", file, keys, file)
		return err
	}
	return command
}
