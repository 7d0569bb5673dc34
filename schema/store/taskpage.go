package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tieout/tieout/schema"
)

// taskQuery asks what was known of some tasks of a kind.
type taskQuery struct {
	company  schema.CompanyID
	kind     schema.PostingKind
	subjects []string
	asOf     int64 // microseconds from 1970
	parts    parts
}

// InvoiceTasks returns, by invoice, all tasks of a kind about it, by subject.
// Withdrawn ones are among them. The empty id stands for tasks that name none. Its
// cost follows how many there are.
func (s *Store) InvoiceTasks(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, invoices []schema.InvoiceID,
) (map[schema.InvoiceID][]schema.TaskPosition, error) {
	found := map[schema.InvoiceID][]schema.TaskPosition{}
	err := byIDs(invoices, func(ids []string) error {
		return s.tasksAbout(ctx, kind, span{company: company, ids: ids, asOf: endOfTime}, func(p schema.TaskPosition) {
			if _, asked := slices.BinarySearch(ids, string(p.Task.Invoice)); asked {
				found[p.Task.Invoice] = append(found[p.Task.Invoice], p)
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read tasks of invoices: %w", err)
	}
	return found, nil
}

// readCorrections reads what corrects the documents of a page's invoices.
func (s *Store) readCorrections(ctx context.Context, page *page) error {
	return s.tasksAbout(ctx, schema.PostCorrection, page.span, func(p schema.TaskPosition) {
		i, ok := page.places[string(p.Task.Invoice)]
		if ok && (p.Task.State != schema.TaskWithdrawn || p.Posting.State.Live()) {
			page.positions[i].Corrections = append(page.positions[i].Corrections, p)
		}
	})
}

// tasksAbout visits, by subject, the tasks that ever named an invoice of a span.
func (s *Store) tasksAbout(ctx context.Context, kind schema.PostingKind, span span, visit func(schema.TaskPosition)) error {
	query := `SELECT DISTINCT subject FROM tasks WHERE kind = {kind:String} AND ` + span.where("invoice")
	subjects, err := s.texts(ctx, query, span.params().with("kind", string(kind)))
	if err != nil {
		return err
	}
	positions, err := s.taskPositions(ctx, taskQuery{company: span.company, kind: kind, subjects: subjects, asOf: span.asOf})
	for _, p := range positions {
		visit(p)
	}
	return err
}

// taskPositions joins all that was known of tasks, by subject. What has no task is
// left out.
func (s *Store) taskPositions(ctx context.Context, q taskQuery) ([]schema.TaskPosition, error) {
	var found []schema.TaskPosition
	err := byIDs(q.subjects, func(ids []string) error {
		some, err := s.taskPage(ctx, q, span{company: q.company, ids: ids, asOf: q.asOf})
		found = append(found, some...)
		return err
	})
	return found, err
}

// taskPage joins what is known of the tasks of a span of subjects.
func (s *Store) taskPage(ctx context.Context, q taskQuery, span span) ([]schema.TaskPosition, error) {
	positions := make(map[string]*schema.TaskPosition, len(span.ids))
	err := s.newestTasks(ctx, q.kind, span, func(t schema.Task) { positions[t.Subject] = &schema.TaskPosition{Task: t} })
	if err != nil {
		return nil, err
	}
	err = s.newestPostings(ctx, q.kind, span, q.parts, func(p schema.Posting) {
		if position := positions[p.Subject]; position != nil {
			position.Posting = p
		}
	})
	if err != nil {
		return nil, err
	}
	err = s.newestVerifications(ctx, q.kind, span, func(v schema.Verification) {
		position := positions[v.Subject]
		if position != nil && position.Posting.State.Live() && position.Posting.Document == v.Document {
			position.Verification = v
		}
	})
	if err != nil {
		return nil, err
	}
	if err := s.nameTasks(ctx, q.kind, span, positions); err != nil {
		return nil, err
	}
	found := make([]schema.TaskPosition, 0, len(positions))
	for _, subject := range slices.Sorted(maps.Keys(positions)) {
		found = append(found, *positions[subject])
	}
	return found, nil
}

// nameTasks puts the task that a live posting names in place of a newer one, which
// is rare.
func (s *Store) nameTasks(
	ctx context.Context, kind schema.PostingKind, all span, positions map[string]*schema.TaskPosition,
) error {
	some, named := all, []string{}
	some.ids = nil
	for subject, p := range positions {
		if p.Posting.State.Live() && p.Posting.Draft != p.Task.ID {
			some.ids, named = append(some.ids, subject), append(named, string(p.Posting.Draft))
		}
	}
	if len(some.ids) == 0 {
		return nil
	}
	query := `SELECT ` + taskSelect + ` FROM tasks WHERE kind = {kind:String} AND ` + some.where("subject") + ` AND id IN {named:Array(String)}
		ORDER BY subject, id, recorded_at DESC, seq DESC LIMIT 1 BY subject, id`
	return s.eachTask(ctx, query, some.params().with("kind", string(kind)).with("named", named), func(t schema.Task) {
		if p := positions[t.Subject]; p.Posting.Draft == t.ID {
			p.Task = t
		}
	})
}
