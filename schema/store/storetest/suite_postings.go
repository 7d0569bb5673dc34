package storetest

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

func postingChecks() []check {
	return []check{
		{"ReturnsAPostingAsItWasRecorded", func(on trial) {
			t, store := on.T, on.store
			full := posting(draft(invoice("i-1", later(0)), later(1)), schema.PostingDeclined, later(2))
			full.Body, full.RetryAt, full.TraceID = []byte("\x00\xff{}"), later(3), "tid"
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{full}))
			found, err := store.LatestPostings(t.Context(), company, schema.PostBill, []string{"i-1", "i-2"})
			require.NoError(t, err)
			require.Equal(t, map[string]schema.Posting{"i-1": full}, found)
		}},
		{"KeepsKindsApart", func(on trial) {
			t, store := on.T, on.store
			vendor := schema.Posting{Company: company, Kind: schema.PostVendor, Subject: "s", State: schema.PostingNamed, RecordedAt: later(0)}
			bill := schema.Posting{Company: company, Kind: schema.PostBill, Subject: "s", State: schema.PostingPosted, RecordedAt: later(1)}
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{vendor, bill}))
			for kind, want := range map[schema.PostingKind]schema.Posting{schema.PostVendor: vendor, schema.PostBill: bill} {
				found, err := store.LatestPostings(t.Context(), company, kind, []string{"s"})
				require.NoError(t, err)
				require.Equal(t, map[string]schema.Posting{"s": want}, found)
			}
		}},
		{"FindsThoseWhoseOutcomeIsNotKnown", func(on trial) {
			t, store := on.T, on.store
			for _, kind := range []schema.PostingKind{schema.PostVendor, schema.PostBill} {
				for n, state := range []schema.PostingState{
					schema.PostingUncertain, schema.PostingNamed, schema.PostingPosted, schema.PostingAdopted, schema.PostingDeclined,
				} {
					require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{
						{Company: company, Kind: kind, Subject: fmt.Sprint("s-", n), State: schema.PostingNamed, RecordedAt: later(0)},
						{Company: company, Kind: kind, Subject: fmt.Sprint("s-", n), State: state, RecordedAt: later(1)},
					}))
				}
				found, err := store.OpenPostings(t.Context(), company, kind)
				require.NoError(t, err)
				require.Equal(t, []schema.Posting{
					{Company: company, Kind: kind, Subject: "s-0", State: schema.PostingUncertain, RecordedAt: later(1)},
					{Company: company, Kind: kind, Subject: "s-1", State: schema.PostingNamed, RecordedAt: later(1)},
				}, found)
			}
		}},
	}
}

func unverifiedChecks() []check {
	return []check{
		{"ReturnsPostedBillsThatWereNeverReadBack", func(on trial) {
			t, store := on.T, on.store
			i := invoice("i-1", later(0))
			posted, newer := draft(i, later(1)), held(draft(i, later(3)), schema.HoldCurrency)
			live := posting(posted, schema.PostingPosted, later(2))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{posted, newer}))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{live}))
			found, err := store.Unverified(t.Context(), company, 10)
			require.NoError(t, err)
			i.Lines = nil
			require.Equal(t, []schema.Position{
				{Invoice: i, Content: posted.Content, FirstRecordedAt: later(0), Draft: posted, Posting: live},
			}, found)

			require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{verification(live, later(4))}))
			found, err = store.Unverified(t.Context(), company, 10)
			require.NoError(t, err)
			require.Empty(t, found)
		}},
		{"IgnoresAVerificationOfAnotherDocument", func(on trial) {
			t, store := on.T, on.store
			live := posting(draft(invoice("i-1", later(0)), later(1)), schema.PostingAdopted, later(2))
			other := verification(live, later(3))
			other.Document = "another"
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{live}))
			require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{other}))
			found, err := store.Unverified(t.Context(), company, 10)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Zero(t, found[0].Verification)
		}},
		{"LeadsWithTheOldestUpToTheLimit", func(on trial) {
			t, store := on.T, on.store
			for n, id := range numbered("i", 3) {
				live := posting(draft(invoice(schema.InvoiceID(id), later(0)), later(1)), schema.PostingPosted, later(9-n))
				require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{live}))
			}
			found, err := store.Unverified(t.Context(), company, 2)
			require.NoError(t, err)
			require.Len(t, found, 2)
			require.Equal(t, "i-00002", found[0].Posting.Subject)
			require.Equal(t, "i-00001", found[1].Posting.Subject)
		}},
	}
}

func positionChecks() []check {
	return []check{
		{"JoinsAllThatIsKnown", func(on trial) {
			t, store := on.T, on.store
			i := invoice("i-1", later(0))
			posted, newer := draft(i, later(1)), held(draft(i, later(3)), schema.HoldCurrency)
			live := posting(posted, schema.PostingPosted, later(2))
			exact, divergent := verification(live, later(4)), verification(live, later(5))
			divergent.Result = schema.VerifiedDivergent
			divergent.Differences = []schema.Difference{{Field: schema.FieldTotal, Expected: "1.00", Found: "2.00"}}
			hold := decision("i-1", schema.DecideHold, later(6))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{posted, newer}))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{live}))
			require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{divergent, exact}))
			require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{hold}))
			i.Lines, live.Body = nil, nil
			require.Equal(t,
				[]schema.Position{{
					Invoice: i, Content: posted.Content, FirstRecordedAt: later(0), Draft: posted, Posting: live,
					Verification: divergent, Decision: hold,
				}},
				collect(t, store.Positions(t.Context(), company, november(t), time.Time{})))
		}},
		{"TakesThePeriodOfTheNewestBillDate", func(on trial) {
			t, store := on.T, on.store
			moved, dated := invoice("i-1", later(0)), invoice("i-2", later(0))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{moved, dated}))
			moved.BillDate, moved.RecordedAt = schema.NewDate(2026, 12, 1), later(5)
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{moved}))
			requirePeriod(t, store, "2026-11", time.Time{}, "i-2")
			requirePeriod(t, store, "2026-12", time.Time{}, "i-1")
			requirePeriod(t, store, "2026-11", later(4), "i-1", "i-2")
			requirePeriod(t, store, "2026-12", later(4))
		}},
		{"TakesThePeriodOfTheFirstRecordWithoutABillDate", func(on trial) {
			t, store := on.T, on.store
			undated := invoice("i-1", later(0))
			undated.BillDate = schema.Date{}
			again := undated
			again.Number, again.RecordedAt = "again", start().AddDate(0, 1, 0)
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{undated, again}))
			requirePeriod(t, store, "2026-11", time.Time{}, "i-1")
			requirePeriod(t, store, "2026-12", time.Time{})
		}},
	}
}

func asOfChecks() []check {
	return []check{
		{"KnowsWhenAnInvoiceWasFirstRecorded", func(on trial) {
			t, store := on.T, on.store
			changed := invoice("i-1", later(3))
			changed.Lines = changed.Lines[:1]
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{changed, invoice("i-1", later(1))}))
			found := collect(t, store.Positions(t.Context(), company, november(t), time.Time{}))
			require.Len(t, found, 1)
			require.Equal(t, later(1), found[0].FirstRecordedAt)
			require.Equal(t, changed.ContentSum(), found[0].Content)
			require.Equal(t, found, collectWithout(t, store.OpenPositions(t.Context(), company)))
		}},
		{"TakesTheLastDayOfTheMonth", func(on trial) {
			t, store := on.T, on.store
			last, next := invoice("i-1", later(0)), invoice("i-2", later(0))
			last.BillDate, next.BillDate = schema.NewDate(2026, 11, 30), schema.NewDate(2026, 12, 1)
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{last, next}))
			requirePeriod(t, store, "2026-11", time.Time{}, "i-1")
		}},
		{"NeverChangesAsOfAnInstant", func(on trial) {
			t, store := on.T, on.store
			i := invoice("i-1", later(0))
			d := draft(i, later(1))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{d}))
			before := collect(t, store.Positions(t.Context(), company, november(t), later(1)))
			i.Lines = nil
			require.Equal(t, []schema.Position{
				{Invoice: i, Content: d.Content, FirstRecordedAt: later(0), Draft: d},
			}, before)

			paid := invoice("i-1", later(2))
			paid.Status = schema.StatusPaid
			live := posting(d, schema.PostingPosted, later(4))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{paid, invoice("i-2", later(2))}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{held(draft(paid, later(3)), schema.HoldCurrency)}))
			require.NoError(t, store.RecordPostings(t.Context(), []schema.Posting{live}))
			require.NoError(t, store.RecordVerifications(t.Context(), []schema.Verification{verification(live, later(5))}))
			require.NoError(t, store.RecordDecisions(t.Context(), []schema.Decision{decision("i-1", schema.DecideHold, later(6))}))
			require.Equal(t, before, collect(t, store.Positions(t.Context(), company, november(t), later(1))))
		}},
		{"StreamsThousands", func(on trial) {
			t, store := on.T, on.store
			var invoices []schema.Invoice
			var postings []schema.Posting
			for _, id := range numbered("i", 2_222) {
				i := invoice(schema.InvoiceID(id), later(0))
				invoices = append(invoices, i)
				postings = append(postings, posting(draft(i, later(1)), schema.PostingPosted, later(2)))
			}
			require.NoError(t, store.RecordInvoices(t.Context(), invoices))
			require.NoError(t, store.RecordPostings(t.Context(), postings))
			found := collect(t, store.Positions(t.Context(), company, november(t), time.Time{}))
			require.Len(t, found, len(invoices))
			for n := range found {
				require.Equal(t, invoices[n].ID, found[n].Invoice.ID)
				require.Equal(t, string(invoices[n].ID), found[n].Posting.Subject)
			}
		}},
	}
}

// collectWithout reads a stream to its end, without what a report leaves out.
func collectWithout(t *testing.T, positions iter.Seq2[schema.Position, error]) []schema.Position {
	t.Helper()
	found := collect(t, positions)
	for n := range found {
		found[n].Invoice.Lines, found[n].Posting.Body = nil, nil
	}
	return found
}

func requirePeriod(t *testing.T, store Store, period string, asOf time.Time, ids ...schema.InvoiceID) {
	t.Helper()
	found := collect(t, store.Positions(t.Context(), company, month(t, period), asOf))
	require.Equal(t, append([]schema.InvoiceID{}, ids...), invoiceIDs(found))
}

func leaseChecks() []check {
	return []check{
		{"GrantsToOneUntilItEnds", func(on trial) {
			t, store := on.T, on.store
			requireLease(t, store, "a", later(0), true)
			requireLease(t, store, "b", later(9), false)
			requireLease(t, store, "b", later(10), true)
			requireLease(t, store, "a", later(11), false)
		}},
		{"RenewsForItsHolder", func(on trial) {
			t, store := on.T, on.store
			requireLease(t, store, "a", later(0), true)
			requireLease(t, store, "a", later(9), true)
			requireLease(t, store, "b", later(10), false)
			requireLease(t, store, "b", later(19), true)
		}},
		{"IsFreeAfterItsRelease", func(on trial) {
			t, store := on.T, on.store
			requireLease(t, store, "a", later(0), true)
			require.NoError(t, store.ReleaseLease(t.Context(), "company", "b", later(1)))
			requireLease(t, store, "b", later(1), false)
			require.NoError(t, store.ReleaseLease(t.Context(), "company", "a", later(1)))
			requireLease(t, store, "b", later(1), true)
		}},
		{"MayBeTakenAgainAtTheInstantOfItsRelease", func(on trial) {
			t, store := on.T, on.store
			for range 3 {
				requireLease(t, store, "a", later(0), true)
				requireLease(t, store, "b", later(0), false)
				require.NoError(t, store.ReleaseLease(t.Context(), "company", "a", later(0)))
			}
		}},
		{"KeepsNamesApart", func(on trial) {
			t, store := on.T, on.store
			requireLease(t, store, "a", later(0), true)
			granted, err := store.TryLease(t.Context(), "another", "b", 10*time.Minute, later(0))
			require.NoError(t, err)
			require.True(t, granted)
		}},
		{"NeverGrantsToTwoThatAskAtOnce", func(on trial) {
			t, store := on.T, on.store
			for round := range 3 {
				var granted atomic.Int64
				var group sync.WaitGroup
				errs := make(chan error, 4)
				for _, holder := range []string{"a", "b", "c", "d"} {
					group.Go(func() {
						ok, err := store.TryLease(t.Context(), fmt.Sprint("round ", round), holder, time.Minute, later(0))
						if ok {
							granted.Add(1)
						}
						errs <- err
					})
				}
				group.Wait()
				close(errs)
				for err := range errs {
					require.NoError(t, err)
				}
				require.LessOrEqual(t, granted.Load(), int64(1))
			}
		}},
	}
}

func requireLease(t *testing.T, store Store, holder string, now time.Time, want bool) {
	t.Helper()
	granted, err := store.TryLease(t.Context(), "company", holder, 10*time.Minute, now)
	require.NoError(t, err)
	require.Equal(t, want, granted, "%s at %s", holder, now)
}
