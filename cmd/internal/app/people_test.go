package app_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

func TestApp_ImportRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(t)

	_, _, err := a.ImportRules(t.Context(), acme, []byte(rulesYAML), "tester")
	require.ErrorIs(t, err, app.ErrNotRead, "accounts cannot be checked before QuickBooks was read")
	require.ErrorContains(t, err, "run `tieout sync` once")

	w.connect(t, a)
	account, err := w.books.Create(w.realm, "Account", map[string]any{"Name": "Old costs", "AccountType": "Expense"})
	require.NoError(t, err)
	require.NoError(t, w.books.Deactivate(w.realm, "Account", account))
	w.cycle(t, a)

	t.Run("NamesEveryMistakeAtOnce", func(t *testing.T) {
		_, _, err := a.ImportRules(t.Context(), acme, []byte(`rules:
  - {id: one, concept: FIXED_PAYMENT, account: Nowhere}
  - {id: two, concept: BONUS, account: Old costs}
  - {id: three, concept: TAX, account: Checking}
`), "tester")
		require.ErrorContains(t, err, "Nowhere")
		require.ErrorContains(t, err, "Old costs")
		require.ErrorContains(t, err, "inactive")
		require.ErrorContains(t, err, "three")
		set, err := a.Store().Rules(t.Context(), acme, a.Now())
		require.NoError(t, err)
		require.Empty(t, set.Rules, "a file with a mistake changes nothing")
	})

	t.Run("ChangesNothingTwice", func(t *testing.T) {
		set, changed, err := a.ImportRules(t.Context(), acme, []byte(rulesYAML), "tester")
		require.NoError(t, err)
		require.True(t, changed)
		require.Equal(t, 1, set.Version)
		require.Equal(t, "tester", set.By)
		again, changed, err := a.ImportRules(t.Context(), acme, []byte(rulesYAML), "somebody else")
		require.NoError(t, err)
		require.False(t, changed)
		require.Equal(t, 1, again.Version)
		require.Equal(t, "tester", again.By)
	})
}

// Vendors come before the drafts that need them, and those before the bills, all
// within one cycle.
func TestApp_CyclePostsWhatNeedsNewVendors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ready(t)
	history := month(t, 4)
	receive(t.Context(), t, a, history)
	var steps []string
	counts, err := a.Cycle(t.Context(), acme, func(step string) { steps = append(steps, step) })
	require.NoError(t, err)
	invoices := len(history.Expected.Invoices)
	require.Equal(t, invoices, counts.Posted)
	require.Equal(t, invoices, counts.Verified)
	require.Zero(t, counts.Held)
	require.Equal(t, invoices, w.books.Count(w.realm, "Bill"))
	require.Equal(t, "reading what changed in the books", steps[0])
	drafting := slices.DeleteFunc(slices.Clone(steps), func(step string) bool { return step != "drafting what arrived" })
	require.Len(t, drafting, 2, "what waited for a vendor is drafted again: %v", steps)

	require.Equal(t, app.Counts{}, w.cycle(t, a), "a second cycle finds nothing to do")
	status, err := a.Status(t.Context(), acme)
	require.NoError(t, err)
	require.True(t, status.Settled)
	require.Equal(t, schema.Connected, status.Connection.State)
}

// A cycle that was refused may end after somebody connected the company again: its
// refusal is of the connection that it used, and no news of the new one.
func TestApp_ARefusalIsOfTheConnectionThatMetIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(t)
	w.connect(t, a)
	before, err := a.Store().Connection(t.Context(), acme)
	require.NoError(t, err)
	w.connect(t, a)
	require.NoError(t, a.Refused(t.Context(), acme, before.RecordedAt))
	now, err := a.Store().Connection(t.Context(), acme)
	require.NoError(t, err)
	require.Equal(t, schema.Connected, now.State)

	require.NoError(t, a.Refused(t.Context(), acme, now.RecordedAt))
	now, err = a.Store().Connection(t.Context(), acme)
	require.NoError(t, err)
	require.Equal(t, schema.NeedsConsent, now.State)
}

func TestApp_People(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Companies[0].Policy.CreateVendors = "review"
	euro, err := w.books.Create(w.realm, "Vendor", map[string]any{
		"DisplayName": "Euro Studio", "CurrencyRef": map[string]any{"value": "EUR"},
	})
	require.NoError(t, err)
	gone, err := w.books.Create(w.realm, "Vendor", map[string]any{"DisplayName": "Gone Ltd"})
	require.NoError(t, err)
	require.NoError(t, w.books.Deactivate(w.realm, "Vendor", gone))
	home, err := w.books.Create(w.realm, "Vendor", map[string]any{"DisplayName": "Home Studio"})
	require.NoError(t, err)
	a := w.ready(t)
	history := month(t, 4)
	receive(t.Context(), t, a, history)
	counts := w.cycle(t, a)
	require.Zero(t, counts.Posted, "nobody approved a vendor yet")
	require.Equal(t, len(history.Expected.Invoices), counts.Held)
	payees, err := a.Store().Payees(t.Context(), acme)
	require.NoError(t, err)
	var dollars schema.PayeeKey
	for key, payee := range payees {
		require.Equal(t, schema.PayeeProposed, payee.State)
		if key.Currency() == "USD" {
			dollars = key
		}
	}
	require.NotEmpty(t, dollars)

	t.Run("LinkOnlyWhatFits", func(t *testing.T) {
		_, err := a.LinkVendor(t.Context(), acme, "worker:1:USD", schema.VendorID(home), "tester")
		require.ErrorIs(t, err, app.ErrNoSuchPayee)
		_, err = a.LinkVendor(t.Context(), acme, dollars, "9999", "tester")
		require.ErrorIs(t, err, app.ErrNoSuchVendor)
		_, err = a.LinkVendor(t.Context(), acme, dollars, schema.VendorID(gone), "tester")
		require.ErrorContains(t, err, "make it active there first")
		_, err = a.LinkVendor(t.Context(), acme, dollars, schema.VendorID(euro), "tester")
		require.ErrorContains(t, err, "is in EUR and the payee is owed USD")
		vendor, err := a.LinkVendor(t.Context(), acme, dollars, schema.VendorID(home), "tester")
		require.NoError(t, err)
		require.Equal(t, "Home Studio", vendor.Name)
	})

	t.Run("ApproveWhatIsProposed", func(t *testing.T) {
		_, err := a.ApproveVendors(t.Context(), acme, []schema.PayeeKey{"worker:1:USD"}, "tester")
		require.ErrorIs(t, err, app.ErrNoSuchPayee)
		n, err := a.ApproveVendors(t.Context(), acme, nil, "tester")
		require.NoError(t, err)
		require.Equal(t, len(payees)-1, n, "all but the one that is linked")
		_, err = a.ApproveVendors(t.Context(), acme, []schema.PayeeKey{dollars}, "tester")
		require.ErrorContains(t, err, "is linked")
		require.Equal(t, len(history.Expected.Invoices), w.cycle(t, a).Posted)
	})

	t.Run("DecideOnlyBeforeItIsPosted", func(t *testing.T) {
		decide := func(id schema.InvoiceID) error {
			return a.Decide(t.Context(), schema.Decision{Company: acme, Invoice: id, Kind: schema.DecideSkip, Reason: "test", By: "tester"})
		}
		require.ErrorIs(t, decide("424242"), app.ErrNoSuchInvoice)
		require.ErrorIs(t, decide(history.Expected.Invoices[0].ID), app.ErrAlreadyPosted)
	})

	t.Run("NameACompanyThatIsConfigured", func(t *testing.T) {
		_, err := a.Cycle(t.Context(), "globex", nil)
		require.ErrorIs(t, err, transform.ErrUnknownCompany)
		_, err = a.StartConnect("globex")
		require.ErrorContains(t, err, "globex")
	})
}

// What somebody entered in QuickBooks is decided about under the id that the report
// gives it, and the decision shows in the next report.
func TestApp_DecideOnADocumentInTheBooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ready(t)
	history := month(t, 4)
	receive(t.Context(), t, a, history)
	require.Positive(t, w.cycle(t, a).Posted)
	payees, err := a.Store().Payees(t.Context(), acme)
	require.NoError(t, err)
	var vendor schema.VendorID
	for key, payee := range payees {
		if key.Currency() == "USD" {
			vendor = payee.Vendor
		}
	}
	day := history.Expected.Invoices[0].IssueDate
	typed, err := w.books.Create(w.realm, "Bill", map[string]any{
		"VendorRef": map[string]any{"value": string(vendor)}, "TxnDate": day.String(), "CurrencyRef": map[string]any{"value": "USD"},
		"APAccountRef": map[string]any{"value": payableAccount(t, a)},
		"Line": []any{map[string]any{
			"Amount": 77.70, "DetailType": "AccountBasedExpenseLineDetail",
			"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "7"}},
		}},
	})
	require.NoError(t, err)
	w.cycle(t, a)
	extra := func() schema.Item {
		t.Helper()
		report, err := a.Report(t.Context(), acme, day.Period(), a.Now())
		require.NoError(t, err)
		at := slices.IndexFunc(report.Items, func(i schema.Item) bool { return i.QuickBooksID == schema.DocumentID(typed) })
		require.GreaterOrEqual(t, at, 0, "the bill is an extra of the report")
		return report.Items[at]
	}
	decide := func(id schema.InvoiceID, kind schema.DecisionKind) error {
		return a.Decide(t.Context(), schema.Decision{Company: acme, Invoice: id, Kind: kind, Reason: "a laptop", By: "eva"})
	}

	found := extra()
	require.Equal(t, schema.StateExtra, found.State)
	require.Equal(t, schema.InvoiceID("quickbooks:bill:"+typed), found.InvoiceID)
	require.NoError(t, decide(found.InvoiceID, schema.DecideSkip))
	require.Equal(t, schema.StateSkipped, extra().State)
	require.Equal(t, "a laptop (eva)", extra().Cause)
	require.NoError(t, decide(found.InvoiceID, schema.DecideRelease))
	require.Equal(t, schema.StateExtra, extra().State, "a person may change their mind")

	for _, id := range []schema.InvoiceID{"quickbooks:bill:999999", schema.InvoiceID("quickbooks:vendor_credit:" + typed), "quickbooks:bill:", "quickbooks:"} {
		require.ErrorIs(t, decide(id, schema.DecideSkip), app.ErrNoSuchInvoice, id)
	}
}

// payableAccount returns the accounts payable account of the home currency.
func payableAccount(t *testing.T, a *app.App) string {
	t.Helper()
	books, err := a.Store().Books(t.Context(), acme, a.Now())
	require.NoError(t, err)
	at := slices.IndexFunc(books.Accounts, func(c schema.Account) bool { return c.Type == "Accounts Payable" && c.Currency == "USD" })
	require.GreaterOrEqual(t, at, 0)
	return string(books.Accounts[at].ID)
}

// Two processes that share a store, each with an App of its own, never work on one
// company at the same time and never post twice.
func TestApp_TwoTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.ready(t)
	other := w.open(t)
	history := month(t, 6)
	receive(t.Context(), t, one, history)
	done := make(chan error, 2)
	for _, a := range []*app.App{one, other} {
		go func() {
			_, err := a.Cycle(t.Context(), acme, nil)
			done <- err
		}()
	}
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.Equal(t, len(history.Expected.Invoices), w.books.Count(w.realm, "Bill"))
	require.Zero(t, w.books.Stats().Replayed, "nothing was even sent twice")
	status, err := other.Status(t.Context(), acme)
	require.NoError(t, err)
	require.True(t, status.Settled)
}
