package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/ingest"
)

// drainInto moves the gate's journal into a store of its own until the function
// that it returns is called.
func (g *gate) drainInto(ctx context.Context) (*place, func() error, error) {
	p, err := g.in.lab.place(ctx, 0)
	if err != nil {
		return nil, nil, err
	}
	drainer, err := ingest.NewDrainer(g.journal, p, nil, ingest.DrainConfig{}, g.in.env())
	if err != nil {
		return nil, nil, errors.Join(err, p.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- drainer.Run(ctx) }()
	return p, func() error {
		cancel()
		return errors.Join(<-done, p.Close())
	}, nil
}

// drainWithin bounds how long the journal may take to empty afterwards.
const drainWithin = 2 * time.Minute

// drained waits until the store has confirmed everything, and balances the ledger.
func (g *gate) drained(ctx context.Context, p *place) error {
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for g.journal.Stats().Deliveries > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d deliveries still wait for the store: %w", g.journal.Stats().Deliveries, ctx.Err())
		case <-tick.C:
		}
	}
	found, err := p.rows(ctx, "deliveries")
	if err != nil {
		return err
	}
	return errors.Join(g.balance(), g.ledger.check("the store", found))
}

// sustained sends while the journal drains into the engine, between two turns of
// the receiver that throws away.
func (in *intake) sustained(ctx context.Context, connections int) (row, error) {
	g, err := in.gate(ctx, connections)
	if err != nil {
		return row{}, err
	}
	done, err := g.sustain(ctx)
	if err = errors.Join(err, g.close()); err != nil {
		return row{}, err
	}
	in.lab.say("%d connections sustained: %s", connections, ratio(done.durable, done.bare))
	return row{
		What: fmt.Sprintf("the same, %d connections, sustained while it drains into the engine", connections),
		Measured: fmt.Sprintf("%s; the engine takes %s a second meanwhile, and %s a second afterwards",
			done, number(int(done.drained)), number(int(done.after))),
		Ratio: ratio(done.durable, done.bare),
	}, nil
}

type sustained struct {
	rates
	drained float64 // deliveries a second that reached the store while they came in
	after   float64 // and afterwards, when nothing else ran
}

func (g *gate) sustain(ctx context.Context) (s sustained, err error) {
	before, err := g.throwAway(ctx, turnLength)
	if err != nil {
		return s, err
	}
	p, end, err := g.drainInto(ctx)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if _, err := g.send(ctx, turnLength); err != nil { // warms up
		return s, err
	}
	waited := g.journal.Stats().Deliveries
	busy, err := g.send(ctx, sustainedLength)
	if err != nil {
		return s, err
	}
	left := g.journal.Stats().Deliveries
	began := time.Now()
	if err := g.drained(ctx, p); err != nil {
		return s, err
	}
	s.drained = float64(waited+busy.acked-left) / busy.took.Seconds()
	s.after = float64(left) / time.Since(began).Seconds()
	after, err := g.throwAway(ctx, turnLength)
	if err != nil {
		return s, err
	}
	s.durable, s.bare, s.tail = busy.rate(), (before.rate()+after.rate())/2, tailOf(busy.times)
	s.effort, s.bareEffort = busy.effort(), (before.effort()+after.effort())/2
	return s, nil
}

// paced sends at a fixed rate while the journal drains into the engine.
func (in *intake) paced(ctx context.Context) (rows []row, err error) {
	g, err := in.gate(ctx, openConnections)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	floor, err := g.bare.open(ctx, openRate, openLength/2)
	if err != nil {
		return nil, err
	}
	p, end, err := g.drainInto(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	busy, err := g.durable.open(ctx, openRate, openLength)
	if err != nil {
		return nil, err
	}
	g.ledger = g.ledger.plus(busy.ledger)
	if err := errors.Join(g.drained(ctx, p), floor.clean(), busy.clean()); err != nil {
		return nil, err
	}
	in.lab.say("open loop: %s", tailOf(busy.times))
	return []row{{
		What:   fmt.Sprintf("durable intake in open loop, %s a second from the intended time, while it drains into the engine", number(openRate)),
		Target: "p99 ≤ 5 ms, worst < 1 s", Measured: tailOf(busy.times).String(),
		Ratio: ratio(float64(tailOf(busy.times).p99), float64(tailOf(floor.times).p99)) + " of the p99 of the handler that throws away",
	}}, nil
}
