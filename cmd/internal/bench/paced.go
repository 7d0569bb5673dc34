package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

const (
	openConnections = 256
	// More than the receiver takes at once, so that it has to refuse.
	overloadConnections = 1536
)

// measureOpen sends at fixed rates while the journal drains into the engine, and then
// at twice what the receiver sustains.
func measureOpen(ctx context.Context, l *lab, s sizes) (rows []row, err error) {
	g, err := l.gate(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	end, err := g.drain(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	for i, rate := range s.rates {
		floor, err := g.floor(ctx, s, rate)
		if err != nil {
			return rows, err
		}
		busy, err := g.paced(ctx, rate, s.open)
		if err != nil {
			return rows, err
		}
		r := row{What: fmt.Sprintf("the same at %s/s", figures.Number(rate)), Measured: pacedText(busy), Ratio: ratio(
			float64(busy.Times.Percentile(99)), float64(floor.Times.Percentile(99)))}
		if i == 0 {
			r.What = fmt.Sprintf("open loop at %s/s while it drains, from the intended time; ratio: p99 to that of the handler that discards", figures.Number(rate))
		}
		if rate == promisedRate {
			r.Target = "p99 ≤ 5 ms"
		}
		l.say("open loop at %s: %s", figures.Number(rate), r.Measured)
		rows = append(rows, r)
		if err := errors.Join(g.drained(ctx), g.balance(ctx)); err != nil {
			return rows, err
		}
	}
	over, err := g.overload(ctx, s)
	return append(rows, over), err
}

// promisedRate is the one for which the design promises a p99.
const promisedRate = 2000

// floor is what sender, timers and the handler that discards take.
func (g *gate) floor(ctx context.Context, s sizes, rate int) (webhookload.Result, error) {
	bare, err := g.generator(g.bare, openConnections, int(1.1*float64(rate)*s.open.Seconds()/2))
	if err != nil {
		return webhookload.Result{}, err
	}
	done, err := bare.Open(ctx, rate, s.open/2)
	return done, errors.Join(err, done.Balance())
}

// paced sends at a rate and enters it in the ledger.
func (g *gate) paced(ctx context.Context, rate int, d time.Duration) (webhookload.Result, error) {
	durable, err := g.generator(g.durable, openConnections, int(1.1*float64(rate)*d.Seconds()))
	if err != nil {
		return webhookload.Result{}, err
	}
	done, err := durable.Open(ctx, rate, d)
	g.ledger = g.ledger.Plus(done.Ledger)
	return done, errors.Join(err, g.balance(ctx))
}

// pacedText names what else than acknowledgements there was, if anything.
func pacedText(r webhookload.Result) string {
	text := tailIn(r.Times).String()
	if r.Refused+r.Cut > 0 {
		text += fmt.Sprintf("; %s refused, %s cut off", figures.Number(r.Refused), figures.Number(r.Cut))
	}
	if r.Unsent > 0 {
		text += fmt.Sprintf("; %s never sent", figures.Number(r.Unsent))
	}
	return text
}

// overload sends twice as much as closed loops sustain. What is not acknowledged must
// be answered 503. Times count from the sending: the sender cannot keep its schedule
// either, with what the receiver leaves it of the processors.
func (g *gate) overload(ctx context.Context, s sizes) (row, error) {
	closed, err := g.generator(g.durable, openConnections, int(presignDurable*s.busy.Seconds()))
	if err != nil {
		return row{}, err
	}
	most, err := g.send(ctx, closed, s.busy)
	if err = errors.Join(err, most.Clean(), g.drained(ctx)); err != nil {
		return row{}, err
	}
	rate := int(2 * most.Rate())
	g.lab.say("sustained: %s/s", figures.Number(int(most.Rate())))
	many, err := g.generator(g.durable, overloadConnections, int(1.1*float64(rate)*s.open.Seconds()))
	if err != nil {
		return row{}, err
	}
	done, err := many.Open(ctx, rate, s.open)
	g.ledger = g.ledger.Plus(done.Ledger)
	if err = errors.Join(err, g.drained(ctx), g.balance(ctx)); err != nil {
		return row{}, err
	}
	if shed := done.Answers[503]; done.Refused != shed {
		return row{}, fmt.Errorf("%w: under overload the answers were %v", webhookload.ErrVoid, done.Answers)
	}
	served := tailIn(done.Served)
	g.lab.say("overload: %v, served %s, from the intended time %s, unsent %d, lag %s", done.Answers, served, tailIn(done.Acked), done.Unsent, done.Lag)
	return row{
		What:   fmt.Sprintf("twice the sustained rate: %s/s asked, over %s connections", figures.Number(rate), figures.Number(overloadConnections)),
		Target: "p99 of the acknowledged ≤ 1 s, the rest 503",
		Measured: fmt.Sprintf("%s/s acknowledged, p99 %s once sent; %s/s answered 503, %s cut off; the sender managed %s/s",
			figures.Number(int(done.Rate())), figures.Short(served.p99),
			aSecond(done.Refused, done), figures.Number(done.Cut), aSecond(done.Sent, done)),
		Ratio: ratio(done.Rate(), most.Rate()) + " of the sustained rate",
	}, nil
}

func aSecond(n int64, r webhookload.Result) string {
	return figures.Number(int(float64(n) / r.Took.Seconds()))
}

// tailIn reads a histogram.
func tailIn(l webhookload.Latencies) tail {
	return tail{p50: l.Percentile(50), p99: l.Percentile(99), p999: l.Percentile(99.9), worst: l.Worst()}
}
