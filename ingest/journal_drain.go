package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"

	"github.com/tieout/tieout/schema"
)

// Limits bound one block. A block ends at whichever comes first.
type Limits struct {
	Deliveries int
	Bytes      int64
}

var errNotCut = errors.New("not the block that was cut last")

// cut is what reading a block found.
type cut struct {
	block schema.Block
	to    uint64 // last number covered, readable or not
	sum   schema.Sum
	bytes int64
	next  cursor
	full  bool
	gaps  []Loss
}

// Ready is told after commits that there may be work for [Journal.Cut].
func (j *Journal) Ready() <-chan struct{} { return j.ready }

// Cut returns the oldest deliveries that the store has not confirmed, as one
// block. Until [Journal.Forget] it returns the same block under the same ID,
// also after a crash: its bounds are on disk before it is returned. The block is
// empty when nothing waits.
func (j *Journal) Cut(ctx context.Context, limits Limits) (schema.Block, error) {
	j.drain.Lock()
	defer j.drain.Unlock()
	if j.broken.Load() {
		return schema.Block{}, ErrBroken
	}
	upTo := j.durable.Load()
	known := j.marks.Block
	if known != nil {
		limits, upTo = Limits{Deliveries: math.MaxInt, Bytes: math.MaxInt64}, min(known.To, upTo)
	}
	if j.head.seq > upTo {
		return schema.Block{}, nil
	}
	c, err := j.read(ctx, limits, upTo)
	if err != nil {
		return schema.Block{}, fmt.Errorf("read journal from %d: %w", j.head.seq, err)
	}
	if err := j.damage(c.gaps); err != nil {
		return schema.Block{}, fmt.Errorf("note what is lost: %w", err)
	}
	j.settleIntent(ctx, known, c)
	// An intent that no longer can be kept is replaced before it is acted on.
	if known == nil || known.Sum != c.sum.String() {
		m := marks{Drained: j.marks.Drained, Block: &intent{From: j.head.seq, To: c.to, Sum: c.sum.String()}}
		if err := m.write(j.fs, j.cfg.Dir); err != nil {
			return schema.Block{}, fmt.Errorf("store bounds of block: %w", err)
		}
		j.marks = m
	}
	j.tail = c.next
	if len(c.block.Deliveries) > 0 {
		j.oldest.Store(c.block.Deliveries[0].ReceivedAt.UnixMicro())
	}
	c.block.ID = j.id.blockID(j.marks.Block.From, j.marks.Block.To, c.sum)
	if len(c.block.Deliveries) == 0 {
		return schema.Block{}, j.forget(c.block.ID, c.block)
	}
	return c.block, nil
}

// damage reports gaps and notes them beside their segments. What was cut off in the
// middle of a commit is no damage.
func (j *Journal) damage(gaps []Loss) error {
	if len(gaps) == 0 {
		return nil
	}
	j.mu.Lock()
	live := slices.Clone(j.live)
	j.mu.Unlock()
	// A gap that no record of its segment bounds is found where the next one begins.
	known := j.lost.torn()
	for _, s := range live {
		for _, loss := range s.lost {
			known.add(loss)
		}
	}
	for _, gap := range gaps {
		of := slices.IndexFunc(live, func(s *segment) bool { return s.path == gap.Path })
		for _, part := range known.without(gap) {
			live[of].lost.add(part)
			j.lose(part)
		}
	}
	return j.noteLosses(live)
}

// settleIntent says so when a block that may have reached the store already can
// no longer be read in full. What is left goes under another name, and readers
// make deliveries unique.
func (j *Journal) settleIntent(ctx context.Context, known *intent, c cut) {
	if known != nil && known.Sum != c.sum.String() {
		j.env.Log.ErrorContext(ctx, "block cannot be rebuilt as it was offered; what is readable goes to the store again",
			slog.Uint64("from", known.From), slog.Uint64("to", known.To))
	}
}

// Forget gives up the block that was cut last, which the store has confirmed.
// When it returns nil, that is on disk.
func (j *Journal) Forget(_ context.Context, block schema.Block) error {
	j.drain.Lock()
	defer j.drain.Unlock()
	return j.forget(block.ID, block)
}

func (j *Journal) forget(id string, block schema.Block) error {
	b := j.marks.Block
	if b == nil || j.tail.seq != b.To+1 || id != j.id.blockID(b.From, b.To, sumFromText(b.Sum)) {
		return errNotCut
	}
	m := marks{Drained: b.To}
	if err := m.write(j.fs, j.cfg.Dir); err != nil {
		return fmt.Errorf("store drained mark: %w", err)
	}
	j.marks, j.head, j.tail = m, j.tail, cursor{}
	size := int64(0)
	for _, d := range block.Deliveries {
		size += frameSize(d)
	}
	j.bytes.Add(-size)
	if n := len(block.Deliveries); n > 0 {
		// The next one was received no earlier than the last of these. When exactly
		// is known once it is cut.
		j.oldest.Store(block.Deliveries[n-1].ReceivedAt.UnixMicro())
		j.waiting.Add(int64(-n))
	}
	j.bury(m.Drained)
	return nil
}

// bury hands over segments that hold nothing any more to care.
func (j *Journal) bury(drained uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.dead)
	for len(j.live) > 1 && j.live[0].last <= drained {
		j.dead = append(j.dead, j.live[0])
		j.live = j.live[1:]
	}
	if len(j.dead) > before {
		tell(j.kick)
	}
}

// read gathers deliveries from the head on, up to the limits or upTo.
func (j *Journal) read(ctx context.Context, limits Limits, upTo uint64) (cut, error) {
	j.mu.Lock()
	live := slices.Clone(j.live)
	lasts := make([]uint64, len(live))
	for i, s := range live {
		lasts[i] = s.last
		if i == len(live)-1 {
			lasts[i] = upTo
		}
	}
	j.mu.Unlock()

	c := cut{to: j.head.seq - 1, next: j.head}
	interned := make(map[schema.CompanyID]schema.CompanyID)
	for i, s := range live {
		if s.number < j.head.segment || lasts[i] < j.head.seq {
			continue
		}
		offset := int64(0)
		if s.number == j.head.segment {
			offset = j.head.offset
		}
		end := min(lasts[i], upTo)
		err := j.scan(s, offset, func(f frame, at int64) bool {
			if f.kind != kindDelivery || f.seq <= c.to || ctx.Err() != nil {
				return ctx.Err() == nil
			}
			if f.seq > end {
				c.next = cursor{segment: s.number, offset: at}
				return false
			}
			if n := len(c.block.Deliveries); n >= limits.Deliveries || n > 0 && c.bytes+int64(f.size) > limits.Bytes {
				c.full, c.next = true, cursor{segment: s.number, offset: at}
				return false
			}
			if f.seq > c.to+1 {
				c.gaps = append(c.gaps, Loss{Path: s.path, From: c.to + 1, To: f.seq - 1, Acknowledged: true})
			}
			c.take(f, interned)
			c.next = cursor{segment: s.number, offset: at}
			return f.seq < end
		})
		if err = errors.Join(err, ctx.Err()); err != nil {
			return c, err
		}
		if c.full {
			break
		}
		if c.to < end {
			c.gaps = append(c.gaps, Loss{Path: s.path, From: c.to + 1, To: end, Acknowledged: true})
			c.to = end
		}
		if end == upTo {
			break
		}
	}
	c.sum = sumDeliveries(c.block.Deliveries, true)
	c.next.seq = c.to + 1
	return c, nil
}

// take adds one delivery, with bytes of its own.
func (c *cut) take(f frame, interned map[schema.CompanyID]schema.CompanyID) {
	d := f.delivery
	if company, ok := interned[d.Company]; ok {
		d.Company = company
	} else {
		interned[d.Company] = d.Company
	}
	d.Body, d.Arrival = bytes.Clone(d.Body), bytes.Clone(d.Arrival)
	c.block.Deliveries = append(c.block.Deliveries, d)
	c.bytes += int64(f.size)
	c.to = f.seq
}
