package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/ingest"
)

// measureAway sends while ClickHouse does not answer, and while the drainer catches
// up on what came meanwhile.
func measureAway(ctx context.Context, l *lab, s sizes) (rows []row, err error) {
	g, err := l.gate(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	away, bare, err := g.away(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("clickhouse away: %w", err)
	}
	if err := g.fill(ctx, s.backlog); err != nil {
		return nil, err
	}
	back, err := g.catchUp(ctx, s, bare)
	if err != nil {
		return nil, fmt.Errorf("catching up: %w", err)
	}
	return append(away, back...), nil
}

// away cuts the line to ClickHouse and leaves it cut. It returns what the handler
// that discards made in the same turns.
func (g *gate) away(ctx context.Context, s sizes) (rows []row, bare float64, err error) {
	g.line.cut.Store(true)
	end, err := g.drain(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, end()) }()
	closed, err := g.compare(ctx, s, 256, s.turn, func() error { return nil })
	if err != nil {
		return nil, 0, err
	}
	g.lab.say("256 connections, ClickHouse away: %s, %s", ratio(closed.share, 1), closed)
	open, err := g.paced(ctx, promisedRate, s.open)
	if err != nil {
		return nil, 0, err
	}
	if waiting := g.journal.Stats().Deliveries; waiting != g.ledger.Acknowledged && g.ledger.Refused+g.ledger.Cut == 0 {
		return nil, 0, fmt.Errorf("%d of %d deliveries wait, although ClickHouse is away", waiting, g.ledger.Acknowledged)
	}
	g.lab.say("open loop, ClickHouse away: %s", pacedText(open))
	return []row{
		{What: "ClickHouse away, 256 connections", Measured: closed.String(), Ratio: ratio(closed.share, 1)},
		{What: fmt.Sprintf("ClickHouse away, open loop at %s/s", figures.Number(promisedRate)), Measured: pacedText(open)},
	}, closed.bare, nil
}

// fill sends until that many deliveries wait.
func (g *gate) fill(ctx context.Context, backlog int64) error {
	const connections = 256
	to, err := g.generator(g.durable, connections, presignDurable)
	if err != nil {
		return err
	}
	for g.journal.Stats().Deliveries < backlog {
		if done, err := g.send(ctx, to, fillFor(backlog-g.journal.Stats().Deliveries)); err != nil || done.Acknowledged == 0 {
			return errors.Join(err, done.Clean())
		}
	}
	g.lab.say("%s deliveries wait", figures.Number(g.journal.Stats().Deliveries))
	return nil
}

// fillFor is how long to send for a missing number, so that little more comes.
func fillFor(missing int64) time.Duration {
	const perSecond = 50_000
	return min(max(time.Duration(missing)*time.Second/perSecond, 10*time.Millisecond), time.Second)
}

// catchUp lets ClickHouse answer again, and sends while the backlog drains.
func (g *gate) catchUp(ctx context.Context, s sizes, bare float64) (rows []row, err error) {
	g.line.cut.Store(false)
	waited := g.journal.Stats().Deliveries
	end, err := g.drain(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	began := time.Now()
	open, err := g.paced(ctx, promisedRate, s.open/2)
	if err != nil {
		return nil, err
	}
	to, err := g.generator(g.durable, 256, int(presignDurable*s.busy.Seconds()))
	if err != nil {
		return nil, err
	}
	middle := g.journal.Stats().Deliveries
	closed, err := g.send(ctx, to, s.busy)
	if err = errors.Join(err, closed.Clean()); err != nil {
		return nil, err
	}
	left := g.journal.Stats().Deliveries
	if err := g.drained(ctx); err != nil {
		return nil, err
	}
	took := time.Since(began)
	g.lab.say("caught up on %s after %s; %s were left when the sending ended", figures.Number(waited), figures.Short(took), figures.Number(left))
	what := fmt.Sprintf("while the drainer catches up on %s", figures.Number(waited))
	if left == 0 {
		what += " (which it had done before the end)"
	}
	return []row{
		{
			What: what + ", 256 connections",
			Measured: fmt.Sprintf("%s of %s/s, p99 %s; the engine takes %s/s", figures.Number(int(closed.Rate())), figures.Number(int(bare)),
				figures.Short(closed.Acked.Percentile(99)), figures.Number(int(float64(middle+closed.Acknowledged-left)/closed.Took.Seconds()))),
			Ratio: ratio(closed.Rate(), bare),
		},
		{What: fmt.Sprintf("%s, open loop at %s/s", what, figures.Number(promisedRate)), Measured: pacedText(open)},
		{What: "until all of it is in the engine", Measured: figures.Short(took)},
	}, g.balance(ctx)
}

// measureDrain fills journals while nothing drains and drains them while nothing is
// sent.
func measureDrain(ctx context.Context, l *lab, s sizes) ([]row, error) {
	var rates []float64
	var efforts []time.Duration
	for turn := range s.rounds {
		rate, effort, err := l.drainOnce(ctx, s)
		if err != nil {
			return nil, err
		}
		l.say("drained %s/s, %s µs of processor time for each", figures.Number(int(rate)), figures.Number(effort.Microseconds()))
		if turn > 0 || s.rounds == 1 {
			rates, efforts = append(rates, rate), append(efforts, effort)
		}
	}
	return []row{{
		What: fmt.Sprintf("drain of %s deliveries into the engine, nothing else running", figures.Number(s.drained)), Target: "≥ 50,000/s",
		Measured: fmt.Sprintf("%s/s, processors %s µs", figures.Number(int(median(rates))), figures.Number(median(efforts).Microseconds())),
		Ratio:    ratio(median(rates), 50_000),
	}}, nil
}

func (l *lab) drainOnce(ctx context.Context, s sizes) (rate float64, effort time.Duration, err error) {
	g, err := l.gate(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	if err := g.fill(ctx, s.drained); err != nil {
		return 0, 0, err
	}
	drainer, err := ingest.NewDrainer(g.journal, g.place, nil, ingest.DrainConfig{}, g.lab.env())
	if err != nil {
		return 0, 0, err
	}
	began, used := time.Now(), cpuTime()
	moved, err := drainer.Drain(ctx)
	if err != nil {
		return 0, 0, err
	}
	took, spent := time.Since(began), cpuTime()-used
	if err := errors.Join(g.drained(ctx), g.balance(ctx)); err != nil {
		return 0, 0, err
	}
	return float64(moved) / took.Seconds(), spent / time.Duration(max(moved, 1)), nil
}
