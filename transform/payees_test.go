package transform_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
)

// bob is a contract of somebody who has no vendor.
func bob() object {
	return contract().with(object{"agreement_id": 13, "worker_id": 78, "first_name": "Bob", "last_name": "Stone", "worker_email": "bob@x.co"})
}

func bobs(id int) object {
	return invoice().with(object{"invoice_id": id, "invoice_number": id, "agreement_id": 13, "worker_id": 78})
}

// bob returns what is known of Bob as a payee.
func (w *world) bob(t *testing.T) schema.Payee {
	t.Helper()
	payees, err := w.store.Payees(t.Context(), "acme")
	require.NoError(t, err)
	return payees["worker:78:USD"]
}

// decide records what somebody, or the load stage, made of a payee.
func (w *world) decide(t *testing.T, payee schema.Payee, after time.Duration) {
	t.Helper()
	payee.RecordedAt = start.Add(after)
	require.NoError(t, w.store.RecordPayees(t.Context(), []schema.Payee{payee}))
}

func (w *world) read(t *testing.T, after time.Duration, change func(*schema.Books)) {
	t.Helper()
	books := chart()
	change(&books)
	books.ReadAt = start.Add(after)
	require.NoError(t, w.store.RecordBooks(t.Context(), books))
}

// The way of a payee from an invoice to a vendor, as rounds see it.
func TestTransformer_Payees(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T, creation schema.VendorCreation) *world {
		t.Helper()
		w := newWorld(t, func(c *transform.Config) { c.Policy.CreateVendors = creation })
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", bob()), deliver("i", 2, "INVOICE_CONFIRMED", bobs(600)))
		return w
	}

	t.Run("AreProposedApprovedAndCreated", func(t *testing.T) {
		t.Parallel()
		w := setup(t, schema.CreateAfterReview)
		require.Equal(t, 1, w.run(t).Held[schema.HoldUnresolvedVendor])
		payee := w.bob(t)
		require.Equal(t, schema.PayeeProposed, payee.State)

		payee.State, payee.By = schema.PayeeApproved, "ana"
		w.decide(t, payee, time.Hour)
		require.Equal(t, 1, w.run(t).Drafted)
		require.Equal(t, schema.OwnerNobody, w.drafts(t)["600"].Holds[0].Owner)

		payee.State, payee.Vendor, payee.Origin = schema.PayeeLinked, "99", schema.OriginCreated
		w.decide(t, payee, 2*time.Hour)
		require.Equal(t, 1, w.run(t).States[schema.DraftReady], "before the books are read again")
		require.Equal(t, schema.VendorID("99"), w.drafts(t)["600"].Vendor)
	})

	t.Run("AreApprovedByThemselvesWhereThePolicySaysSo", func(t *testing.T) {
		t.Parallel()
		w := setup(t, schema.CreateAutomatically)
		w.run(t)
		require.Equal(t, schema.PayeeApproved, w.bob(t).State)
		require.False(t, w.run(t).Changed())
	})

	t.Run("AreLinkedOnceTheVendorIsThere", func(t *testing.T) {
		t.Parallel()
		w := setup(t, schema.CreateNever)
		w.run(t)
		w.read(t, time.Hour, func(b *schema.Books) {
			b.Vendors = append(b.Vendors, schema.Vendor{ID: "60", Name: "Stone Consulting", Email: "bob@x.co", Currency: "USD", Active: true})
		})
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
		require.Equal(t, schema.OriginEmail, w.bob(t).Origin)
		require.Equal(t, "Stone Consulting", w.drafts(t)["600"].PayeeName)
	})

	t.Run("SayWhatQuickBooksDeclined", func(t *testing.T) {
		t.Parallel()
		w := setup(t, schema.CreateAutomatically)
		w.run(t)
		payee := w.bob(t)
		payee.State, payee.Detail = schema.PayeeDeclined, "6240: another customer, vendor or employee has this name"
		w.decide(t, payee, time.Hour)
		w.run(t)
		require.Contains(t, w.drafts(t)["600"].Holds[0].Detail, payee.Detail)
		require.False(t, w.run(t).Changed(), "what was declined is not tried again by itself")
	})

	t.Run("AreHeldWhenTheirVendorIsPutToSleep", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
		w.read(t, time.Hour, func(b *schema.Books) { b.Vendors[0].Active = false })
		require.Equal(t, 1, w.run(t).Held[schema.HoldUnresolvedVendor])
		w.read(t, 2*time.Hour, func(*schema.Books) {})
		require.Equal(t, 1, w.run(t).States[schema.DraftReady])
	})

	t.Run("AreOneInEachCurrency", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		euros := invoice().with(object{"invoice_id": 556, "currency": "EUR", "exchange_rate": 1.0837})
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()),
			deliver("j", 3, "INVOICE_CONFIRMED", euros))
		require.Equal(t, 2, w.run(t).States[schema.DraftReady])
		drafts := w.drafts(t)
		require.Equal(t, schema.VendorID("56"), drafts["555"].Vendor)
		require.Equal(t, schema.VendorID("57"), drafts["556"].Vendor)
		require.Equal(t, schema.Rate("1.0837"), drafts["556"].Rate)
		require.Equal(t, "INV-1", drafts["556"].DocNumber, "another vendor may have the number too")
	})

	t.Run("AreThePlatformWhereItSigns", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", []object{
			contract().with(object{"signing": "EOR"}), bob().with(object{"signing": "CONTRACTOR_OF_RECORD"}),
		}), deliver("i", 2, "INVOICE_CONFIRMED", invoice()), deliver("j", 3, "INVOICE_CONFIRMED", bobs(600).with(object{"invoice_number": "INV-1"})))
		require.Equal(t, 2, w.run(t).States[schema.DraftReady])
		drafts := w.drafts(t)
		require.Equal(t, schema.VendorID("58"), drafts["555"].Vendor)
		require.Equal(t, schema.VendorID("58"), drafts["600"].Vendor)
		require.NotEqual(t, drafts["555"].DocNumber, drafts["600"].DocNumber, "two workers' numbers meet at one vendor")
		require.Contains(t, drafts["600"].Memo, "worker Bob Stone (78)")
	})
}

// Companies share a store and nothing else.
func TestTransformer_KeepsCompaniesApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := config(func(c *transform.Config) { c.CompanyID, c.ClientIDs = "globex", []string{"1000"} })
	both := transform.New(w.store, []transform.Config{config(), other}, slog.New(slog.DiscardHandler), nil, clock())

	w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
	theirs := deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"client_id": 1000}))
	theirs.Company = "globex"
	w.stage(t, theirs)

	result, err := both.RunOnce(t.Context(), "globex")
	require.NoError(t, err)
	require.Equal(t, map[schema.DraftState]int{schema.DraftAwaitsContract: 1}, result.States, "acme's contract is not globex's")
	require.Empty(t, w.drafts(t))
	result, err = both.RunOnce(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, map[schema.DraftState]int{schema.DraftReady: 1}, result.States)
}
