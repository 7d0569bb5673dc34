package transform_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/transform"
)

// receipts returns all deliveries with their bodies.
func (w *world) receipts(t *testing.T) []schema.Receipt {
	t.Helper()
	var all []schema.Receipt
	for r, err := range w.store.Deliveries(t.Context(), schema.DeliveryQuery{Company: "acme", Bodies: true}) {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

func (w *world) replay(t *testing.T, how transform.Replay) transform.ReplayResult {
	t.Helper()
	how.Reason, how.By = "asked", "eva"
	result, err := w.transformer.Replay(t.Context(), "acme", w.receipts(t), how)
	require.NoError(t, err)
	return result
}

// stands returns what holds of each delivery.
func (w *world) stands(t *testing.T) map[schema.DeliveryID]schema.OutcomeKind {
	t.Helper()
	found := map[schema.DeliveryID]schema.OutcomeKind{}
	for _, r := range w.receipts(t) {
		found[r.ID] = r.Stands().Kind
	}
	return found
}

func TestTransformer_Replay(t *testing.T) {
	t.Parallel()
	anyClient := func(c *transform.Config) { c.ClientIDs = []string{"999", "7"} }

	t.Run("RecordsNothingWhenNothingDiffers", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, attaching, banking)
		require.NoError(t, w.store.RecordBooks(t.Context(), bankChart()))
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CREATED", invoice().with(object{"status": "CREATED"})),
			deliver("j", 3, "INVOICE_CONFIRMED", invoice().with(object{"updated_at": "2026-02-02T00:00:00Z"})),
			deliver("old", 4, "INVOICE_UPDATED", invoice().with(object{"updated_at": "2026-01-02T00:00:00Z", "total_amount": 1})),
			deliver("same", 5, "INVOICE_CONFIRMED", invoice().with(object{"updated_at": "2026-02-03T00:00:00Z"})),
			deliver("f", 6, "INVOICE_CONFIRMED", invoice().with(object{"client_id": 1})), raw("x", 7, "no JSON"),
			deliver("k", 8, "KYC", object{}), deliver("u", 9, "MOON_LANDING", object{}),
			deliver("b", 10, "INVOICE_CONFIRMED", invoice().with(object{"invoice_id": 556, "total_amount": "much"})),
			raw("x", 11, "another body"))
		w.run(t)
		before, recorded := w.stands(t), len(w.store.recorded)
		for _, how := range []transform.Replay{{Rehearse: true}, {}, {}} {
			require.Equal(t, transform.ReplayResult{Deliveries: 11}, w.replay(t, how))
		}
		require.Equal(t, before, w.stands(t))
		require.Len(t, w.store.recorded, recorded)
		require.False(t, w.run(t).Changed())
	})

	t.Run("AppliesWhatWasForeignOnceTheClientIsKnown", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		theirs := object{"client_id": 7}
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract().with(theirs)), deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(theirs)))
		w.run(t)
		require.Equal(t, 2, w.intake(t).Needing())
		w.restart(t, anyClient)

		rehearsed := w.replay(t, transform.Replay{Rehearse: true})
		require.Len(t, rehearsed.Reviews, 2)
		require.Equal(t, 2, w.intake(t).Needing(), "a rehearsal records nothing")
		require.Empty(t, w.drafts(t))

		result := w.replay(t, transform.Replay{})
		require.Equal(t, rehearsed.Invoices, result.Invoices)
		require.Equal(t, 1, result.Contracts)
		require.Len(t, result.Reviews, 2)
		for _, review := range result.Reviews {
			require.Equal(t, schema.OutcomeApplied, review.Kind)
			require.Equal(t, "asked", review.Reason)
			require.Equal(t, "eva", review.By)
			require.NotEmpty(t, review.Subjects)
		}
		require.Zero(t, w.intake(t).Needing())
		require.Equal(t, schema.OutcomeForeign, w.receipts(t)[0].Outcome.Kind, "what was said first stays on record")
		w.run(t)
		require.Equal(t, schema.DraftReady, w.drafts(t)["555"].State)
		require.Equal(t, transform.ReplayResult{Deliveries: 2}, w.replay(t, transform.Replay{}))
	})

	t.Run("TakesTheRevisionThatHoldsAsItIsReadNow", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		// An earlier program read the amounts and the name wrongly.
		invoices, err := w.store.Invoices(t.Context(), "acme", []schema.InvoiceID{"555"})
		require.NoError(t, err)
		wrong := invoices["555"]
		right := wrong.Sum()
		wrong.Total, wrong.Status, wrong.RecordedAt = schema.NewMoney(1, "USD"), schema.StatusPaid, wrong.RecordedAt.Add(1e9)
		require.NoError(t, w.store.RecordInvoices(t.Context(), []schema.Invoice{wrong}))
		contracts, err := w.store.Contracts(t.Context(), "acme", []schema.ContractID{"12"})
		require.NoError(t, err)
		named := contracts["12"]
		named.FirstName, named.RecordedAt = "J\ufffd", named.RecordedAt.Add(1e9)
		require.NoError(t, w.store.RecordContracts(t.Context(), []schema.Contract{named}))
		w.run(t)
		require.Equal(t, schema.DraftHeld, w.drafts(t)["555"].State)

		result := w.replay(t, transform.Replay{})
		require.Equal(t, 1, result.Invoices)
		require.Equal(t, 1, result.Contracts)
		require.Empty(t, result.Reviews, "both were applied when they came, too")
		invoices, err = w.store.Invoices(t.Context(), "acme", []schema.InvoiceID{"555"})
		require.NoError(t, err)
		require.Equal(t, schema.StatusPaid, invoices["555"].Status, "a status never moves back")
		healed := invoices["555"]
		healed.Status = schema.StatusConfirmed
		require.Equal(t, right, healed.Sum())
		w.run(t)
		require.Equal(t, schema.DraftReady, w.drafts(t)["555"].State)
		require.Zero(t, w.replay(t, transform.Replay{}).Invoices)
	})

	t.Run("NeverMovesBack", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		older := invoice().with(object{"total_amount": 1, "updated_at": "2026-01-01T00:00:00Z"})
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("o", 2, "INVOICE_CREATED", older),
			deliver("both", 3, "INVOICE_CONFIRMED", []object{invoice(), older}))
		w.run(t)
		draft := w.drafts(t)["555"]
		require.Equal(t, transform.ReplayResult{Deliveries: 3}, w.replay(t, transform.Replay{}))
		w.run(t)
		require.Equal(t, draft, w.drafts(t)["555"])
	})

	t.Run("LeavesThePeriodOfWhatIsPosted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"period_end": "2026-02-28"})))
		w.run(t)
		w.restart(t, func(c *transform.Config) { c.Policy.BillDate = schema.BillOnPeriodEnd })
		require.Equal(t, transform.ReplayResult{Deliveries: 2}, w.replay(t, transform.Replay{}))
	})

	t.Run("LeavesWhatWaitsToARound", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()))
		require.Equal(t, transform.ReplayResult{}, w.replay(t, transform.Replay{}))
		require.Equal(t, 1, w.run(t).Deliveries)
	})

	t.Run("KeepsADismissalUntilSomethingElseIsWrong", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("f", 1, "INVOICE_CONFIRMED", invoice().with(object{"client_id": 7})), raw("x", 2, "no JSON"))
		w.run(t)
		var dismissed []schema.Review
		for _, r := range w.receipts(t) {
			dismissed = append(dismissed, schema.Review{Outcome: r.Outcome, Dismissed: true, Reason: "a test", By: "eva"})
		}
		require.NoError(t, w.store.RecordReviews(t.Context(), dismissed))
		require.Empty(t, w.replay(t, transform.Replay{}).Reviews)
		require.Zero(t, w.intake(t).Needing())
		w.restart(t, func(c *transform.Config) { c.ClientIDs = []string{"8"} })
		require.Len(t, w.replay(t, transform.Replay{}).Reviews, 1)
		require.Equal(t, 1, w.intake(t).Needing())
	})

	t.Run("MakesWhatThePolicyAsksForToday", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()),
			deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(object{"pdf_url": "https://files.example.com/1.pdf"})))
		w.run(t)
		w.restart(t, attaching)
		want := map[transform.TaskCount]int{{Kind: schema.PostAttachment, State: schema.TaskReady}: 1}
		require.Equal(t, want, w.replay(t, transform.Replay{Rehearse: true}).Tasks)
		require.Equal(t, want, w.replay(t, transform.Replay{}).Tasks)
		require.Empty(t, w.replay(t, transform.Replay{}).Tasks)
	})

	t.Run("GoesOnAfterAnyLostAnswer", func(t *testing.T) {
		t.Parallel()
		lost := errors.New("lost")
		for _, method := range []string{"RecordContracts", "RecordInvoices", "RecordReviews", "Invoices"} {
			for _, after := range []bool{false, true} {
				w := newWorld(t)
				theirs := object{"client_id": 7}
				w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract().with(theirs)), deliver("i", 2, "INVOICE_CONFIRMED", invoice().with(theirs)))
				w.run(t)
				w.restart(t, anyClient)
				w.store.Inject(func(m string) storetest.Fault {
					if m == method {
						return storetest.Fault{Err: lost, After: after}
					}
					return storetest.Fault{}
				})
				_, err := w.transformer.Replay(t.Context(), "acme", w.receipts(t), transform.Replay{})
				require.ErrorIs(t, err, lost)
				w.store.Inject(nil)
				w.replay(t, transform.Replay{})
				require.Equal(t, map[schema.DeliveryID]schema.OutcomeKind{"c": schema.OutcomeApplied, "i": schema.OutcomeApplied}, w.stands(t))
				w.run(t)
				require.Equal(t, schema.DraftReady, w.drafts(t)["555"].State)
			}
		}
	})

	t.Run("RefusesWhatItCannotReadAgain", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()))
		w.run(t)
		bare := w.receipts(t)
		bare[0].Body = nil
		_, err := w.transformer.Replay(t.Context(), "acme", bare, transform.Replay{})
		require.ErrorContains(t, err, "replay acme: delivery c: it came without its body")
		_, err = w.transformer.Replay(t.Context(), "globex", bare, transform.Replay{})
		require.ErrorIs(t, err, transform.ErrUnknownCompany)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = w.transformer.Replay(ctx, "acme", w.receipts(t), transform.Replay{})
		require.ErrorIs(t, err, context.Canceled)
	})

	t.Run("NamesNobodyInTheLog", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract().with(object{"client_id": 7})))
		w.run(t)
		w.restart(t, anyClient)
		w.replay(t, transform.Replay{})
		lines := strings.Split(w.logs.String(), "\n")
		require.True(t, slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "deliveries read again") }))
		require.NotContains(t, w.logs.String(), "Jane")
	})
}
