package load_test

import (
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// handBill is a bill as a bookkeeper enters it, alike to a draft but for set.
func (b *bench) handBill(d schema.Draft, set map[string]any) string {
	b.t.Helper()
	fields := map[string]any{"DueDate": d.DueDate.String()}
	maps.Copy(fields, set)
	return b.byHand("Bill", d, fields)
}

// byHand is a bill or vendor credit as a bookkeeper enters it.
func (b *bench) byHand(entity string, d schema.Draft, set map[string]any) string {
	b.t.Helper()
	fields := map[string]any{
		"VendorRef": map[string]any{"value": string(d.Vendor)}, "DocNumber": d.DocNumber, "TxnDate": d.TxnDate.String(),
		"APAccountRef": map[string]any{"value": string(d.Payable)},
		"Line": []any{map[string]any{
			"Amount": d.Total.Decimal(), "DetailType": "AccountBasedExpenseLineDetail",
			"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
		}},
	}
	maps.Copy(fields, set)
	id, err := b.sim.Create("", entity, fields)
	require.NoError(b.t, err)
	return id
}

func TestLoader_Settle(t *testing.T) {
	t.Parallel()
	inside := func(name string, test func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test)
		})
	}
	lose := func(b *bench, kind quickbookstest.TroubleKind) schema.Draft {
		d := b.due(1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: kind, On: "batch"})
		b.cycle()
		require.Equal(b.t, schema.PostingUncertain, b.bill(d).State)
		return d
	}

	inside("NeverTakesAHandEnteredBillForOurs", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := lose(b, quickbookstest.LoseBefore)
		id := b.handBill(d, nil)

		b.cycle()
		require.Equal(t, schema.PostingUncertain, b.bill(d).State, "while the lost request may still be carried out")
		time.Sleep(10 * time.Minute)
		b.cycle()

		p := b.bill(d)
		require.Equal(t, schema.PostingDeclined, p.State)
		require.Equal(t, "possible_duplicate", p.Fault.Code)
		require.Contains(t, p.Fault.Detail, id)
		require.Equal(t, schema.OwnerFinance, p.Fault.Owner)
		require.Len(t, b.bills(), 1)
	})

	inside("ANewDraftLooksBeforeItIsSent", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := lose(b, quickbookstest.LoseBefore)
		b.handBill(d, nil)
		time.Sleep(10 * time.Minute)
		b.cycle()

		again := b.draft(1, func(d *schema.Draft) { d.Memo = "recoded"; d.RecordedAt = time.Now().UTC() })
		b.record(again)
		b.cycle()

		require.Equal(t, schema.PostingDeclined, b.bill(again).State)
		require.Equal(t, again.ID, b.bill(again).Draft)
		require.Equal(t, "possible_duplicate", b.bill(again).Fault.Code)
		require.Len(t, b.bills(), 1, "the hand-entered one")
	})

	inside("PostsTheNewDraftOnceTheOtherBillIsGone", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := lose(b, quickbookstest.LoseBefore)
		id := b.handBill(d, nil)
		time.Sleep(10 * time.Minute)
		b.cycle()
		require.NoError(t, b.sim.Delete("", "Bill", id))

		again := b.draft(1, func(d *schema.Draft) { d.Memo = "recoded"; d.RecordedAt = time.Now().UTC() })
		b.record(again)
		b.cycle()

		require.Equal(t, schema.PostingPosted, b.bill(again).State)
	})

	inside("RecognisesOursAfterABookkeeperEditedIt", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := lose(b, quickbookstest.LoseAfter)
		require.NoError(t, b.sim.Edit("", "Bill", b.bills()[0].ID, map[string]any{"DueDate": "2027-01-01"}))

		result := b.cycle()

		require.Equal(t, 1, result.Bills.Adopted, "it is ours whatever it says now")
		require.Equal(t, 1, result.Divergent, "and what it says now is told")
		require.Equal(t, schema.FieldDueDate, b.verification(d).Differences[0].Field)
	})

	inside("PutsTwoOfOursBeforeAPerson", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := lose(b, quickbookstest.LoseAfter)
		b.handBill(d, map[string]any{"PrivateNote": b.bills()[0].PrivateNote})

		time.Sleep(10 * time.Minute)
		b.cycle()

		require.Equal(t, schema.PostingDeclined, b.bill(d).State)
		require.Len(t, b.bills(), 2)
	})

	inside("IsNotConfusedByAnotherInvoiceWithTheSameNumber", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		number := func(d *schema.Draft) { d.DocNumber = "7" }
		b.record(b.draft(1, number))
		b.cycle()
		second := b.draft(2, number)
		b.record(second)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"})

		b.cycle()
		b.cycle()

		require.Equal(t, schema.PostingPosted, b.bill(second).State)
		require.Len(t, b.bills(), 2)
	})

	inside("FindsABillWithoutANumber", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, func(d *schema.Draft) { d.DocNumber = "" })
		b.record(d, b.draft(2))
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})

		b.cycle()
		b.cycle()

		require.Equal(t, schema.PostingAdopted, b.bill(d).State)
		require.Len(t, b.bills(), 2)
	})

	inside("ANumberInQuotesIsLookedUpLikeAnyOther", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, func(d *schema.Draft) { d.DocNumber = `O'Neil \ 50%&#+` })
		b.record(d)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})

		b.cycle()
		b.cycle()

		require.Equal(t, schema.PostingAdopted, b.bill(d).State)
	})

	inside("GivesUpAfterSixAttemptsAndSaysSo", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.due(1)[0]
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch", Times: 100})
		for range 20 {
			b.loader.RunOnce(t.Context())
			time.Sleep(time.Minute)
		}

		p := b.bill(d)
		require.Equal(t, schema.PostingDeclined, p.State)
		require.Equal(t, "no_answer", p.Fault.Code)
		require.Equal(t, 6, p.Attempt)
		require.Empty(t, b.bills())
	})

	inside("WarnsOfADuplicateNumberTheWayQuickBooksDoes", func(t *testing.T) {
		t.Helper()
		b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.WarnDuplicateBillNumber = true }))
		d := b.draft(1)
		b.handBill(d, nil)
		b.record(d)

		b.cycle()

		require.Equal(t, schema.PostingDeclined, b.bill(d).State)
		require.Equal(t, "possible_duplicate", b.bill(d).Fault.Code)
		require.Len(t, b.bills(), 1)
	})
}

// A lease fails and two loaders run at once on one store, again and again, while
// answers are lost.
func TestLoader_TwoAtOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			b := setup(t)
			drafts := b.due(100)
			p := b.payee("Grace Hopper")
			b.sim.Chaos(seed, quickbookstest.Odds{
				quickbookstest.LoseBefore: 0.1, quickbookstest.LoseAfter: 0.1, quickbookstest.DelayAfter: 0.2,
				quickbookstest.Delay: 0.2, quickbookstest.ServerError: 0.05, quickbookstest.ErrorAfter: 0.05,
			}, quickbookstest.Trouble{On: "batch", Delay: 7 * time.Second})
			first, second := b.loader, b.newLoader()
			var group sync.WaitGroup
			for i := range 4 {
				group.Go(func() { first.RunOnce(t.Context()) })
				group.Go(func() {
					time.Sleep(time.Duration(seed%5) * time.Second)
					second.RunOnce(t.Context())
				})
				if i == 2 {
					b.sim.Chaos(0, nil, quickbookstest.Trouble{})
				}
				group.Wait()
				time.Sleep(time.Minute)
			}
			b.until(15)

			require.Len(t, b.bills(), 100, "seed %d", seed)
			require.Len(t, b.vendors(), 2)
			require.Equal(t, schema.PayeeLinked, b.payeeNow(p.Key).State)
			for _, d := range drafts {
				require.Equal(t, schema.VerifiedExact, b.verification(d).Result, "seed %d", seed)
			}
		})
	}
}
