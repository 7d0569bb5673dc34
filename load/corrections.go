package load

import (
	"context"
	"fmt"

	"github.com/tieout/tieout/schema"
)

// corrections posts the bills and vendor credits that make the books say what an
// invoice says now. They are documents like the invoice's own, with numbers and
// marks of their own.
func corrections() craft {
	return craft{
		kind:     schema.PostCorrection,
		day:      func(t schema.Task) schema.Date { return t.Correction.Document.TxnDate },
		begin:    beginCorrections,
		find:     findDocuments,
		readBack: readCorrections,
	}
}

func beginCorrections(ctx context.Context, r *round, due []schema.Task, books schema.Books) ([]made, error) {
	unseen, err := r.unseen(ctx, due)
	if err != nil {
		return nil, err
	}
	documents := make([]schema.Draft, len(unseen))
	for i, t := range unseen {
		documents[i] = t.Correction.Document
	}
	alike, err := r.byHand(ctx, documents)
	if err != nil {
		return nil, err
	}
	all := make([]made, len(due))
	for i, t := range due {
		d := t.Correction.Document
		body, err := encodeDocument(d, markOf(t.Company, d.ID, t.Subject), books)
		if d.Kind == "" && err == nil {
			err = fmt.Errorf("draft %s: %w: a correction that is no document", d.ID, errIncomplete)
		}
		all[i] = made{body: body, form: d.Kind}
		if other, found := alike[d.ID]; found {
			all[i].refused = &refusal{fault: correctedByHand(d, other, r.cfg.DuplicateDays)}
		}
		if err != nil {
			all[i].refused = &refusal{fault: incomplete(err)}
		}
	}
	return all, nil
}

// position is a correction as if it were the document of its invoice.
func position(p schema.TaskPosition) schema.Position {
	return schema.Position{
		Invoice: schema.Invoice{Company: p.Task.Company, ID: p.Task.Invoice},
		Draft:   p.Task.Correction.Document, Posting: p.Posting, Verification: p.Verification,
	}
}

func positionsOf(tasks []schema.TaskPosition) []schema.Position {
	positions := make([]schema.Position, len(tasks))
	for i, p := range tasks {
		positions[i] = position(p)
	}
	return positions
}

func readCorrections(ctx context.Context, l *Loader, tasks []schema.TaskPosition) ([]schema.Verification, error) {
	return l.readBack(ctx, positionsOf(tasks))
}

// unreadCorrections returns the corrections that were posted and never read back.
func (l *Loader) unreadCorrections(ctx context.Context) ([]schema.Position, error) {
	if l.proven.resting(schema.PostCorrection, l.now()) {
		return nil, nil
	}
	tasks, err := l.store.UnverifiedTasks(ctx, l.cfg.Company, schema.PostCorrection, verifyTogether)
	if err != nil {
		return nil, fmt.Errorf("read unverified corrections: %w", err)
	}
	return positionsOf(tasks), nil
}

// correctionsOf returns the corrections among documents of ours that are not what
// became of their invoices themselves.
func (l *Loader) correctionsOf(
	ctx context.Context, ours []sighting, invoices []schema.InvoiceID, positions map[schema.InvoiceID]schema.Position,
) (map[sightingKey]schema.Position, error) {
	var corrected []schema.InvoiceID
	for i, s := range ours {
		if !s.is(positions[invoices[i]].Posting) {
			corrected = append(corrected, invoices[i])
		}
	}
	if len(corrected) == 0 {
		return nil, nil
	}
	tasks, err := l.store.InvoiceTasks(ctx, l.cfg.Company, schema.PostCorrection, corrected)
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	found := map[sightingKey]schema.Position{}
	for _, about := range tasks {
		for _, p := range about {
			if p.Posting.State.Settled() && p.Posting.Document != "" {
				found[sightingKey{formOf(p.Posting), p.Posting.Document}] = position(p)
			}
		}
	}
	return found, nil
}
