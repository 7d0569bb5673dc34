package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
)

// block remembers that QuickBooks refused the whole company, so that not every
// due document meets the same refusal.
type block struct {
	mu    sync.Mutex
	until time.Time
	cause error
}

func (b *block) set(until time.Time, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until, b.cause = until, cause
}

// check returns why nothing may be sent now, or nil.
func (b *block) check(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return b.cause
	}
	return nil
}

// stops returns what an error of a call means for the calls that would follow:
// nil when it was about one record only.
func stops(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrReauthorise) || errors.Is(err, ErrBlocked) || errors.Is(err, ErrQuota) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[*quickbooks.NoAnswer](err); ok {
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	if fault, ok := errors.AsType[*quickbooks.Fault](err); ok {
		switch {
		case fault.Decision() == quickbooks.Reauthorise:
			return fmt.Errorf("%w: %w", ErrReauthorise, err)
		case fault.Scope() == quickbooks.WholeCompany:
			return fmt.Errorf("%w: %w", ErrBlocked, err)
		}
		return nil
	}
	return err
}
