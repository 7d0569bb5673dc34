package wayin

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// look is how often the store is asked.
const look = 100 * time.Millisecond

// store waits until the delivery is in the store, byte for byte.
func (w *way) store(ctx context.Context, step *Step) {
	err := w.await(ctx, func(found []schema.Receipt) bool {
		for _, r := range found {
			if string(r.Body) == string(w.sample.body) {
				w.receipt = r
				return true
			}
		}
		return false
	})
	if err == nil {
		step.Detail = fmt.Sprintf("byte for byte, sha256 %s", w.receipt.BodySum)
		return
	}
	waiting, journalErr := w.cfg.Records.Waiting(context.WithoutCancel(ctx))
	switch {
	case journalErr == nil && waiting > 0:
		step.Trouble = troubled("see the log of `tieout serve` and `tieout status`: the store is away or slow; the journal keeps everything until it is back",
			"it is not in the store, and %d deliveries wait in the journal", waiting)
	default:
		step.Trouble = troubled("see where "+w.target.Host+" leads: to another tieout, or to one that keeps its data elsewhere (store.dsn)",
			"answered 202, and neither this store nor this journal has it: %v", err)
	}
}

// read waits until the transform has looked at it.
func (w *way) read(ctx context.Context, step *Step) {
	err := w.await(ctx, func(found []schema.Receipt) bool {
		for _, r := range found {
			if r.BodySum == w.receipt.BodySum && r.Outcome.Kind != "" {
				w.receipt = r
				return true
			}
		}
		return false
	})
	switch kind := w.receipt.Stands().Kind; {
	case err != nil:
		step.Trouble = troubled("see the log of `tieout serve`: its cycles may be busy or fail; schedule.transform says how often they run",
			"it is stored, and nobody has read it: %v", err)
	case kind == schema.OutcomeTest:
		step.Detail = "recognised as a test: it is kept, and never booked"
	default:
		step.Trouble = troubled("restart `tieout serve`, so that it runs this version", "it was read as %q and not as a test", kind)
	}
}

// await asks the store until done says so, or ctx ends.
func (w *way) await(ctx context.Context, done func([]schema.Receipt) bool) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		found, err := w.cfg.Records.Delivered(ctx, w.sample.id)
		if err == nil && done(found) {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil && ctx.Err() == nil {
				return err
			}
			return fmt.Errorf("not within %s", w.cfg.Follow)
		case <-tick.C:
		}
	}
}
