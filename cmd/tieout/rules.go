package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/rules"
)

func (r *root) rules() *cobra.Command {
	command := &cobra.Command{
		Use:   "rules",
		Short: "List the mapping rules; import and export them",
		Args:  noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			set, err := a.Store().Rules(c.Context(), id, time.Time{})
			if err != nil {
				return err
			}
			if *asJSON {
				return writeJSON(r.out, set)
			}
			var rows [][]string
			for _, rule := range set.Rules {
				rows = append(rows, []string{string(rule.ID), strconv.Itoa(rule.Version), rule.Concept, string(rule.Account), rule.Name, rule.ClassName, rule.LocationName})
			}
			fmt.Fprintf(r.out, "version %d, by %s at %s\n\n", set.Version, orDash(set.By), instant(set.RecordedAt))
			return writeTable(r.out, []string{"rule", "version", "concept", "account", "name", "class", "location"}, rows)
		})
	}
	command.AddCommand(r.rulesImport(), r.rulesExport())
	return command
}

func (r *root) rulesImport() *cobra.Command {
	command := &cobra.Command{
		Use:   "import FILE",
		Short: "Replace the rules by those of a YAML file; what is held or ready is drafted again",
		Args:  exactly("FILE"),
	}
	only := companyFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		text, err := readSmall(args[0])
		if err != nil {
			return err
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			set, changed, err := a.ImportRules(c.Context(), id, text, operator())
			if err != nil {
				return fmt.Errorf("rules %s:\n%w", args[0], err)
			}
			if !changed {
				_, err = fmt.Fprintf(r.out, "nothing changed; version %d stays in force\n", set.Version)
				return err
			}
			_, err = fmt.Fprintf(r.out, "version %d is in force, with %d rules\n", set.Version, len(set.Rules))
			return err
		})
	}
	return command
}

func (r *root) rulesExport() *cobra.Command {
	command := &cobra.Command{
		Use:   "export",
		Short: "Write the rules as YAML that import reads",
		Args:  noArgs,
	}
	only := companyFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			set, err := a.Store().Rules(c.Context(), id, time.Time{})
			if err != nil {
				return err
			}
			text, err := rules.Encode(set)
			if err != nil {
				return err
			}
			_, err = r.out.Write(text)
			return err
		})
	}
	return command
}

// readSmall reads a file that a person wrote, at most 1 MiB.
func readSmall(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, err
	}
	if len(text) > most {
		return nil, fmt.Errorf("%s: larger than 1 MiB", path)
	}
	return text, nil
}

// operator is who runs the command, for the record: the login name.
func operator() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if who := os.Getenv(name); who != "" {
			return who
		}
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
