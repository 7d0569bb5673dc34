package app

import (
	"context"
	"time"
)

// restMost bounds the rest after a long cycle. It leaves a delivery that comes at the
// worst moment of a long cycle the time to be posted within 90 seconds.
const restMost = 30 * time.Second

// work runs one company's cycles, one at a time, as it is woken, until ctx ends.
//
// After a cycle it rests for as long as that took. Looking for work costs what came
// lately, found or not: in a stream of deliveries, each of which wakes it, cycles end
// to end would take both processors from those who send. What comes during a rest is
// done together.
func (c *company) work(ctx context.Context, cycle func(context.Context, rounds)) {
	c.loads.Now() // what was under way when the last process ended comes first
	for {
		what, ok := c.woken(ctx)
		if !ok {
			return
		}
		c.busy.Store(true)
		began := time.Now()
		cycle(ctx, what)
		took := time.Since(began)
		c.busy.Store(false)
		if wait(ctx, min(took, restMost)) != nil {
			return
		}
	}
}

// woken waits until the company is woken, and says what for: all that it was woken
// for meanwhile is one cycle. It reports false when ctx ends.
func (c *company) woken(ctx context.Context) (what rounds, ok bool) {
	select {
	case <-ctx.Done():
		return what, false
	case <-c.transforms:
	case <-c.loads:
		what.load = true
	case <-c.sweeps:
		what.load, what.chart, what.sweep = true, true, true
	}
	c.transforms.Taken()
	if c.loads.Taken() {
		what.load = true
	}
	if c.sweeps.Taken() {
		what.load, what.chart, what.sweep = true, true, true
	}
	return what, true
}
