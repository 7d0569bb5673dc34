package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// bookBill returns a bill as it was seen n minutes after start.
func bookBill(id schema.DocumentID, n int, changes ...func(*schema.BookBill)) schema.BookBill {
	b := schema.BookBill{
		Company: company, Realm: "123", Kind: schema.DocumentBill, Document: id, Vendor: "55", DocNumber: "Nº " + string(id),
		TxnDate: schema.NewDate(2026, 11, 1), DueDate: schema.NewDate(2026, 11, 15), Total: schema.NewMoney(12_345, "USD"),
		Balance: schema.NewMoney(345, "USD"), Payable: "33", Draft: "d_1", Invoice: "i-1", SyncToken: "0",
		UpdatedAt: later(n - 1), SeenAt: later(n),
	}
	for _, change := range changes {
		change(&b)
	}
	return b
}

func dated(day int) func(*schema.BookBill) {
	return func(b *schema.BookBill) { b.TxnDate = schema.NewDate(2026, 11, day) }
}

func requireBills(t *testing.T, store Store, q schema.BookQuery, want ...schema.BookBill) {
	t.Helper()
	q.Company = company
	got, err := store.BookBills(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func mirrorChecks() []check {
	return []check{
		{"KeepsEachDocumentAsLastSeen", keepsDocuments},
		{"FindsByVendorAndByDateOfTheNewest", findsDocuments},
		{"TellsRealmsAndKindsApart", tellsDocumentsApart},
		{"RemembersHowFarTheMirrorReaches", remembersMirror},
		{"ReturnsThePositionsOfInvoices", returnsPositions},
		{"ReturnsTheNewestDecisions", returnsDecisions},
	}
}

func keepsDocuments(on trial) {
	t, store := on.T, on.store
	first := bookBill("7", 1)
	edited := bookBill("7", 2, func(b *schema.BookBill) { b.Total, b.SyncToken = schema.NewMoney(1, "USD"), "1" })
	gone := bookBill("7", 3, func(b *schema.BookBill) { b.Deleted = true })
	requireBills(t, store, schema.BookQuery{})
	require.NoError(t, store.RecordBookBills(t.Context(), []schema.BookBill{first, edited}))
	require.NoError(t, store.RecordBookBills(t.Context(), []schema.BookBill{gone}))
	require.NoError(t, store.RecordBookBills(t.Context(), []schema.BookBill{first}), "a fact again changes nothing")

	byID := []schema.DocumentID{"7", "8"}
	requireBills(t, store, schema.BookQuery{Documents: byID, AsOf: later(0)})
	requireBills(t, store, schema.BookQuery{Documents: byID, AsOf: later(1)}, first)
	requireBills(t, store, schema.BookQuery{Documents: byID, AsOf: later(2)}, edited)
	requireBills(t, store, schema.BookQuery{Documents: byID})
	requireBills(t, store, schema.BookQuery{Documents: byID, Deleted: true}, gone)
	requireBills(t, store, schema.BookQuery{AsOf: later(2)}, edited)
}

func findsDocuments(on trial) {
	t, store := on.T, on.store
	early, late := bookBill("7", 1, dated(1)), bookBill("8", 1, dated(20))
	other := bookBill("9", 1, dated(10), func(b *schema.BookBill) { b.Vendor = "56" })
	moved := bookBill("10", 1, dated(10))
	movedOn := bookBill("10", 2, dated(30))
	require.NoError(t, store.RecordBookBills(t.Context(), []schema.BookBill{late, other, early, moved, movedOn}))

	tenth := schema.BookQuery{First: schema.NewDate(2026, 11, 2), Last: schema.NewDate(2026, 11, 19)}
	requireBills(t, store, tenth, other)
	tenth.AsOf = later(1)
	requireBills(t, store, tenth, moved, other)
	requireBills(t, store, schema.BookQuery{Vendors: []schema.VendorID{"55"}}, early, late, movedOn)
	requireBills(t, store, schema.BookQuery{Vendors: []schema.VendorID{"55", "56"}, Last: schema.NewDate(2026, 11, 20)}, early, other, late)
	requireBills(t, store, schema.BookQuery{Vendors: []schema.VendorID{"57"}})
	requireBills(t, store, schema.BookQuery{First: schema.NewDate(2026, 11, 30)}, movedOn)
}

func tellsDocumentsApart(on trial) {
	t, store := on.T, on.store
	bill := bookBill("7", 1)
	credit := bookBill("7", 2, func(b *schema.BookBill) { b.Kind, b.Draft, b.Invoice = schema.DocumentVendorCredit, "", "" })
	elsewhere := bookBill("7", 3, func(b *schema.BookBill) { b.Realm = "456" })
	stranger := bookBill("7", 4, func(b *schema.BookBill) { b.Company = "other" })
	require.NoError(t, store.RecordBookBills(t.Context(), []schema.BookBill{bill, credit, elsewhere, stranger}))
	requireBills(t, store, schema.BookQuery{Realm: "123"}, bill, credit)
	requireBills(t, store, schema.BookQuery{Realm: "456", Documents: []schema.DocumentID{"7"}}, elsewhere)
}

func remembersMirror(on trial) {
	t, store := on.T, on.store
	first := schema.Mirrored{
		Company: company, Realm: "123", Until: later(0), SweptAt: later(0), First: schema.NewDate(2026, 8, 3), RecordedAt: later(1),
	}
	second := first
	second.Until, second.RecordedAt = later(60), later(61)
	require.NoError(t, store.RecordMirrored(t.Context(), second))
	require.NoError(t, store.RecordMirrored(t.Context(), first))
	for at, want := range map[time.Time]schema.Mirrored{later(0): {}, later(1): first, later(60): first, {}: second} {
		got, err := store.Mirrored(t.Context(), company, "123", at)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	none, err := store.Mirrored(t.Context(), company, "456", time.Time{})
	require.NoError(t, err)
	require.Zero(t, none)
}

func returnsPositions(on trial) {
	t, store := on.T, on.store
	i := invoice("i-1", later(0))
	d := draft(i, later(1))
	p := posting(d, schema.PostingPosted, later(2))
	v := verification(p, later(3))
	c := decision(i.ID, schema.DecideRelease, later(4))
	require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i, invoice("i-3", later(0))}))
	require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{d}))
	require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{p}))
	require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{v}))
	require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{c}))

	found, err := store.InvoicePositions(t.Context(), company, []schema.InvoiceID{"i-1", "i-2"})

	require.NoError(t, err)
	content := i.ContentSum()
	i.Lines = nil
	require.Equal(t, map[schema.InvoiceID]schema.Position{"i-1": {
		Invoice: i, Content: content, FirstRecordedAt: later(0), Draft: d, Posting: p, Verification: v, Decision: c,
	}}, found)
}

// A decision may be about a document that no invoice explains.
func returnsDecisions(on trial) {
	t, store := on.T, on.store
	subject := bookBill("7", 1).Subject()
	skip, release := decision(subject, schema.DecideSkip, later(1)), decision(subject, schema.DecideRelease, later(2))
	require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{release, skip}))
	ids := []schema.InvoiceID{subject, "i-1"}
	for at, want := range map[time.Time]map[schema.InvoiceID]schema.Decision{
		later(0): {}, later(1): {subject: skip}, {}: {subject: release},
	} {
		got, err := store.Decisions(t.Context(), company, ids, at)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	backlog, err := store.Backlog(t.Context(), company)
	require.NoError(t, err)
	require.Zero(t, backlog.Declined+backlog.Due+backlog.Waiting+len(backlog.Held))
	require.Empty(t, collect(t, store.OpenPositions(t.Context(), company)))
}
