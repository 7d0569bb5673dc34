package store

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tieout/tieout/schema"
)

// postingCounts is what is left to do about postings of one kind and their tasks.
type postingCounts struct {
	uncertain, due, waiting, unverified int
	oldestUncertain, oldestWaiting      time.Time
}

// countPostings counts what is left to do about vendors and tasks, by kind at the
// same time, each at a cost that follows what changed about that kind.
func (s *Store) countPostings(ctx context.Context, company schema.CompanyID, backlog *schema.Backlog) error {
	kinds := append([]schema.PostingKind{schema.PostVendor}, schema.TaskKinds()...)
	counts := make([]postingCounts, len(kinds))
	group, read := errgroup.WithContext(ctx)
	for n, kind := range kinds {
		group.Go(func() (err error) {
			counts[n], err = s.countKind(read, company, kind)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for n, c := range counts {
		if kinds[n] == schema.PostVendor {
			backlog.Uncertain += c.uncertain
			earliest(&backlog.OldestUncertain, c.oldestUncertain)
			continue
		}
		backlog.TasksUncertain += c.uncertain
		backlog.TasksDue += c.due
		backlog.TasksUnverified += c.unverified
		backlog.TasksWaiting += c.waiting
		earliest(&backlog.OldestTaskWaiting, c.oldestWaiting)
	}
	return nil
}

// countKind counts the postings of one kind. A task waits since it was recorded, or
// since it was declined.
func (s *Store) countKind(ctx context.Context, company schema.CompanyID, kind schema.PostingKind) (postingCounts, error) {
	const query = thereRows + `
		SELECT
			multiIf(
				waits, 'waiting',
				postable AND (task_invoice = '' OR task_invoice IN (SELECT invoice FROM there)), 'due',
				uncertain, 'uncertain',
				unverified, 'unverified',
				'') AS place,
			count(),
			min(greatest(posting_at, task_at)),
			min(posting_at)
		FROM standing
		WHERE unsettled
		GROUP BY place`
	var counts postingCounts
	in, err := s.search(ctx, company, postingWork(kind))
	if err != nil || in.nothing {
		return counts, err
	}
	var place string
	var count uint64
	var oldest, posted time.Time
	err = s.each(ctx, in.rows+query, in.params, []any{&place, &count, &oldest, &posted}, func() {
		switch place {
		case "waiting":
			counts.waiting, counts.oldestWaiting = int(count), instant(oldest)
		case "due":
			counts.due = int(count)
		case "uncertain":
			counts.uncertain, counts.oldestUncertain = int(count), instant(posted)
		case "unverified":
			counts.unverified = int(count)
		}
	})
	return counts, err
}
