package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

// mirrorEvery is how old the mirror of the books may grow: 720 looks a month of two
// metered calls. See package load for what that leaves of a quota.
const mirrorEvery = time.Hour

// Counts are what one cycle did: deliveries that got their outcome, drafts that
// say something new, invoices held at the end, what became of bills, and which other
// records were made. Declined and Uncertain are of all that was sent but vendors.
type Counts struct {
	Received  int `json:"received"`
	Drafted   int `json:"drafted"`
	Held      int `json:"held"`
	Posted    int `json:"posted"`
	Adopted   int `json:"adopted"`
	Verified  int `json:"verified"`
	Declined  int `json:"declined"`
	Uncertain int `json:"uncertain"`

	Corrected   int `json:"corrected"`   // bills and vendor credits that say what changed
	Attached    int `json:"attached"`    // files
	Paid        int `json:"paid"`        // bill payments
	Transferred int `json:"transferred"` // top-ups of the wallet
}

// Add returns the sums of both.
func (c Counts) Add(d Counts) Counts {
	return Counts{
		Received: c.Received + d.Received, Drafted: c.Drafted + d.Drafted, Held: c.Held + d.Held, Posted: c.Posted + d.Posted,
		Adopted: c.Adopted + d.Adopted, Verified: c.Verified + d.Verified, Declined: c.Declined + d.Declined,
		Uncertain: c.Uncertain + d.Uncertain, Corrected: c.Corrected + d.Corrected, Attached: c.Attached + d.Attached,
		Paid: c.Paid + d.Paid, Transferred: c.Transferred + d.Transferred,
	}
}

func (c *Counts) transformed(r transform.Result) {
	c.Received += r.Deliveries
	c.Drafted += r.Drafted
	c.Held = r.States[schema.DraftHeld]
}

func (c *Counts) loaded(r load.Result) {
	c.Posted += r.Bills.Posted
	c.Adopted += r.Bills.Adopted
	c.Verified += r.Exact
	for _, tally := range []load.Tally{r.Bills, r.Corrections, r.Attachments, r.Payments, r.Transfers} {
		c.Declined += tally.Declined
		c.Uncertain += tally.Uncertain
	}
	c.Corrected += r.Corrections.Posted + r.Corrections.Adopted
	c.Attached += r.Attachments.Posted + r.Attachments.Adopted
	c.Paid += r.Payments.Posted + r.Payments.Adopted
	c.Transferred += r.Transfers.Posted + r.Transfers.Adopted
}

func cycleLock(id schema.CompanyID) string { return "cycle/" + string(id) }

// Cycle runs one whole cycle of a company: it reads what changed in the
// books, drafts what arrived, posts what is ready and reads it back, telling progress each step. When
// QuickBooks cannot be reached, what arrived is drafted all the same, and the
// error says what was left undone. It waits for another process that is at it.
func (a *App) Cycle(ctx context.Context, id schema.CompanyID, progress func(step string)) (Counts, error) {
	c, err := a.company(id)
	if err != nil {
		return Counts{}, err
	}
	return a.cycle(ctx, c, rounds{chart: true, load: true, guest: true, progress: progress})
}

// rounds say what a cycle is to do besides drafting.
type rounds struct {
	chart    bool // look at the books even when that was done lately
	load     bool // post, even when drafting changed nothing
	guest    bool // another process may have cycles before and after this one
	sweep    bool // look at everything again, without the shortcuts of a cycle
	progress func(string)
}

// run is one cycle under way.
type run struct {
	*App
	c      *company
	rounds rounds
	line   *line // nil when the company is not connected
	counts Counts
}

func (a *App) cycle(ctx context.Context, c *company, what rounds) (Counts, error) {
	unlock, err := a.locks.Lock(ctx, cycleLock(c.id))
	if err != nil {
		return Counts{}, err
	}
	defer unlock()
	r := &run{App: a, c: c, rounds: what}
	if r.rounds.progress == nil {
		r.rounds.progress = func(string) {}
	}
	r.line, err = a.connected(ctx, c)
	if errors.Is(err, ErrNotConnected) && !what.chart {
		err = nil // told by status and metrics; not by every cycle
	}
	if what.guest && r.line != nil {
		if err := wait(ctx, throttleGap); err != nil {
			return r.counts, err
		}
		// Before the lock is given back: who waits for it asks at once.
		defer func() { _ = wait(ctx, throttleGap) }()
	}
	if r.line != nil {
		defer r.tell(ctx)
		defer a.flushMeter(ctx, c)
		if err := c.meter.look(ctx); err != nil {
			return r.counts, err
		}
	}
	chartErr := errors.Join(err, r.chart(ctx))
	drafted, err := r.transform(ctx)
	if err != nil {
		return r.counts, errors.Join(chartErr, err)
	}
	if r.line == nil || chartErr != nil || (!what.load && !drafted) {
		return r.counts, chartErr
	}
	err = r.load(ctx)
	r.noteConsent(ctx, err)
	return r.counts, err
}

// chart brings the mirror of the books up to date, the chart of accounts included,
// when that is needed. It comes first: what somebody entered or renamed decides
// what is drafted and posted.
func (r *run) chart(ctx context.Context) error {
	if r.line == nil {
		return nil
	}
	if !r.rounds.chart && r.Now().Sub(r.line.chartRead) < mirrorEvery {
		return nil
	}
	r.rounds.progress("reading what changed in the books")
	look := r.line.loader.Mirror
	if r.rounds.sweep {
		look = r.line.loader.Sweep
	}
	if _, err := look(ctx); err != nil {
		r.noteConsent(ctx, err)
		return fmt.Errorf("read the books: %w", err)
	}
	r.rounds.sweep = false // once a cycle is enough
	r.line.chartRead = r.Now()
	return nil
}

func (r *run) transform(ctx context.Context) (changed bool, err error) {
	r.rounds.progress("drafting what arrived")
	result, err := r.transformer.RunOnce(ctx, r.c.id)
	r.counts.transformed(result)
	return result.Changed(), err
}

// load posts what is ready and reads it back. Where that brought vendors, the
// drafts that waited for them are made anew and posted too.
func (r *run) load(ctx context.Context) error {
	r.rounds.progress("creating vendors, posting bills and reading them back")
	result, err := r.line.loader.RunOnce(ctx)
	r.counts.loaded(result)
	if result.Vendors.Settled() == 0 {
		return err
	}
	// A vendor in a new currency brings an accounts payable account with it.
	r.line.chartRead = time.Time{}
	if chartErr := r.chart(ctx); chartErr != nil {
		return errors.Join(err, chartErr)
	}
	if _, draftErr := r.transform(ctx); draftErr != nil {
		return errors.Join(err, draftErr)
	}
	r.rounds.progress("posting the bills of new vendors")
	result, laterErr := r.line.loader.RunOnce(ctx)
	r.counts.loaded(result)
	return errors.Join(err, laterErr)
}

// noteConsent records that QuickBooks no longer lets us in, once, and only of the
// connection that the cycle used: somebody may have connected the company again
// since the refusal.
func (r *run) noteConsent(ctx context.Context, err error) {
	if !errors.Is(err, quickbooks.ErrReauthorise) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	connection, err := r.store.Connection(ctx, r.c.id)
	if err == nil && connection.State == schema.Connected && connection.RecordedAt.Equal(r.line.since) {
		connection.State, connection.Detail, connection.By = schema.NeedsConsent, "QuickBooks no longer accepts our tokens", "tieout"
		connection.RecordedAt = r.stamp()
		err = r.store.RecordConnection(ctx, connection)
	}
	if err != nil {
		r.log.ErrorContext(ctx, "lost connection not recorded", slog.String("company", string(r.c.id)), slog.Any("error", err))
	}
}
