package quickbookstest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// limited starts a server with real throttles and one more app.
func limited(t *testing.T, limits qbt.Limits) (*world, *world) {
	t.Helper()
	if limits == (qbt.Limits{}) {
		limits.Status = 429
	}
	w := open(t, qbt.Config{
		Limits: limits,
		Apps:   []qbt.App{{ClientID: "one", ClientSecret: "s"}, {ClientID: "two", ClientSecret: "s"}},
	})
	other := *w
	other.token = w.s.Grant("", "two").AccessToken
	return w, &other
}

// burst reads n times, moving the clock by step before each, and counts 429s.
func (w *world) burst(n int, step time.Duration, do func() reply) int {
	w.t.Helper()
	refusals := 0
	for range n {
		w.s.Advance(step)
		if do().status == http.StatusTooManyRequests {
			refusals++
		}
	}
	return refusals
}

func (w *world) ping() reply { return w.get("/preferences") }

func (w *world) batchPing() reply {
	return w.post("/batch", batchOf(m{"bId": "b1", "Query": "select * from Bill"}))
}

func TestThrottle(t *testing.T) {
	t.Parallel()

	t.Run("TenASecondPerApp", func(t *testing.T) {
		t.Parallel()
		w, other := limited(t, qbt.Limits{})
		require.Zero(t, w.burst(10, 0, w.ping))
		rep := w.ping()
		require.Equal(t, 429, rep.status)
		require.Equal(t, "3001", rep.code())
		require.Equal(t, "SERVICE", rep.at("Fault.type"))
		require.Equal(t, "message=ThrottleExceeded; errorCode=003001; statusCode=429", rep.at("Fault.Error.0.Message"))
		require.Equal(t, "The request limit was reached.  Try again later", rep.at("Fault.Error.0.Detail"))
		require.Empty(t, rep.header.Get("Retry-After"))
		require.Equal(t, 200, other.ping().status)
		w.s.Advance(time.Second)
		require.Equal(t, 200, w.ping().status)
		require.Equal(t, 1, w.s.Stats().Throttled)
	})

	t.Run("FiveHundredAMinutePerCompany", func(t *testing.T) {
		t.Parallel()
		w, other := limited(t, qbt.Limits{})
		require.Zero(t, w.burst(500, 110*time.Millisecond, w.ping)) // in 55 s
		require.Equal(t, 429, other.ping().status)
		w.s.Advance(10 * time.Second)
		require.Equal(t, 200, other.ping().status)
	})

	t.Run("FortyBatchesAMinutePerApp", func(t *testing.T) {
		t.Parallel()
		w, other := limited(t, qbt.Limits{})
		require.Zero(t, w.burst(40, 200*time.Millisecond, w.batchPing))
		require.Equal(t, 429, w.batchPing().status)
		require.Equal(t, 200, w.ping().status)
		require.Equal(t, 200, other.batchPing().status)
	})

	t.Run("HundredTwentyBatchesAMinutePerCompany", func(t *testing.T) {
		t.Parallel()
		w, other := limited(t, qbt.Limits{BatchPerApp: 100})
		require.Zero(t, w.burst(100, 200*time.Millisecond, w.batchPing))
		require.Equal(t, 1, other.burst(21, 200*time.Millisecond, other.batchPing))
	})

	t.Run("ItemsCountWhenAsked", func(t *testing.T) {
		t.Parallel()
		w, _ := limited(t, qbt.Limits{PerMinute: 50, CountItems: true})
		require.Equal(t, 200, w.post("/batch", batchOf(vendors(30)...)).status)
		require.Equal(t, 429, w.post("/batch", batchOf(vendors(30)...)).status)
		require.Equal(t, 200, w.post("/batch", batchOf(vendors(20)...)).status)
	})

	t.Run("Answers403WhenAsked", func(t *testing.T) {
		t.Parallel()
		w, _ := limited(t, qbt.Limits{PerSecond: 1, Status: 403})
		w.ping()
		rep := w.ping()
		require.Equal(t, 403, rep.status)
		require.Equal(t, "3001", rep.code())
	})
}

func TestMetering(t *testing.T) {
	t.Parallel()

	t.Run("CountsSuccessfulCallsByClass", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.made("Bill", bill(w.vendor("Ana")))
		w.ping()
		w.query("select * from Bill")
		w.get("/cdc?entities=Bill&changedSince=2026-11-01")
		w.batchPing()
		w.get("/bill/999") // a fault does not count
		stats := w.s.Stats()
		require.Equal(t, 2, stats.Core)
		require.Equal(t, 4, stats.CorePlus)
		require.Equal(t, map[string]int{"sim-client 2026-11": 4}, stats.CorePlusByMonth)
		require.Equal(t, map[string]int{"write": 2, "read": 2, "query": 1, "cdc": 1, "batch": 1}, stats.Requests)
		w.s.ResetStats()
		require.Zero(t, w.s.Stats().Core)
	})

	t.Run("LeavesBatchesFreeWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Limits: qbt.Limits{Off: true, FreeBatches: true}})
		w.batchPing()
		require.Equal(t, 1, w.s.Stats().Core)
	})

	t.Run("BlocksReadsOverTheQuotaUntilTheFirst", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Limits: qbt.Limits{Off: true, CorePlus: 2}})
		require.Equal(t, 1, w.burst(3, 0, w.ping))
		require.Equal(t, 429, w.query("select * from Bill").status)
		w.vendor("Ana") // writes go on
		w.advance(10 * time.Minute)
		require.Equal(t, 429, w.ping().status)
		w.advance(29 * 24 * time.Hour)
		require.Equal(t, 200, w.ping().status)
	})

	t.Run("BlocksReadsAtOnce", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.s.SetQuota(-1)
		require.Equal(t, 429, w.ping().status)
		w.s.SetQuota(0)
		require.Equal(t, 200, w.ping().status)
	})
}
