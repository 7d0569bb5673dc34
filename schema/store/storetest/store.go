package storetest

import (
	"context"
	"iter"
	"time"

	"github.com/tieout/tieout/schema"
)

// Store is everything that a store of tieout does. Stages declare the few
// methods that they need; this is their union, for the suite.
//
// A record is appended and never changed, and recording the same fact again
// changes nothing that a reader sees. Of several records of one subject the one
// with the latest RecordedAt holds, and of those the one recorded last. Any
// error is an unknown outcome: the record may be there. An id that is not
// known is absent from a map, and a single read of nothing is the zero value.
// Where a method takes asOf, only what was recorded by then is seen, and the
// zero time means now.
type Store interface {
	Intake
	Deliveries
	Sources
	Archive
	Drafts
	Masters
	Settings
	Postings
	Checks
	Tasks
	Mirror
	Leases
	Meter
}

// Intake stores deliveries and what became of them.
type Intake interface {
	// Stage stores a block exactly once, however often it is offered.
	Stage(ctx context.Context, block schema.Block) error
	// Pending returns at most limit deliveries without an outcome, each once,
	// the one received first leading, without their arrivals.
	Pending(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Staged, error)
	// RecordOutcomes says what became of deliveries. The first outcome of a
	// delivery stays.
	RecordOutcomes(ctx context.Context, outcomes []schema.Outcome) error
	// Intake counts the deliveries first received in the month, in UTC.
	Intake(ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time) (schema.Intake, error)
	// Backlog counts what is still to be done.
	Backlog(ctx context.Context, company schema.CompanyID) (schema.Backlog, error)
}

// Deliveries looks at single deliveries, and keeps what is said of them after their
// outcome.
type Deliveries interface {
	// Deliveries yields what q selects, the one received first leading, then by id and
	// body. It stays usable while other methods are called between two.
	Deliveries(ctx context.Context, q schema.DeliveryQuery) iter.Seq2[schema.Receipt, error]
	// RecordReviews says what holds of deliveries from now on. The newest holds, also
	// in the intake of a month.
	RecordReviews(ctx context.Context, reviews []schema.Review) error
}

// Sources keeps contracts and invoices, each record the folded state after a change.
type Sources interface {
	Contracts(ctx context.Context, company schema.CompanyID, ids []schema.ContractID) (map[schema.ContractID]schema.Contract, error)
	Invoices(ctx context.Context, company schema.CompanyID, ids []schema.InvoiceID) (map[schema.InvoiceID]schema.Invoice, error)
	RecordContracts(ctx context.Context, contracts []schema.Contract) error
	RecordInvoices(ctx context.Context, invoices []schema.Invoice) error
}

// Archive answers by other things than ids what was recorded long ago.
type Archive interface {
	// WorkerContracts returns, by worker, the newest record of every contract
	// that names one of workers, by id.
	WorkerContracts(
		ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
	) (map[schema.WorkerID][]schema.Contract, error)
	// DocNumbers returns, by payee and number, the invoice that was drafted
	// first under each of numbers. Drafts without a payee do not count.
	DocNumbers(
		ctx context.Context, company schema.CompanyID, numbers []string,
	) (map[schema.PayeeKey]map[string]schema.InvoiceID, error)
	// WorkerInvoices returns, by worker, the newest record of every invoice that
	// names one of workers, by id, without its lines.
	WorkerInvoices(
		ctx context.Context, company schema.CompanyID, workers []schema.WorkerID,
	) (map[schema.WorkerID][]schema.Invoice, error)
}

// Drafts keeps what the transform makes of invoices.
type Drafts interface {
	// OpenPositions yields every invoice without a live bill posting, by id.
	// It leaves out what is cancelled and drafted so, and what is skipped.
	OpenPositions(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error]
	RecordDrafts(ctx context.Context, drafts []schema.Draft) error
	RecordDecisions(ctx context.Context, decisions []schema.Decision) error
	// Decisions returns the newest decision on each subject that has any.
	Decisions(
		ctx context.Context, company schema.CompanyID, subjects []schema.InvoiceID, asOf time.Time,
	) (map[schema.InvoiceID]schema.Decision, error)
	// DueBills returns the drafts that may be posted now, the oldest TxnDate
	// first, then by invoice. One that was declined may be when its posting says
	// so, or when a decision to release it came later.
	DueBills(ctx context.Context, company schema.CompanyID, now time.Time, limit int) ([]schema.Draft, error)
}

// Masters keeps what finance and QuickBooks say about accounts and vendors.
type Masters interface {
	Rules(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.RuleSet, error)
	RecordRules(ctx context.Context, rules schema.RuleSet) error
	Payees(ctx context.Context, company schema.CompanyID) (map[schema.PayeeKey]schema.Payee, error)
	RecordPayees(ctx context.Context, payees []schema.Payee) error
}

// Settings keeps the connection to QuickBooks and what was read of its chart.
type Settings interface {
	Books(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.Books, error)
	RecordBooks(ctx context.Context, books schema.Books) error
	Connection(ctx context.Context, company schema.CompanyID) (schema.Connection, error)
	RecordConnection(ctx context.Context, connection schema.Connection) error
	Secrets
}

// Secrets keeps what is sealed before it comes here.
type Secrets interface {
	// SaveSecret replaces a secret. An empty one forgets it.
	SaveSecret(ctx context.Context, company schema.CompanyID, name string, sealed []byte, at time.Time) error
	// Secret returns nil when there is none.
	Secret(ctx context.Context, company schema.CompanyID, name string) ([]byte, error)
}

// Postings keeps what was sent to QuickBooks.
type Postings interface {
	RecordPostings(ctx context.Context, postings []schema.Posting) error
	// OpenPostings returns the postings whose newest state is named or
	// uncertain, by subject.
	OpenPostings(ctx context.Context, company schema.CompanyID, kind schema.PostingKind) ([]schema.Posting, error)
	LatestPostings(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
	) (map[string]schema.Posting, error)
}

// Checks keeps what reading back showed, and gives the report its facts.
type Checks interface {
	RecordVerifications(ctx context.Context, verifications []schema.Verification) error
	// Unverified returns at most limit posted bills that were never read back,
	// the one recorded first leading. The invoice comes without its lines.
	Unverified(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Position, error)
	// Positions yields every invoice of the period, by id, without the
	// invoice's lines and the posting's body.
	Positions(
		ctx context.Context, company schema.CompanyID, period schema.Period, asOf time.Time,
	) iter.Seq2[schema.Position, error]
}

// Tasks keeps what else is to be made in QuickBooks. Of a kind and subject the newest
// holds. In a [schema.TaskPosition] the posting comes without its body, but for that
// of UnverifiedTasks.
type Tasks interface {
	RecordTasks(ctx context.Context, tasks []schema.Task) error
	// LatestTasks returns the newest task of each subject that has any.
	LatestTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
	) (map[string]schema.Task, error)
	// DueTasks returns at most limit tasks that may be posted now, the one recorded
	// first leading: ready, without a live posting of their kind and subject, and not
	// declined, except by a posting that may be retried by now, or where the task was
	// recorded after the decline. One that names an invoice is due only while that
	// invoice's own document is posted or adopted, and was there when it was read
	// back last.
	DueTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, now time.Time, limit int,
	) ([]schema.Task, error)
	TaskPositions
}

// TaskPositions joins what is known of tasks.
type TaskPositions interface {
	// WaitingTasks returns, by kind and subject, the tasks of which
	// [schema.TaskPosition.Waits] is true.
	WaitingTasks(ctx context.Context, company schema.CompanyID) ([]schema.TaskPosition, error)
	// UnverifiedTasks returns at most limit posted or adopted tasks of a kind whose
	// document was never read back, the one whose posting was recorded first leading.
	UnverifiedTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, limit int,
	) ([]schema.TaskPosition, error)
	// InvoiceTasks returns, by invoice, all tasks of a kind about it, by subject.
	// Withdrawn ones are among them. The empty id stands for tasks that name none.
	InvoiceTasks(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, invoices []schema.InvoiceID,
	) (map[schema.InvoiceID][]schema.TaskPosition, error)
	// Amended yields, by id, every invoice of which [schema.Position.Amended] is
	// true. It comes whole, lines included.
	Amended(ctx context.Context, company schema.CompanyID) iter.Seq2[schema.Position, error]
}

// Mirror keeps what QuickBooks holds of bills, whoever entered them.
type Mirror interface {
	RecordBookBills(ctx context.Context, bills []schema.BookBill) error
	// BookBills returns the newest of each document, by TxnDate, then document.
	BookBills(ctx context.Context, q schema.BookQuery) ([]schema.BookBill, error)
	RecordMirrored(ctx context.Context, m schema.Mirrored) error
	Mirrored(ctx context.Context, company schema.CompanyID, realm schema.RealmID, asOf time.Time) (schema.Mirrored, error)
	// InvoicePositions returns all that is known of invoices now. They come
	// without their lines.
	InvoicePositions(
		ctx context.Context, company schema.CompanyID, invoices []schema.InvoiceID,
	) (map[schema.InvoiceID]schema.Position, error)
}

// Leases lets one of several processes do a piece of work.
type Leases interface {
	// TryLease claims name for holder until now+ttl, and reports whether it
	// may act. Two holders never both may; at times neither may.
	TryLease(ctx context.Context, name, holder string, ttl time.Duration, now time.Time) (bool, error)
	ReleaseLease(ctx context.Context, name, holder string, now time.Time) error
}

// Meter counts what Intuit meters, and knows whether anything was sent at all.
type Meter interface {
	// RecordMetered says how many calls a process had made in a month. Counts
	// only grow: one below what was recorded before changes nothing.
	RecordMetered(ctx context.Context, calls schema.MeteredCalls) error
	// Metered sums up what all processes called in the month.
	Metered(ctx context.Context, company schema.CompanyID, month schema.Period) (schema.Metered, error)
	// Sent reports whether any posting of the company was ever named.
	Sent(ctx context.Context, company schema.CompanyID) (bool, error)
}
