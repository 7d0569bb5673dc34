package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
)

// Ledger is what a [Reconciler] reads. Every method takes the instant as of which
// it answers; facts that were recorded later are not seen.
type Ledger interface {
	// Positions yields every invoice booked in the period, once, with the
	// draft that its live posting names, or else the newest.
	Positions(ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time) iter.Seq2[schema.Position, error]

	// Intake counts the deliveries received in the period.
	Intake(ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time) (schema.Intake, error)

	// Books returns what was last read of QuickBooks, or the zero Books.
	Books(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.Books, error)

	// Rules returns the rules in force, or the zero RuleSet.
	Rules(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.RuleSet, error)
}

// Mirror tells what the books hold, whoever entered it, and what people said about
// it. It answers as of an instant, too.
type Mirror interface {
	BookBills(ctx context.Context, q schema.BookQuery) ([]schema.BookBill, error)

	// Decisions returns the newest decision on each subject that has any.
	Decisions(
		ctx context.Context, company schema.CompanyID, subjects []schema.InvoiceID, asOf time.Time,
	) (map[schema.InvoiceID]schema.Decision, error)
}

// Store is all that a [Reconciler] reads.
type Store interface {
	Ledger
	Mirror
}

// Reconciler makes reports. It may be used by several goroutines.
type Reconciler struct{ ledger Store }

// New returns a Reconciler that reads ledger.
func New(ledger Store) *Reconciler { return &Reconciler{ledger: ledger} }

// Report makes the report of a company and period as of an instant. An error
// means that it could not be made; a period that is not tied is no error.
func (r *Reconciler) Report(
	ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time,
) (schema.Report, error) {
	asOf = asOf.UTC()
	t, known := newTally(asOf), newExplained()
	for position, err := range r.ledger.Positions(ctx, company, period, asOf) {
		if err != nil {
			return schema.Report{}, fmt.Errorf("read positions of %s %s: %w", company, period, err)
		}
		if err := t.add(position); err != nil {
			return schema.Report{}, fmt.Errorf("add up invoice %s: %w", position.Invoice.ID, err)
		}
		known.explain(position)
	}
	books, err := r.ledger.Books(ctx, company, asOf)
	if err != nil {
		return schema.Report{}, fmt.Errorf("read books of %s: %w", company, err)
	}
	if err := r.extras(ctx, t, known, period, books); err != nil {
		return schema.Report{}, err
	}
	report, err := t.report()
	if err != nil {
		return schema.Report{}, fmt.Errorf("close the equation of %s %s: %w", company, period, err)
	}
	report.Company, report.Period, report.AsOf = company, period, asOf
	if report.Intake, err = r.ledger.Intake(ctx, company, period, asOf); err != nil {
		return schema.Report{}, fmt.Errorf("count deliveries of %s %s: %w", company, period, err)
	}
	if report.Run, err = r.runFacts(ctx, company, asOf, books); err != nil {
		return schema.Report{}, err
	}
	sortItems(report.Items)
	report.Tied = tied(report)
	report.Run.Hash = report.Sum().String()
	return report, nil
}

func (r *Reconciler) runFacts(
	ctx context.Context, company schema.CompanyID, asOf time.Time, books schema.Books,
) (schema.RunFacts, error) {
	rules, err := r.ledger.Rules(ctx, company, asOf)
	if err != nil {
		return schema.RunFacts{}, fmt.Errorf("read rules of %s: %w", company, err)
	}
	return schema.RunFacts{BooksName: books.Name, BooksReadAt: books.ReadAt, RulesVersion: rules.Version}, nil
}

// sortItems puts what needs somebody first, oldest first, and the rest by id.
func sortItems(items []schema.Item) {
	slices.SortFunc(items, func(a, b schema.Item) int {
		if a.State.Settled() != b.State.Settled() {
			if b.State.Settled() {
				return -1
			}
			return 1
		}
		if !a.State.Settled() {
			return cmp.Or(-cmp.Compare(a.AgeDays, b.AgeDays), cmp.Compare(a.InvoiceID, b.InvoiceID))
		}
		return cmp.Compare(a.InvoiceID, b.InvoiceID)
	})
}

func tied(report schema.Report) bool {
	for _, equation := range report.Equation {
		if !equation.Residual.Money().IsZero() {
			return false
		}
	}
	for state, totals := range report.States {
		if totals.Count > 0 && !state.Settled() {
			return false
		}
	}
	return report.Intake.Pending == 0 && report.Intake.Needing() == 0
}
