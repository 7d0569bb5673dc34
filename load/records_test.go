package load_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/schema"
)

// What becomes of payments and transfers comes with the changes of bills, and costs
// nothing more.
func TestLoader_MirrorFollowsPayments(t *testing.T) {
	t.Parallel()

	paid := func(t *testing.T) (*bench, schema.Draft, schema.Task) {
		t.Helper()
		b, d := billed(t)
		task := b.payment(d)
		b.ask(task)
		b.cycle()
		b.mirror()
		sleep(hour)
		return b, d, task
	}

	within(t, "ReadsThemBackForNothing", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		task := b.payment(d)
		b.ask(task)
		b.failOnce("UnverifiedTasks", false)
		_, err := b.loader.RunOnce(t.Context())
		require.Error(t, err)
		b.store.Inject(nil)
		require.Zero(t, b.proof(task))
		sleep(hour)
		asked := b.sim.Stats().CorePlus

		result := b.mirror()

		require.Equal(t, 2, b.sim.Stats().CorePlus-asked, "the changes and the settings")
		require.Equal(t, 2, result.Checked, "the bill and the payment")
		require.Zero(t, result.Drifted)
		require.Equal(t, schema.VerifiedExact, b.proof(task).Result)
		require.Equal(t, load.Result{}, b.cycle(), "nothing is left to be read back")
	})

	within(t, "TellsThatOneWasVoided", func(t *testing.T) {
		t.Helper()
		b, d, task := paid(t)
		require.NoError(t, b.void(string(b.task(task).Document)))

		result := b.mirror()

		require.Equal(t, 1, result.Drifted)
		require.Equal(t, schema.VerifiedDivergent, b.proof(task).Result)
		require.Equal(t, schema.FieldTotal, b.proof(task).Differences[0].Field)
		require.Equal(t, schema.VerifiedExact, b.verificationNow(d).Result)
		require.Equal(t, d.Total, b.mirrored()[b.bill(d).Document].Balance)
		require.Zero(t, b.mirror().Drifted, "it is told once")
	})

	within(t, "TellsThatOneWasDeleted", func(t *testing.T) {
		t.Helper()
		b, _, task := paid(t)
		require.NoError(t, b.sim.Delete("", "BillPayment", string(b.task(task).Document)))

		require.Equal(t, 1, b.mirror().Drifted)

		require.Equal(t, schema.VerifiedMissing, b.proof(task).Result)
		require.Equal(t, schema.PostPayment, b.proof(task).Kind)
	})

	within(t, "LeavesThePaymentsOfOthersAlone", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		b.pay(d, string(b.bill(d).Document), "20.00")
		sleep(hour)

		result := b.mirror()

		require.Equal(t, 1, result.Checked, "the bill")
		require.Zero(t, result.Drifted)
	})
}

func TestLoader_MirrorFollowsTransfers(t *testing.T) {
	t.Parallel()

	recorded := func(t *testing.T) (*bench, schema.Task) {
		t.Helper()
		b := setup(t)
		b.mirror()
		task := b.topUp()
		b.ask(task)
		b.cycle()
		b.mirror()
		sleep(hour)
		return b, task
	}

	within(t, "TellsThatOneWasEdited", func(t *testing.T) {
		t.Helper()
		b, task := recorded(t)
		require.NoError(t, b.sim.Edit("", "Transfer", b.transfers()[0].ID, map[string]any{"Amount": "1.00"}))

		require.Equal(t, load.MirrorResult{Checked: 1, Drifted: 1}, b.mirror())

		require.Equal(t, schema.VerifiedDivergent, b.transferProof(task).Result)
	})

	within(t, "TellsThatOneWasDeleted", func(t *testing.T) {
		t.Helper()
		b, task := recorded(t)
		require.NoError(t, b.sim.Delete("", "Transfer", b.transfers()[0].ID))

		require.Equal(t, load.MirrorResult{Checked: 1, Drifted: 1}, b.mirror())

		require.Equal(t, schema.VerifiedMissing, b.transferProof(task).Result)
	})

	within(t, "ANoteThatSomebodyRewroteIsNoChange", func(t *testing.T) {
		t.Helper()
		b, task := recorded(t)
		before := b.transferProof(task)
		require.NoError(t, b.sim.Edit("", "Transfer", b.transfers()[0].ID, map[string]any{"PrivateNote": "mine"}))

		require.Equal(t, load.MirrorResult{Checked: 1}, b.mirror())

		require.Equal(t, before, b.transferProof(task))
	})

	within(t, "AlsoAmongMoreChangesThanOneReadTells", func(t *testing.T) {
		t.Helper()
		b, task := recorded(t)
		require.NoError(t, b.sim.Delete("", "Transfer", b.transfers()[0].ID))
		for n := range 1000 {
			b.handBill(b.draft(n+1), nil)
		}

		result := b.mirror()

		require.True(t, result.Swept)
		require.Equal(t, 1, result.Drifted)
		require.Equal(t, schema.VerifiedMissing, b.transferProof(task).Result)
	})
}
