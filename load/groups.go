package load

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tieout/tieout/schema"
)

// lostTooMany is how many requests in one cycle may go without an answer before
// no more are sent: by then QuickBooks is down, and each would wait for minutes.
const lostTooMany = 3

// groupsOf cuts what is due where the month changes, and with it the request id,
// and at the most that goes into a request. What is due comes ordered by date, so
// that a month is one run of it.
func groupsOf[T any](due []T, most int, month func(T) schema.Period) [][]T {
	var groups [][]T
	start := 0
	for i := range due {
		if i-start == most || month(due[i]) != month(due[start]) {
			groups = append(groups, due[start:i])
			start = i
		}
	}
	return append(groups, due[start:])
}

// inGroups has work take groups through the protocol, some of them at once,
// until one of them says why nothing more can be sent. It returns nil for a group
// that has to wait.
func inGroups[T any](ctx context.Context, atOnce int, groups [][]T, work func([]T) *round) (Tally, error) {
	var mu sync.Mutex
	var tally Tally
	var errs []error
	var halt error
	lost := 0
	finish := func(r *round) {
		mu.Lock()
		defer mu.Unlock()
		tally = tally.plus(r.tally)
		errs = append(errs, r.errs...)
		if halt == nil {
			halt = r.halt
		}
		if r.tally.Uncertain > 0 && r.tally.Settled() == 0 {
			lost++
		}
		if lost >= lostTooMany && halt == nil {
			halt = fmt.Errorf("%d requests in one cycle: %w", lost, ErrNoAnswer)
		}
	}
	stopped := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return halt != nil || len(errs) > 0
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, part := range groups {
		if stopped() || ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if r := work(part); r != nil {
				finish(r)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return tally, err
	}
	return tally, errors.Join(append([]error{halt, ctx.Err()}, errs...)...)
}
