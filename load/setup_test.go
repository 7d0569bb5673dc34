package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

const (
	acme = schema.CompanyID("acme")

	// Accounts of the simulated company.
	contractors = schema.AccountID("8")
	travel      = schema.AccountID("11")
	inactive    = schema.AccountID("19")
	payable     = schema.AccountID("33")
)

// bench is one company in the simulator, a store and a loader between them.
type bench struct {
	t      testing.TB
	sim    *quickbookstest.Server
	store  *storetest.Memory
	loader *load.Loader
	vendor schema.VendorID
	cfg    load.Config
	client func(*quickbooks.Config)
}

type option func(*bench, *quickbookstest.Config)

func withRealm(change func(*quickbookstest.Realm)) option {
	return func(_ *bench, c *quickbookstest.Config) {
		realm := quickbookstest.Realm{ID: quickbookstest.DefaultRealm}
		change(&realm)
		c.Realms = []quickbookstest.Realm{realm}
	}
}

func withSim(change func(*quickbookstest.Config)) option {
	return func(_ *bench, c *quickbookstest.Config) { change(c) }
}

func withConfig(change func(*load.Config)) option {
	return func(b *bench, _ *quickbookstest.Config) { change(&b.cfg) }
}

// setup is called inside a synctest bubble, whose clock everything follows.
func setup(tb testing.TB, options ...option) *bench {
	tb.Helper()
	b := &bench{t: tb, store: storetest.NewMemory()}
	cfg := quickbookstest.Config{Now: time.Now, Seed: 7}
	for _, o := range options {
		o(b, &cfg)
	}
	b.sim = quickbookstest.New(cfg)
	id, err := b.sim.Create("", "Vendor", map[string]any{"DisplayName": "Ada Lovelace"})
	require.NoError(tb, err)
	b.vendor = schema.VendorID(id)
	b.restart()
	return b
}

// restart drops the loader and makes another on the same store, as after a crash.
func (b *bench) restart() { b.loader = b.newLoader() }

func (b *bench) newLoader() *load.Loader {
	b.t.Helper()
	cfg := b.cfg
	cfg.Company, cfg.Now = acme, time.Now
	return load.New(b.store, b.newClient(), cfg, slog.New(slog.DiscardHandler), nil)
}

func (b *bench) newClient() *quickbooks.Client {
	b.t.Helper()
	qcfg := quickbooks.Config{
		APIURL: "https://api.qbo.test", AuthorizeURL: "https://qbo.test/connect/oauth2",
		TokenURL: "https://qbo.test/oauth2/v1/tokens/bearer", RevokeURL: "https://qbo.test/v2/oauth2/tokens/revoke",
		ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
	}
	if b.client != nil {
		b.client(&qcfg)
	}
	oauth, err := quickbooks.NewOAuth(qcfg, b.sim.Client(), time.Now, quickbooks.NewMetrics(nil))
	require.NoError(b.t, err)
	grant := b.sim.Grant("", "")
	tokens := &tokens{token: quickbooks.Token{
		RealmID: grant.Realm, AccessToken: quickbooks.Secret(grant.AccessToken), RefreshToken: quickbooks.Secret(grant.RefreshToken),
		AccessExpires: grant.AccessUntil, RefreshExpires: grant.RefreshUntil,
	}}
	log := slog.New(slog.DiscardHandler)
	return quickbooks.NewClient(quickbooks.NewSession(oauth, tokens, tokens, grant.Realm, log), log, nil)
}

// tokens keeps the token of one company in memory.
type tokens struct {
	mu    sync.Mutex
	turn  sync.Mutex
	token quickbooks.Token
}

func (s *tokens) Load(context.Context, string) (quickbooks.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, nil
}

func (s *tokens) Save(_ context.Context, t quickbooks.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = t
	return nil
}

func (s *tokens) Lock(context.Context, string) (func(), error) {
	s.turn.Lock()
	return s.turn.Unlock, nil
}

// draft is a ready bill for one of b's vendors.
func (b *bench) draft(n int, changes ...func(*schema.Draft)) schema.Draft {
	d := schema.Draft{
		Company: acme, Invoice: schema.InvoiceID(fmt.Sprintf("inv-%05d", n)), State: schema.DraftReady,
		Content: schema.SumOf("content", fmt.Sprint(n)), Payee: "worker:77:USD", PayeeName: "Ada Lovelace", Vendor: b.vendor,
		DocNumber: fmt.Sprintf("INV-%d", n), TxnDate: schema.NewDate(2026, time.August, 31), DueDate: schema.NewDate(2026, time.September, 15),
		Currency: "USD", Payable: payable, Memo: "August",
		Lines: []schema.DraftLine{
			{ItemID: "1", Concept: "salary", Description: "Base pay", Amount: schema.NewMoney(int64(100_000+n), "USD"), Account: contractors, Rule: "r1", RuleVersion: 1},
			{ItemID: "2", Concept: "travel", Description: "Train", Amount: schema.NewMoney(1999, "USD"), Account: travel, Rule: "r2", RuleVersion: 3},
		},
		RecordedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
	for _, change := range changes {
		change(&d)
	}
	if d.Total == (schema.Money{}) {
		d.Total = schema.NewMoney(0, d.Currency)
		for _, line := range d.Lines {
			var err error
			d.Total, err = d.Total.Add(line.Amount)
			require.NoError(b.t, err)
		}
	}
	return d.Seal()
}

// record stores invoices with their drafts.
func (b *bench) record(drafts ...schema.Draft) {
	b.t.Helper()
	var invoices []schema.Invoice
	for _, d := range drafts {
		invoices = append(invoices, schema.Invoice{
			Company: acme, ID: d.Invoice, Number: d.DocNumber, Status: schema.StatusConfirmed,
			Currency: d.Currency, Total: d.Total, BillDate: d.TxnDate, RecordedAt: d.RecordedAt,
		})
	}
	require.NoError(b.t, b.store.RecordInvoices(b.t.Context(), invoices))
	require.NoError(b.t, b.store.RecordDrafts(b.t.Context(), drafts))
}

func (b *bench) due(n int) []schema.Draft {
	drafts := make([]schema.Draft, n)
	for i := range drafts {
		drafts[i] = b.draft(i + 1)
	}
	b.record(drafts...)
	return drafts
}

// posting is the newest posting of a subject.
func (b *bench) posting(kind schema.PostingKind, subject string) schema.Posting {
	b.t.Helper()
	latest, err := b.store.LatestPostings(b.t.Context(), acme, kind, []string{subject})
	require.NoError(b.t, err)
	return latest[subject]
}

func (b *bench) bill(d schema.Draft) schema.Posting {
	return b.posting(schema.PostBill, string(d.Invoice))
}

func (b *bench) bills() []quickbooks.Bill { return records[quickbooks.Bill](b, "Bill") }

func (b *bench) vendors() []quickbooks.Vendor { return records[quickbooks.Vendor](b, "Vendor") }

func records[T any](b *bench, entity string) []T {
	b.t.Helper()
	books, err := b.sim.Books("")
	require.NoError(b.t, err)
	var all []T
	for _, raw := range books.Entities[entity] {
		var one T
		require.NoError(b.t, json.Unmarshal(raw, &one))
		all = append(all, one)
	}
	return all
}

// cycle runs the loader once and expects no error.
func (b *bench) cycle() load.Result {
	b.t.Helper()
	result, err := b.loader.RunOnce(b.t.Context())
	require.NoError(b.t, err)
	return result
}

// until runs a cycle a minute until nothing is open or due any more.
func (b *bench) until(cycles int) {
	b.t.Helper()
	for range cycles {
		if _, err := b.loader.RunOnce(b.t.Context()); err == nil && b.quiet() {
			return
		}
		time.Sleep(time.Minute)
	}
	require.True(b.t, b.quiet(), "still open or due after %d cycles", cycles)
}

func (b *bench) quiet() bool {
	b.t.Helper()
	backlog, err := b.store.Backlog(b.t.Context(), acme)
	require.NoError(b.t, err)
	return backlog.Due == 0 && backlog.Uncertain == 0 && backlog.Unverified == 0
}

// requireBytes compares stored bytes, where another order of the same fields is
// not the same.
func requireBytes(t *testing.T, want string, got []byte) {
	t.Helper()
	require.Equal(t, []byte(want), got, "%s", got)
}

const hour = time.Hour

var noTime time.Time

// sleep lets fake time pass: it is called in bubbles only.
func sleep(d time.Duration) { time.Sleep(d) }
