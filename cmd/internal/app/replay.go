package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

// What is read again at a time: between two, the company's cycles have their turn.
const (
	replayDeliveries = 2000
	replayBytes      = 16 << 20
)

// ReplayQuery says which deliveries of a company are read again.
type ReplayQuery struct {
	Company  schema.CompanyID
	From, To time.Time // received from, and before; zero is no bound
	Type     string    // the event type that stands; empty for all
	transform.Replay
}

// Replayed is a delivery that stands differently now.
type Replayed struct {
	Before schema.Receipt // without its body
	Now    schema.Review
}

// ReplayCounts says what reading history again changed or, in a rehearsal, would
// change.
type ReplayCounts struct {
	Deliveries int `json:"deliveries"` // that were read again
	Changed    int `json:"changed"`    // of those that stand differently now
	Contracts  int `json:"contracts"`  // records that say something new
	Invoices   int `json:"invoices"`   // records that say something new
	Tasks      int `json:"tasks"`      // corrections, files, payments and transfers that are new
	Drafted    int `json:"drafted"`    // drafts that followed; 0 in a rehearsal
	// Reached is when the last of them was received: a replay that was stopped goes on
	// from there. It is zero when there was none.
	Reached time.Time `json:"reached"`
}

// Replay reads deliveries again, see [transform.Transformer.Replay], and drafts what
// followed. It tells of each that stands differently now, in the order of receipt.
// Cycles of the company, in this process or another, take turns with it. When it
// fails, what it did until then stays, and the counts say how far it came.
func (a *App) Replay(ctx context.Context, q ReplayQuery, tell func(Replayed)) (ReplayCounts, error) {
	p := &replay{App: a, query: q, tell: tell}
	selected := schema.DeliveryQuery{Company: q.Company, From: q.From, To: q.To, Type: q.Type, Bodies: true}
	for r, err := range a.store.Deliveries(ctx, selected) {
		if err != nil {
			return p.counts, err
		}
		if err := p.add(ctx, r); err != nil {
			return p.counts, err
		}
	}
	if err := p.flush(ctx); err != nil {
		return p.counts, err
	}
	if q.Rehearse {
		return p.counts, nil
	}
	// Always, since an earlier replay may have been stopped before its drafts.
	return p.counts, a.betweenCycles(ctx, q.Company, func() error {
		result, err := a.transformer.RunOnce(ctx, q.Company)
		p.counts.Drafted = result.Drafted
		for _, n := range result.Tasks {
			p.counts.Tasks += n
		}
		return err
	})
}

// replay is one under way.
type replay struct {
	*App
	query  ReplayQuery
	tell   func(Replayed)
	chunk  []schema.Receipt
	bytes  int
	counts ReplayCounts
}

func (p *replay) add(ctx context.Context, r schema.Receipt) error {
	if len(p.chunk) >= replayDeliveries || len(p.chunk) > 0 && p.bytes+len(r.Body) > replayBytes {
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	p.chunk, p.bytes = append(p.chunk, r), p.bytes+len(r.Body)
	return nil
}

func (p *replay) flush(ctx context.Context) error {
	if len(p.chunk) == 0 {
		return nil
	}
	var result transform.ReplayResult
	err := p.betweenCycles(ctx, p.query.Company, func() (err error) {
		result, err = p.transformer.Replay(ctx, p.query.Company, p.chunk, p.query.Replay)
		return err
	})
	if err != nil {
		return fmt.Errorf("deliveries received from %s on: %w", p.chunk[0].ReceivedAt.Format(time.RFC3339Nano), err)
	}
	p.count(result)
	p.chunk, p.bytes = p.chunk[:0], 0
	return nil
}

func (p *replay) count(result transform.ReplayResult) {
	p.counts.Deliveries += result.Deliveries
	p.counts.Changed += len(result.Reviews)
	p.counts.Contracts += result.Contracts
	p.counts.Invoices += result.Invoices
	for _, n := range result.Tasks {
		p.counts.Tasks += n
	}
	p.counts.Reached = p.chunk[len(p.chunk)-1].ReceivedAt
	type name struct {
		id   schema.DeliveryID
		body schema.Sum
	}
	before := make(map[name]schema.Receipt, len(p.chunk))
	for _, r := range p.chunk {
		r.Body = nil
		before[name{r.ID, r.BodySum}] = r
	}
	for _, review := range result.Reviews {
		p.tell(Replayed{Before: before[name{review.Delivery, review.Body}], Now: review})
	}
}
