package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	taskColumns = `
	company LowCardinality(String)
	kind LowCardinality(String)
	subject String
	id String
	invoice String
	state LowCardinality(String)
	hold_reason LowCardinality(String)
	hold_detail String
	hold_next_step String
	hold_owner LowCardinality(String)
	reason String
	decided_by String
	content FixedString(32)
	cancelled Bool
	body String
	recorded_at DateTime64(6, 'UTC')`

	taskSelect = `company, kind, subject, id, invoice, state, hold_reason, hold_detail, hold_next_step, hold_owner, reason, decided_by,
		content, cancelled, body, recorded_at`
)

// taskRow is a task and its body.
type taskRow struct {
	schema.Task
	body string
}

// RecordTasks appends tasks, each as it stands after a change.
func (s *Store) RecordTasks(ctx context.Context, tasks []schema.Task) error {
	rows := make([]taskRow, len(tasks))
	for i, t := range tasks {
		body, err := taskBodyOf(t)
		if err != nil {
			return fmt.Errorf("record task %s %s: %w", t.Kind, t.Subject, err)
		}
		rows[i] = taskRow{Task: t, body: body}
	}
	return record(ctx, s, s.tables.tasks, rows, func(t taskRow) []any {
		return []any{
			string(t.Company), string(t.Kind), t.Subject, string(t.ID), string(t.Invoice), string(t.State), string(t.Hold.Reason),
			t.Hold.Detail, t.Hold.NextStep, string(t.Hold.Owner), t.Reason, t.By, string(t.Correction.Content[:]), t.Correction.Cancelled,
			t.body, stored(t.RecordedAt),
		}
	})
}

// LatestTasks returns the newest task of each subject. Subjects without one are
// absent.
func (s *Store) LatestTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
) (map[string]schema.Task, error) {
	found := make(map[string]schema.Task, len(subjects))
	err := byIDs(subjects, func(ids []string) error {
		return s.newestTasks(ctx, kind, span{company: company, ids: ids, asOf: endOfTime}, func(t schema.Task) { found[t.Subject] = t })
	})
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	return found, nil
}

// newestTasks visits the newest task of each subject of a span of subjects.
func (s *Store) newestTasks(ctx context.Context, kind schema.PostingKind, span span, visit func(schema.Task)) error {
	query := `SELECT ` + taskSelect + ` FROM tasks WHERE kind = {kind:String} AND ` + span.where("subject") + `
		ORDER BY subject, recorded_at DESC, seq DESC LIMIT 1 BY subject`
	return s.eachTask(ctx, query, span.params().with("kind", string(kind)), visit)
}

// eachTask runs a query for the columns of taskSelect.
func (s *Store) eachTask(ctx context.Context, query string, p params, visit func(schema.Task)) error {
	var scan taskScan
	var broken error
	err := s.each(ctx, query, p, scan.dests(), func() {
		t, err := scan.task()
		if err != nil {
			broken = fmt.Errorf("task %s %s: %w", t.Kind, t.Subject, err)
			return
		}
		visit(t)
	})
	if err != nil {
		return err
	}
	return broken
}

// taskScan takes tasks from rows, one at a time.
type taskScan struct {
	t             schema.Task
	content, body string
	recorded      time.Time
}

// dests returns where the columns of taskSelect go.
func (r *taskScan) dests() []any {
	t := &r.t
	return []any{
		(*string)(&t.Company), (*string)(&t.Kind), &t.Subject, (*string)(&t.ID), (*string)(&t.Invoice), (*string)(&t.State),
		(*string)(&t.Hold.Reason), &t.Hold.Detail, &t.Hold.NextStep, (*string)(&t.Hold.Owner), &t.Reason, &t.By,
		&r.content, &t.Correction.Cancelled, &r.body, &r.recorded,
	}
}

// task returns the task of the row that was scanned.
func (r *taskScan) task() (schema.Task, error) {
	t := r.t
	t.RecordedAt = instant(r.recorded)
	t.Correction.Content = sumOf(r.content)
	return t, fillTask(&t, r.body)
}
