package load_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// void voids a payment, as a person may.
func (b *bench) void(id string) error {
	b.t.Helper()
	_, err := b.newClient().Raw(b.t.Context(), quickbooks.RawRequest{
		Method: "POST", Path: "billpayment", Query: url.Values{"operation": {"update"}, "include": {"void"}}, Write: true,
		Body: []byte(`{"Id":"` + id + `","SyncToken":"0","sparse":true}`), ContentType: "application/json",
	})
	return err
}

// What became of a payment whose answer was lost.
func TestLoader_LostPayments(t *testing.T) {
	t.Parallel()
	lost := func(t *testing.T, kind quickbookstest.TroubleKind) (*bench, schema.Draft, schema.Task) {
		t.Helper()
		b, d := billed(t, withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Off: true} }))
		task := b.payment(d)
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: kind, On: "batch"})
		require.Equal(t, load.Tally{Uncertain: 1}, b.cycle().Payments)
		b.restart()
		return b, d, task
	}

	within(t, "IsAdoptedWhereItIsThere", func(t *testing.T) {
		t.Helper()
		b, _, task := lost(t, quickbookstest.LoseAfter)
		require.Equal(t, load.Tally{Adopted: 1}, b.cycle().Payments)
		require.Len(t, b.payments(), 1)
		require.Equal(t, schema.VerifiedExact, b.proof(task).Result)
	})

	within(t, "IsSentAgainWhereItIsNot", func(t *testing.T) {
		t.Helper()
		b, _, task := lost(t, quickbookstest.LoseBefore)
		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Payments)
		require.Len(t, b.payments(), 1)
		require.Equal(t, 2, b.task(task).Attempt)
	})

	within(t, "SomebodyElsesPaymentMeansThatItIsPaid", func(t *testing.T) {
		t.Helper()
		b, d, task := lost(t, quickbookstest.LoseBefore)
		id := b.pay(d, string(b.bill(d).Document), d.Total.Decimal())
		sleep(hour)

		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Payments)

		p := b.task(task)
		require.Equal(t, schema.FaultPossibleDuplicate, p.Fault.Code)
		require.Contains(t, p.Fault.Detail, "bill payment "+id)
		require.Len(t, b.payments(), 1)
	})

	within(t, "AVoidedOneIsStillOurs", func(t *testing.T) {
		t.Helper()
		b, _, task := lost(t, quickbookstest.LoseAfter)
		require.NoError(t, b.void(b.payments()[0].ID))

		require.Equal(t, load.Tally{Adopted: 1}, b.cycle().Payments)

		v := b.proof(task)
		require.Equal(t, schema.VerifiedDivergent, v.Result)
		require.Equal(t, schema.FieldTotal, v.Differences[0].Field)
		require.Equal(t, "nothing", v.Differences[1].Found)
		require.Equal(t, schema.FieldLink, v.Differences[1].Field)
	})

	within(t, "ALookUpThatFailsLeavesItOpen", func(t *testing.T) {
		t.Helper()
		b, _, task := lost(t, quickbookstest.LoseAfter)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.FaultOn200, On: "query", Code: "4000"})
		b.cycle()
		require.Equal(t, schema.PostingUncertain, b.task(task).State)
		b.cycle()
		require.Equal(t, schema.PostingAdopted, b.task(task).State)
	})

	within(t, "WithoutANumberItIsFoundByItsBill", func(t *testing.T) {
		t.Helper()
		b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Off: true} }))
		d := b.draft(1, today, func(d *schema.Draft) { d.DocNumber = "" })
		b.record(d)
		b.cycle()
		task := b.payment(d)
		b.ask(task)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		b.cycle()

		require.Equal(t, load.Tally{Adopted: 1}, b.cycle().Payments)

		require.Len(t, b.payments(), 1)
		require.Equal(t, schema.VerifiedExact, b.proof(task).Result)
	})

	within(t, "EachIsLookedForAloneWhereAllTogetherAreRefused", func(t *testing.T) {
		t.Helper()
		b := setup(t, withSim(func(c *quickbookstest.Config) { c.Replay = quickbookstest.Replay{Off: true} }))
		var tasks []schema.Task
		for _, d := range b.due(3) {
			tasks = append(tasks, b.payment(d))
		}
		b.cycle()
		b.ask(tasks...)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseAfter, On: "batch"})
		require.Equal(t, load.Tally{Uncertain: 3}, b.cycle().Payments)
		b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.FaultOn200, On: "query", Code: "4000"})

		require.Equal(t, load.Tally{Adopted: 3}, b.cycle().Payments)

		require.Len(t, b.payments(), 3)
	})

	within(t, "APaymentOfAnotherBillIsNone", func(t *testing.T) {
		t.Helper()
		b, d, task := lost(t, quickbookstest.LoseBefore)
		other := b.draft(2, today)
		b.record(other)
		b.loader.Bills(t.Context())
		id := b.pay(other, string(b.bill(other).Document), "1.00")

		b.cycle()

		require.Equal(t, schema.PostingPosted, b.task(task).State)
		require.NotEqual(t, id, string(b.task(task).Document))
		require.Equal(t, schema.VerifiedExact, b.proof(task).Result)
		require.Equal(t, "0", b.bills()[0].Balance.String())
		require.Equal(t, d.Invoice, task.Invoice)
	})
}
