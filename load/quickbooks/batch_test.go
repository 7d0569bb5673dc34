package quickbooks_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load/quickbooks"
)

func vendor(tb testing.TB, bID, name string) quickbooks.BatchItem {
	tb.Helper()
	item, err := quickbooks.CreateItem(bID, quickbooks.Vendor{DisplayName: name})
	require.NoError(tb, err)
	return item
}

func TestEncode(t *testing.T) {
	t.Parallel()

	t.Run("WritesTheMinimumBill", func(t *testing.T) {
		t.Parallel()
		require.JSONEq(t, `{"VendorRef":{"value":"56"},"DocNumber":"INV-1","Line":[{"Amount":200,
			"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{"AccountRef":{"value":"7"}}}]}`,
			string(bill(t, "b1").Body))
	})

	t.Run("LeavesTextAsItIs", func(t *testing.T) {
		t.Parallel()
		require.JSONEq(t, `{"DisplayName":"Müller & Söhne <GmbH>"}`, string(vendor(t, "b1", "Müller & Söhne <GmbH>").Body))
		require.Contains(t, string(vendor(t, "b1", "A & B").Body), "A & B")
	})

	t.Run("IsTheSameEachTime", func(t *testing.T) {
		t.Parallel()
		first, second := bill(t, "b1"), bill(t, "b1")
		require.Equal(t, string(first.Body), string(second.Body))
	})
}

func TestClient_Batch_SendsStoredBytesAsTheyAre(t *testing.T) {
	t.Parallel()
	stored := json.RawMessage(`{ "DisplayName" : "A\u0026B <x>",  "Notes":"1.50" }`)
	api := answers(ok(`{"BatchItemResponse":[{"bId":"b1","Vendor":{"Id":"56"}}]}`))
	b := setup(t, api)
	_, err := b.client.Batch(t.Context(), "acme-202611", []quickbooks.BatchItem{{BID: "b1", Entity: "Vendor", Body: stored}})
	require.NoError(t, err)
	sent := api.requests()[0]
	require.Equal(t, `{"BatchItemRequest":[{"bId":"b1","operation":"create","Vendor":`+string(stored)+`}]}`, sent.body)
	require.Equal(t, "application/json", sent.contentType)
	require.Equal(t, "POST", sent.method)
	require.Equal(t, []string{"acme-202611"}, sent.query["requestid"])
	require.NotContains(t, sent.query, "include", "a duplicate document number is never forced")
}

func TestClient_Batch_MatchesByIDAlone(t *testing.T) {
	t.Parallel()
	query, err := quickbooks.QueryItem[quickbooks.Bill]("q", 10, quickbooks.Equal("DocNumber", "O'Neil"))
	require.NoError(t, err)
	api := answers(ok(`{"BatchItemResponse":[
		{"bId":"q","QueryResponse":{"Bill":[{"Id":"7","TotalAmt":10.10}],"startPosition":1,"maxResults":1}},
		{"bId":"stranger","Vendor":{"Id":"1"}},
		{"bId":"c","Fault":{"type":"ValidationFault","Error":[{"Message":"Duplicate Name Exists Error","code":"6240","Detail":"x : Id=1248","element":""}]}},
		{"bId":"twice","Vendor":{"Id":"2"}},{"bId":"twice","Vendor":{"Id":"3"}},
		{"bId":"d","fault":{"error":[{"code":"002050"}]}},
		{"bId":"noid","Vendor":{"DisplayName":"x"}},
		{"bId":"other","Bill":{"Id":"4"}},
		{"bId":"a","Vendor":{"Id":"56","SyncToken":"0","DisplayName":"A"}}],"time":"x"}`))
	b := setup(t, api)
	items := []quickbooks.BatchItem{query}
	for _, id := range []string{"a", "c", "d", "lost", "twice", "noid", "other"} {
		items = append(items, vendor(t, id, "Vendor "+id))
	}
	got, err := b.client.Batch(t.Context(), "acme", items)
	require.NoError(t, err)
	require.Len(t, got.Items, len(items))
	require.Equal(t, "1-tid-42", got.TID)
	for i, item := range items {
		require.Equal(t, item.BID, got.Items[i].BID, "in the order of the items")
	}

	found, err := quickbooks.Rows[quickbooks.Bill](got.Items[0].Found)
	require.NoError(t, err)
	require.Equal(t, decimal(t, "10.1"), found[0].TotalAmt)

	a, _ := got.Item("a")
	created, err := quickbooks.Created[quickbooks.Vendor](a)
	require.NoError(t, err)
	require.Equal(t, "56", a.ID)
	require.Equal(t, "A", created.DisplayName)

	for id, code := range map[string]string{"c": "6240", "d": "2050"} {
		declined, _ := got.Item(id)
		var fault *quickbooks.Fault
		require.ErrorAs(t, declined.Err, &fault)
		require.Equal(t, code, fault.Code)
		_, err := quickbooks.Created[quickbooks.Vendor](declined)
		require.ErrorIs(t, err, declined.Err)
	}
	for _, id := range []string{"lost", "twice", "noid", "other"} {
		unknown, _ := got.Item(id)
		require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(unknown.Err), "%s may have happened", id)
	}
	_, known := got.Item("stranger")
	require.False(t, known)
}

func TestClient_Batch_QueriesAreReads(t *testing.T) {
	t.Parallel()
	query, err := quickbooks.QueryItem[quickbooks.Bill]("q", 1)
	require.NoError(t, err)
	api := answers(response{status: 503}, ok(`{"BatchItemResponse":[{"bId":"q","QueryResponse":{}}]}`))
	got, err := setup(t, api).client.Batch(t.Context(), "acme", []quickbooks.BatchItem{query})
	require.NoError(t, err)
	require.Len(t, api.requests(), 2)
	require.NoError(t, got.Items[0].Err)
	require.Empty(t, got.Items[0].Found)
}

func TestClient_Batch_RefusesWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	many := make([]quickbooks.BatchItem, 31)
	for i := range many {
		many[i] = vendor(t, fmt.Sprint("b", i), "x")
	}
	body := json.RawMessage(`{}`)
	for name, tc := range map[string]struct {
		request string
		items   []quickbooks.BatchItem
	}{
		"NoItems":              {"r", nil},
		"ThirtyOneItems":       {"r", many},
		"NoRequestID":          {"", many[:1]},
		"LongRequestID":        {strings.Repeat("r", 37), many[:1]},
		"OddRequestID":         {"a b", many[:1]},
		"NoItemID":             {"r", []quickbooks.BatchItem{{Entity: "Bill", Body: body}}},
		"LongItemID":           {"r", []quickbooks.BatchItem{{BID: "12345678901", Entity: "Bill", Body: body}}},
		"ItemIDWithQuote":      {"r", []quickbooks.BatchItem{{BID: `b"1`, Entity: "Bill", Body: body}}},
		"SameItemIDTwice":      {"r", []quickbooks.BatchItem{many[0], many[0]}},
		"NeitherCreateNorAsk":  {"r", []quickbooks.BatchItem{{BID: "b1"}}},
		"Both":                 {"r", []quickbooks.BatchItem{{BID: "b1", Entity: "Bill", Body: body, Query: "x"}}},
		"BodyIsNoObject":       {"r", []quickbooks.BatchItem{{BID: "b1", Entity: "Bill", Body: json.RawMessage(`[1]`)}}},
		"BodyIsCutOff":         {"r", []quickbooks.BatchItem{{BID: "b1", Entity: "Bill", Body: json.RawMessage(`{"a":`)}}},
		"BodyEscapesItsItem":   {"r", []quickbooks.BatchItem{{BID: "b1", Entity: "Bill", Body: json.RawMessage(`{}},{"bId":"x"`)}}},
		"EntityEscapesItsItem": {"r", []quickbooks.BatchItem{{BID: "b1", Entity: `Bill":{},"x`, Body: body}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := answers(ok("{}"))
			_, err := setup(t, api).client.Batch(t.Context(), tc.request, tc.items)
			require.ErrorIs(t, err, quickbooks.ErrRefused)
			require.Equal(t, quickbooks.Fix, quickbooks.DecisionOf(err))
			require.Empty(t, api.requests())
		})
	}
}

func TestClient_Create(t *testing.T) {
	t.Parallel()

	t.Run("GoesUnderTheNameThatABatchGivesIt", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{"Bill":{"Id":"108","SyncToken":"0"},"time":"x"}`))
		b := setup(t, api)
		got, err := b.client.Create(t.Context(), "acme-202611-", bill(t, "0123456789"))
		require.NoError(t, err)
		require.Equal(t, "108", got.ID)
		sent := api.requests()[0]
		require.Equal(t, "/v3/company/"+realm+"/bill", sent.path)
		require.Equal(t, []string{"acme-202611-0123456789"}, sent.query["requestid"])
		require.Equal(t, string(bill(t, "b1").Body), sent.body)
		require.Equal(t, quickbooks.Metered{Core: 1}, b.client.Metered())
	})

	t.Run("ReturnsTheFault", func(t *testing.T) {
		t.Parallel()
		got, err := setup(t, answers(response{status: 400, body: faultBody("6140", "TxnId=5")})).client.Create(t.Context(), "r", bill(t, "b1"))
		var fault *quickbooks.Fault
		require.ErrorAs(t, err, &fault)
		require.ErrorIs(t, err, got.Err)
	})

	t.Run("DoesNotKnowWithoutAnID", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t, answers(ok(`{"Bill":{}}`))).client.Create(t.Context(), "r", bill(t, "b1"))
		require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(err))
	})

	t.Run("DoesNotAsk", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t, answers(ok(`{}`))).client.Create(t.Context(), "r", quickbooks.BatchItem{BID: "q", Query: "x"})
		require.ErrorIs(t, err, quickbooks.ErrRefused)
	})
}

// However QuickBooks orders, repeats or forgets, no item takes another's answer
// and each has exactly one end.
func TestClient_Batch_EveryItemHasItsOwnEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(rt, "items")
		var items []quickbooks.BatchItem
		var parts []string
		want := map[string]string{}
		for i := range n {
			id := fmt.Sprintf("b%d", i)
			items = append(items, vendor(t, id, "x"))
			switch rapid.IntRange(0, 3).Draw(rt, "end") {
			case 0:
				parts, want[id] = append(parts, fmt.Sprintf(`{"bId":%q,"Vendor":{"Id":"v%d"}}`, id, i)), fmt.Sprint("v", i)
			case 1:
				parts, want[id] = append(parts, fmt.Sprintf(`{"bId":%q,"Fault":{"Error":[{"code":"%d"}]}}`, id, 2000+i)), fmt.Sprint(2000+i)
			case 2:
				part := fmt.Sprintf(`{"bId":%q,"Vendor":{"Id":"v%d"}}`, id, i)
				parts, want[id] = append(parts, part, part), "unknown"
			default:
				want[id] = "unknown"
			}
		}
		parts = rapid.Permutation(parts).Draw(rt, "order")
		b := setup(t, answers(ok(`{"BatchItemResponse":[`+strings.Join(parts, ",")+`]}`)))
		got, err := b.client.Batch(t.Context(), "r", items)
		require.NoError(rt, err)
		require.Len(rt, got.Items, n)
		for _, item := range got.Items {
			end := item.ID
			switch err := item.Err.(type) { //nolint:errorlint // the type itself is the promise
			case *quickbooks.Fault:
				end = err.Code
			case *quickbooks.NoAnswer:
				end = "unknown"
			}
			require.Equal(rt, want[item.BID], end)
		}
	})
}

func BenchmarkClient_Batch(b *testing.B) {
	items := make([]quickbooks.BatchItem, 30)
	var parts []string
	for i := range items {
		items[i] = bill(b, fmt.Sprintf("b%d", i))
		parts = append(parts, fmt.Sprintf(`{"bId":"b%d","Bill":{"Id":"%d","SyncToken":"0","TotalAmt":200.00,"Line":[
			{"Id":"1","Amount":200.00,"DetailType":"AccountBasedExpenseLineDetail"}]}}`, i, i+1))
	}
	c := setup(b, answers(ok(`{"BatchItemResponse":[`+strings.Join(parts, ",")+`]}`)), func(c *quickbooks.Config) {
		c.Limits = quickbooks.Limits{PerMinute: 1 << 22, PerSecond: 1 << 22, BatchesPerMinute: 1 << 22}
	}).client
	b.ReportAllocs()
	for b.Loop() {
		got, err := c.Batch(b.Context(), "acme-202611", items)
		if err != nil || got.Items[29].ID != "30" {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	record := quickbooks.Bill{VendorRef: quickbooks.Ref{Value: "56"}, DocNumber: "INV-1"}
	for i := range 10 {
		record.Line = append(record.Line, quickbooks.BillLine{
			Amount: quickbooks.FromMinor(int64(i)*1999, 2), DetailType: quickbooks.AccountLine,
			Account: &quickbooks.AccountDetail{AccountRef: quickbooks.Ref{Value: "7"}},
		})
	}
	for b.Loop() {
		if _, err := quickbooks.Encode(record); err != nil {
			b.Fatal(err)
		}
	}
}
