package load_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

func TestLoader_Bills(t *testing.T) {
	t.Parallel()

	t.Run("PostsOnceAndReadsBack", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, postsOnceAndReadsBack)
	})

	t.Run("NamesBeforeItSends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, namesBeforeItSends)
	})

	for name, trouble := range map[string]quickbookstest.TroubleKind{
		"LostAnswerBeforeTheCommitIsSentAgain":   quickbookstest.LoseBefore,
		"LostAnswerAfterTheCommitIsFound":        quickbookstest.LoseAfter,
		"CutOffAnswerIsFound":                    quickbookstest.Truncate,
		"ServerErrorBeforeTheCommitIsSentAgain":  quickbookstest.ServerError,
		"ServerErrorAfterTheCommitIsFound":       quickbookstest.ErrorAfter,
		"GatewayPageIsSentAgain":                 quickbookstest.HTMLPage,
		"SpentTokenIsRenewed":                    quickbookstest.Unauthorized,
		"FaultWithStatus200IsLookedUp":           quickbookstest.FaultOn200,
		"ThrottleIsWaitedFor":                    quickbookstest.Throttle,
		"LateCommitIsFoundOrReplayed":            quickbookstest.CommitLate,
		"AnswerLaterThanTheClientWaitsIsFound":   quickbookstest.DelayAfter,
		"AnswerThatNeverComesInTimeIsSentAgain":  quickbookstest.Delay,
		"ItemThatFailsInsideQuickBooksIsSettled": quickbookstest.ItemFault,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { settlesNextCycle(t, trouble) })
		})
	}
}

func postsOnceAndReadsBack(t *testing.T) {
	t.Helper()
	b := setup(t)
	drafts := b.due(70)

	result := b.cycle()

	require.Equal(t, 70, result.Bills.Posted)
	require.Equal(t, 70, result.Exact)
	require.Len(t, b.bills(), 70)
	for _, d := range drafts {
		require.Equal(t, schema.PostingPosted, b.bill(d).State)
		require.NotEmpty(t, b.bill(d).Document)
		require.NotEmpty(t, b.bill(d).TraceID)
	}
	require.Zero(t, b.cycle(), "a second cycle has nothing to do")
	require.Equal(t, 3, b.sim.Stats().Requests["batch"])
}

func namesBeforeItSends(t *testing.T) {
	t.Helper()
	b := setup(t)
	drafts := b.due(1)
	b.sim.Next(quickbookstest.Trouble{Kind: quickbookstest.LoseBefore, On: "batch"})

	result := b.cycle()

	require.Equal(t, 1, result.Bills.Uncertain)
	p := b.bill(drafts[0])
	require.Equal(t, schema.PostingUncertain, p.State)
	require.LessOrEqual(t, len(p.Request), 36)
	require.Len(t, p.Item, 10)
	require.Equal(t, 1, p.Attempt)
	require.NotEmpty(t, p.Body)
}

// settlesNextCycle loses a batch in some way, and settles all of it a cycle later.
func settlesNextCycle(t *testing.T, trouble quickbookstest.TroubleKind) {
	t.Helper()
	b := setup(t)
	drafts := b.due(40)
	b.sim.Next(quickbookstest.Trouble{Kind: trouble, On: "batch", Delay: 90 * time.Second, Code: "10000"})

	b.cycle()
	time.Sleep(time.Minute)
	before := b.sim.Stats().Requests["query"]
	b.cycle()
	reads := b.sim.Stats().Requests["query"] - before

	require.LessOrEqual(t, reads, 2, "one look-up for all of the batch, and one to read back")
	require.Len(t, b.bills(), 40)
	for _, d := range drafts {
		require.Contains(t, []schema.PostingState{schema.PostingPosted, schema.PostingAdopted}, b.bill(d).State)
	}
	require.True(t, b.quiet())
}
