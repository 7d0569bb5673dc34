package transform

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/corrections"
)

// Amend returns the draft of what a posted invoice says now, booked on c.On. It is
// not posted: [corrections.Propose] compares it with what is in the books. Of a
// cancelled invoice only the day and the holds are of account.
func (d *Drafter) Amend(c Case) schema.Draft {
	if c.Invoice.Status == schema.StatusCancelled {
		draft := schema.Draft{Company: c.Invoice.Company, Invoice: c.Invoice.ID, Content: c.Invoice.ContentSum(), TxnDate: c.On, DueDate: c.Invoice.DueDate}
		draft.Holds = inOrder(append(decided(c.Decision), d.date(&draft, c)...))
		return draft
	}
	draft := d.Draft(c)
	if draft.State == schema.DraftAwaitsContract {
		draft.Holds = []schema.Hold{hold(schema.HoldUnresolvedVendor, schema.OwnerSource, "have Ontop send the contract",
			"contract %s of worker %s has not arrived: it is not known who is owed", cmp.Or(string(c.Invoice.Contract), "without id"),
			cmp.Or(string(c.Invoice.Worker), "without id"))}
	}
	return draft
}

// amend proposes corrections of posted invoices that the books no longer say, and
// looks again at those that wait for a person.
func (b *bench) amend(ctx context.Context, waiting []schema.TaskPosition) error {
	seen := map[schema.InvoiceID]bool{}
	var chunk []schema.Position
	for position, err := range b.store.Amended(ctx, b.cfg.CompanyID) {
		if err != nil {
			return fmt.Errorf("read invoices that changed after posting: %w", err)
		}
		seen[position.Invoice.ID] = true
		if chunk = append(chunk, position); len(chunk) == b.cfg.Chunk {
			if err := b.correct(ctx, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	var rest []schema.InvoiceID
	for _, p := range waiting {
		if p.Task.Kind == schema.PostCorrection && p.Task.State.Waits() && !seen[p.Task.Invoice] {
			rest = append(rest, p.Task.Invoice)
		}
	}
	more, err := b.positions(ctx, unique(rest))
	if err != nil {
		return err
	}
	for part := range slices.Chunk(append(chunk, more...), b.cfg.Chunk) {
		if err := b.correct(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// positions reads all that is known of invoices, lines included.
func (b *bench) positions(ctx context.Context, ids []schema.InvoiceID) ([]schema.Position, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	known, err := b.store.InvoicePositions(ctx, b.cfg.CompanyID, ids)
	if err != nil {
		return nil, fmt.Errorf("read %d positions: %w", len(ids), err)
	}
	whole, err := b.store.Invoices(ctx, b.cfg.CompanyID, ids)
	if err != nil {
		return nil, fmt.Errorf("read %d invoices: %w", len(ids), err)
	}
	positions := make([]schema.Position, 0, len(ids))
	for _, id := range ids {
		if position, found := known[id]; found {
			position.Invoice = whole[id]
			position.Content = position.Invoice.ContentSum()
			positions = append(positions, position)
		}
	}
	return positions, nil
}

// correct proposes the corrections of invoices.
func (b *bench) correct(ctx context.Context, positions []schema.Position) error {
	contracts, err := b.contracts(ctx, positions)
	if err != nil {
		return err
	}
	var tasks []schema.Task
	var jobs []job
	for _, position := range positions {
		posted := position.Posting.State.Live() && position.Posting.State.Settled()
		if !posted || position.Decision.Kind == schema.DecideSkip {
			tasks = append(tasks, corrections.Withdraw(position)...)
			continue
		}
		j := b.job(position, contracts)
		j.drafted.On = changedOn(position)
		jobs = append(jobs, j)
	}
	payees := b.payees(jobs)
	taken, err := b.taken(ctx, jobs)
	if err != nil {
		return err
	}
	for i := range jobs {
		j := &jobs[i]
		number, distinct := DocNumber(j.drafted.Invoice), DistinctDocNumber(j.drafted.Invoice)
		j.drafted.DocNumber = number
		tasks = append(tasks, corrections.Propose(corrections.Case{
			Position: j.position, Now: b.drafter.Amend(j.drafted), On: j.drafted.On, BillDate: b.billDate(j.position),
			DocNumbers: []string{number, distinct}, NumberTaken: taken(j.position), Changed: b.changes.since(j.position),
		})...)
	}
	if err := b.record(ctx, payees, nil); err != nil {
		return err
	}
	return b.recordTasks(ctx, tasks)
}

// billDate returns the day that the policy books a posted invoice on. A document that
// was posted before the invoice was paid has the issue date, and keeps it.
func (b *bench) billDate(p schema.Position) schema.Date {
	if b.cfg.Policy.BillDate == schema.BillOnPaidAt && p.Draft.TxnDate == p.Invoice.IssueDate {
		return p.Invoice.IssueDate
	}
	return b.cfg.Policy.BillDateOf(p.Invoice)
}

// changedOn returns the day in UTC on which an invoice came to say what it says, as
// far as is known: a later revision that says the same does not move what is proposed.
func changedOn(p schema.Position) schema.Date {
	day := schema.DateOf(p.Invoice.UpdatedAt.UTC())
	for _, c := range p.Corrections {
		said := c.Task.Correction
		same := said.Content == p.Content && said.Cancelled == (p.Invoice.Status == schema.StatusCancelled)
		if same && c.Task.State == schema.TaskProposed && said.Document.Kind != "" && said.Document.TxnDate.Compare(day) < 0 {
			day = said.Document.TxnDate
		}
	}
	return day
}

// taken returns whether another invoice has the number of a position's correction.
func (b *bench) taken(ctx context.Context, jobs []job) (func(schema.Position) bool, error) {
	numbers := make([]string, len(jobs))
	for i, j := range jobs {
		numbers[i] = corrections.Number(j.position)
	}
	if len(numbers) == 0 {
		return func(schema.Position) bool { return false }, nil
	}
	owners, err := b.store.DocNumbers(ctx, b.cfg.CompanyID, unique(numbers))
	if err != nil {
		return nil, fmt.Errorf("read who has %d document numbers: %w", len(numbers), err)
	}
	return func(p schema.Position) bool {
		number := corrections.Number(p)
		for _, owned := range owners {
			if owner, found := owned[number]; found && owner != p.Invoice.ID {
				return true
			}
		}
		return false
	}, nil
}
