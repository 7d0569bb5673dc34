package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// Agenda is where a [Loader] finds what else is to be made in QuickBooks.
type Agenda interface {
	// DueTasks returns tasks that are ready and that nothing stands against: no live
	// posting, and no decline of this very task that may not be retried yet, unless
	// the task was recorded anew since. Those about an invoice come once its document
	// was read back.
	DueTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, now time.Time, limit int,
	) ([]schema.Task, error)
	// LatestTasks returns the newest task of each subject that has any.
	LatestTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
	) (map[string]schema.Task, error)
	// UnverifiedTasks returns tasks that were posted and never read back.
	UnverifiedTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, limit int,
	) ([]schema.TaskPosition, error)
	// RecordTasks is how a task ends that the books made needless.
	RecordTasks(ctx context.Context, tasks []schema.Task) error
	// InvoiceTasks returns all that is known of the tasks about invoices.
	InvoiceTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, invoices []schema.InvoiceID,
	) (map[schema.InvoiceID][]schema.TaskPosition, error)
}

// Tasks makes what else is due: corrections, attachments, payments and transfers.
// The error names what kept some of them from being made; the others were.
func (l *Loader) Tasks(ctx context.Context) (Result, error) {
	var result Result
	var errs []error
	for _, c := range l.crafts {
		if err := l.carryOut(ctx, c, result.of(c.kind)); err != nil {
			errs = append(errs, fmt.Errorf("%ss: %w", c.kind, err))
			if stops(err) != nil {
				break
			}
		}
	}
	return result, errors.Join(errs...)
}

// carryOut makes the tasks of one kind, until none is left but what is too little
// for another batch now.
func (l *Loader) carryOut(ctx context.Context, c craft, tally *Tally) error {
	began := l.now()
	for {
		due, err := l.store.DueTasks(ctx, l.cfg.Company, c.kind, l.now(), cmp.Or(c.cycle.most, l.cfg.Chunk))
		if err != nil {
			return fmt.Errorf("read due tasks: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		if err := errors.Join(l.block.check(l.now()), ctx.Err()); err != nil {
			return err
		}
		books, err := l.chart(ctx)
		if err != nil {
			return err
		}
		l.settled.wake(c.kind)
		l.proven.wake(c.kind)
		slices.SortStableFunc(due, func(a, b schema.Task) int { return c.day(a).Compare(c.day(b)) })
		month := func(t schema.Task) schema.Period { return c.day(t).Period() }
		most := cmp.Or(c.together, l.cfg.BatchSize)
		atOnce := cmp.Or(c.inFlight, l.cfg.InFlight)
		done, err := inGroups(ctx, atOnce, groupsOf(due, most, month), func(part []schema.Task) *round {
			if c.cycle.longest > 0 && l.now().Sub(began) > c.cycle.longest {
				return nil // a later cycle's, after the bills that came in meanwhile
			}
			if c.deliver == nil && !l.pace.batch(l.now(), c.kind, month(part[0]), len(part), l.cfg.BatchSize) {
				return nil // a later cycle's, together with what comes until then
			}
			r := c.round(l)
			r.run(ctx, r.tasksDue(ctx, c, part, books))
			return r
		})
		*tally = tally.plus(done)
		// What was due and is so still would come again at once.
		if err != nil || done == (Tally{}) || len(due) < l.cfg.Chunk {
			return err
		}
	}
}

// tasksDue begins with tasks. One that cannot be made is declined, with what is
// wrong with it, and holds nothing up.
func (r *round) tasksDue(ctx context.Context, c craft, due []schema.Task, books schema.Books) []*job {
	subjects := make([]string, len(due))
	for i, t := range due {
		subjects[i] = t.Subject
	}
	latest, err := r.store.LatestPostings(ctx, r.cfg.Company, c.kind, subjects)
	if err != nil {
		r.fail("read postings", err)
		return nil
	}
	all, err := c.begin(ctx, r, due, books)
	if err != nil {
		r.stop(err)
		r.fail("prepare", err)
		return nil
	}
	var jobs []*job
	for i, t := range due {
		m, newest := all[i], latest[t.Subject]
		j := &job{task: t, file: m.file, posting: schema.Posting{
			Company: t.Company, Kind: c.kind, Subject: t.Subject, Draft: t.ID, Form: m.form, Body: m.body,
			Request: requestOf(t.Company, r.realm(), c.kind, c.day(t).Period()), Item: m.name(t, newest),
		}}
		if m.refused != nil {
			r.log.DebugContext(ctx, "task is not posted", slog.String("task", string(t.ID)), slog.Any("error", m.refused))
			r.decline(ctx, j, m.refused.fault, m.refused.retryAt)
			if m.refused.needless {
				r.accept(ctx, t, j.posting)
			}
			continue
		}
		if approvedAgain(t, newest) {
			j.released = rowOf(newest)
		}
		r.feed(j, event{kind: eventDue})
		jobs = append(jobs, j)
	}
	return jobs
}

// accept says of a task that was declined that the books are right as they are:
// nobody has to look at what somebody has done already.
func (r *round) accept(ctx context.Context, t schema.Task, declined schema.Posting) {
	if declined.State != schema.PostingDeclined {
		return // it could not be stored, or something is live
	}
	t.State, t.Reason, t.By = schema.TaskAccepted, declined.Fault.Meaning, author
	t.RecordedAt = after(r.now(), declined.RecordedAt)
	ctx, cancel := storing(ctx)
	defer cancel()
	if err := r.store.RecordTasks(ctx, []schema.Task{t}); err != nil {
		r.fail("store tasks", err)
	}
}

// verifyTasks reads back what was made of tasks.
func (l *Loader) verifyTasks(ctx context.Context) (Result, error) {
	var result Result
	var errs []error
	for _, c := range l.crafts {
		if l.proven.resting(c.kind, l.now()) {
			continue
		}
		if err := l.verifyKind(ctx, c, &result); err != nil {
			errs = append(errs, fmt.Errorf("read %ss back: %w", c.kind, err))
			if stops(err) != nil {
				break
			}
		}
	}
	return result, errors.Join(errs...)
}

func (l *Loader) verifyKind(ctx context.Context, c craft, result *Result) error {
	for {
		positions, err := l.store.UnverifiedTasks(ctx, l.cfg.Company, c.kind, verifyTogether)
		if err != nil {
			return fmt.Errorf("read unverified tasks: %w", err)
		}
		if len(positions) == 0 {
			l.proven.rest(c.kind, l.now())
			return nil
		}
		if !l.pace.read(l.now(), c.kind, len(positions)) {
			return nil
		}
		found, err := c.readBack(ctx, l, positions)
		if err != nil {
			return err
		}
		if err := l.recordProofs(ctx, found, result); err != nil || len(positions) < verifyTogether {
			return err
		}
	}
}
