// Command soak runs the real program under a steady load for half an hour, samples
// what it holds, and prints a table with a verdict.
//
// # Promises
//
// Every delivery that is acknowledged is looked for in the program's own store. The
// exit code is 1 unless all of it is there, each once, the program's memory stays
// flat, the parts of its tables and its journal stay bounded, and it keeps up with
// the work; see [judge] for what those words mean.
//
// # What it does not do
//
// It measures no peak: the rate is one that the machine sustains with ease. Sender
// and program share the processors.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are what the command line says.
type options struct {
	length time.Duration
	minute time.Duration // of one line of the table
	sample time.Duration
	rate   int
	logs   string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&o.length, "for", 30*time.Minute, "how long to send")
	flags.DurationVar(&o.minute, "line", time.Minute, "how much one line of the table stands for")
	flags.DurationVar(&o.sample, "sample", 10*time.Second, "how often to look at memory and metrics")
	flags.IntVar(&o.rate, "rate", 2000, "webhooks a second")
	flags.StringVar(&o.logs, "logs", "", "write what the program logs to `FILE`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.length <= 0 || o.minute <= 0 || o.sample <= 0 || o.rate <= 0 || flags.NArg() > 0 {
		return o, errors.New("durations and the rate must be positive, and there are no arguments")
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return 2
	}
	if err := soak(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return 1
	}
	return 0
}
