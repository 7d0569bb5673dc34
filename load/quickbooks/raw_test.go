package quickbooks_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestClient_Raw(t *testing.T) {
	t.Parallel()
	bill := quickbooks.RawRequest{
		Method: http.MethodPost, Path: "bill", Query: url.Values{"requestid": {strings.Repeat("x", 60)}},
		Body: []byte(`{"no":"bill"}`), ContentType: "application/json", Write: true,
	}

	t.Run("SendsWhatNothingElseWould", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := answers(ok(`{"Bill":{"Id":"7"}}`))
			raw, err := setup(t, p).client.Raw(t.Context(), bill)
			require.NoError(t, err)
			require.JSONEq(t, `{"Bill":{"Id":"7"}}`, string(raw.Body))
			require.Equal(t, quickbooks.RawAnswer{Body: raw.Body, Status: 200, TID: "1-tid-42"}, raw)
			sent := p.requests()[0]
			require.Equal(t, string(bill.Body), sent.body)
			require.Len(t, sent.query["requestid"][0], 60)
			require.Equal(t, []string{"75"}, sent.query["minorversion"])
			require.True(t, strings.HasSuffix(sent.path, "/bill"))
		})
	})
	t.Run("AFaultKeepsStatusAndTID", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := answers(response{status: 400, body: `{"Fault":{"Error":[{"code":"2020"}],"type":"ValidationFault"}}`})
			raw, err := setup(t, p).client.Raw(t.Context(), bill)
			var fault *quickbooks.Fault
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "2020", fault.Code)
			require.Equal(t, quickbooks.RawAnswer{Status: 400, TID: "1-tid-42"}, raw)
		})
	})
	t.Run("AWriteIsSentOnce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := answers(response{status: 503}, ok(`{}`))
			_, err := setup(t, p).client.Raw(t.Context(), bill)
			var unknown *quickbooks.NoAnswer
			require.ErrorAs(t, err, &unknown)
			require.True(t, unknown.Write)
			require.Len(t, p.requests(), 1)
		})
	})
	t.Run("AReadIsRepeated", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := answers(response{status: 503}, ok(`{}`))
			_, err := setup(t, p).client.Raw(t.Context(), quickbooks.RawRequest{Method: http.MethodGet, Path: "preferences"})
			require.NoError(t, err)
			require.Len(t, p.requests(), 2)
		})
	})
	t.Run("UnthrottledNeitherWaitsNorRepeats", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p := answers(response{status: 429, header: map[string]string{"Retry-After": "7"}})
			client, began := setup(t, p).client, time.Now()
			for range 30 {
				raw, err := client.Raw(t.Context(), quickbooks.RawRequest{Method: http.MethodGet, Path: "preferences", Unthrottled: true})
				var fault *quickbooks.Fault
				require.ErrorAs(t, err, &fault)
				require.True(t, fault.Throttled())
				require.Equal(t, 7*time.Second, raw.RetryAfter)
				require.Equal(t, 429, raw.Status)
			}
			require.Len(t, p.requests(), 30)
			require.Equal(t, began, time.Now())
		})
	})
	t.Run("ABatchIsOfAnySize", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, _, _ := connected(t, quickbookstest.Config{})
			item := `{"bId":"b","Query":"SELECT * FROM Vendor"}`
			var items []string
			for i := range 31 {
				items = append(items, strings.Replace(item, `"b"`, `"b`+strings.Repeat("x", i)+`"`, 1))
			}
			_, err := client.Raw(t.Context(), quickbooks.RawRequest{
				Method: http.MethodPost, Path: "batch", Batch: true, ContentType: "application/json",
				Body: []byte(`{"BatchItemRequest":[` + strings.Join(items, ",") + `]}`),
			})
			var fault *quickbooks.Fault
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "1040", fault.Code)
		})
	})
}
