package webhookload

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// Open sends at a fixed rate with random gaps, as independent senders do, whether
// earlier requests are answered or not. Every time counts from when the request was
// meant to be sent. An error means that nothing was answered, or that ctx ended; the
// result holds in any case.
func (g *Generator) Open(ctx context.Context, perSecond int, d time.Duration) (Result, error) {
	if perSecond <= 0 {
		return Result{}, errors.New("the rate must be positive")
	}
	g.source.presign(min(g.cfg.Presign, int(float64(perSecond)*d.Seconds()*1.05)+100), g.now())
	p := &plan{length: d, gap: float64(time.Second) / float64(perSecond), random: rand.New(rand.NewPCG(3, 4))}
	result, err := g.run(ctx, func(began time.Time) func(*caller) {
		// A moment for every connection to have its first request signed.
		p.began = began.Add(10*time.Millisecond + time.Duration(g.cfg.Connections)*20*time.Microsecond)
		p.closes = p.began.Add(d + g.cfg.Grace)
		return func(c *caller) { c.keep(ctx, p) }
	})
	p.giveUp(&result, g.now())
	return result, err
}

// keep sends what is due, until there is no more.
func (c *caller) keep(ctx context.Context, p *plan) {
	for ctx.Err() == nil {
		due, ok := p.next(c.g.now())
		if !ok {
			return
		}
		// Signed before it is due: that is no part of its time.
		now := c.g.now()
		n := c.g.source.taken.Add(1) - 1
		request := c.pen.write(n, now)
		if now.After(due) {
			c.result.Late++
		}
		sleep(ctx, due.Sub(c.g.now()))
		c.send(ctx, n, request, due, c.g.now())
	}
}

// plan says when each request of an open loop is due.
type plan struct {
	mu     sync.Mutex
	began  time.Time
	closes time.Time // when what is overdue is given up
	at     float64   // of the next, from began on
	length time.Duration
	gap    float64 // on average
	random *rand.Rand
}

// next returns when the next request is due; there is none when all are sent, or
// when it is too late for the rest.
func (p *plan) next(now time.Time) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.After(p.closes) {
		return time.Time{}, false
	}
	return p.step()
}

func (p *plan) step() (time.Time, bool) {
	at := time.Duration(p.at)
	if at >= p.length {
		return time.Time{}, false
	}
	p.at += p.random.ExpFloat64() * p.gap
	return p.began.Add(at), true
}

// giveUp counts what was due and not sent. Its times are at least until now.
func (p *plan) giveUp(r *Result, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began.IsZero() {
		return // nothing was due while there was no connection
	}
	for due, ok := p.step(); ok && due.Before(now); due, ok = p.step() {
		r.Unsent++
		r.Times.Record(now.Sub(due))
	}
}
