package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// postingWork is what is left to do about the postings of a kind other than bills,
// and the tasks that they follow from. Vendors follow from no task.
func postingWork(kind schema.PostingKind) work {
	return work{name: "postings/" + string(kind), kind: kind, changed: changedPostings, rows: postingRows}
}

// changedPostings selects the subjects of a kind that anything was recorded about
// since the watermark. The bill that a task is about is left out: a task that has yet
// to be posted is unsettled whatever becomes of it, and afterwards it does not matter.
const changedPostings = `
	SELECT subject AS id FROM tasks
	WHERE company = {company:String} AND kind = {kind:String} AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	UNION DISTINCT
	SELECT subject FROM postings
	WHERE company = {company:String} AND kind = {kind:String} AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
	UNION DISTINCT
	SELECT subject FROM verifications
	WHERE company = {company:String} AND kind = {kind:String} AND stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')`

// postingRows defines where each candidate stands. There is one row per subject, made
// of the newest of each kind of fact.
//
//   - uncertain: the outcome of its posting is not known
//   - unverified: it was posted or adopted, and that document was never read back
//   - declined: its task, as it is now, was declined
//   - waits: a person has to do something about its task
//   - postable: its task may be posted, now or later, unless it was declined, or the
//     document that it is about is not there
//   - unsettled: uncertain, unverified, waits or postable
//
// The kinds of fact are numbered: 1 posting, 2 task, 3 verification.
const postingRows = `
		facts AS
		(
			SELECT 1 AS fact, subject AS id, toString(state) AS word, document, '' AS invoice, retry_at, recorded_at, (recorded_at, seq) AS version
			FROM postings WHERE company = {company:String} AND kind = {kind:String} AND subject IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 2, subject, toString(state), '', invoice, recorded_at, recorded_at, (recorded_at, seq)
			FROM tasks WHERE company = {company:String} AND kind = {kind:String} AND subject IN (SELECT id FROM candidates)
			UNION ALL
			SELECT 3, subject, '', document, '', recorded_at, recorded_at, (recorded_at, seq)
			FROM verifications WHERE company = {company:String} AND kind = {kind:String} AND subject IN (SELECT id FROM candidates)
		),
		newest AS
		(
			SELECT id,
				argMaxIf((word, document, retry_at), version, fact = 1) AS posting,
				maxIf(facts.recorded_at, fact = 1) AS posting_at,
				argMaxIf((word, invoice), version, fact = 2) AS task,
				maxIf(facts.recorded_at, fact = 2) AS task_at,
				groupUniqArrayIf(document, fact = 3) AS verified
			FROM facts
			GROUP BY id
		),
		standing AS
		(
			SELECT id, posting_at, task_at, posting.1 AS posting_state, posting.3 AS retry_at, task.1 AS task_state, task.2 AS task_invoice,
				posting_state IN ('named', 'uncertain') AS uncertain,
				posting_state IN ('posted', 'adopted') AND task_state != '' AND NOT has(verified, posting.2) AS unverified,
				posting_state IN ('', 'declined') AS free,
				posting_state = 'declined' AND task_at <= posting_at AS declined,
				retry_at > toDateTime64(0, 6, 'UTC') AS retried,
				free AND (task_state IN ('proposed', 'held') OR task_state = 'ready' AND declined AND NOT retried) AS waits,
				free AND task_state = 'ready' AS postable,
				uncertain OR unverified OR waits OR postable AS unsettled
			FROM newest
		)`

// thereRows adds the invoices that candidates are about whose own documents are posted
// or adopted, and were there when they were read back last. The kinds of fact are
// numbered: 1 posting, 2 verification.
const thereRows = `,
		named AS
		(
			SELECT invoice FROM tasks
			WHERE company = {company:String} AND kind = {kind:String} AND subject IN (SELECT id FROM candidates)
		),
		bill_facts AS
		(
			SELECT 1 AS fact, subject AS invoice, toString(state) AS word, document, (recorded_at, seq) AS version
			FROM postings
			WHERE company = {company:String} AND kind = 'bill' AND subject IN (SELECT invoice FROM named)
			UNION ALL
			SELECT 2, subject, toString(result), document, (recorded_at, seq)
			FROM verifications
			WHERE company = {company:String} AND kind = 'bill' AND subject IN (SELECT invoice FROM named)
		),
		there AS
		(
			SELECT invoice
			FROM
			(
				SELECT invoice,
					argMaxIf((word, document), version, fact = 1) AS bill,
					groupArrayIf((version, word, document), fact = 2) AS readings
				FROM bill_facts
				GROUP BY invoice
			)
			WHERE bill.1 IN ('posted', 'adopted')
				AND arrayReverseSort(arrayFilter(r -> r.3 = bill.2, readings))[1].2 IN ('exact', 'divergent')
		)`

// DueTasks returns at most limit tasks of a kind that may be posted now, the one
// recorded first leading: ready, without a live posting of their kind and subject,
// and not declined, except by a posting that may be retried by now, or where the task
// was recorded after the decline. One that names an invoice is due only while that
// invoice's own document is posted or adopted, and was there when it was read back
// last.
//
// It costs what changed about tasks of the kind, and what is left to do about them:
// those settled cost nothing.
func (s *Store) DueTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, now time.Time, limit int,
) ([]schema.Task, error) {
	const query = thereRows + `
		SELECT id
		FROM standing
		WHERE postable AND (NOT declined OR retried AND retry_at <= fromUnixTimestamp64Micro({now:Int64}, 'UTC'))
			AND (task_invoice = '' OR task_invoice IN (SELECT invoice FROM there))
		ORDER BY task_at, id
		LIMIT {limit:Int64}`
	if limit <= 0 {
		return nil, nil
	}
	more := params{"now": now.UnixMicro(), "limit": int64(limit)}
	subjects, err := s.searchTexts(ctx, company, postingWork(kind), query, more)
	if err != nil {
		return nil, fmt.Errorf("find due tasks: %w", err)
	}
	latest, err := s.LatestTasks(ctx, company, kind, subjects)
	if err != nil {
		return nil, err
	}
	due := make([]schema.Task, 0, len(latest))
	for _, t := range latest {
		// Between the two queries a newer task may have come.
		if t.State == schema.TaskReady {
			due = append(due, t)
		}
	}
	slices.SortFunc(due, func(a, b schema.Task) int {
		return cmp.Or(a.RecordedAt.Compare(b.RecordedAt), cmp.Compare(a.Subject, b.Subject))
	})
	return due, nil
}

// WaitingTasks returns, by kind and subject, the tasks of which
// [schema.TaskPosition.Waits] is true. It costs what DueTasks of every kind does.
func (s *Store) WaitingTasks(ctx context.Context, company schema.CompanyID) ([]schema.TaskPosition, error) {
	const query = ` SELECT id FROM standing WHERE waits ORDER BY id`
	var waiting []schema.TaskPosition
	for _, kind := range slices.Sorted(slices.Values(schema.TaskKinds())) {
		subjects, err := s.searchTexts(ctx, company, postingWork(kind), query, nil)
		if err != nil {
			return nil, fmt.Errorf("find waiting tasks: %w", err)
		}
		positions, err := s.taskPositions(ctx, taskQuery{company: company, kind: kind, subjects: subjects, asOf: endOfTime})
		if err != nil {
			return nil, fmt.Errorf("read waiting tasks: %w", err)
		}
		for _, p := range positions {
			if p.Waits() {
				waiting = append(waiting, p)
			}
		}
	}
	return waiting, nil
}

// UnverifiedTasks returns at most limit posted or adopted tasks of a kind whose
// document was never read back, the one whose posting was recorded first leading.
// Their postings have their bodies. It costs what DueTasks does.
func (s *Store) UnverifiedTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, limit int,
) ([]schema.TaskPosition, error) {
	const query = ` SELECT id FROM standing WHERE unverified ORDER BY posting_at, id LIMIT {limit:Int64}`
	if limit <= 0 {
		return nil, nil
	}
	subjects, err := s.searchTexts(ctx, company, postingWork(kind), query, params{"limit": int64(limit)})
	if err != nil {
		return nil, fmt.Errorf("find unverified tasks: %w", err)
	}
	found, err := s.taskPositions(ctx, taskQuery{company: company, kind: kind, subjects: subjects, asOf: endOfTime, parts: withBodies})
	if err != nil {
		return nil, fmt.Errorf("read unverified tasks: %w", err)
	}
	found = slices.DeleteFunc(found, func(p schema.TaskPosition) bool { return p.Verification.Result != "" })
	slices.SortFunc(found, func(a, b schema.TaskPosition) int {
		return cmp.Or(a.Posting.RecordedAt.Compare(b.Posting.RecordedAt), cmp.Compare(a.Task.Subject, b.Task.Subject))
	})
	return found, nil
}
