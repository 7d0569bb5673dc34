package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tieout/tieout/schema"
)

// shelf is a store that is no kinder than the real one. A block is stored a month at a
// time: what is there is asked for first, and the rest is sent under a token. Each of
// those may fail by itself, before or after it did anything, or be done long after
// whoever sent it gave up. What comes under a token that was used is dropped and
// reported as stored, whatever it says.
//
// It lives in a bubble of testing/synctest, whose time it takes.
type shelf struct {
	// trouble says what becomes of one statement; nil means that all is well.
	trouble func(insert bool) trouble

	mu     sync.Mutex
	rows   []schema.Delivery
	places map[string]map[int]bool // of the rows of a block
	tokens map[string]bool
	calls  int
	late   sync.WaitGroup
}

// trouble is what becomes of a statement.
type trouble struct {
	takes   time.Duration // before anything is done
	refused error         // nothing is done, and the sender is told
	lost    error         // it is done, and the sender is told this instead
	later   time.Duration // it is done only that much later; the sender has been told lost
}

var (
	errReadOnly = errors.New("code 242: table is in readonly mode")
	errNoSpace  = errors.New("code 243: cannot reserve 1.00 MiB, not enough space")
	errHungUp   = errors.New("read: connection reset by peer")
)

func newShelf() *shelf {
	return &shelf{places: make(map[string]map[int]bool), tokens: make(map[string]bool)}
}

// setTrouble replaces what becomes of statements.
func (s *shelf) setTrouble(trouble func(insert bool) trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = trouble
}

// heal ends all trouble, and waits for what is still on its way.
func (s *shelf) heal() {
	s.setTrouble(nil)
	s.late.Wait()
}

func (s *shelf) Stage(ctx context.Context, block schema.Block) error {
	months := make(map[string][]int)
	for pos, d := range block.Deliveries {
		month := d.ReceivedAt.Format("200601")
		months[month] = append(months[month], pos)
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		if err := s.stageMonth(ctx, block, month, months[month]); err != nil {
			return fmt.Errorf("stage block %s: %w", block.ID, err)
		}
	}
	return nil
}

func (s *shelf) stageMonth(ctx context.Context, block schema.Block, month string, positions []int) error {
	var missing []int
	err := s.statement(ctx, false, func() {
		missing = nil
		for _, pos := range positions {
			if !s.places[block.ID][pos] {
				missing = append(missing, pos)
			}
		}
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	token := block.ID + "/" + month
	if len(missing) < len(positions) {
		token = fmt.Sprintf("%s/%d/%d", token, len(missing), missing[0])
	}
	rows := make([]schema.Delivery, len(missing))
	for i, pos := range missing {
		rows[i] = block.Deliveries[pos]
		rows[i].Body, rows[i].Arrival = bytes.Clone(rows[i].Body), bytes.Clone(rows[i].Arrival)
	}
	return s.statement(ctx, true, func() {
		if s.tokens[token] {
			return
		}
		s.tokens[token] = true
		if s.places[block.ID] == nil {
			s.places[block.ID] = make(map[int]bool)
		}
		for _, pos := range missing {
			s.places[block.ID][pos] = true
		}
		s.rows = append(s.rows, rows...)
	})
}

// statement does something, or not, or later.
func (s *shelf) statement(ctx context.Context, insert bool, do func()) error {
	s.mu.Lock()
	s.calls++
	var t trouble
	if s.trouble != nil {
		t = s.trouble(insert)
	}
	s.mu.Unlock()
	locked := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		do()
	}
	switch {
	case t.refused != nil:
		if err := pass(ctx, t.takes); err != nil {
			return err
		}
		return t.refused
	case insert && t.later > 0:
		s.late.Go(func() {
			time.Sleep(t.later) // of the bubble's time
			locked()
		})
		if err := pass(ctx, t.takes); err != nil {
			return err
		}
		return t.lost
	case t.takes > 0 && insert:
		// What was sent is done, also when nobody waits for it any more.
		done := make(chan struct{})
		s.late.Go(func() {
			time.Sleep(t.takes) // of the bubble's time
			locked()
			close(done)
		})
		select {
		case <-done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		return t.lost
	}
	if err := pass(ctx, t.takes); err != nil {
		return err
	}
	locked()
	return t.lost
}

// pass lets time pass, unless ctx ends.
func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stored returns what is on the shelf, in the order in which it came.
func (s *shelf) stored() []schema.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rows)
}
