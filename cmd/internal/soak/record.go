package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

// line is one minute.
type line struct {
	acknowledged  int64
	others        int64 // refused, cut off or never sent
	p50, p99      time.Duration
	worst         time.Duration
	process, heap int64 // medians
	journal       int64 // most
	oldest        time.Duration
	pending       int64 // most
	parts         int64 // most
	table         string
}

func lineOf(r webhookload.Result, samples []sample) line {
	l := line{
		acknowledged: r.Acknowledged, others: r.Refused + r.Cut + r.Unsent,
		p50: r.Times.Percentile(50), p99: r.Times.Percentile(99), worst: r.Times.Worst(),
		process: median(samples, processOf), heap: median(samples, heapOf),
	}
	for _, s := range samples {
		l.journal, l.oldest, l.pending = max(l.journal, s.journal), max(l.oldest, s.oldest), max(l.pending, s.pending)
		if s.parts > l.parts {
			l.parts, l.table = s.parts, s.table
		}
	}
	return l
}

func (l line) cells() []string {
	return []string{
		figures.Number(l.acknowledged), figures.Number(l.others), figures.Short(l.p50), figures.Short(l.p99), figures.Short(l.worst), figures.Mebibytes(l.process), figures.Mebibytes(l.heap),
		figures.Number(l.journal), figures.Short(l.oldest), figures.Number(l.pending), fmt.Sprintf("%d %s", l.parts, l.table),
	}
}

// String is shown while the run goes on.
func (l line) String() string {
	return fmt.Sprintf("%s acknowledged, %s not, p99 %s, memory %s, heap %s, %s in the journal, %s pending, %d parts",
		figures.Number(l.acknowledged), figures.Number(l.others), figures.Short(l.p99), figures.Mebibytes(l.process), figures.Mebibytes(l.heap), figures.Number(l.journal), figures.Number(l.pending), l.parts)
}

// record is a whole run.
type record struct {
	rate    int
	lines   []line
	samples []sample
	kept    kept
	noise   heard
}

// String writes the table and what was counted.
func (r record) String() string {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.Options{SeparateHeader: true}
	t.SetStyle(style)
	t.AppendHeader(table.Row{"minute", "acknowledged", "not", "p50", "p99", "worst", "memory", "heap", "journal", "oldest", "pending", "most parts"})
	for i, l := range r.lines {
		row := table.Row{i + 1}
		for _, cell := range l.cells() {
			row = append(row, cell)
		}
		t.AppendRow(row)
	}
	var b strings.Builder
	b.WriteString(t.Render() + "\n\n")
	l := r.kept.ledger
	fmt.Fprintf(&b, "%s sent = %s acknowledged + %s refused + %s cut off; of the acknowledged %s are in the store, in %s rows.\n",
		figures.Number(l.Sent), figures.Number(l.Acknowledged), figures.Number(l.Refused), figures.Number(l.Cut), figures.Number(r.kept.found), figures.Number(r.kept.rows))
	n := r.noise
	fmt.Fprintf(&b, "Noise: %s deliveries and %s duplicates of them acknowledged, %s found; %s forged ones refused; %s answered 503.\n",
		figures.Number(n.sent), figures.Number(n.again), figures.Number(n.found), figures.Number(n.forged), figures.Number(n.shed))
	for _, kind := range kinds() {
		second, last := thirds(r.samples, kind.of)
		fmt.Fprintf(&b, "%s: median %s in the second third, %s in the last.\n", kind.name, figures.Mebibytes(second), figures.Mebibytes(last))
	}
	return b.String()
}

func processOf(s sample) int64 { return s.process }
func heapOf(s sample) int64    { return s.heap }

// kind is a sort of memory that has to stay flat.
type kind struct {
	name string
	of   func(sample) int64
}

func kinds() []kind { return []kind{{"Memory of the process", processOf}, {"Heap of Go", heapOf}} }

const (
	// Growth of a median from one third to the next that is no leak: a tenth, and what
	// the engine's caches and Go's collector move by themselves.
	growth = 10 // parts of a hundred
	jitter = 16 << 20
	// ClickHouse delays inserts into a partition at 1,000 parts.
	mostParts = 300
	// Of what comes in this time, more may never wait.
	mostWait = 30 * time.Second
	// Of what comes in this time, more may never have no outcome: it is the time in
	// which a delivery is to become a verified bill.
	mostPending = 90 * time.Second
)

// judge returns what is wrong with a run:
//
//   - lost: an acknowledged delivery is not in the store, or the ledger does not balance;
//   - stored twice: one is there more than once;
//   - memory is not flat: the median of the samples of the last third is above that of
//     the second third by more than a tenth and 16 MiB, for the process and for the heap;
//   - parts are not bounded: a table had more than 300 active parts;
//   - the journal is not bounded: more than 30 seconds of deliveries waited;
//   - work is not kept up with: more than 90 seconds of deliveries had no outcome, or
//     the program did not say how many.
func judge(r record) error {
	wrong := []error{r.kept.check(), r.noise.check()}
	if len(r.samples) < 3 {
		wrong = append(wrong, errors.New("memory: too few samples to judge"))
	} else {
		for _, kind := range kinds() {
			second, last := thirds(r.samples, kind.of)
			if last > second+second*growth/100+jitter {
				wrong = append(wrong, fmt.Errorf("%s is not flat: %s in the second third, %s in the last", kind.name, figures.Mebibytes(second), figures.Mebibytes(last)))
			}
		}
	}
	for _, l := range r.lines {
		if l.parts > mostParts {
			wrong = append(wrong, fmt.Errorf("table %s had %d parts", l.table, l.parts))
		}
		if most := int64(r.rate) * int64(mostWait/time.Second); l.journal > most {
			wrong = append(wrong, fmt.Errorf("%s deliveries waited in the journal", figures.Number(l.journal)))
		}
		if most := int64(r.rate) * int64(mostPending/time.Second); l.pending > most {
			wrong = append(wrong, fmt.Errorf("%s deliveries had no outcome", figures.Number(l.pending)))
		}
	}
	if n := r.blind(); n > 0 {
		wrong = append(wrong, fmt.Errorf("the program did not tell its backlog %d of %d times", n, len(r.samples)))
	}
	return errors.Join(wrong...)
}

// blind counts the samples without a backlog.
func (r record) blind() (n int) {
	for _, s := range r.samples {
		if s.blind {
			n++
		}
	}
	return n
}

// check returns an error unless everything that was acknowledged is found, once.
func (k kept) check() error {
	switch {
	case k.err != nil:
		return k.err
	case k.ledger.Balance() != nil:
		return k.ledger.Balance()
	case k.found != k.ledger.Acknowledged:
		return fmt.Errorf("%w, its ledger does not balance: %d acknowledged, %d found in the store", webhookload.ErrVoid, k.ledger.Acknowledged, k.found)
	case k.rows != k.found:
		return fmt.Errorf("%d acknowledged deliveries are in the store %d times", k.found, k.rows)
	}
	return nil
}

// thirds returns the medians of the second and of the last third of samples.
func thirds(samples []sample, of func(sample) int64) (second, last int64) {
	n := len(samples)
	return median(samples[n/3:2*n/3], of), median(samples[2*n/3:], of)
}

// median returns the middle value, the lower one of two; 0 of none.
func median(samples []sample, of func(sample) int64) int64 {
	if len(samples) == 0 {
		return 0
	}
	values := make([]int64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
