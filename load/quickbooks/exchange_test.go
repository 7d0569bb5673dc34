package quickbooks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

// What an answer means for a write and for a read. Anything doubtful about a
// write is no answer.
func TestClient_EveryStatus(t *testing.T) {
	t.Parallel()
	const success, fault, unknown = "success", "fault", "unknown"
	whole := `{"BatchItemResponse":[{"bId":"b1","Bill":{"Id":"9"}}],"Preferences":{"Id":"1"}}`
	for _, tc := range []struct {
		name        string
		status      int
		body        string
		write, read string
	}{
		{"Success", 200, whole, success, success},
		{"FaultOn200", 200, faultBody("6190", ""), fault, fault},
		{"EmptyOn200", 200, "", unknown, unknown},
		{"CutOffOn200", 200, whole[:30], unknown, unknown},
		{"PageOn200", 200, "<html>Sign in</html>", unknown, unknown},
		{"ListOn200", 200, "[]", unknown, unknown},
		{"OtherObjectOn200", 200, `{"time":"x"}`, unknown, unknown},
		{"Redirect", 302, "", unknown, unknown},
		{"BadRequest", 400, faultBody("2020", ""), fault, fault},
		{"BadRequestWithoutWords", 400, "", fault, fault},
		{"Forbidden", 403, faultBody("3100", ""), fault, fault},
		{"NotFound", 404, "", fault, fault},
		{"RequestTimeout", 408, "", unknown, unknown},
		{"TooLarge", 413, "", fault, fault},
		{"Throttled", 429, xmlThrottle, fault, fault},
		{"ThrottledWithoutWords", 429, "slow down", fault, fault},
		{"FailedInside", 500, faultBody("10000", ""), unknown, unknown},
		{"FailedInsideWithoutWords", 500, "", unknown, unknown},
		{"NotUTF8", 500, faultBody("500", "MalformedByteSequence"), unknown, fault},
		{"BadGateway", 502, "<html>", unknown, unknown},
		{"Unavailable", 503, "", unknown, unknown},
		{"ThrottledAs503", 503, faultBody("3001", ""), fault, fault},
		{"GatewayTimeout", 504, "", unknown, unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check := func(kind string, err error) {
				t.Helper()
				switch kind {
				case success:
					require.NoError(t, err)
				case fault:
					var f *quickbooks.Fault
					require.ErrorAs(t, err, &f)
					require.Equal(t, tc.status, f.HTTPStatus)
				default:
					var n *quickbooks.NoAnswer
					require.ErrorAs(t, err, &n)
					require.Equal(t, tc.status, n.HTTPStatus)
					require.Equal(t, "1-tid-42", n.TID)
				}
			}
			once := func(c *quickbooks.Config) { c.ReadTries, c.ThrottleTries = 1, 1 }

			api := answers(response{status: tc.status, body: tc.body})
			_, err := setup(t, api, once).client.Batch(t.Context(), "acme-202611", []quickbooks.BatchItem{bill(t, "b1")})
			check(tc.write, err)
			if tc.write == unknown {
				require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(err))
			}
			require.Len(t, api.requests(), 1, "a write is sent once")

			_, err = setup(t, answers(response{status: tc.status, body: tc.body}), once).client.Preferences(t.Context())
			check(tc.read, err)
			if tc.read == unknown {
				require.Equal(t, quickbooks.Retry, quickbooks.DecisionOf(err))
			}
		})
	}
}

func TestClient_Reads(t *testing.T) {
	t.Parallel()

	t.Run("AreRepeatedUntilAnswered", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(response{status: 503}, response{status: 500}, ok(""), ok(companyAnswer))
			b := setup(t, api)
			info, err := b.client.CompanyInfo(t.Context())
			require.NoError(t, err)
			require.Equal(t, "Acme", info.CompanyName)
			require.Len(t, api.requests(), 4)
			status, known := info.Setting("subscriptionstatus")
			require.True(t, known)
			require.Equal(t, "PAID", status)
		})
	})

	// A failure of QuickBooks' own may come with status 200, and is none of ours.
	t.Run("AreRepeatedWhenQuickBooksFailedInside", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			for _, code := range []string{"10000", "1000"} {
				api := answers(ok(faultBody(code, "try later")), ok(companyAnswer))
				_, err := setup(t, api).client.CompanyInfo(t.Context())
				require.NoError(t, err, code)
				require.Len(t, api.requests(), 2)
			}
			api := answers(ok(faultBody("10000", "try later")))
			_, err := setup(t, api).client.CompanyInfo(t.Context())
			require.Equal(t, quickbooks.Retry, quickbooks.DecisionOf(err))
			require.Len(t, api.requests(), 5)
			missing, unanswered := errors.AsType[*quickbooks.NoAnswer](err)
			require.True(t, unanswered)
			require.Equal(t, "10000", missing.Fault.Code)
		})
	})

	t.Run("GiveUpAfterTheirTries", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			api := answers(response{status: 503})
			_, err := setup(t, api).client.CompanyInfo(t.Context())
			var unknown *quickbooks.NoAnswer
			require.ErrorAs(t, err, &unknown)
			require.Len(t, api.requests(), 5)
		})
	})

	t.Run("AreNotRepeatedWhenDeclined", func(t *testing.T) {
		t.Parallel()
		api := answers(response{status: 400, body: faultBody("610", "")})
		_, err := setup(t, api).client.Bill(t.Context(), "108")
		var fault *quickbooks.Fault
		require.ErrorAs(t, err, &fault)
		require.Len(t, api.requests(), 1)
		require.Equal(t, "/v3/company/"+realm+"/bill/108", api.requests()[0].path)
		require.Equal(t, []string{"75"}, api.requests()[0].query["minorversion"])
	})

	t.Run("StopWithTheirContext", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := setup(t, answers(response{status: 503})).client.CompanyInfo(ctx)
			require.Error(t, err)
			require.Equal(t, quickbooks.Retry, quickbooks.DecisionOf(err))
		})
	})

	t.Run("CannotLeaveTheirPath", func(t *testing.T) {
		t.Parallel()
		api := answers(response{status: 400, body: faultBody("2030", "")})
		setup(t, api).client.Vendor(t.Context(), "../../9999/vendor/1?x=")
		require.Equal(t, "/v3/company/"+realm+"/vendor/../../9999/vendor/1?x=", api.requests()[0].path,
			"the id stays one escaped segment")
	})
}

// A write whose answer is late is unknown, and not before QuickBooks' own limit.
func TestClient_TimesOutAfterQuickBooksDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := setup(t, answers(response{status: 200, body: "{}", take: time.Hour}))
		_, err := b.client.Batch(t.Context(), "acme-202611", []quickbooks.BatchItem{bill(t, "b1")})
		var unknown *quickbooks.NoAnswer
		require.ErrorAs(t, err, &unknown)
		require.False(t, unknown.NeverSent)
		require.Greater(t, time.Since(began), 120*time.Second)
		require.Less(t, time.Since(began), 140*time.Second)
	})
}

// Stopping while a write is under way leaves it unknown; stopping before does not.
func TestClient_StoppedWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, answers(response{status: 200, body: "{}", take: time.Minute}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.client.Batch(ctx, "acme-202611", []quickbooks.BatchItem{bill(t, "b1")})
		var unknown *quickbooks.NoAnswer
		require.ErrorAs(t, err, &unknown)
		require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(err))

		_, err = b.client.Batch(ctx, "acme-202611", []quickbooks.BatchItem{bill(t, "b1")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorAs(t, err, new(*quickbooks.NoAnswer), "nothing left, so nothing is unknown")
	})
}

// failing is a transport that fails.
type failing struct {
	err  error
	resp *http.Response
}

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return f.resp, f.err }

func withTransport(t *testing.T, transport http.RoundTripper) *quickbooks.Client {
	t.Helper()
	oauth, err := quickbooks.NewOAuth(config(), &http.Client{Transport: transport}, time.Now, nil)
	require.NoError(t, err)
	b := &bench{logs: &bytes.Buffer{}}
	session := quickbooks.NewSession(oauth, &memStore{token: freshToken()}, newLock(), realm, b.logger())
	return quickbooks.NewClient(session, b.logger(), nil)
}

func TestClient_NetworkTrouble(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		err   error
		never bool
	}{
		{"NoConnectionMeansNothingWasSent", &net.OpError{Op: "dial", Err: io.EOF}, true},
		{"NoAddressMeansNothingWasSent", &net.DNSError{Err: "no such host"}, true},
		{"ABrokenConnectionIsUnknown", &net.OpError{Op: "read", Err: io.EOF}, false},
		{"AnEndIsUnknown", io.ErrUnexpectedEOF, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := withTransport(t, failing{err: tc.err}).Batch(t.Context(), "r", []quickbooks.BatchItem{bill(t, "b1")})
			var unknown *quickbooks.NoAnswer
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, tc.never, unknown.NeverSent)
			require.ErrorIs(t, err, tc.err)
			require.NotContains(t, err.Error(), "https://")
		})
	}
}

// brokenBody ends in the middle.
type brokenBody struct{ io.Reader }

func (brokenBody) Close() error { return nil }

func TestClient_BrokenBody(t *testing.T) {
	t.Parallel()
	for status, unknown := range map[int]bool{200: true, 400: true, 429: false} {
		body := io.MultiReader(strings.NewReader(`{"BatchItem`), failingReader{})
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: brokenBody{body}}
		client := withTransport(t, failing{resp: resp})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := client.Batch(ctx, "r", []quickbooks.BatchItem{bill(t, "b1")})
		cancel()
		require.Equal(t, unknown, errors.As(err, new(*quickbooks.NoAnswer)), "status %d: %v", status, err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestClient_BoundsTheAnswer(t *testing.T) {
	t.Parallel()
	api := answers(ok(`{"Preferences":{"Id":"1","x":"` + strings.Repeat("x", 2000) + `"}}`))
	b := setup(t, api, func(c *quickbooks.Config) { c.MaxAnswerBytes, c.ReadTries = 1000, 1 })
	_, err := b.client.Preferences(t.Context())
	var unknown *quickbooks.NoAnswer
	require.ErrorAs(t, err, &unknown)
	require.ErrorContains(t, err, "too long")
}

func TestClient_FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	api := answers(response{status: 307, header: map[string]string{"Location": "https://elsewhere.test/v3/"}})
	b := setup(t, api, func(c *quickbooks.Config) { c.ReadTries = 1 })
	_, err := b.client.Preferences(t.Context())
	require.ErrorContains(t, err, "redirects are not followed")
	require.Len(t, api.requests(), 1)
}

func TestClient_ReportsEachAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, answers(ok(companyAnswer)))
	_, err := b.client.CompanyInfo(t.Context())
	require.NoError(t, err)
	require.Len(t, b.heard, 1)
	require.Equal(t, "1-tid-42", b.heard[0].TID)
	require.Equal(t, "success", b.heard[0].Outcome)
	require.Equal(t, quickbooks.Metered{CorePlus: 1}, b.client.Metered())
	require.Contains(t, b.logs.String(), "intuit_tid=1-tid-42")
}
