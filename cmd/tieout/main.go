// Command tieout brings the invoices that workers submit through Ontop into
// QuickBooks Online as vendors and bills, and proves to the cent that the books
// equal the source.
//
// This package is commands, flags and exit codes, and nothing else: 0 done, 1
// error, 2 wrong usage, 3 a period that does not tie. What the commands do lives
// in cmd/internal/app and the packages below it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
}
