// Command bench measures tieout on this machine and prints one Markdown table: what
// was measured, the target where the design names one, and ratios to a bound that
// was measured in the same run.
//
// # Promises
//
// Every part runs in a process of its own, on an empty folder, through the same
// packages and the same embedded engine as the program. Every delivery that a part
// sends is accounted for; a run whose ledger does not balance is void, and says so
// instead of a number. An error ends the run.
//
// # What it does not do
//
// It passes no judgement: a number that misses its target is printed like any other.
// Another busy program on the machine shows in every number but the ratios.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tieout/tieout/cmd/internal/processors"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// part is one group of measurements.
type part struct {
	name    string
	about   string // shown while it runs
	measure func(context.Context, *lab) ([]row, error)
}

func parts() []part {
	return []part{
		{"intake/closed", "durable intake against the same handler that discards, at rest and while draining", sized(measureClosed)},
		{"intake/open", "durable intake at fixed rates, and at twice what it sustains", sized(measureOpen)},
		{"intake/away", "durable intake with ClickHouse away, and while the drainer catches up", sized(measureAway)},
		{"intake/drain", "the journal into the engine, alone", sized(measureDrain)},
		{"intake/single", "one request at a time against a bare fsync", sized(measureSingle)},
		{"transform", "transform of 100,000 invoices against the engine's own extraction", measureTransform},
		{"cycle", "a cycle of 100 deliveries with more and more behind it", measureCycle},
		{"load", "posting against the documented throttles, in virtual time", measureLoad},
		{"reconcile", "a report over 100,000 invoices and bills", measureReconcile},
		{"serve", "the program: start, memory, webhook to verified bill", measureServe},
	}
}

// sized measures with the usual sizes.
func sized(measure func(context.Context, *lab, sizes) ([]row, error)) func(context.Context, *lab) ([]row, error) {
	return func(ctx context.Context, l *lab) ([]row, error) { return measure(ctx, l, usual()) }
}

// options are what the command line says.
type options struct {
	names   []string // parts to run, in their order
	single  bool     // run one part here and print its rows as JSON
	profile string
	verbose bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	known := make([]string, 0, len(parts()))
	for _, p := range parts() {
		known = append(known, p.name)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	chosen := flags.String("run", "", "run only these `parts`, separated by commas, where intake stands for all of intake/…: "+strings.Join(known, ", "))
	flags.BoolVar(&o.single, "single", false, "run one part in this process and print its rows as JSON")
	flags.StringVar(&o.profile, "cpuprofile", "", "write the CPU profile of a single part to `FILE`")
	flags.BoolVar(&o.verbose, "v", false, "show what the parts log")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.names = known; *chosen != "" {
		o.names = nil
		for name := range strings.SplitSeq(*chosen, ",") {
			named := slices.DeleteFunc(slices.Clone(known), func(k string) bool { return k != name && !strings.HasPrefix(k, name+"/") })
			if len(named) == 0 {
				return o, fmt.Errorf("there is no part %q; there are %s", name, strings.Join(known, ", "))
			}
			o.names = append(o.names, named...)
		}
	}
	if (o.single || o.profile != "") && len(o.names) != 1 {
		return o, errors.New("-single and -cpuprofile need one part: name it by -run")
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
		fmt.Fprintln(stderr, "bench:", err)
		return 2
	}
	if o.single {
		processors.Spare() // as the program does
		err = runHere(ctx, o, stdout, stderr)
	} else {
		err = runAll(ctx, o, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// runAll runs each part in a process of its own and prints one table.
func runAll(ctx context.Context, o options, stdout, stderr io.Writer) error {
	began := time.Now()
	var all []row
	var facts machine
	for _, p := range parts() {
		if !slices.Contains(o.names, p.name) {
			continue
		}
		fmt.Fprintf(stderr, "%5.1fs  %-13s %s\n", time.Since(began).Seconds(), p.name, p.about)
		outcome, err := runChild(ctx, p.name, o, stderr)
		if err != nil {
			// What was measured until then stands.
			_, writing := io.WriteString(stdout, table(all)+"\n"+facts.String()+"\n")
			return errors.Join(fmt.Errorf("%s: %w", p.name, err), writing)
		}
		if all = append(all, outcome.Rows...); facts == (machine{}) {
			facts = outcome.Machine // the later ones would count the earlier parts as load
		}
	}
	fmt.Fprintf(stderr, "%5.1fs  done\n", time.Since(began).Seconds())
	_, err := io.WriteString(stdout, table(all)+"\n"+facts.String()+"\n")
	return err
}

// outcome is what the process of a part prints.
type outcome struct {
	Rows    []row   `json:"rows"`
	Machine machine `json:"machine"`
}

func runChild(ctx context.Context, name string, o options, stderr io.Writer) (outcome, error) {
	self, err := os.Executable()
	if err != nil {
		return outcome{}, err
	}
	args := []string{"-single", "-run", name}
	if o.profile != "" {
		args = append(args, "-cpuprofile", o.profile)
	}
	if o.verbose {
		args = append(args, "-v")
	}
	command := exec.CommandContext(ctx, self, args...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 30 * time.Second
	command.Stderr = stderr
	text, err := command.Output()
	if err != nil {
		return outcome{}, fmt.Errorf("the part ended early: %w", err)
	}
	var done outcome
	if err := json.Unmarshal(text, &done); err != nil {
		return outcome{}, fmt.Errorf("read its rows: %w", err)
	}
	return done, nil
}

func runHere(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "tieout-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := newLab(ctx, filepath.Join(dir, "data"), dir, stderr, o.verbose)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for _, p := range parts() {
		if p.name != o.names[0] {
			continue
		}
		rows, err := p.measure(ctx, l)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(outcome{Rows: rows, Machine: l.machine()})
	}
	return nil
}
