package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// Ledger is where a [Loader] finds drafts to post and keeps what became of them.
// Records are appended; of a subject the newest counts. An error leaves it
// unknown whether the call had its effect, and recording the same fact again
// changes nothing.
type Ledger interface {
	// DueBills returns ready drafts, of bills and vendor credits, that nothing
	// stands against, oldest first: no decision, no live posting, and no decline of
	// this very draft that may not be retried yet.
	DueBills(ctx context.Context, company schema.CompanyID, now time.Time, limit int) ([]schema.Draft, error)
	// OpenPostings returns the postings whose newest state is named or uncertain.
	OpenPostings(ctx context.Context, company schema.CompanyID, kind schema.PostingKind) ([]schema.Posting, error)
	// LatestPostings returns the newest posting of each subject that has any, as
	// it is at the time of the call.
	LatestPostings(
		ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
	) (map[string]schema.Posting, error)
	// RecordPostings is durable when it returns nil.
	RecordPostings(ctx context.Context, postings []schema.Posting) error
}

// PayeeBook keeps who is owed. The newest record of a key holds.
type PayeeBook interface {
	Payees(ctx context.Context, company schema.CompanyID) (map[schema.PayeeKey]schema.Payee, error)
	RecordPayees(ctx context.Context, payees []schema.Payee) error
}

// Proofs keeps what reading bills back showed.
type Proofs interface {
	// Unverified returns posted or adopted bills that were never read back, each
	// with its posting and the draft, lines included.
	Unverified(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Position, error)
	RecordVerifications(ctx context.Context, verifications []schema.Verification) error
}

// Shelf keeps snapshots of the chart of accounts.
type Shelf interface {
	// Books returns the newest snapshot, or the zero value when there is none.
	Books(ctx context.Context, company schema.CompanyID, asOf time.Time) (schema.Books, error)
	RecordBooks(ctx context.Context, books schema.Books) error
}

// Store is all that a [Loader] keeps.
type Store interface {
	Ledger
	PayeeBook
	Proofs
	Shelf
	Mirror
	Agenda
}

// Loader posts the drafts of one company. Its methods may be called from several
// goroutines, but one at a time is faster. It keeps nothing between calls that
// the store does not have, except that it leaves a company alone for some minutes
// that refused everything.
type Loader struct {
	store    Store
	books    *quickbooks.Client
	cfg      Config
	rules    rules
	log      *slog.Logger
	metrics  *Metrics
	instance string // tells this loader's batches from another's
	batches  atomic.Uint64
	block    block
	pace     *pace
	crafts   []craft
	settled  quiet // which kinds have nothing that is named or uncertain
	proven   quiet // and which have nothing that is to be read back
}

// New returns a loader of cfg.Company, whose QuickBooks is books. A nil metrics
// counts nothing.
func New(store Store, books *quickbooks.Client, cfg Config, log *slog.Logger, metrics *Metrics) *Loader {
	if metrics == nil {
		metrics = NewMetrics(nil)
	}
	metrics.begin(cfg.Company)
	if cfg.Metered == nil {
		cfg.Metered = meteredBy(books)
	}
	cfg = cfg.withDefaults(books.BatchSize())
	return &Loader{
		store: store, books: books, cfg: cfg, rules: newRules(cfg.Patience), log: log, metrics: metrics, instance: rand.Text(),
		pace: newPace(cfg.MeteredBudget, cfg.Metered), crafts: crafts(cfg),
	}
}

// Tally counts what became of postings of one kind.
type Tally struct {
	Posted    int // QuickBooks confirmed
	Adopted   int // a look-up found it there
	Declined  int // refused, or put before a person
	Uncertain int // sent without an answer
}

// Settled returns how many outcomes are known.
func (t Tally) Settled() int { return t.Posted + t.Adopted + t.Declined }

func (t Tally) plus(u Tally) Tally {
	return Tally{t.Posted + u.Posted, t.Adopted + u.Adopted, t.Declined + u.Declined, t.Uncertain + u.Uncertain}
}

// Result is what a phase or a whole cycle did.
type Result struct {
	Vendors Tally
	Bills   Tally // vendor credits included

	Corrections, Attachments, Payments, Transfers Tally

	// Exact, Divergent and Missing count the documents that were read back.
	Exact, Divergent, Missing int
}

// Plus returns the sum of both results.
func (r Result) Plus(s Result) Result {
	for _, kind := range append([]schema.PostingKind{schema.PostVendor, schema.PostBill}, schema.TaskKinds()...) {
		*r.of(kind) = r.of(kind).plus(*s.of(kind))
	}
	r.Exact, r.Divergent, r.Missing = r.Exact+s.Exact, r.Divergent+s.Divergent, r.Missing+s.Missing
	return r
}

func (r *Result) of(kind schema.PostingKind) *Tally {
	switch kind {
	case schema.PostVendor:
		return &r.Vendors
	case schema.PostCorrection:
		return &r.Corrections
	case schema.PostAttachment:
		return &r.Attachments
	case schema.PostPayment:
		return &r.Payments
	case schema.PostTransfer:
		return &r.Transfers
	case schema.PostBill:
	}
	return &r.Bills
}

// RunOnce does one cycle: it settles what is open, creates approved vendors,
// posts due bills and reads them back, and then does the same for due tasks, which
// build on bills that were read back. The error joins what went wrong on the way;
// the result counts what was done all the same. Nothing new is posted while what is
// open could not be looked up.
func (l *Loader) RunOnce(ctx context.Context) (Result, error) {
	began := l.now()
	defer func() { l.metrics.cycle.Observe(l.now().Sub(began).Seconds()) }()
	result, err := l.Settle(ctx)
	post := err == nil
	if err != nil {
		err = fmt.Errorf("settle: %w", err)
	}
	errs := []error{err}
	for _, phase := range []struct {
		name  string
		run   func(context.Context) (Result, error)
		posts bool
	}{
		{"vendors", l.Vendors, true},
		{"bills", l.Bills, true},
		{"verify", l.verifyBills, false},
		{"tasks", l.Tasks, true},
		{"verify tasks", l.verifyTasks, false},
	} {
		if phase.posts && !post {
			continue
		}
		done, err := phase.run(ctx)
		result = result.Plus(done)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", phase.name, err))
		}
	}
	if err := l.observe(ctx); err != nil {
		errs = append(errs, fmt.Errorf("observe: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return result, err
	}
	l.metrics.succeeded(l.cfg.Company, l.now())
	return result, nil
}

// now is the time as the store keeps it.
func (l *Loader) now() time.Time { return l.cfg.Now().UTC().Truncate(time.Microsecond) }

// realm is the company as QuickBooks numbers it.
func (l *Loader) realm() schema.RealmID { return schema.RealmID(l.books.Realm()) }

// storing returns a context for writing down what has happened already. It goes
// on when the caller is told to stop, but not for ever.
func storing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
}

// newBatch returns an id that no other send has.
func (l *Loader) newBatch() schema.BatchID {
	n := l.batches.Add(1)
	return schema.BatchID("b_" + schema.SumOf(l.instance, fmt.Sprint(n)).Short(20))
}
