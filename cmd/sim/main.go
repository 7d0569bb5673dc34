// Command sim pretends both ends of tieout on this machine: a QuickBooks company
// that is as strict as the real one and misbehaves on request, and an Ontop that
// signs and posts; and it runs the demo, which is the whole job between the two.
//
// Nothing here reaches anybody's account.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// execute runs one command line and returns its exit code: 0 done, 1 error.
func execute(ctx context.Context, args []string, out, errOut io.Writer) int {
	root := &cobra.Command{
		Use:           "sim",
		Short:         "Both ends of tieout, pretended, and the demo between them",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	root.AddCommand(quickBooks(), ontop(), load(), demo())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errOut, "sim:", err)
		return 1
	}
	return 0
}
