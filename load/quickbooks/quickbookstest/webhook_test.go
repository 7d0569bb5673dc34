package quickbookstest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestSign_MatchesAnIndependentVector(t *testing.T) {
	t.Parallel()
	require.Equal(t, "nfPLN16u3vMvv08ghDs+dOkLuirEVDy5wAeG/lmM2OA=", qbt.Sign("verify_me", []byte(`{"stuff":"5"}`)))
}

func TestServer_Deliver(t *testing.T) {
	t.Parallel()

	type delivery struct {
		body      []byte
		signature string
	}
	subscribe := func(t *testing.T, statuses ...int) (string, chan delivery) {
		t.Helper()
		got := make(chan delivery, 10)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			got <- delivery{body, r.Header.Get("intuit-signature")}
			w.WriteHeader(statuses[0])
			statuses = statuses[1:]
		}))
		t.Cleanup(srv.Close)
		return srv.URL, got
	}

	t.Run("TellsEveryChangeSigned", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{VerifierToken: "secret"})
		url, got := subscribe(t, 200)
		vendor, twin := w.vendor("Ana"), w.vendor("Ana S.")
		id := w.made("Bill", bill(vendor))
		w.s.Advance(time.Minute)
		paid := w.made("BillPayment", payment(vendor, id, "1"))
		require.NoError(t, w.s.Delete("", "BillPayment", paid))
		require.NoError(t, w.s.Merge("", "Vendor", vendor, twin))

		told, err := w.s.Deliver(t.Context(), http.DefaultClient, url)
		require.NoError(t, err)
		d := <-got
		require.Equal(t, qbt.Sign("secret", d.body), d.signature)
		var events []m
		require.NoError(t, json.Unmarshal(d.body, &events))
		require.Len(t, events, told)
		var types []string
		for _, e := range events {
			types = append(types, pick(e, "type"))
			require.Equal(t, w.realm, pick(e, "intuitaccountid"))
		}
		require.Equal(t, []string{
			"qbo.vendor.created.v1", "qbo.vendor.created.v1", "qbo.bill.created.v1", "qbo.billpayment.created.v1", "qbo.bill.updated.v1",
			"qbo.billpayment.deleted.v1", "qbo.bill.updated.v1", "qbo.vendor.merged.v1",
		}, types)
		require.Equal(t, id, pick(events[2], "intuitentityid"))
		require.Equal(t, "2026-11-02T17:00:00.000000000Z", pick(events[2], "time"))
		require.Zero(t, w.s.Events())
	})

	t.Run("KeepsWhatIsNotTaken", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{VerifierToken: "secret"})
		url, got := subscribe(t, 503, 200)
		w.vendor("Ana")
		_, err := w.s.Deliver(t.Context(), http.DefaultClient, url)
		require.ErrorContains(t, err, "503")
		require.Equal(t, 1, w.s.Events())
		require.Equal(t, "1", w.control(http.MethodPost, "deliver", m{"url": url}).at("told"))
		first, second := <-got, <-got
		require.Equal(t, first, second) // the same event under the same id
		told, err := w.s.Deliver(t.Context(), http.DefaultClient, url)
		require.NoError(t, err)
		require.Zero(t, told)
	})

	t.Run("KeepsNothingWithoutASubscriber", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		w.vendor("Ana")
		require.Zero(t, w.s.Events())
	})

	t.Run("SaysWhenNobodyIsThere", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{VerifierToken: "secret"})
		w.vendor("Ana")
		_, err := w.s.Deliver(t.Context(), http.DefaultClient, "http://127.0.0.1:1/")
		require.Error(t, err)
		_, err = w.s.Deliver(t.Context(), http.DefaultClient, ":")
		require.Error(t, err)
	})
}
