package reconcile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// document is one that is in the books for an invoice, its own or a correction.
type document struct {
	kind    schema.DocumentKind
	id      schema.DocumentID // empty while no answer came
	settled bool
	edited  bool // its version moved on since it was posted

	// What reading it back showed, and when; zero while it was not.
	result      schema.VerificationResult
	differences []schema.Difference
	seenAt      time.Time

	column column
	amount schema.Money // what the books hold, as the invoice has it: below zero for a credit
	// accepted is the amount that a person who accepted the books saw, or would have
	// seen had nobody changed it since it was posted.
	accepted schema.Money
}

// documentsOf returns all that is in the books for a posted invoice, its own first,
// and then the corrections in the order in which they were proposed.
func documentsOf(p schema.Position, c corrected) ([]document, error) {
	own, err := c.document(p.Draft, p.Posting, p.Verification)
	if err != nil {
		return nil, err
	}
	documents := []document{own}
	for _, r := range c.rounds {
		for _, part := range r {
			if !part.Posting.State.Live() {
				continue
			}
			one, err := c.document(part.Task.Correction.Document, part.Posting, part.Verification)
			if err != nil {
				return nil, err
			}
			documents = append(documents, one)
		}
	}
	return documents, nil
}

// document counts what QuickBooks holds, once it was read back, and what was sent to
// it before that.
func (c corrected) document(d schema.Draft, posting schema.Posting, seen schema.Verification) (document, error) {
	drafted, err := d.Kind.Signed(d.Total)
	if err != nil {
		return document{}, err
	}
	found := document{
		kind: d.Kind, id: posting.Document, settled: posting.State.Settled(), edited: posting.SyncToken != "" && posting.SyncToken != seen.SyncToken,
		result: seen.Result, differences: seen.Differences, seenAt: seen.RecordedAt,
		column: postedUnverified, amount: drafted, accepted: drafted,
	}
	switch {
	case !found.settled:
		found.column = uncertain
		return found, nil
	case seen.Result == "":
		return found, nil
	case seen.Result == schema.VerifiedMissing:
		found.amount = schema.NewMoney(0, drafted.Currency())
	default:
		if found.amount, err = d.Kind.Signed(seen.Total); err != nil {
			return document{}, err
		}
	}
	if c.covers(seen) {
		found.accepted = found.amount
	}
	if seen.Result == schema.VerifiedExact || c.covers(seen) {
		found.column = verified
	}
	return found, nil
}

// name names the document as QuickBooks does, such as "vendor credit 123".
func (d document) name() string {
	if d.id == "" {
		return d.kind.Name()
	}
	return d.kind.Name() + " " + string(d.id)
}

// terms are what one invoice adds to the equation. Amounts of several currencies
// may stand under one column.
type terms []term

type term struct {
	column column
	amount schema.Money
}

// termsOf counts a posted invoice: each document in the books where it is now, each
// that is still to be posted where it waits, what is no longer owed as cancelled,
// and what a person left as it is as skipped.
func termsOf(p schema.Position, c corrected, documents []document) (terms, error) {
	var all terms
	for _, d := range documents {
		all = append(all, term{d.column, d.amount})
	}
	for _, part := range c.open {
		if part.Task.Correction.Document.Kind == "" {
			continue
		}
		amount, err := part.Task.Correction.Document.Kind.Signed(part.Task.Correction.Document.Total)
		if err != nil {
			return nil, err
		}
		all = append(all, term{waitingColumn(part), amount})
	}
	if c.cancels(p) {
		all = append(all, term{cancelled, sourceAmount(p.Invoice)})
	}
	if !c.isAccepted() {
		return all, nil
	}
	left, err := c.leftAsIs(p, documents)
	return append(all, left...), err
}

// waitingColumn is where a document counts that is not posted.
func waitingColumn(p schema.TaskPosition) column {
	switch p.CorrectionState() {
	case schema.CorrectionDeclined:
		return declined
	case schema.CorrectionApproved:
		return waiting
	default:
		return held
	}
}

// leftAsIs is by how much the books that a person accepted, with all that was
// approved before, differ from what is owed, one term a currency.
func (c corrected) leftAsIs(p schema.Position, documents []document) (terms, error) {
	left := terms{{skipped, owed(p)}}
	less := func(m schema.Money) error {
		at := slices.IndexFunc(left, func(t term) bool { return t.amount.Currency() == m.Currency() })
		if at < 0 {
			at, left = len(left), append(left, term{skipped, schema.NewMoney(0, m.Currency())})
		}
		rest, err := left[at].amount.Sub(m)
		left[at].amount = rest
		return err
	}
	for _, d := range documents {
		if err := less(d.accepted); err != nil {
			return nil, fmt.Errorf("take %s from what is owed: %w", d.name(), err)
		}
	}
	for _, part := range c.open {
		amount, err := part.Task.Correction.Document.Kind.Signed(part.Task.Correction.Document.Total)
		if err = errors.Join(err, less(amount)); err != nil {
			return nil, fmt.Errorf("take correction %s from what is owed: %w", part.Task.Subject, err)
		}
	}
	return slices.DeleteFunc(left, func(t term) bool { return t.amount.IsZero() }), nil
}

// inBooks adds up what the books hold, one amount a currency, that of the invoice
// first; what adds up to zero in another currency is left out.
func inBooks(source schema.Currency, documents []document) ([]schema.Money, error) {
	var sums []schema.Money
	for _, d := range documents {
		at := slices.IndexFunc(sums, func(m schema.Money) bool { return m.Currency() == d.amount.Currency() })
		if at < 0 {
			sums = append(sums, d.amount)
			continue
		}
		sum, err := sums[at].Add(d.amount)
		if err != nil {
			return nil, err
		}
		sums[at] = sum
	}
	if len(sums) > 1 {
		sums = slices.DeleteFunc(sums, func(m schema.Money) bool { return m.IsZero() && m.Currency() != source })
	}
	if len(sums) == 0 {
		return []schema.Money{schema.NewMoney(0, source)}, nil
	}
	slices.SortStableFunc(sums, func(a, b schema.Money) int { return cmp.Compare(foreign(a, source), foreign(b, source)) })
	return sums, nil
}

// foreign sorts the invoice's own currency first.
func foreign(m schema.Money, source schema.Currency) int {
	if m.Currency() == source {
		return 0
	}
	return 1
}
