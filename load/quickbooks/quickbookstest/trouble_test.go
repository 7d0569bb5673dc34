package quickbookstest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestServer_Next(t *testing.T) {
	t.Parallel()

	create := func(w *world) *http.Request {
		return w.request(http.MethodPost, "/vendor?requestid=r", "application/json", []byte(`{"DisplayName":"Ana"}`))
	}

	for name, test := range map[string]struct {
		trouble qbt.Trouble
		stored  int
	}{
		"RefuseDoesNothing":  {qbt.Refuse(), 0},
		"LoseHappensAfter":   {qbt.Lose(), 1},
		"TruncateIsAfterToo": {qbt.Trouble{Kind: qbt.Truncate}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			w.s.Next(test.trouble)
			_, err := w.try(create(w))
			require.Error(t, err)
			require.Equal(t, test.stored, w.s.Count("", "Vendor"))
			require.Equal(t, http.StatusOK, w.do(create(w)).status)
			require.Equal(t, 1, w.s.Count("", "Vendor"))
			require.Equal(t, 1, w.s.Stats().Troubled)
		})
	}

	t.Run("LateIsDoneWhenNobodyExpectsIt", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.s.Next(qbt.Late(time.Minute))
		_, err := w.try(create(w))
		require.Error(t, err)
		require.Equal(t, "0", w.query("select count(*) from Vendor").at("QueryResponse.totalCount"))
		w.s.Advance(time.Minute)
		require.Equal(t, "1", w.query("select count(*) from Vendor").at("QueryResponse.totalCount"))
	})

	for name, test := range map[string]struct {
		trouble qbt.Trouble
		status  int
		stored  int
	}{
		"Throttled":    {qbt.Throttled(), 429, 0},
		"Status":       {qbt.Status(502), 502, 0},
		"ServerError":  {qbt.Trouble{Kind: qbt.ServerError}, 503, 0},
		"ErrorAfter":   {qbt.Trouble{Kind: qbt.ErrorAfter}, 503, 1},
		"HTMLPage":     {qbt.Trouble{Kind: qbt.HTMLPage}, 502, 0},
		"Unauthorized": {qbt.Trouble{Kind: qbt.Unauthorized}, 401, 0},
		"FaultOn200":   {qbt.Trouble{Kind: qbt.FaultOn200, Code: "6000"}, 200, 0},
		"ItemFault":    {qbt.Code("", "10000"), 500, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			w.s.Next(test.trouble)
			rep := w.do(create(w))
			require.Equal(t, test.status, rep.status, string(rep.raw))
			require.Equal(t, test.stored, w.s.Count("", "Vendor"))
			require.NotEmpty(t, rep.header.Get("intuit_tid"))
		})
	}

	t.Run("StrikesOneItem", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.s.Next(qbt.Trouble{Kind: qbt.ItemFault, Item: "b2", Code: "6190", Detail: "Subscription ended"})
		items := w.post("/batch", batchOf(vendors(3)...)).byID()
		require.Equal(t, "6190", pick(items["b2"], "Fault.Error.0.code"))
		require.Equal(t, "Subscription ended", pick(items["b2"], "Fault.Error.0.Detail"))
		require.Equal(t, 2, w.s.Count("", "Vendor"))
	})

	t.Run("WaitsForARequestOfItsKind", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.s.Next(qbt.Trouble{Kind: qbt.Throttle, On: "query", Times: 2})
		require.Equal(t, http.StatusOK, w.do(create(w)).status)
		require.Equal(t, 1, w.s.Pending())
		require.Equal(t, 429, w.query("select * from Bill").status)
		require.Equal(t, 429, w.query("select * from Bill").status)
		require.Equal(t, 200, w.query("select * from Bill").status)
		require.Zero(t, w.s.Pending())
	})

	t.Run("SlowLeavesTheClientAndGoesOn", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := open(t, qbt.Config{Now: time.Now})
			w.s.Next(qbt.Slow(time.Minute))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := w.try(create(w).WithContext(ctx))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 1, w.s.Count("", "Vendor"))
		})
	})

	t.Run("SlowTakesItsTime", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := open(t, qbt.Config{Now: time.Now})
			begin := time.Now()
			w.s.Next(qbt.Slow(time.Minute), qbt.Trouble{Kind: qbt.DelayAfter, Delay: time.Minute})
			require.Equal(t, 200, w.do(create(w)).status)
			require.Equal(t, 200, w.do(create(w)).status)
			require.Equal(t, 2*time.Minute, time.Since(begin))
		})
	})

	t.Run("GivesUpAfterTwoMinutes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := open(t, qbt.Config{Now: time.Now})
			w.s.Next(qbt.Slow(time.Hour), qbt.Trouble{Kind: qbt.DelayAfter, Delay: time.Hour})
			require.Equal(t, 504, w.do(create(w)).status)
			require.Equal(t, 0, w.s.Count("", "Vendor"))
			require.Equal(t, 504, w.do(create(w)).status)
			require.Equal(t, 1, w.s.Count("", "Vendor"))
		})
	})

	t.Run("HonoursAContextThatEndedBefore", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.try(create(w).WithContext(ctx))
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, w.s.Count("", "Vendor"))
	})
}

func TestTrouble_UnmarshalJSON(t *testing.T) {
	t.Parallel()

	var troubles []qbt.Trouble
	require.NoError(t, json.Unmarshal([]byte(`[{"kind":"delay","delay":"2m","on":"batch"},{"kind":"commit_late","delay":5},{"kind":"item_fault","code":"6240","item":"b1","times":3}]`), &troubles))
	require.Equal(t, []qbt.Trouble{
		{Kind: qbt.Delay, Delay: 2 * time.Minute, On: "batch"},
		{Kind: qbt.CommitLate, Delay: 5},
		{Kind: qbt.ItemFault, Code: "6240", Item: "b1", Times: 3},
	}, troubles)

	for _, bad := range []string{`{"kind":"explode"}`, `{"kind":"delay","delay":"soon"}`, `{"kind":"delay","delay":{}}`, `{"kind":7}`} {
		var trouble qbt.Trouble
		require.Error(t, json.Unmarshal([]byte(bad), &trouble), bad)
	}
}

func TestServer_Chaos(t *testing.T) {
	t.Parallel()

	run := func(t *testing.T, seed uint64) []int {
		t.Helper()
		w := open(t, qbt.Config{})
		w.s.Chaos(seed, qbt.Odds{qbt.Throttle: 0.3, qbt.ServerError: 0.2}, qbt.Trouble{On: "read", Status: 500})
		var statuses []int
		for range 200 {
			statuses = append(statuses, w.get("/preferences").status)
		}
		require.Equal(t, 200, w.query("select * from Bill").status)
		return statuses
	}

	t.Run("FollowsItsSeed", func(t *testing.T) {
		t.Parallel()
		first := run(t, 7)
		require.Equal(t, first, run(t, 7))
		require.NotEqual(t, first, run(t, 8))
	})

	t.Run("KeepsToItsOdds", func(t *testing.T) {
		t.Parallel()
		counts := make(map[int]int)
		for _, status := range run(t, 7) {
			counts[status]++
		}
		require.InDelta(t, 60, counts[429], 20)
		require.InDelta(t, 40, counts[500], 18)
		require.InDelta(t, 100, counts[200], 22)
	})
}

// Every code of the catalogue can be asked for, alone and in a batch.
func TestFaults_EveryCodeIsProduced(t *testing.T) {
	t.Parallel()

	for _, code := range qbt.FaultCodes() {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := open(t, qbt.Config{})
			w.s.Next(qbt.Code("", code), qbt.Code("b1", code))
			alone := w.post("/vendor", m{"DisplayName": "Ana"})
			require.Equal(t, code, alone.code())
			require.GreaterOrEqual(t, alone.status, 400)
			require.NotEmpty(t, alone.at("Fault.Error.0.Message"))
			item := w.post("/batch", batchOf(vendors(1)...)).byID()["b1"]
			require.Equal(t, code, pick(item, "Fault.Error.0.code"))
		})
	}
}
