package quickbookstest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestCDC(t *testing.T) {
	t.Parallel()

	const since = "/cdc?entities=Bill,Vendor&changedSince="

	t.Run("ListsWhatChangedWithDeletedLast", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		vendor := w.vendor("Ana")
		first, second := w.made("Bill", bill(vendor)), w.made("Bill", bill(vendor))
		w.s.Advance(time.Minute)
		require.NoError(t, w.s.Delete("", "Bill", first))
		require.NoError(t, w.s.Edit("", "Bill", second, m{"PrivateNote": "x"}))

		rep := w.get(since + "2026-11-02T09:01:00-08:00")
		require.Equal(t, second, rep.at("CDCResponse.0.QueryResponse.0.Bill.0.Id"))
		require.Equal(t, "x", rep.at("CDCResponse.0.QueryResponse.0.Bill.0.PrivateNote"))
		require.Equal(t, "Deleted", rep.at("CDCResponse.0.QueryResponse.0.Bill.1.status"))
		require.Equal(t, first, rep.at("CDCResponse.0.QueryResponse.0.Bill.1.Id"))
		require.Equal(t, "2026-11-02T09:01:00-08:00", rep.at("CDCResponse.0.QueryResponse.0.Bill.1.MetaData.LastUpdatedTime"))
		require.Equal(t, "map[]", rep.at("CDCResponse.0.QueryResponse.1"))
	})

	t.Run("HoldsAThousandOverAllEntities", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		for i := range 1001 {
			_, err := w.s.Create("", "Vendor", m{"DisplayName": fmt.Sprint("V", i)})
			require.NoError(t, err)
		}
		w.made("Bill", bill("1"))
		rep := w.get(since + "2026-11-01")
		require.Equal(t, "1", rep.at("CDCResponse.0.QueryResponse.0.maxResults"))
		require.Equal(t, "999", rep.at("CDCResponse.0.QueryResponse.1.maxResults"))
	})

	for name, test := range map[string]struct{ path, code string }{
		"NoEntities":    {"/cdc?changedSince=2026-11-01", "2020"},
		"BadTime":       {"/cdc?entities=Bill&changedSince=yesterday", "2060"},
		"TooFarBack":    {"/cdc?entities=Bill&changedSince=2026-10-01", "2070"},
		"UnknownEntity": {"/cdc?entities=Unicorn&changedSince=2026-11-01", "2010"},
		"TaxCode":       {"/cdc?entities=TaxCode&changedSince=2026-11-01", "2010"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			refused(t, open(t, qbt.Config{}).get(test.path), test.code)
		})
	}
}
