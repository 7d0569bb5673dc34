package app_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// mappings is what names records of one company in QuickBooks: rules, and vendors
// that payees are linked to.
func mappings(t *testing.T, a *app.App) (rules, vendors int) {
	t.Helper()
	set, err := a.Store().Rules(t.Context(), acme, time.Time{})
	require.NoError(t, err)
	payees, err := a.Store().Payees(t.Context(), acme)
	require.NoError(t, err)
	for _, payee := range payees {
		if payee.Vendor != "" || payee.State == schema.PayeeLinked {
			vendors++
		}
	}
	return len(set.Rules), vendors
}

// link links every payee in dollars to a vendor that somebody made in a realm.
func (w *world) link(t *testing.T, a *app.App, realm string) {
	t.Helper()
	vendor, err := w.books.Create(realm, "Vendor", map[string]any{"DisplayName": "Somebody"})
	require.NoError(t, err)
	w.cycle(t, a) // reads the vendor, and proposes payees
	payees, err := a.Store().Payees(t.Context(), acme)
	require.NoError(t, err)
	for key := range maps.Keys(payees) {
		if key.Currency() == "USD" {
			_, err := a.LinkVendor(t.Context(), acme, key, schema.VendorID(vendor), "tester")
			require.NoError(t, err)
		}
	}
	_, linked := mappings(t, a)
	require.Positive(t, linked)
}

// What was disconnected and is connected again posts on, once somebody gave it rules
// and vendors again; and tokens, rules and vendors were forgotten meanwhile.
func TestDisconnect_ForgetsTokensAndMappingsAndKeepsTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ready(t)
	history := month(t, 4)
	receive(t.Context(), t, a, history)
	w.cycle(t, a)
	invoices := len(history.Expected.Invoices)
	require.Equal(t, invoices, w.books.Count(w.realm, "Bill"))
	rules, vendors := mappings(t, a)
	require.Positive(t, rules)
	require.Positive(t, vendors)

	require.NoError(t, a.Disconnect(t.Context(), acme, "tester"))
	rules, vendors = mappings(t, a)
	require.Zero(t, rules)
	require.Zero(t, vendors)
	kept, err := a.StoredToken(t.Context(), acme, w.realm)
	require.NoError(t, err)
	require.False(t, kept.Connected(), "the token is forgotten")
	require.Zero(t, kept.AccessToken)
	asked := w.asked()
	_, err = a.Cycle(t.Context(), acme, nil)
	require.ErrorIs(t, err, app.ErrNotConnected)
	require.Equal(t, asked, w.asked(), "nobody asks QuickBooks any more")
	require.ErrorContains(t, w.connectTo(t, a, "1002"), "has posted to 1001, which its history is about")
	require.ErrorIs(t, w.connectTo(t, a, "1002"), app.ErrOtherCompany)

	require.NoError(t, w.connectTo(t, a, w.realm))
	_, _, err = a.ImportRules(t.Context(), acme, []byte(rulesYAML), "tester")
	require.NoError(t, err)
	w.cycle(t, a)
	require.Equal(t, invoices, w.books.Count(w.realm, "Bill"), "nothing is posted again")
	report, err := a.Report(t.Context(), acme, history.Expected.Invoices[0].IssueDate.Period(), time.Time{})
	require.NoError(t, err)
	require.NotEmpty(t, report.Items, "and nothing is forgotten")
}

// An id of one company in QuickBooks means something else in another. Who moves to
// other books before anything was posted starts there with no rule and no vendor,
// whenever those were chosen.
func TestConnect_OtherBooksKnowNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Companies[0].Policy.CreateVendors = "review"
	a := w.ready(t)
	receive(t.Context(), t, a, month(t, 4))
	// Drafts are ready to be posted to 1001 when somebody sees that it is the wrong one.
	w.link(t, a, w.realm)
	require.NoError(t, a.Disconnect(t.Context(), acme, "tester"))

	// The old chart is still what rules are looked up in.
	_, changed, err := a.ImportRules(t.Context(), acme, []byte(rulesYAML), "tester")
	require.NoError(t, err)
	require.True(t, changed)

	require.NoError(t, w.connectTo(t, a, "1002"))
	rules, vendors := mappings(t, a)
	require.Zero(t, rules, "rules of another chart")
	require.Zero(t, vendors)
	books, err := a.Store().Books(t.Context(), acme, time.Time{})
	require.NoError(t, err)
	require.Equal(t, schema.RealmID("1002"), books.Realm, "what is chosen from now on is chosen from the new chart")
	w.cycle(t, a)
	w.cycle(t, a)
	require.Zero(t, w.books.Count("1001", "Bill"))
	require.Zero(t, w.books.Count("1002", "Bill"))
	require.Zero(t, w.status(t, a).Backlog.Due)

	// With vendors and rules of its own it posts, to itself.
	_, _, err = a.ImportRules(t.Context(), acme, []byte(rulesYAML), "tester")
	require.NoError(t, err)
	w.link(t, a, "1002")
	require.Positive(t, w.cycle(t, a).Posted)
	require.Zero(t, w.books.Count("1001", "Bill"))
	require.ErrorContains(t, backTo1001(t, w, a), "has posted to 1002")
}

func backTo1001(t *testing.T, w *world, a *app.App) error {
	t.Helper()
	require.NoError(t, a.Disconnect(t.Context(), acme, "tester"))
	return w.connectTo(t, a, "1001")
}

// Of two processes that need a new token at once, one asks for it and the other
// takes what is stored: Intuit ends connections whose refresh token is exchanged
// twice.
func TestRefresh_OneOfTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *quickbookstest.Config) {
		c.OAuth.RotateEvery, c.OAuth.RefreshTakes, c.OAuth.RaceRevokes = -1, 300*time.Millisecond, true
	})
	one := w.ready(t)
	other := w.open(t)
	w.cycle(t, other)
	for round := range 3 {
		w.books.ExpireAccess(w.realm)
		before := w.books.Stats().Refreshed
		done := make(chan error, 2)
		for _, a := range []*app.App{one, other} {
			client, err := a.Client(t.Context(), acme)
			require.NoError(t, err)
			go func() {
				_, err := client.CompanyInfo(t.Context())
				done <- err
			}()
		}
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		require.Equal(t, before+1, w.books.Stats().Refreshed, "round %d", round)
	}
	require.Equal(t, schema.Connected, w.status(t, one).Connection.State)
	w.noTokens(t)
}

// A refresh token that Intuit replaced is stored before the new one is used, so that
// a store which is away at that moment costs no connection.
func TestRefresh_StoredBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *quickbookstest.Config) { c.OAuth.RotateEvery = -1 })
	a := w.ready(t)
	client, err := a.Client(t.Context(), acme)
	require.NoError(t, err)
	held, err := a.StoredToken(t.Context(), acme, w.realm)
	require.NoError(t, err)
	w.books.ExpireAccess(w.realm)
	answered := w.books.Stats().CorePlus
	w.store.shutWrites("secrets")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err = client.CompanyInfo(ctx)
	require.Error(t, err)
	require.Equal(t, answered, w.books.Stats().CorePlus, "the new token is not used")
	w.store.openWrites()

	_, err = client.CompanyInfo(t.Context())
	require.NoError(t, err)
	kept, err := a.StoredToken(t.Context(), acme, w.realm)
	require.NoError(t, err)
	require.NotEqual(t, held.RefreshToken, kept.RefreshToken)
	_, err = w.open(t).Cycle(t.Context(), acme, nil)
	require.NoError(t, err, "another process goes on with what is stored")
}

// A process that holds a refresh token which another replaced reads the store again
// before it asks a person to connect.
func TestRefresh_ReadsTheStoreAgainBeforeItAsksAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *quickbookstest.Config) { c.OAuth.RotateEvery = -1 })
	one := w.ready(t)
	other := w.open(t)
	w.cycle(t, other)
	for _, a := range []*app.App{one, other, one, other} {
		w.books.ExpireAccess(w.realm)
		w.cycle(t, a) // with a refresh token that only the store knows
	}
	require.Equal(t, schema.Connected, w.status(t, one).Connection.State)
	require.Zero(t, w.logged("quickbooks ended the connection"))
}

func TestConnect_PKCE(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(t)
	pending, err := a.StartConnect(acme)
	require.NoError(t, err)
	require.NotContains(t, pending.URL, "code_challenge", "nobody is asked for what Intuit does not document")

	w.cfg.Companies[0].QuickBooks.PKCE = true
	a = w.open(t)
	pending, err = a.StartConnect(acme)
	require.NoError(t, err)
	address, err := url.Parse(pending.URL)
	require.NoError(t, err)
	require.Equal(t, "S256", address.Query().Get("code_challenge_method"))
	w.connect(t, a)
	require.Equal(t, schema.Connected, w.status(t, a).Connection.State)
	w.pages(t, a, nil)
	browser := newBrowser(t)
	require.Equal(t, http.StatusOK, get(t, browser, w.begin(t, browser)).status)
}
