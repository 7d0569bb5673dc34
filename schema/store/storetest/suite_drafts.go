package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func openChecks() []check {
	return []check{
		{"JoinsAllThatIsKnown", func(on trial) {
			t, store := on.T, on.store
			i := invoice("i-1", later(0))
			older, newest := held(draft(i, later(1)), schema.HoldCurrency), draft(i, later(2))
			declined := posting(newest, schema.PostingDeclined, later(3))
			hold := decision("i-1", schema.DecideHold, later(4))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{older, newest}))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{declined}))
			require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{hold}))

			found := collect(t, store.OpenPositions(t.Context(), company))
			require.Equal(t, []schema.Position{{
				Invoice: i, Content: i.ContentSum(), FirstRecordedAt: later(0), Draft: newest, Posting: declined, Decision: hold,
			}}, found)
		}},
		{"LeavesOutWhatHasALivePosting", func(on trial) {
			t, store := on.T, on.store
			states := []schema.PostingState{
				schema.PostingNamed, schema.PostingPosted, schema.PostingAdopted, schema.PostingDeclined, schema.PostingUncertain,
			}
			for n, id := range numbered("i", len(states)) {
				i := invoice(schema.InvoiceID(id), later(0))
				require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
				require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{posting(draft(i, later(1)), states[n], later(2))}))
			}
			require.Equal(t, []schema.InvoiceID{"i-00003"}, invoiceIDs(collect(t, store.OpenPositions(t.Context(), company))))
		}},
		{"ReopensWhenAPostingIsDeclined", func(on trial) {
			t, store := on.T, on.store
			i := invoice("i-1", later(0))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			requireOpen(t, store, "i-1")
			d := draft(i, later(1))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{posting(d, schema.PostingNamed, later(2))}))
			requireOpen(t, store)
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{posting(d, schema.PostingDeclined, later(3))}))
			requireOpen(t, store, "i-1")
		}},
		{"LeavesOutWhatIsCancelledAndDraftedSo", func(on trial) {
			t, store := on.T, on.store
			i := invoice("i-1", later(0))
			i.Status = schema.StatusCancelled
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			requireOpen(t, store, "i-1")
			cancelled := inState(draft(i, later(1)), schema.DraftInvoiceCancelled)
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{cancelled}))
			requireOpen(t, store)
			i.Number, i.RecordedAt = "changed", later(2)
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			requireOpen(t, store, "i-1")
		}},
		{"LeavesOutWhatIsSkippedUntilItIsReleased", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{invoice("i-1", later(0))}))
			require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{decision("i-1", schema.DecideSkip, later(1))}))
			requireOpen(t, store)
			require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{decision("i-1", schema.DecideRelease, later(2))}))
			requireOpen(t, store, "i-1")
		}},
	}
}

func streamChecks() []check {
	return []check{
		{"YieldsInTheOrderOfIDs", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{
				invoice("i-9", later(0)), invoice("i-10", later(0)), invoice("I-1", later(0)), invoice("i-1", later(0)),
			}))
			requireOpen(t, store, "I-1", "i-1", "i-10", "i-9")
		}},
		{"StreamsThousands", func(on trial) {
			t, store := on.T, on.store
			var invoices []schema.Invoice
			var drafts []schema.Draft
			for _, id := range numbered("i", 3_210) {
				i := invoice(schema.InvoiceID(id), later(0))
				invoices, drafts = append(invoices, i), append(drafts, draft(i, later(1)))
			}
			require.NoError(t, store.RecordInvoices(t.Context(), invoices))
			require.NoError(t, store.RecordDrafts(t.Context(), drafts))
			found := collect(t, store.OpenPositions(t.Context(), company))
			require.Len(t, found, len(invoices))
			for n := range found {
				require.Equal(t, schema.Position{
					Invoice: invoices[n], Content: drafts[n].Content, FirstRecordedAt: later(0), Draft: drafts[n],
				}, found[n])
			}
		}},
		{"KeepsListsOfTextsWithAnyCharacters", func(on trial) {
			t, store := on.T, on.store
			i := invoice("i-1", later(0))
			d := held(draft(i, later(1)), "", "12:ab", "\xff\x00", schema.HoldCurrency)
			d.Lines[0].Description, d.Lines[1].Concept, d.Lines[1].Rule = "3:é", "", ":"
			i.Problems = []schema.Problem{{Field: "1:", Value: "", Detail: "'\\"}, {}}
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{d}))
			found := collect(t, store.OpenPositions(t.Context(), company))
			require.Len(t, found, 1)
			require.Equal(t, i, found[0].Invoice)
			require.Equal(t, d, found[0].Draft)
		}},
		{"StopsWhenItsConsumerDoes", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{invoice("i-1", later(0)), invoice("i-2", later(0))}))
			for p, err := range store.OpenPositions(t.Context(), company) {
				require.NoError(t, err)
				require.Equal(t, schema.InvoiceID("i-1"), p.Invoice.ID)
				break
			}
		}},
		{"YieldsTheErrorOfAnEndedContext", func(on trial) {
			t, store := on.T, on.store
			ctx, cancel := contextOf(t)
			cancel()
			var last error
			for _, err := range store.OpenPositions(ctx, company) {
				last = err
			}
			require.Error(t, last)
		}},
	}
}

func requireOpen(t *testing.T, store Store, ids ...schema.InvoiceID) {
	t.Helper()
	require.Equal(t, append([]schema.InvoiceID{}, ids...), invoiceIDs(collect(t, store.OpenPositions(t.Context(), company))))
}

func dueChecks() []check {
	return []check{
		{"ReturnsTheOldestBillsFirst", func(on trial) {
			t, store := on.T, on.store
			var want []schema.Draft
			for n, id := range []schema.InvoiceID{"i-3", "i-1", "i-2"} {
				i := invoice(id, later(0))
				i.BillDate = schema.NewDate(2026, 11, 1+n/2)
				want = append(want, draft(i, later(1)))
			}
			require.NoError(t, store.RecordDrafts(t.Context(), want))
			requireDue(t, store, later(9), want[1], want[0], want[2])

			found, err := store.DueBills(t.Context(), company, later(9), 1)
			require.NoError(t, err)
			require.Equal(t, want[1:2], found)
		}},
		{"LeavesOutWhatIsNotReady", func(on trial) {
			t, store := on.T, on.store
			var drafts []schema.Draft
			for n, state := range []schema.DraftState{
				schema.DraftHeld, schema.DraftAwaitsContract, schema.DraftAwaitsStatus, schema.DraftInvoiceCancelled,
			} {
				drafts = append(drafts, inState(draft(invoice(schema.InvoiceID(numbered("i", 4)[n]), later(0)), later(1)), state))
			}
			require.NoError(t, store.RecordDrafts(t.Context(), drafts))
			requireDue(t, store, later(9))
		}},
		{"TakesOnlyTheNewestDraft", func(on trial) {
			t, store := on.T, on.store
			ready := draft(invoice("i-1", later(0)), later(1))
			hold := held(draft(invoice("i-1", later(0)), later(2)), schema.HoldCurrency)
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{ready, hold}))
			requireDue(t, store, later(9))
			ready.RecordedAt = later(3)
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{ready}))
			requireDue(t, store, later(9), ready)
		}},
		{"LeavesOutWhatAPersonHeldOrSkipped", func(on trial) {
			t, store := on.T, on.store
			ready := draft(invoice("i-1", later(0)), later(1))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{ready}))
			for n, kind := range []schema.DecisionKind{schema.DecideHold, schema.DecideSkip} {
				require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{decision("i-1", kind, later(2*n))}))
				requireDue(t, store, later(9))
				require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{decision("i-1", schema.DecideRelease, later(2*n+1))}))
				requireDue(t, store, later(9), ready)
			}
		}},
		{"LeavesOutWhatHasALivePosting", func(on trial) {
			t, store := on.T, on.store
			ready := draft(invoice("i-1", later(0)), later(1))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{ready}))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{posting(ready, schema.PostingUncertain, later(2))}))
			requireDue(t, store, later(9))
		}},
	}
}

func declinedChecks() []check {
	return []check{
		{"BlocksADeclinedDraftAndNotAnotherOfItsInvoice", func(on trial) {
			t, store := on.T, on.store
			first := draft(invoice("i-1", later(0)), later(1))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{first}))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{posting(first, schema.PostingDeclined, later(2))}))
			requireDue(t, store, later(9))
			second := first
			second.DocNumber, second.RecordedAt = "other", later(3)
			second = second.Seal()
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{second}))
			requireDue(t, store, later(9), second)

			// Both were declined: going back to the first does not unblock it.
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{posting(second, schema.PostingDeclined, later(4))}))
			first.RecordedAt = later(5)
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{first}))
			requireDue(t, store, later(9))
		}},
		{"RetriesADeclinedDraftWhenItsTimeHasCome", func(on trial) {
			t, store := on.T, on.store
			ready := draft(invoice("i-1", later(0)), later(1))
			declined := posting(ready, schema.PostingDeclined, later(2))
			declined.RetryAt = later(10)
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{ready}))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{declined}))
			requireDue(t, store, later(10).Add(-time.Microsecond))
			requireDue(t, store, later(10), ready)
			declined.RetryAt, declined.RecordedAt = time.Time{}, later(11)
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{declined}))
			requireDue(t, store, later(12))
		}},
		{"OffersADeclinedDraftOnceForEachRelease", func(on trial) {
			t, store := on.T, on.store
			decide := func(kind schema.DecisionKind, at int) {
				require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{decision("i-1", kind, later(at))}))
			}
			i := invoice("i-1", later(0))
			ready := draft(i, later(1))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{ready}))
			decide(schema.DecideRelease, 2)
			declined := posting(ready, schema.PostingDeclined, later(3))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{declined}))
			requireDue(t, store, later(9))
			backlog, err := store.Backlog(t.Context(), company)
			require.NoError(t, err)
			require.Equal(t, 1, backlog.Declined, "released before, for another reason")

			decide(schema.DecideHold, 4)
			requireDue(t, store, later(9))
			decide(schema.DecideRelease, 5)
			requireDue(t, store, later(9), ready)
			backlog, err = store.Backlog(t.Context(), company)
			require.NoError(t, err)
			require.Equal(t, 1, backlog.Due)
			require.Zero(t, backlog.Declined)

			declined.RecordedAt = later(6)
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{declined}))
			requireDue(t, store, later(9))
		}},
	}
}

func requireDue(t *testing.T, store Store, now time.Time, want ...schema.Draft) {
	t.Helper()
	found, err := store.DueBills(t.Context(), company, now, 100)
	require.NoError(t, err)
	require.Equal(t, append([]schema.Draft{}, want...), append([]schema.Draft{}, found...))
}

func backlogChecks() []check {
	return []check{
		{"IsEmptyAtFirst", func(on trial) {
			t, store := on.T, on.store
			backlog, err := store.Backlog(t.Context(), company)
			require.NoError(t, err)
			require.Equal(t, schema.Backlog{Held: map[schema.HoldReason]int{}}, backlog)
		}},
		{"CountsWhatIsLeftToDo", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, errors.Join(fillBacklog(t, store)...))
			backlog, err := store.Backlog(t.Context(), company)
			require.NoError(t, err)
			require.Equal(t, schema.Backlog{
				Pending: 2, OldestPending: later(0),
				Held:       map[schema.HoldReason]int{schema.HoldCurrency: 1, schema.HoldByPerson: 1},
				OldestHeld: later(-2), Waiting: 2, Due: 1, OldestDue: later(5), Uncertain: 3, OldestUncertain: later(7),
				Unverified: 2, OldestUnverified: later(6), Declined: 1,
			}, backlog)
		}},
	}
}

// fillBacklog records some of everything that can be left to do.
func fillBacklog(t *testing.T, store Store) []error {
	t.Helper()
	ctx := t.Context()
	done := delivery("d-9", "done", later(-5))
	errs := []error{
		store.Stage(ctx, blockOf("b-1", delivery("d-1", "one", later(0)), delivery("d-2", "two", later(1)), done)),
		store.RecordOutcomes(ctx, []schema.Outcome{outcome(done, schema.OutcomeNoted, later(2))}),
	}
	drafts := make(map[string]schema.Draft)
	for n, name := range []string{"held", "person", "contract", "status", "due", "declined", "cancelled", "skipped", "posted", "adopted", "verified", "named", "uncertain"} {
		i := invoice(schema.InvoiceID(name), later(-n))
		d := draft(i, later(5))
		switch name {
		case "held":
			d = held(d, schema.HoldUnresolvedVendor, schema.HoldCurrency)
			i.RecordedAt = later(-2)
		case "contract":
			d = inState(d, schema.DraftAwaitsContract)
		case "status":
			d = inState(d, schema.DraftAwaitsStatus)
		case "cancelled":
			d = inState(d, schema.DraftInvoiceCancelled)
		}
		drafts[name] = d
		errs = append(errs, store.RecordInvoices(ctx, []schema.Invoice{i}), store.RecordDrafts(ctx, []schema.Draft{d}))
	}
	verified := posting(drafts["verified"], schema.PostingPosted, later(5))
	vendor := schema.Posting{Company: company, Kind: schema.PostVendor, Subject: "worker:1:USD", State: schema.PostingNamed, RecordedAt: later(9)}
	return append(errs,
		store.RecordDecisions(ctx, []schema.Decision{decision("person", schema.DecideHold, later(6)), decision("skipped", schema.DecideSkip, later(6))}),
		store.RecordPostings(ctx, []schema.Posting{
			posting(drafts["declined"], schema.PostingDeclined, later(6)), posting(drafts["posted"], schema.PostingPosted, later(6)),
			posting(drafts["adopted"], schema.PostingAdopted, later(7)), posting(drafts["named"], schema.PostingNamed, later(7)),
			posting(drafts["uncertain"], schema.PostingUncertain, later(8)), verified, vendor,
		}),
		store.RecordVerifications(ctx, []schema.Verification{verification(verified, later(7))}))
}
