package quickbooks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

// Whatever comes back, either the batch has no answer or each item has one end,
// and none is a success without the id of its own record.
func FuzzBatchAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"BatchItemResponse":[{"bId":"b1","Vendor":{"Id":"9"}},{"bId":"b2","Fault":{"Error":[{"code":"6240"}]}}]}`,
		`{"BatchItemResponse":[{"bId":"b1"},{"bId":1},null]}`, `{"BatchItemResponse":null}`, `{"BatchItemResponse":[[]]}`,
		`{"BatchItemResponse":[{"bId":"b1","Vendor":[]},{"bId":"b1"}]}`, `{"Fault":{}}`, `{"BatchItemResponse":[{"bId":"b1","Vendor":{"Id":9}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := setup(t, answers(response{status: 200, body: string(body)}), func(c *quickbooks.Config) { c.ThrottleTries = 1 })
		got, err := b.client.Batch(t.Context(), "r", []quickbooks.BatchItem{vendor(t, "b1", "x"), vendor(t, "b2", "y")})
		if err != nil {
			require.NotEmpty(t, quickbooks.DecisionOf(err))
			require.Empty(t, got.Items)
			return
		}
		require.Len(t, got.Items, 2)
		for _, item := range got.Items {
			if item.Err == nil {
				require.NotEmpty(t, item.ID)
				require.NotEmpty(t, item.Record)
				continue
			}
			require.NotEmpty(t, quickbooks.DecisionOf(item.Err))
		}
	})
}
