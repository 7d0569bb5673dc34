package transform

import (
	"context"
	"iter"
	"time"

	"github.com/tieout/tieout/schema"
)

// Store is where a [Transformer] finds its work and leaves what it made of it.
// Everything is appended; recording the same fact again changes nothing that is
// read. Any error leaves the outcome unknown. An id that is not known is absent
// from a map, and a single read answers the zero value when there is nothing.
type Store interface {
	Inbox
	Reviews
	Facts
	Drafts
	Masters
	Archive
	Tasks
	Amendments
}

// Inbox holds the deliveries that wait for an outcome.
type Inbox interface {
	// Pending returns at most limit deliveries without an outcome, the ones
	// received first leading, each once by id and body.
	Pending(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Staged, error)

	// RecordOutcomes says what became of deliveries, which are then no longer
	// pending. The first outcome of a delivery stays.
	RecordOutcomes(ctx context.Context, outcomes []schema.Outcome) error
}

// Reviews holds what was said of deliveries after their outcome.
type Reviews interface {
	// RecordReviews says what holds of deliveries from now on. Their outcomes stay on
	// record.
	RecordReviews(ctx context.Context, reviews []schema.Review) error
}

// Facts holds contracts and invoices, as of their newest record.
type Facts interface {
	Contracts(ctx context.Context, company schema.CompanyID, ids []schema.ContractID) (map[schema.ContractID]schema.Contract, error)
	Invoices(ctx context.Context, company schema.CompanyID, ids []schema.InvoiceID) (map[schema.InvoiceID]schema.Invoice, error)
	RecordContracts(ctx context.Context, contracts []schema.Contract) error
	RecordInvoices(ctx context.Context, invoices []schema.Invoice) error
}

// Drafts holds what is to be posted.
type Drafts interface {
	// OpenPositions yields, ordered by invoice id, every invoice that may need
	// drafting: none with a live posting. It stays usable while other methods
	// are called between two positions.
	OpenPositions(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error]

	RecordDrafts(ctx context.Context, drafts []schema.Draft) error
}

// Masters holds what drafts refer to. The zero time asks for what holds now.
type Masters interface {
	Rules(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.RuleSet, error)
	Books(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.Books, error)
	Payees(ctx context.Context, company schema.CompanyID) (map[schema.PayeeKey]schema.Payee, error)
	RecordPayees(ctx context.Context, payees []schema.Payee) error
}

// Archive answers what was recorded long ago by other things than ids: for an
// invoice that names its worker and no contract, and for an invoice number that a
// payee used before.
type Archive interface {
	// WorkerContracts returns the newest record of every contract of each of
	// workers.
	WorkerContracts(
		ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
	) (map[schema.WorkerID][]schema.Contract, error)

	// DocNumbers returns, by payee and by those of numbers that were ever
	// drafted for it, the invoice that was drafted under the number first.
	DocNumbers(
		ctx context.Context, company schema.CompanyID, numbers []string,
	) (map[schema.PayeeKey]map[string]schema.InvoiceID, error)

	// WorkerInvoices returns the newest record of every invoice of each of
	// workers, without lines.
	WorkerInvoices(
		ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
	) (map[schema.WorkerID][]schema.Invoice, error)
}

// Tasks holds what else is to be made in QuickBooks. Of a kind and subject the newest
// task holds.
type Tasks interface {
	RecordTasks(ctx context.Context, tasks []schema.Task) error

	// LatestTasks returns the newest task of each subject that has any.
	LatestTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
	) (map[string]schema.Task, error)

	// InvoiceTasks returns all tasks of a kind about each of invoices, withdrawn
	// ones among them.
	InvoiceTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, invoices []schema.InvoiceID,
	) (map[schema.InvoiceID][]schema.TaskPosition, error)

	// WaitingTasks returns the tasks of all kinds that need a person.
	WaitingTasks(ctx context.Context, company schema.CompanyID) ([]schema.TaskPosition, error)
}

// Amendments finds the posted invoices that the books no longer say.
type Amendments interface {
	// Amended yields every invoice of which [schema.Position.Amended] is true,
	// whole. It stays usable while other methods are called between two positions.
	Amended(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error]

	// InvoicePositions returns all that is known of invoices, without their lines.
	InvoicePositions(
		ctx context.Context, company schema.CompanyID, invoices []schema.InvoiceID,
	) (map[schema.InvoiceID]schema.Position, error)
}
