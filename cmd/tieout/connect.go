package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func (r *root) connect() *cobra.Command {
	command := &cobra.Command{
		Use:   "connect",
		Short: "Connect a company to QuickBooks, by browser and pasted address",
		Args:  noArgs,
	}
	only := companyFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			pending, err := a.StartConnect(id)
			if err != nil {
				return err
			}
			fmt.Fprintf(r.out, "1. Open this address in a browser and let tieout into the company:\n\n   %s\n\n"+
				"2. The browser ends on a page of tieout, or on one that cannot be reached.\n"+
				"   Copy its whole address from the address bar, paste it here, and press Enter:\n\n", pending.URL)
			pasted, err := readLine(c.Context(), r.in)
			if err != nil {
				return err
			}
			connection, err := a.FinishConnect(c.Context(), pending, pasted, operator())
			if err != nil {
				return err
			}
			_, err = io.WriteString(r.out, connectedText(connection))
			return err
		})
	}
	return command
}

// connectedText names the company for a person to confirm, and how it is taken back:
// nothing is posted there before rules are imported.
func connectedText(c schema.Connection) string {
	return fmt.Sprintf("\n%s is connected to %s (realm %s)\n"+
		"If that is not the company that you meant, take it back before you import rules: tieout disconnect --company %s\n",
		c.Company, clean(c.Name), c.Realm, c.Company)
}

// readLine reads one line, and gives up when ctx ends: a read of a terminal
// cannot be interrupted, and ends with the process.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		// An address is at most a few kilobytes.
		line, err := bufio.NewReader(io.LimitReader(in, 16<<10)).ReadString('\n')
		answers <- answer{line: strings.TrimSpace(line), err: err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-answers:
		if a.line == "" {
			return "", fmt.Errorf("no address was pasted; run the command again")
		}
		return a.line, nil
	}
}

func (r *root) disconnect() *cobra.Command {
	command := &cobra.Command{
		Use:   "disconnect --company ID",
		Short: "End the connection to QuickBooks: revoke and forget tokens and mappings, keep the history",
		Args:  noArgs,
	}
	only := command.Flags().String("company", "", "company `ID`")
	command.RunE = func(c *cobra.Command, _ []string) error {
		if *only == "" {
			return usageError{errors.New("--company: needed, even when there is only one")}
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			if err := a.Disconnect(c.Context(), id, operator()); err != nil {
				return err
			}
			_, err := fmt.Fprintf(r.out, "%s is disconnected; tokens and mappings are forgotten, the history is kept\n", id)
			return err
		})
	}
	return command
}
