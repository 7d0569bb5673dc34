package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
	"github.com/tieout/tieout/schema/store"
)

// What is redacted at a time. Each batch has the engine write the files of its months
// anew, so that small ones cost more.
const (
	redactDeliveries = 20_000
	redactBytes      = 32 << 20
	// batchesADay bounds what a running server does in one go.
	batchesADay = 10
)

// redactOverlap is added to the time of the last redaction, from which on it is looked
// at what was stored late: clocks may differ.
const redactOverlap = 24 * time.Hour

// ErrNoRedaction means that a company's configuration takes out nothing.
var ErrNoRedaction = errors.New("ontop.redact names no fields: deliveries are kept as they arrived")

var errEnough = errors.New("enough for today")

// RedactQuery says for which company personal data is taken out.
type RedactQuery struct {
	Company schema.CompanyID
	DryRun  bool   // change nothing, and count what would be
	By      string // who asked for it
	Batches int    // stop after as many; 0 is no bound
}

// RedactCounts says what a redaction did or, in a dry run, would do.
type RedactCounts struct {
	Fields     []string  `json:"fields"`
	Before     time.Time `json:"before"` // deliveries received before then were looked at
	Deliveries int       `json:"deliveries"`
	Redacted   int       `json:"redacted"`
	Left       int       `json:"left"`       // wait for a person or for their outcome, and stay
	Unreadable int       `json:"unreadable"` // are no JSON, and stay
}

// Redact takes the fields that the configuration names out of the deliveries that are
// old enough, in batches, each of which is recorded before it begins and once it is
// done. One that was stopped goes on where it was. Deliveries that wait for a person,
// or for their outcome, are left alone until they are settled. Two at once wait for
// each other.
func (a *App) Redact(ctx context.Context, q RedactQuery) (RedactCounts, error) {
	c, err := a.company(q.Company)
	if err != nil {
		return RedactCounts{}, err
	}
	r, err := newRedaction(c.cfg.Ontop.Redact, a, q)
	if err != nil {
		return RedactCounts{}, err
	}
	unlock, err := a.locks.Lock(ctx, "redact/"+string(q.Company))
	if err != nil {
		return r.counts, err
	}
	defer unlock()
	from, since, err := r.reachedBefore(ctx)
	if err != nil {
		return r.counts, err
	}
	r.reached = from
	if !from.IsZero() {
		// What was stored late, and was received in what is done with.
		late := store.RedactionQuery{Company: q.Company, Before: from, StagedSince: since}
		if err := r.pass(ctx, late, func(time.Time) {}); err != nil {
			return r.counts, err
		}
	}
	err = r.pass(ctx, store.RedactionQuery{Company: q.Company, From: from, Before: r.counts.Before}, r.reach)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return r.counts, err
}

// redaction is one under way.
type redaction struct {
	*App
	query  RedactQuery
	paths  []ontop.RedactPath
	counts RedactCounts

	batch   schema.Redaction
	rows    []store.StoredDelivery
	bytes   int
	reached time.Time // everything received before then is done with
	waits   bool      // one was left alone, which keeps reached from moving on
	batches int
}

func newRedaction(cfg config.Redact, a *App, q RedactQuery) (*redaction, error) {
	if cfg.AfterMonths == 0 || len(cfg.Fields) == 0 {
		return nil, ErrNoRedaction
	}
	r := &redaction{App: a, query: q}
	for _, field := range cfg.Fields {
		path, err := ontop.ParseRedactPath(field)
		if err != nil {
			return nil, err
		}
		r.paths = append(r.paths, path)
	}
	r.counts.Fields = slices.Compact(slices.Sorted(slices.Values(cfg.Fields)))
	r.counts.Before = a.Now().AddDate(0, -cfg.AfterMonths, 0).Truncate(time.Microsecond)
	return r, nil
}

// reachedBefore returns how far an earlier redaction of the same fields came, and
// when; nothing when there was none.
func (r *redaction) reachedBefore(ctx context.Context) (from, since time.Time, err error) {
	history, err := r.store.Redactions(ctx, r.query.Company)
	if err != nil {
		return from, since, err
	}
	for _, earlier := range history {
		if earlier.Done && slices.Equal(earlier.Fields, r.counts.Fields) {
			return earlier.Reached, earlier.RecordedAt.Add(-redactOverlap), nil
		}
	}
	return from, since, nil
}

// reach notes that everything received before then is done with.
func (r *redaction) reach(at time.Time) {
	if !r.waits && at.After(r.reached) {
		r.reached = at
	}
}

// pass redacts what q selects, and tells reach how far it came.
func (r *redaction) pass(ctx context.Context, q store.RedactionQuery, reach func(time.Time)) error {
	began := r.reached
	err := r.store.EachStored(ctx, q, func(d store.StoredDelivery) error {
		reach(d.ReceivedAt)
		r.add(d)
		if len(r.rows) < redactDeliveries && r.bytes < redactBytes {
			return nil
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
		if r.batches++; r.query.Batches > 0 && r.batches >= r.query.Batches {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return err
	}
	reach(q.Before)
	if len(r.rows) == 0 && (r.reached.Equal(began) || r.batch.Deliveries == 0) {
		return nil // there is nothing to tell
	}
	return r.flush(ctx)
}

// add looks at one row, and takes it up when something is to be taken out of it.
func (r *redaction) add(d store.StoredDelivery) {
	r.batch.Deliveries++
	r.counts.Deliveries++
	if stands := d.Stands(); stands.Kind == "" || d.NeedsPerson() {
		r.waits = true
		r.batch.Left++
		r.counts.Left++
		return
	}
	body, changed, err := ontop.Redact(d.Body, r.paths)
	if err != nil {
		r.batch.Unreadable++
		r.counts.Unreadable++
		return
	}
	if !changed && !d.Doubled() {
		return
	}
	d.Body = body
	r.batch.Redacted++
	r.counts.Redacted++
	if !r.query.DryRun {
		r.rows, r.bytes = append(r.rows, d), r.bytes+len(body)
	}
}

// flush redacts the rows that were taken up. What is recorded before names the work,
// should it be interrupted.
func (r *redaction) flush(ctx context.Context) error {
	batch := r.batch
	r.batch = schema.Redaction{}
	if r.query.DryRun {
		return nil
	}
	at := r.stamp()
	for _, d := range r.rows {
		if !at.After(d.RedactedAt) { // a clock was set back
			at = d.RedactedAt.Add(time.Microsecond)
		}
	}
	batch.Company, batch.ID, batch.By = r.query.Company, rand.Text(), r.query.By
	batch.Fields, batch.Before, batch.Reached, batch.RecordedAt = r.counts.Fields, r.counts.Before, r.reached, at
	if err := r.store.RecordRedaction(ctx, batch); err != nil {
		return err
	}
	if err := r.store.Redact(ctx, at, r.rows); err != nil {
		return err
	}
	r.rows, r.bytes = nil, 0
	batch.Done = true
	if done := r.stamp(); done.After(at) {
		batch.RecordedAt = done
	}
	if err := r.store.RecordRedaction(ctx, batch); err != nil {
		return err
	}
	r.log.InfoContext(ctx, "deliveries redacted", slog.String("company", string(batch.Company)), slog.Int("deliveries", batch.Deliveries),
		slog.Int("redacted", batch.Redacted), slog.Int("left", batch.Left), slog.Any("fields", batch.Fields))
	return nil
}

// redactDaily redacts what became old enough, as often as everything is looked at
// again, until ctx ends. The store being away is told, and tried again the next time.
func (a *App) redactDaily(ctx context.Context) error {
	due := newNudge()
	clock := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger))
	if _, err := clock.AddFunc(a.cfg.Schedule.Sweep, due.Now); err != nil {
		return fmt.Errorf("schedule.sweep: %w", err)
	}
	clock.Start()
	defer func() { <-clock.Stop().Done() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-due:
		}
		for _, c := range a.companies {
			_, err := a.Redact(ctx, RedactQuery{Company: c.id, By: "tieout", Batches: batchesADay})
			if err != nil && !errors.Is(err, ErrNoRedaction) && ctx.Err() == nil {
				a.log.ErrorContext(ctx, "deliveries not redacted", slog.String("company", string(c.id)), slog.Any("error", err))
			}
		}
	}
}
