package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

// sizes are how long and how much the parts of intake measure: short enough for the
// whole, and long enough for the journal to change files several times.
type sizes struct {
	turn    time.Duration // of a closed loop
	busy    time.Duration // of a closed loop while the journal drains
	open    time.Duration // of an open loop
	rounds  int           // that count; one before them warms up
	rates   []int         // of the open loops, a second
	backlog int64         // that the drainer catches up on
	drained int64         // deliveries of one round of draining alone
	syncs   int           // of one round, alone
}

func usual() sizes {
	return sizes{
		turn: 1200 * time.Millisecond, busy: 5 * time.Second, open: 10 * time.Second, rounds: 4,
		rates: []int{500, 2000, 10_000, 20_000}, backlog: 1_000_000, drained: 200_000, syncs: 500,
	}
}

// measureClosed compares the receiver with itself when what it verified is thrown
// away: while nothing else runs, and while the journal drains into the engine.
func measureClosed(ctx context.Context, l *lab, s sizes) ([]row, error) {
	var rows []row
	for _, c := range []struct {
		connections        int
		resting, sustained string
	}{{64, "≥ 0.45", "≥ 0.30"}, {256, "≥ 0.60", "≥ 0.35"}} {
		resting, err := l.closed(ctx, s, c.connections, false)
		if err != nil {
			return nil, fmt.Errorf("%d connections at rest: %w", c.connections, err)
		}
		sustained, err := l.closed(ctx, s, c.connections, true)
		if err != nil {
			return nil, fmt.Errorf("%d connections while draining: %w", c.connections, err)
		}
		rows = append(
			rows,
			row{
				What:   fmt.Sprintf("durable intake, %d connections, against the same handler that verifies and discards", c.connections),
				Target: c.resting, Measured: resting.String(), Ratio: ratio(resting.share, 1),
			},
			row{
				What:   fmt.Sprintf("the same, %d connections, while it drains into the engine", c.connections),
				Target: c.sustained, Measured: fmt.Sprintf("%s; the engine takes %s/s", sustained, figures.Number(int(sustained.staged))),
				Ratio: ratio(sustained.share, 1),
			},
		)
	}
	return rows, nil
}

func (l *lab) closed(ctx context.Context, s sizes, connections int, draining bool) (c compared, err error) {
	g, err := l.gate(ctx)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	length := s.turn
	if draining {
		length = s.busy
		end, err := g.drain(ctx)
		if err != nil {
			return c, err
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	c, err = g.compare(ctx, s, connections, length, func() error {
		if !draining {
			return nil
		}
		return g.drained(ctx)
	})
	if err != nil {
		return c, err
	}
	l.say("%d connections, draining %t: %s, %s", connections, draining, ratio(c.share, 1), c)
	return c, g.balance(ctx)
}

// compared are the medians over some turns of both receivers.
type compared struct {
	durable, bare, share float64       // acknowledged a second; the share is formed turn by turn
	staged               float64       // a second, meanwhile
	p99                  time.Duration // of the durable one
	effort, bareEffort   time.Duration // processor time for a request, that of the sender and of all that ran beside it included
}

func (c compared) String() string {
	return fmt.Sprintf("%s of %s/s, p99 %s, processors %s of %s µs", figures.Number(int(c.durable)), figures.Number(int(c.bare)), figures.Short(c.p99),
		figures.Number(c.effort.Microseconds()), figures.Number(c.bareEffort.Microseconds()))
}

// Presigned requests a second of a run; beyond them the sender signs as it goes.
const (
	presignDurable = 60_000
	presignBare    = 110_000
)

// compare takes turns between the two receivers. Settle is called after each turn of
// the durable one.
func (g *gate) compare(ctx context.Context, s sizes, connections int, length time.Duration, settle func() error) (c compared, err error) {
	durable, err := g.generator(g.durable, connections, int(presignDurable*length.Seconds()))
	if err != nil {
		return c, err
	}
	bare, err := g.generator(g.bare, connections, int(presignBare*s.turn.Seconds()))
	if err != nil {
		return c, err
	}
	var kept, thrown, shares, staged []float64
	var efforts, bareEfforts []time.Duration
	var times webhookload.Latencies
	for turn := range s.rounds + 1 {
		without, err := bare.Closed(ctx, s.turn)
		if err = errors.Join(err, without.Clean()); err != nil {
			return c, err
		}
		waited := g.journal.Stats().Deliveries
		with, err := g.send(ctx, durable, length)
		if err = errors.Join(err, with.Clean()); err != nil {
			return c, err
		}
		left := g.journal.Stats().Deliveries
		if err := settle(); err != nil {
			return c, err
		}
		if turn == 0 {
			continue // the first one warms up
		}
		kept, thrown = append(kept, with.Rate()), append(thrown, without.Rate())
		shares, staged = append(shares, with.Rate()/without.Rate()), append(staged, float64(waited+with.Acknowledged-left)/with.Took.Seconds())
		efforts, bareEfforts = append(efforts, effort(with)), append(bareEfforts, effort(without))
		times.Merge(with.Acked)
	}
	return compared{
		durable: median(kept), bare: median(thrown), share: median(shares), staged: median(staged), p99: times.Percentile(99),
		effort: median(efforts), bareEffort: median(bareEfforts),
	}, nil
}

// send sends to the durable receiver in closed loop and enters it in the ledger.
func (g *gate) send(ctx context.Context, to *webhookload.Generator, d time.Duration) (webhookload.Result, error) {
	done, err := to.Closed(ctx, d)
	g.ledger = g.ledger.Plus(done.Ledger)
	return done, err
}

// effort is the processor time for one acknowledged request. Other programs on the
// machine hardly show in it, as they do in the rate.
func effort(r webhookload.Result) time.Duration { return r.CPU / time.Duration(max(r.Acknowledged, 1)) }
