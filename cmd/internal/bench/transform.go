package main

import (
	"context"
	_ "embed" // the bound's statement
	"fmt"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

const transformed = 100_000

// extractSQL reads the same fields from the same rows and writes them where
// transform writes them: a copy of the table of invoices. The engine does no more
// than that; transform also deduplicates, resolves payees, maps every line and
// writes drafts and outcomes.
//
//go:embed extract.sql
var extractSQL string

// measureTransform drafts what arrived while nothing was there before.
func measureTransform(ctx context.Context, l *lab) (rows []row, err error) {
	p, err := l.place(ctx, 0)
	if err != nil {
		return nil, err
	}
	h := newHistory(nil)
	if err := h.masters(ctx, p); err != nil {
		return nil, err
	}
	if err := h.stage(ctx, p, 0, transformed); err != nil {
		return nil, err
	}
	l.say("staged %s deliveries", figures.Number(transformed))
	var bounds, boundsCPU []time.Duration
	for turn := range 3 {
		copied := fmt.Sprintf("extracted_%d", turn)
		if err := p.statement(ctx, "CREATE TABLE "+copied+" AS invoices"); err != nil {
			return nil, err
		}
		bound, err := watch(func() error { return p.statement(ctx, "INSERT INTO "+copied+extractSQL) })
		if err != nil {
			return nil, err
		}
		bounds, boundsCPU = append(bounds, bound.wall), append(boundsCPU, bound.cpu)
		if err := p.holds(ctx, copied, transformed); err != nil {
			return nil, err
		}
	}
	l.say("the engine alone: %s", figures.Short(median(bounds)))
	t := transform.New(p, []transform.Config{{CompanyID: company, ClientIDs: []string{client}, Policy: policy()}}, l.log, nil, time.Now)
	var result transform.Result
	took, err := watch(func() (err error) {
		result, err = t.RunOnce(ctx, company)
		return err
	})
	if err != nil {
		return nil, err
	}
	if ready := result.States[schema.DraftReady]; result.Deliveries != transformed || ready != transformed {
		return nil, fmt.Errorf("%w: %d delivered, %d taken, %d drafts ready", webhookload.ErrVoid, transformed, result.Deliveries, ready)
	}
	l.say("transform: %s", figures.Short(took.wall))
	return []row{{
		What: fmt.Sprintf("first transform of %s invoices, against the engine's own INSERT … SELECT of the same fields", figures.Number(transformed)),
		// The design's target is for a million.
		Target: "≤ 3 ×, heap < 1 GiB (1,000,000)",
		Measured: fmt.Sprintf("%s against %s, %s invoices a second; processor time %s against %s; Go heap %s, process %s",
			figures.Short(took.wall), figures.Short(median(bounds)), figures.Number(int(transformed/took.wall.Seconds())), figures.Short(took.cpu), figures.Short(median(boundsCPU)),
			figures.Mebibytes(took.heap), figures.Mebibytes(took.process)),
		Ratio: ratio(took.wall.Seconds(), median(bounds).Seconds()),
	}}, p.Close()
}

// holds reports an error unless a table has that many rows.
func (p *place) holds(ctx context.Context, table string, want int64) error {
	found, err := p.rows(ctx, table)
	if err == nil && found != want {
		err = fmt.Errorf("%w: %s has %d rows and not %d", webhookload.ErrVoid, table, found, want)
	}
	return err
}
