package quickbooks_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestClient_Changes(t *testing.T) {
	t.Parallel()

	t.Run("SeparatesTheLivingFromTheDeleted", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{"CDCResponse":[{"QueryResponse":[{},{"Bill":[{"Id":"9","TotalAmt":1.50},
			{"status":"Deleted","domain":"QBO","Id":"7","MetaData":{"LastUpdatedTime":"2026-11-02T09:00:00-08:00"}}],"maxResults":2}]}]}`))
		since := time.Now().Add(-time.Hour)
		got, err := setup(t, api).client.Changes(t.Context(), since, quickbooks.Vendor{}, quickbooks.Bill{})
		require.NoError(t, err)
		require.False(t, got.Cut)
		require.Equal(t, []string{"Vendor,Bill"}, api.requests()[0].query["entities"])
		require.Equal(t, []string{since.UTC().Format(time.RFC3339)}, api.requests()[0].query["changedSince"])

		bills, gone, err := quickbooks.Changed[quickbooks.Bill](got)
		require.NoError(t, err)
		require.Equal(t, decimal(t, "1.5"), bills[0].TotalAmt)
		require.Equal(t, "7", gone[0].ID)
		require.Equal(t, time.Date(2026, 11, 2, 17, 0, 0, 0, time.UTC), gone[0].At.UTC())
		vendors, gone, err := quickbooks.Changed[quickbooks.Vendor](got)
		require.NoError(t, err)
		require.Empty(t, vendors)
		require.Empty(t, gone)
	})

	t.Run("AFullAnswerIsNoCheckpoint", func(t *testing.T) {
		t.Parallel()
		rows := strings.Repeat(`{"Id":"1"},`, 1000)
		api := answers(ok(`{"CDCResponse":[{"QueryResponse":[{"Bill":[` + strings.TrimSuffix(rows, ",") + `]}]}]}`))
		got, err := setup(t, api).client.Changes(t.Context(), time.Now(), quickbooks.Bill{})
		require.NoError(t, err)
		require.True(t, got.Cut)
	})

	t.Run("RefusesWhatQuickBooksDoesNotKnow", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(`{}`)))
		_, err := b.client.Changes(t.Context(), time.Now())
		require.ErrorIs(t, err, quickbooks.ErrRefused)
		_, err = b.client.Changes(t.Context(), time.Now().AddDate(0, 0, -31), quickbooks.Bill{})
		require.ErrorIs(t, err, quickbooks.ErrRefused)
	})

	for name, body := range map[string]string{
		"NothingAnswered": `{"time":"x"}`, "RowsAreNoList": `{"CDCResponse":[{"QueryResponse":[{"Bill":{"Id":"1"}}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := setup(t, answers(ok(body))).client.Changes(t.Context(), time.Now(), quickbooks.Bill{})
			require.ErrorAs(t, err, new(*quickbooks.NoAnswer))
		})
	}

	t.Run("AnUnreadableRecordIsAnError", func(t *testing.T) {
		t.Parallel()
		for _, row := range []string{`1`, `{"Id":"1","TotalAmt":"x"}`} {
			got, err := setup(t, answers(ok(`{"CDCResponse":[{"QueryResponse":[{"Bill":[`+row+`]}]}]}`))).client.
				Changes(t.Context(), time.Now(), quickbooks.Bill{})
			require.NoError(t, err)
			_, _, err = quickbooks.Changed[quickbooks.Bill](got)
			require.ErrorAs(t, err, new(*quickbooks.NoAnswer))
		}
	})
}

func TestSimulator_Changes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, _ := connected(t, quickbookstest.Config{})
		since := time.Now()
		made, err := client.Batch(t.Context(), "r1", []quickbooks.BatchItem{vendor(t, "v1", "Ana")})
		require.NoError(t, err)
		posted, err := client.Batch(t.Context(), "r2", []quickbooks.BatchItem{
			simulatedBill(t, "b1", made.Items[0].ID, "1"), simulatedBill(t, "b2", made.Items[0].ID, "2"),
		})
		require.NoError(t, err)
		require.NoError(t, sim.Delete(client.Realm(), "Bill", posted.Items[0].ID))

		got, err := client.Changes(t.Context(), since, quickbooks.Bill{}, quickbooks.Vendor{}, quickbooks.Account{})
		require.NoError(t, err)
		bills, gone, err := quickbooks.Changed[quickbooks.Bill](got)
		require.NoError(t, err)
		require.Len(t, bills, 1)
		require.Equal(t, posted.Items[1].ID, bills[0].ID)
		require.Equal(t, posted.Items[0].ID, gone[0].ID)
		vendors, _, err := quickbooks.Changed[quickbooks.Vendor](got)
		require.NoError(t, err)
		require.Equal(t, made.Items[0].ID, vendors[0].ID)
	})
}
