package quickbookstest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func vendors(n int) []m {
	items := make([]m, 0, n)
	for i := range n {
		items = append(items, creating(fmt.Sprint("b", i+1), "Vendor", m{"DisplayName": fmt.Sprint("Vendor ", i+1)}))
	}
	return items
}

func TestBatch(t *testing.T) {
	t.Parallel()

	t.Run("FaultsItemByItem", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		taken := w.vendor("Ana")
		rep := w.post("/batch?minorversion=75", batchOf(
			creating("b1", "Vendor", m{"DisplayName": "Ana"}),
			creating("b2", "Vendor", m{"DisplayName": "Bea"}),
			m{"bId": "b3", "Query": "select * from Vendor where Id = '" + taken + "'"},
			m{"bId": "b4", "operation": "update", "Vendor": m{"Id": taken, "SyncToken": "0", "sparse": true, "Notes": "x"}},
			m{"bId": "b5", "CDCQuery": m{"Entities": "Vendor", "ChangedSince": "2026-11-01"}},
		))
		require.Equal(t, http.StatusOK, rep.status)
		items := rep.byID()
		require.Len(t, items, 5)
		require.Equal(t, "6240", pick(items["b1"], "Fault.Error.0.code"))
		require.Equal(t, "Bea", pick(items["b2"], "Vendor.DisplayName"))
		require.Equal(t, "Ana", pick(items["b3"], "QueryResponse.Vendor.0.DisplayName"))
		require.Equal(t, "x", pick(items["b4"], "Vendor.Notes"))
		require.NotEmpty(t, pick(items["b5"], "CDCResponse.QueryResponse.0"))
	})

	t.Run("DeletesAndDoesNotVoid", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Bill", bill(w.vendor("Ana")))
		void := m{"bId": "b1", "operation": "update", "optionsData": "void", "Bill": m{"Id": id, "SyncToken": "0"}}
		require.Equal(t, "500", pick(w.post("/batch", batchOf(void)).byID()["b1"], "Fault.Error.0.code"))
		gone := m{"bId": "b1", "operation": "delete", "Bill": m{"Id": id, "SyncToken": "0"}}
		require.Equal(t, "Deleted", pick(w.post("/batch", batchOf(gone)).byID()["b1"], "Bill.status"))
	})

	t.Run("TakesThirtyItems", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		refused(t, w.post("/batch", batchOf(vendors(31)...)), "1040")
		require.Zero(t, w.s.Count("", "Vendor"))
		w.post("/batch", batchOf(vendors(30)...))
		require.Equal(t, 30, w.s.Count("", "Vendor"))
		require.Equal(t, 30, w.s.Stats().BatchItems)
	})

	t.Run("TakesAsManyAsConfigured", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Rules: qbt.Rules{MaxBatch: 10}})
		refused(t, w.post("/batch", batchOf(vendors(11)...)), "1040")
	})

	t.Run("HidesItemsFromEachOther", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(8) {
			w := open(t, qbt.Config{Seed: seed})
			items := w.post("/batch", batchOf(
				creating("b1", "Vendor", m{"DisplayName": "Ana"}),
				creating("b2", "Bill", bill("1")),
				m{"bId": "b3", "Query": "select * from Vendor"},
				m{"bId": "b4", "operation": "update", "Vendor": m{"Id": "1", "SyncToken": "0", "sparse": true}},
			)).byID()
			require.Equal(t, "1", pick(items["b1"], "Vendor.Id"))
			require.Equal(t, "2500", pick(items["b2"], "Fault.Error.0.code"))
			require.Empty(t, items["b3"]["QueryResponse"])
			require.Equal(t, "610", pick(items["b4"], "Fault.Error.0.code"))
		}
	})

	t.Run("AnswersAtMostAThousandObjects", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for i := range 501 {
			_, err := w.s.Create("", "Vendor", m{"DisplayName": fmt.Sprint("V", i)})
			require.NoError(t, err)
		}
		all := "select * from Vendor maxresults 1000"
		items := w.post("/batch", batchOf(m{"bId": "b1", "Query": all}, m{"bId": "b2", "Query": all})).byID()
		codes := pick(items["b1"], "Fault.Error.0.code") + pick(items["b2"], "Fault.Error.0.code")
		require.Equal(t, "10100", codes) // one of them, by the order drawn
	})

	t.Run("LetsOneOfTwoEqualNamesWin", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.post("/batch", batchOf(creating("b1", "Vendor", m{"DisplayName": "Ana"}), creating("b2", "Vendor", m{"DisplayName": "ana"})))
		require.Equal(t, 1, w.s.Count("", "Vendor"))
	})

	t.Run("AnswersInAnOrderDrawnFromTheSeed", func(t *testing.T) {
		t.Parallel()
		order := func(cfg qbt.Config) string {
			w := open(t, cfg)
			rep := w.post("/batch", batchOf(vendors(10)...))
			var ids []string
			for i := range 10 {
				ids = append(ids, rep.at(fmt.Sprintf("BatchItemResponse.%d.bId", i)))
			}
			return strings.Join(ids, " ")
		}
		first := order(qbt.Config{Seed: 1})
		require.Equal(t, first, order(qbt.Config{Seed: 1}))
		require.NotEqual(t, first, order(qbt.Config{Seed: 2}))
		require.Equal(t, "b1 b2 b3 b4 b5 b6 b7 b8 b9 b10", order(qbt.Config{Rules: qbt.Rules{InOrder: true}}))
	})

	for name, test := range map[string]struct {
		body m
		code string
	}{
		"NoItems":     {m{}, "2020"},
		"EmptyItems":  {batchOf(), "2020"},
		"NoBId":       {batchOf(creating("", "Vendor", m{"DisplayName": "Ana"})), "2020"},
		"BIdTwice":    {batchOf(vendors(1)[0], vendors(1)[0]), "2030"},
		"NotAnObject": {m{"BatchItemRequest": []any{1}}, "2010"},
	} {
		t.Run("RefusesWhole"+name, func(t *testing.T) {
			t.Parallel()
			refused(t, open(t, qbt.Config{}).post("/batch", test.body), test.code)
		})
	}

	for name, test := range map[string]struct {
		item m
		code string
	}{
		"NoEntity":         {m{"bId": "b1", "operation": "create"}, "2010"},
		"UnknownEntity":    {creating("b1", "Unicorn", m{}), "2010"},
		"NoOperation":      {m{"bId": "b1", "Vendor": m{"DisplayName": "Ana"}}, "2020"},
		"UnknownOperation": {m{"bId": "b1", "operation": "upsert", "Vendor": m{"DisplayName": "Ana"}}, "500"},
		"UpdateWithoutId":  {m{"bId": "b1", "operation": "update", "Vendor": m{"DisplayName": "Ana"}}, "2020"},
		"BadQuery":         {m{"bId": "b1", "Query": "select"}, "4000"},
	} {
		t.Run("FaultsItem"+name, func(t *testing.T) {
			t.Parallel()
			rep := open(t, qbt.Config{}).post("/batch", batchOf(test.item))
			require.Equal(t, http.StatusOK, rep.status)
			require.Equal(t, test.code, pick(rep.byID()["b1"], "Fault.Error.0.code"))
		})
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()

	ana := m{"DisplayName": "Ana"}

	t.Run("ReplaysTheFirstAnswer", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		first := w.post("/vendor?requestid=r1", ana)
		again := w.post("/vendor?requestid=r1", ana)
		require.Equal(t, first.body["Vendor"], again.body["Vendor"])
		require.Equal(t, 1, w.s.Count("", "Vendor"))
		require.Equal(t, 1, w.s.Stats().Replayed)
		refused(t, w.post("/vendor?requestid=r2", ana), "6240")
	})

	t.Run("ReplaysUpdatesAndDeletes", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Bill", bill(w.vendor("Ana")))
		update := m{"Id": id, "SyncToken": "0", "sparse": true, "PrivateNote": "x"}
		require.Equal(t, "1", w.post("/bill?requestid=u", update).at("Bill.SyncToken"))
		require.Equal(t, "1", w.post("/bill?requestid=u", update).at("Bill.SyncToken"))
		gone := m{"Id": id, "SyncToken": "1"}
		require.Equal(t, "Deleted", w.post("/bill?operation=delete&requestid=d", gone).at("Bill.status"))
		require.Equal(t, "Deleted", w.post("/bill?operation=delete&requestid=d", gone).at("Bill.status"))
	})

	t.Run("IsBoundedAndPlain", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		refused(t, w.post("/vendor?requestid="+strings.Repeat("x", 51), ana), "2130")
		refused(t, w.post("/vendor?requestid=a%20b", ana), "2130")
		require.Equal(t, http.StatusOK, w.post("/vendor?requestid="+strings.Repeat("x", 50), ana).status)
	})

	t.Run("JoinsTheBIdInABatch", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		first := w.post("/batch?requestid=r", batchOf(vendors(3)...)).byID()
		again := w.post("/batch?requestid=r", batchOf(vendors(2)...)).byID() // a part of it is known too
		require.Equal(t, first["b1"], again["b1"])
		require.Equal(t, first["b2"], again["b2"])
		require.Equal(t, 3, w.s.Count("", "Vendor"))
	})

	t.Run("OfABatchLongerThan50FaultsEveryItem", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		rep := w.post("/batch?requestid="+strings.Repeat("x", 49), batchOf(vendors(2)...))
		require.Equal(t, http.StatusOK, rep.status)
		for _, item := range rep.byID() {
			require.Equal(t, "6000", pick(item, "Fault.Error.0.code"))
			require.Equal(t, "You cannot enter more than 50 characters in the request_id field", pick(item, "Fault.Error.0.Detail"))
		}
		require.Zero(t, w.s.Count("", "Vendor"))
	})

	t.Run("OfAWholeBatchKnowsNoPartWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Replay: qbt.Replay{WholeBatch: true}})
		w.post("/batch?requestid=r", batchOf(vendors(3)...))
		require.Equal(t, "6240", pick(w.post("/batch?requestid=r", batchOf(vendors(2)...)).byID()["b1"], "Fault.Error.0.code"))
		require.NotEmpty(t, pick(w.post("/batch?requestid=r", batchOf(vendors(3)...)).byID()["b1"], "Vendor.Id"))
	})

	t.Run("IsForgottenAfterAWhile", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Replay: qbt.Replay{ForgetAfter: 24 * time.Hour}})
		body := bill(w.vendor("Ana"))
		w.post("/bill?requestid=r", body)
		w.advance(23 * time.Hour)
		w.post("/bill?requestid=r", body)
		require.Equal(t, 1, w.s.Count("", "Bill"))
		w.advance(time.Hour)
		w.post("/bill?requestid=r", body)
		require.Equal(t, 2, w.s.Count("", "Bill"))
	})

	t.Run("IsIgnoredWhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Replay: qbt.Replay{Off: true}})
		w.post("/vendor?requestid=r", ana)
		refused(t, w.post("/vendor?requestid=r", ana), "6240")
	})

	t.Run("TriesAFaultAfreshUnlessAsked", func(t *testing.T) {
		t.Parallel()
		for _, replays := range []bool{false, true} {
			w := open(t, qbt.Config{Replay: qbt.Replay{Faults: replays}})
			id := w.vendor("Ana")
			refused(t, w.post("/vendor?requestid=r", ana), "6240")
			require.NoError(t, w.s.Edit("", "Vendor", id, m{"DisplayName": "Bea"}))
			rep := w.post("/vendor?requestid=r", ana)
			require.Equal(t, replays, rep.code() == "6240")
		}
	})

	t.Run("WithAnotherBody", func(t *testing.T) {
		t.Parallel()
		second := func(changed qbt.Changed) reply {
			w := open(t, qbt.Config{Replay: qbt.Replay{Changed: changed}})
			w.post("/vendor?requestid=r", ana)
			return w.post("/vendor?requestid=r", m{"DisplayName": "Bea"})
		}
		require.Equal(t, "Ana", second(qbt.ChangedReplays).at("Vendor.DisplayName"))
		refused(t, second(qbt.ChangedFaults), "600")
		require.Equal(t, "Bea", second(qbt.ChangedExecutes).at("Vendor.DisplayName"))
	})

	t.Run("Answers6000WhenAsked", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{Replay: qbt.Replay{Answers6000: true}})
		w.post("/vendor?requestid=r", ana)
		rep := w.post("/vendor?requestid=r", ana)
		refused(t, rep, "6000")
		require.Contains(t, rep.at("Fault.Error.0.Detail"), "An unexpected error occurred while accessing or saving your data")
		require.Equal(t, 1, w.s.Count("", "Vendor"))
	})
}

// Whatever answers are lost and however often batches are sent again, no
// request id and bId ever make two bills.
func TestRequestID_NeverMakesTwo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		w := open(t, qbt.Config{Seed: seed})
		vendor := w.vendor("Ana")
		w.s.Chaos(seed, qbt.Odds{
			qbt.LoseBefore: 0.1, qbt.LoseAfter: 0.2, qbt.CommitLate: 0.1, qbt.Truncate: 0.1, qbt.Throttle: 0.1,
			qbt.ServerError: 0.1, qbt.ErrorAfter: 0.1, qbt.ItemFault: 0.1,
		}, qbt.Trouble{On: "batch", Delay: time.Minute})

		wanted := make(map[string]bool)
		for range rapid.IntRange(1, 30).Draw(t, "batches") {
			items := []m{}
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 20), 1, 8, rapid.ID).Draw(t, "items") {
				number := fmt.Sprint("D", n)
				wanted[number] = true
				items = append(items, creating(fmt.Sprint("i", n), "Bill", bill(vendor, m{"DocNumber": number})))
			}
			w.try(w.request(http.MethodPost, "/batch?requestid=r", "application/json", encode(t, batchOf(items...)))) // may get no answer
			w.s.Advance(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
		}
		w.s.Chaos(0, nil, qbt.Trouble{})
		w.advance(time.Hour)
		for number := range wanted {
			body := batchOf(creating(strings.Replace(number, "D", "i", 1), "Bill", bill(vendor, m{"DocNumber": number})))
			require.Equal(t, http.StatusOK, w.post("/batch?requestid=r", body).status)
			require.Equal(t, "1", w.query("select count(*) from Bill where DocNumber = '"+number+"'").at("QueryResponse.totalCount"))
		}
		require.Equal(t, len(wanted), w.s.Count("", "Bill"))
	})
}
