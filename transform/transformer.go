package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tieout/tieout/schema"
)

// Config is what a [Transformer] knows of one company.
type Config struct {
	CompanyID schema.CompanyID

	// ClientIDs are the Ontop clients whose events are the company's. A
	// delivery that names another one is set aside.
	//
	// Defaults to any client: a company whose webhook only its own client
	// knows needs no list.
	ClientIDs []string

	// Policy is what the company decided about booking. It has no defaults
	// here: configuration fills them in.
	Policy schema.Policy

	// Chunk is how many deliveries, or invoices, are held in memory and
	// recorded at a time.
	//
	// Defaults to 16384. A larger one costs memory, some kilobytes each; a
	// smaller one makes the first transform of a long history slow, since every
	// chunk is a search through all that still waits.
	Chunk int
}

// Errors that RunOnce answers with. Wrapped errors add the values.
var (
	// ErrUnknownCompany means that no company of that id was configured.
	ErrUnknownCompany = errors.New("company is not configured")
	// ErrNotRecorded means that the store offered deliveries again whose
	// outcomes it had accepted. Going on would never end.
	ErrNotRecorded = errors.New("the store still offers deliveries whose outcomes were recorded")
)

// Transformer makes drafts of deliveries. It is safe for concurrent use; rounds
// of one company wait for each other.
type Transformer struct {
	store   Store
	offices map[schema.CompanyID]*office
	log     *slog.Logger
	metrics *metrics
	now     func() time.Time
}

// office is what one company's rounds share.
type office struct {
	cfg     Config
	clients map[string]bool
	turn    chan struct{} // holds one token while no round runs
}

// New returns a Transformer for companies. Registerer may be nil; now is the
// clock.
func New(
	store Store, companies []Config, log *slog.Logger, reg prometheus.Registerer, now func() time.Time,
) *Transformer {
	t := &Transformer{
		store: store, offices: make(map[schema.CompanyID]*office, len(companies)), log: log, metrics: newMetrics(reg, companies), now: now,
	}
	for _, cfg := range companies {
		cfg.Chunk = cmp.Or(max(cfg.Chunk, 0), 16384)
		o := &office{cfg: cfg, clients: make(map[string]bool, len(cfg.ClientIDs)), turn: make(chan struct{}, 1)}
		for _, client := range cfg.ClientIDs {
			o.clients[client] = true
		}
		o.turn <- struct{}{}
		t.offices[cfg.CompanyID] = o
	}
	return t
}

// Result counts what one round did, and what it found in the end.
type Result struct {
	Deliveries int                        // that got their outcome
	Outcomes   map[schema.OutcomeKind]int // of those
	Contracts  int                        // records of contracts that say something new
	Invoices   int                        // records of invoices that say something new
	Payees     int                        // records of payees that say something new
	Drafted    int                        // drafts that say something new
	Tasks      map[TaskCount]int          // tasks that say something new; nil when there is none

	// States counts the invoices that may still be drafted by the state of
	// their newest draft, changed or not.
	States map[schema.DraftState]int
	// Held counts those that are held by their first reason.
	Held map[schema.HoldReason]int
}

// Changed reports whether the round recorded anything.
func (r Result) Changed() bool {
	return r.Deliveries+r.Contracts+r.Invoices+r.Payees+r.Drafted+len(r.Tasks) > 0
}

// RunOnce takes one company through a whole round: every pending delivery gets
// its outcome, every open invoice the draft that follows from what is known now, and
// every posted one that changed a proposal of its correction. It stops at the first error of the store, with what it did until then;
// running it again goes on from there and arrives at the same.
func (t *Transformer) RunOnce(ctx context.Context, company schema.CompanyID) (Result, error) {
	o, ok := t.offices[company]
	if !ok {
		return Result{}, fmt.Errorf("transform %q: %w", company, ErrUnknownCompany)
	}
	select {
	case <-ctx.Done():
		return Result{}, fmt.Errorf("transform %s: %w", company, ctx.Err())
	case <-o.turn:
		defer func() { o.turn <- struct{}{} }()
	}
	began := t.now()
	r := &round{Transformer: t, office: o, changes: changes{}, result: Result{
		Outcomes: map[schema.OutcomeKind]int{}, States: map[schema.DraftState]int{}, Held: map[schema.HoldReason]int{},
	}}
	r.began = r.stamp()
	err := r.intake(ctx)
	if err == nil {
		err = r.draft(ctx)
	}
	ended := t.now()
	t.metrics.round(company, r.result, ended.Sub(began), ended, err)
	if err != nil {
		return r.result, fmt.Errorf("transform %s: %w", company, err)
	}
	if r.result.Changed() {
		t.log.InfoContext(ctx, "transform round finished",
			slog.String("company", string(company)), slog.Int("deliveries", r.result.Deliveries),
			slog.Int("drafted", r.result.Drafted), slog.Int("held", r.result.States[schema.DraftHeld]),
			slog.Duration("took", ended.Sub(began)))
	}
	return r.result, nil
}

// round is one call of RunOnce.
type round struct {
	*Transformer
	*office
	result  Result
	began   time.Time
	books   *schema.Books // once they were read
	changes changes
}

// chart returns the newest reading of the books, the same all through the round.
func (r *round) chart(ctx context.Context) (schema.Books, error) {
	if r.books == nil {
		books, err := r.store.Books(ctx, r.cfg.CompanyID, time.Time{})
		if err != nil {
			return schema.Books{}, fmt.Errorf("read books: %w", err)
		}
		r.books = &books
	}
	return *r.books, nil
}

// stamp is when a fact is recorded, as precisely as the store keeps it.
func (r *round) stamp() time.Time { return r.now().UTC().Truncate(time.Microsecond) }
