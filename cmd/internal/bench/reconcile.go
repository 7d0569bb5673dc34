package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
	"github.com/tieout/tieout/load/reconcile"
	"github.com/tieout/tieout/schema"
)

const reconciled = 100_000

// measureReconcile makes the report of a month that ties.
func measureReconcile(ctx context.Context, l *lab) ([]row, error) {
	p, err := l.place(ctx, past)
	if err != nil {
		return nil, err
	}
	h := newHistory(nil)
	if err := h.masters(ctx, p); err != nil {
		return nil, err
	}
	if err := h.settle(ctx, p, reconciled); err != nil {
		return nil, err
	}
	l.say("recorded %s invoices and bills", figures.Number(reconciled))
	r := reconcile.New(p)
	var times, cpus []time.Duration
	var heap, process int64
	for range 3 {
		var report schema.Report
		took, err := watch(func() (err error) {
			report, err = r.Report(ctx, company, h.period(), time.Now())
			return err
		})
		if err != nil {
			return nil, err
		}
		if matched := report.States[schema.StateMatched].Count; !report.Tied || matched != reconciled {
			return nil, fmt.Errorf("%w: %d invoices recorded, %d matched, tied %t", webhookload.ErrVoid, reconciled, matched, report.Tied)
		}
		times, cpus = append(times, took.wall), append(cpus, took.cpu)
		heap, process = max(heap, took.heap), max(process, took.process)
	}
	l.say("reconcile: %s", figures.Short(median(times)))
	return []row{{
		What:     fmt.Sprintf("reconcile %s invoices against %s bills", figures.Number(reconciled), figures.Number(reconciled)),
		Target:   "< 5 s, < 2 GiB (1,000,000)",
		Measured: fmt.Sprintf("%s, processor time %s; Go heap %s, process %s", figures.Short(median(times)), figures.Short(median(cpus)), figures.Mebibytes(heap), figures.Mebibytes(process)),
	}}, p.Close()
}
