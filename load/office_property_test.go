package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// office is one company in a sequence: whom it owes, what its bookkeeper does, and
// the loader in between.
type office struct {
	*bench
	plan    sequence
	mistake mistake
	ahead   time.Duration // of our clock before everybody else's
	lastOut time.Time     // when a batch left last

	workers  []*worker
	invoices []*owed
	drafts   map[schema.DraftID]made
	payables map[schema.Currency]schema.AccountID

	// What the bookkeeper did.
	typed    map[entry]bool                  // documents that they typed in
	touched  map[entry]map[schema.Field]bool // fields of ours that they changed, or that came with it
	origin   map[entry]*owed                 // whose document it was, before they rewrote its note
	unmarked map[entry]bool                  // whose note is no longer ours
	removed  map[entry]*owed                 // documents of ours that they deleted
	merged   map[schema.VendorID]schema.VendorID
}

// worker is somebody whom the company owes.
type worker struct {
	key   schema.PayeeKey
	name  string
	tries int // how often a person approved creating the vendor
}

// owed is an invoice as its source last said it.
type owed struct {
	n        int
	worker   *worker
	negative bool
	extra    int64 // of the amount, from corrections
	revision int
	account  schema.AccountID
	draft    schema.Draft // the newest; none until the vendor exists
	raced    bool         // drafted anew while a posting of an earlier draft was under way
	skipped  bool         // by a person
}

// made is a draft and the invoice that it was made for.
type made struct {
	schema.Draft
	invoice *owed
}

func newOffice(t *testing.T, s sequence, m mistake) *office {
	t.Helper()
	o := &office{
		plan: s, mistake: m, drafts: map[schema.DraftID]made{}, payables: map[schema.Currency]schema.AccountID{},
		typed: map[entry]bool{}, unmarked: map[entry]bool{}, touched: map[entry]map[schema.Field]bool{}, origin: map[entry]*owed{}, removed: map[entry]*owed{},
		merged: map[schema.VendorID]schema.VendorID{},
	}
	o.bench = setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = s.replay }),
		withRealm(func(r *quickbookstest.Realm) {
			tracking(r)
			r.MultiCurrency = true
			r.WarnDuplicateBillNumber = s.warn
		}))
	for _, account := range records[struct {
		ID          string `json:"Id"`
		AccountType string
		CurrencyRef quickbooks.Ref
	}](o.bench, "Account") {
		if account.AccountType == "Accounts Payable" {
			o.payables[schema.Currency(account.CurrencyRef.Value)] = schema.AccountID(account.ID)
		}
	}
	ada := &worker{key: "worker:77:USD", name: "Ada Lovelace"}
	o.workers = append(o.workers, ada)
	require.NoError(t, o.store.RecordPayees(t.Context(), []schema.Payee{{
		Company: acme, Key: ada.key, State: schema.PayeeLinked, Vendor: o.vendor, Origin: schema.OriginName, Name: ada.name,
		By: "eva", RecordedAt: o.now(),
	}}))
	time.Sleep(time.Hour) // nothing of what the company began with is a change
	o.restart()
	o.openBooks()
	return o
}

// chart is what a company of the sequences has in its books at first, read once.
var chart atomic.Pointer[schema.Books]

// openBooks begins with a company that was connected and mirrored before: reading
// that anew would be most of what a sequence takes.
func (o *office) openBooks() {
	known := chart.Load()
	if known == nil {
		books, err := o.loader.RefreshBooks(o.t.Context())
		require.NoError(o.t, err)
		known = &books
		chart.Store(known)
	}
	books := *known
	books.ReadAt = o.now()
	require.NoError(o.t, o.store.RecordBooks(o.t.Context(), books))
	require.NoError(o.t, o.store.RecordMirrored(o.t.Context(), schema.Mirrored{
		Company: acme, Realm: realm, Until: o.now(), SweptAt: o.now(), First: schema.DateOf(o.now()).AddDays(-92), RecordedAt: o.now(),
	}))
}

// now is the time on our clock.
func (o *office) now() time.Time { return time.Now().Add(o.ahead).UTC().Truncate(time.Microsecond) }

// restart starts another loader in the place of the last, as after a crash.
func (o *office) restart() { o.loader = o.open(process{name: "a", seam: &seam{}}) }

// open starts a loader that reaches the world by p.
func (o *office) open(p process) *load.Loader {
	p.sent = func() { o.lastOut = time.Now() }
	cfg := load.Config{Company: acme, Now: o.now, BatchSize: o.plan.batch, InFlight: o.plan.inFlight, Patience: o.plan.patience}
	log := slog.New(slog.DiscardHandler)
	http := &http.Client{Transport: o.mistake.onTheWire(wire{o.sim.Client().Transport, p})}
	oauth, err := quickbooks.NewOAuth(quickbooks.Config{
		APIURL: "https://api.qbo.test", AuthorizeURL: "https://qbo.test/connect/oauth2",
		TokenURL: "https://qbo.test/oauth2/v1/tokens/bearer", RevokeURL: "https://qbo.test/v2/oauth2/tokens/revoke",
		ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
	}, http, o.now, quickbooks.NewMetrics(nil))
	require.NoError(o.t, err)
	grant := o.sim.Grant("", "")
	tokens := &drawer{turn: make(chan struct{}, 1), token: quickbooks.Token{
		RealmID: grant.Realm, AccessToken: quickbooks.Secret(grant.AccessToken), RefreshToken: quickbooks.Secret(grant.RefreshToken),
		AccessExpires: grant.AccessUntil, RefreshExpires: grant.RefreshUntil,
	}}
	client := quickbooks.NewClient(quickbooks.NewSession(oauth, tokens, tokens, grant.Realm, log), log, nil)
	var store load.Store = o.store
	if p.gate != nil {
		store = shelf{o.store, p}
	}
	return load.New(o.mistake.inTheStore(store), client, cfg, log, nil)
}

// drawer keeps the token of a process. Waiting for its lock lets fake time pass.
type drawer struct {
	turn  chan struct{}
	mu    sync.Mutex
	token quickbooks.Token
}

func (d *drawer) Load(context.Context, string) (quickbooks.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.token, nil
}

func (d *drawer) Save(_ context.Context, t quickbooks.Token) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.token = t
	return nil
}

func (d *drawer) Lock(context.Context, string) (func(), error) {
	d.turn <- struct{}{}
	return func() { <-d.turn }, nil
}

// cycle lets the loader work once, whatever comes of it: what counts is the end.
func (o *office) cycle(do func(context.Context)) {
	if o.plan.inFlight == 1 {
		do(o.t.Context())
		return
	}
	gate := newTurnstile(uint64(len(o.invoices)))
	old := o.loader
	o.loader = o.open(process{name: "a", seam: &seam{}, gate: gate})
	gate.run(func() { do(o.t.Context()) })
	o.loader = old
}

// pass lets time go by. The simulator carries late requests out when it is asked
// anything, so it is asked while that may happen.
func (o *office) pass(d time.Duration) {
	for busy := min(d, 2*time.Minute); busy > 0; busy -= 30 * time.Second {
		time.Sleep(min(busy, 30*time.Second))
		o.sim.Advance(0)
	}
	time.Sleep(max(0, d-2*time.Minute))
}

// hire approves creating a vendor for a worker.
func (o *office) hire(currency schema.Currency) {
	n := len(o.workers)
	w := &worker{key: schema.PayeeKey(fmt.Sprintf("worker:%d:%s", 100+n, currency)), name: fmt.Sprintf("Worker %d", n)}
	o.workers = append(o.workers, w)
	o.approve(w)
}

func (o *office) approve(w *worker) {
	w.tries++
	name := w.name
	if w.tries > 1 {
		name = fmt.Sprintf("%s (%d)", w.name, w.tries)
	}
	require.NoError(o.t, o.store.RecordPayees(o.t.Context(), []schema.Payee{{
		Company: acme, Key: w.key, State: schema.PayeeApproved, Name: name, Email: strings.ReplaceAll(string(w.key), ":", ".") + "@example.com",
		By: "eva", RecordedAt: o.now(),
	}}))
}

// invoice lets a worker ask for money.
func (o *office) invoice(w *worker, negative bool) {
	n := len(o.invoices) + 1
	i := &owed{n: n, worker: w, negative: negative, account: travel}
	o.invoices = append(o.invoices, i)
	require.NoError(o.t, o.store.RecordInvoices(o.t.Context(), []schema.Invoice{{
		Company: acme, ID: i.id(), Number: i.number(), Status: schema.StatusConfirmed, Currency: w.key.Currency(),
		Total: schema.NewMoney(int64(n), w.key.Currency()), BillDate: i.day(), RecordedAt: o.now(),
	}}))
}

func (i *owed) id() schema.InvoiceID { return schema.InvoiceID(fmt.Sprintf("inv-%05d", i.n)) }

func (i *owed) number() string { return fmt.Sprintf("INV-%d", i.n) }

// day spreads bills over two months, so that their requests have two names.
func (i *owed) day() schema.Date {
	return schema.NewDate(1999, time.December, 20).AddDays(3 * (i.n % 9))
}

// transform drafts anew what may be posted, as transform does: nothing that was
// sent and is not known to be declined.
func (o *office) transform() {
	payees, err := o.store.Payees(o.t.Context(), acme)
	require.NoError(o.t, err)
	for _, i := range o.invoices {
		if p := payees[i.worker.key]; p.State == schema.PayeeLinked && !o.postingOf(i).State.Live() {
			o.draftAnew(i, p)
		}
	}
}

func (o *office) postingOf(i *owed) schema.Posting { return o.posting(schema.PostBill, string(i.id())) }

func (o *office) draftAnew(i *owed, p schema.Payee) {
	currency := i.worker.key.Currency()
	d := o.draft(i.n, func(d *schema.Draft) {
		d.Payee, d.PayeeName, d.Vendor = p.Key, p.Name, p.Vendor
		d.Currency, d.Payable = currency, o.payables[currency]
		if currency != "USD" {
			d.Rate = schema.Rate("1.0831")
		}
		d.TxnDate, d.DueDate = i.day(), i.day().AddDays(15)
		d.Memo = fmt.Sprintf("revision %d", i.revision)
		d.Lines[0].Amount = schema.NewMoney(100_000+int64(i.n)+i.extra, currency)
		d.Lines[1].Amount, d.Lines[1].Account = schema.NewMoney(1999, currency), i.account
		if i.negative {
			credit(d)
		}
	}, segments)
	if d.ID == i.draft.ID {
		return
	}
	i.draft = d
	o.drafts[d.ID] = made{d, i}
	require.NoError(o.t, o.store.RecordDrafts(o.t.Context(), []schema.Draft{d}))
}

// mayRedraft reports whether a draft may follow another: where clocks leap, or two
// loaders run at once without patience, not within minutes of a send.
func (o *office) mayRedraft() bool {
	careless := o.plan.has("jump") || o.plan.has("pair") && o.plan.patience == 0
	return !careless || time.Since(o.lastOut) > 10*time.Minute
}

// correct changes what an invoice says.
func (o *office) correct(i *owed, kind int) {
	i.revision++
	switch kind % 3 {
	case 0:
		i.extra += 1_000_000
	case 1:
		i.negative = !i.negative
	}
	payees, err := o.store.Payees(o.t.Context(), acme)
	require.NoError(o.t, err)
	posting, payee := o.postingOf(i), payees[i.worker.key]
	if payee.State != schema.PayeeLinked || posting.State == schema.PostingPosted || posting.State == schema.PostingAdopted {
		return
	}
	i.raced = i.raced || posting.State.Live()
	o.draftAnew(i, payee)
}

// entry names a document in the books.
type entry struct {
	kind schema.DocumentKind
	id   schema.DocumentID
}

func (e entry) entity() string {
	if e.kind == schema.DocumentVendorCredit {
		return "VendorCredit"
	}
	return "Bill"
}

// document is what the books hold under an entry.
type document struct {
	entry
	quickbooks.Bill
	raw json.RawMessage
}

// documents are all that the books hold, in the order in which they were entered.
func (o *office) documents() []document {
	books, err := o.sim.Books("")
	require.NoError(o.t, err)
	var all []document
	for _, kind := range []schema.DocumentKind{schema.DocumentBill, schema.DocumentVendorCredit} {
		for _, raw := range books.Entities[entry{kind: kind}.entity()] {
			d := document{entry: entry{kind: kind}, raw: raw}
			require.NoError(o.t, json.Unmarshal(raw, &d.Bill)) // a credit has the shape of a bill
			d.id = schema.DocumentID(d.ID)
			all = append(all, d)
		}
	}
	return all
}

// ours is the invoice whose document it is, or nil when the bookkeeper typed it in.
func (o *office) ours(d document) *owed {
	if o.typed[d.entry] {
		return nil
	}
	if i, known := o.origin[d.entry]; known {
		return i
	}
	for id, made := range o.drafts {
		if d.marks(id) {
			return made.invoice
		}
	}
	return nil
}
