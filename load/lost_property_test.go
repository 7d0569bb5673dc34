package load_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// Each answer of a cycle is lost in turn, before QuickBooks did what it was asked
// and after. The next cycle knows what became of everything, and that cost two
// reads more than a cycle without trouble: one by number, and one of what changed
// where that finds nothing. A batch of bills and vendor credits takes one more, as
// each kind is asked for by itself.
func TestLoader_AnySingleLostAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		credits func(n int) bool
		most    int // extra reads
	}{
		"Bills":         {func(int) bool { return false }, 2},
		"VendorCredits": {func(int) bool { return true }, 2},
		"Both":          {func(n int) bool { return n%2 == 1 }, 3},
	} {
		for _, kind := range []quickbookstest.TroubleKind{
			quickbookstest.LoseBefore, quickbookstest.LoseAfter, quickbookstest.CommitLate, quickbookstest.Truncate, quickbookstest.ErrorAfter,
		} {
			t.Run(fmt.Sprintf("%s/%s", name, kind), func(t *testing.T) {
				t.Parallel()
				calm := lostAt(t, c.credits, -1, kind)
				require.GreaterOrEqual(t, calm.calls, 5, "vendors, documents, what reads them back, changes and settings")
				for at := range calm.calls {
					lost := lostAt(t, c.credits, at, kind)
					require.LessOrEqual(t, lost.reads-calm.reads, c.most, "extra reads when answer %d of %d is lost", at+1, calm.calls)
					require.LessOrEqual(t, lost.writes-calm.writes, 1, "extra batches when answer %d of %d is lost", at+1, calm.calls)
				}
			})
		}
	}
}

// cost is what two cycles asked of QuickBooks.
type cost struct {
	calls         int // of the first cycle
	reads, writes int
}

// lostAt runs a cycle whose answer at a place is lost, none if that is negative, and
// another a minute later, and checks that everything is settled then.
func lostAt(t *testing.T, isCredit func(int) bool, at int, kind quickbookstest.TroubleKind) (spent cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.cycle()
		b.mirror()
		before := b.sim.Stats()
		asked := func() (calls, reads, writes int) {
			for what, n := range b.sim.Stats().Requests {
				n -= before.Requests[what]
				calls += n
				if what == "batch" {
					writes += n
				} else {
					reads += n
				}
			}
			return calls, reads, writes
		}
		drafts := make([]schema.Draft, 5)
		for n := range drafts {
			drafts[n] = b.draft(n + 1)
			if isCredit(n) {
				drafts[n] = b.draft(n+1, credit)
			}
		}
		b.record(drafts...)
		p := b.payee("Grace Hopper")
		if at > 0 {
			b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.Delay, Times: at}) // by no time at all
		}
		if at >= 0 {
			b.sim.Next(quickbookstest.Trouble{Kind: kind, Delay: 30 * time.Second})
		}

		b.loader.RunOnce(t.Context())
		b.loader.Mirror(t.Context())
		spent.calls, _, _ = asked()
		sleep(time.Minute)
		b.loader.RunOnce(t.Context())
		b.loader.Mirror(t.Context())

		_, spent.reads, spent.writes = asked()
		require.True(t, b.quiet(), "answer %d", at+1)
		require.Zero(t, b.sim.Pending(), "answer %d", at+1)
		require.Equal(t, len(drafts), len(b.bills())+len(b.credits()), "answer %d", at+1)
		require.Len(t, b.vendors(), 2, "answer %d", at+1)
		require.Equal(t, schema.PayeeLinked, b.payeeNow(p.Key).State, "answer %d", at+1)
		for _, d := range drafts {
			require.Contains(t, []schema.PostingState{schema.PostingPosted, schema.PostingAdopted}, b.bill(d).State)
			require.Equal(t, schema.VerifiedExact, b.verificationNow(d).Result)
		}
	})
	return spent
}
