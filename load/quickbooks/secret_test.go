package quickbooks_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

// clean fails when text holds a planted secret or planted personal data.
func clean(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, strings.ToLower(text), "planted")
	require.NotContains(t, text, "Ana+Person")
	require.NotContains(t, text, "Ana Person")
}

func TestSecret_NeverPrints(t *testing.T) {
	t.Parallel()
	token := freshToken()
	cfg := config()
	callback := quickbooks.Callback{Code: "planted-code", State: "planted-state", Verifier: "planted-verifier"}
	file := quickbooks.Attachable{ID: "7", TempDownloadURI: "https://planted.test/7"}
	for _, value := range []any{
		quickbooks.Secret("planted"), token, &token,
		[]quickbooks.Token{token},
		map[string]any{"t": token},
		cfg, &cfg, callback, file,
		struct{ T quickbooks.Token }{token},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
			clean(t, fmt.Sprintf(verb, value))
		}
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		clean(t, string(encoded))
		var text, object strings.Builder
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", slog.Any("value", value))
		slog.New(slog.NewJSONHandler(&object, nil)).Info("x", slog.Any("value", value))
		clean(t, text.String()+object.String())
	}
	encoded, err := xml.Marshal(token.AccessToken)
	require.NoError(t, err)
	clean(t, string(encoded))
	require.Equal(t, "planted", quickbooks.Secret("planted").Reveal())
	require.Empty(t, fmt.Sprint(quickbooks.Secret("")), "an empty one is seen to be empty")
}

// echo answers with everything secret that the request carried, as a proxy's
// error page might.
func echo(status int, shape string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		quoted, _ := json.Marshal(r.Header.Get("Authorization") + r.URL.String() + string(body) + " planted Ana Person")
		w.Header().Set("Intuit_tid", "planted tid of Ana Person")
		w.Header().Set("Location", "https://planted.test/"+r.Header.Get("Authorization"))
		w.WriteHeader(status)
		io.WriteString(w, strings.ReplaceAll(shape, "$", string(quoted)))
	}
}

// Whatever QuickBooks, a proxy or the network does, no error and no log line holds
// a token, a secret or a name.
func TestClient_NothingSecretInErrorsOrLogs(t *testing.T) {
	t.Parallel()
	shapes := []string{
		``, `$`, `{"a":$}`, `{"Fault":{"Error":[{"Message":$,"Detail":$,"code":$,"element":$}],"type":$}}`,
		`{"Fault":{"Error":[{"Message":$,"Detail":$,"code":"6240","element":$}],"type":$}}`,
		`{"error":$,"error_description":$}`, `{"error":"invalid_grant","error_description":$}`,
		`{"access_token":$}`, `{"access_token":"planted","refresh_token":{"x":$},"expires_in":3600}`, `{"expires_in":$}`,
		`{"QueryResponse":{"Bill":[{"TotalAmt":$}]}}`, `{"BatchItemResponse":$}`, `{"BatchItemResponse":[{"bId":"b1","Fault":{"Error":[{"code":$}]}}]}`,
		`<Fault><Error code=$><Message>planted</Message></Error></Fault>`,
	}
	for _, status := range []int{200, 302, 400, 401, 403, 404, 408, 429, 500, 503} {
		for i, shape := range shapes {
			t.Run(fmt.Sprintf("%d_%d", status, i), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { everyCall(t, echo(status, shape)) })
			})
		}
	}
}

func everyCall(t *testing.T, api http.Handler) {
	t.Helper()
	b := setup(t, api, func(c *quickbooks.Config) { c.ReadTries, c.ThrottleTries = 1, 2 })
	mux := http.NewServeMux()
	mux.Handle("/", api)
	oauth, err := quickbooks.NewOAuth(config(), &http.Client{Transport: direct{mux}}, time.Now, nil)
	require.NoError(t, err)
	check := func(err error) {
		t.Helper()
		if err != nil {
			clean(t, fmt.Sprintf("%v %+v", err, err))
		}
	}
	_, err = b.client.CompanyInfo(t.Context())
	check(err)
	_, err = quickbooks.Collect(b.client.BillsNumbered(t.Context(), "56", "Ana Person planted"))
	check(err)
	got, err := b.client.Batch(t.Context(), "r", []quickbooks.BatchItem{vendor(t, "b1", "Ana Person planted")})
	check(err)
	for _, item := range got.Items {
		check(item.Err)
	}
	_, err = b.client.Create(t.Context(), "r", vendor(t, "b1", "Ana Person planted"))
	check(err)
	_, err = oauth.Exchange(t.Context(), quickbooks.Callback{Code: "planted-code", RealmID: realm})
	check(err)
	_, err = oauth.Refresh(t.Context(), freshToken())
	check(err)
	check(oauth.Revoke(t.Context(), freshToken()))
	spent := freshToken()
	spent.AccessExpires = time.Now()
	store := &memStore{token: spent}
	session := quickbooks.NewSession(oauth, store, newLock(), realm, b.logger())
	_, err = session.Token(t.Context())
	check(err)
	check(session.Disconnect(t.Context()))
	clean(t, b.logs.String())
}

func TestClient_NothingSecretInNetworkErrors(t *testing.T) {
	t.Parallel()
	client := withTransport(t, failing{err: &net.OpError{Op: "read", Net: "tcp", Err: io.EOF}})
	_, err := client.Create(t.Context(), "r", vendor(t, "b1", "Ana Person planted"))
	clean(t, err.Error())

	oauth, err := quickbooks.NewOAuth(config(), &http.Client{Transport: failing{err: io.EOF}}, time.Now, nil)
	require.NoError(t, err)
	_, err = oauth.Refresh(t.Context(), freshToken())
	clean(t, err.Error())
	clean(t, oauth.Revoke(t.Context(), freshToken()).Error())
}
