package quickbookstest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestServer_Bookkeeper(t *testing.T) {
	t.Parallel()

	t.Run("ChangesTheSyncTokenUnderTheClient", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		id := w.made("Bill", bill(w.vendor("Ana")))
		require.NoError(t, w.s.Edit("", "Bill", id, m{"PrivateNote": "by hand", "Line": []any{line("150", "9")}}))
		require.Equal(t, "150", w.get("/bill/"+id).at("Bill.TotalAmt"))
		refused(t, w.post("/bill", m{"Id": id, "SyncToken": "0", "sparse": true}), "5010")
	})

	t.Run("MergesVendorsAndAccounts", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		ana, twin := w.vendor("Ana"), w.vendor("Ana S.")
		id := w.made("Bill", bill(ana))
		require.NoError(t, w.s.Merge("", "Vendor", ana, twin))
		require.NoError(t, w.s.Merge("", "Account", "8", "9"))

		rep := w.get("/bill/" + id)
		require.Equal(t, twin, rep.at("Bill.VendorRef.value"))
		require.Equal(t, "Ana S.", rep.at("Bill.VendorRef.name"))
		require.Equal(t, "9", rep.at("Bill.Line.0.AccountBasedExpenseLineDetail.AccountRef.value"))
		require.Equal(t, "200", w.get("/vendor/"+twin).at("Vendor.Balance"))
		refused(t, w.get("/vendor/"+ana), "610")
		refused(t, w.post("/bill", bill(ana)), "2500")
		w.vendor("Ana") // its name is free
	})

	t.Run("IsToldWhatIsUnknown", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.ErrorIs(t, w.s.Delete("9", "Bill", "1"), qbt.ErrUnknown)
		require.ErrorIs(t, w.s.Delete("", "Unicorn", "1"), qbt.ErrUnknown)
		require.ErrorIs(t, w.s.Merge("", "Vendor", "1", "2"), qbt.ErrUnknown)
		require.ErrorIs(t, w.s.Prefer("9", func(*qbt.Preferences) {}), qbt.ErrUnknown)
		require.ErrorIs(t, w.s.Refuse("9", "120", false), qbt.ErrUnknown)
		var fault *qbt.Fault
		require.ErrorAs(t, w.s.Edit("", "Vendor", "777", m{"Notes": "x"}), &fault)
		require.Equal(t, "610", fault.Errors[0].Code)
		require.ErrorAs(t, w.s.Delete("", "Bill", "777"), &fault)
		_, err := w.s.Create("", "Vendor", m{"DisplayName": "a:b"})
		require.EqualError(t, err, "quickbooks fault 2040: Invalid String: a:b contains unsupported or illegal chars")
		require.Zero(t, w.s.Count("9", "Bill"))
	})
}

// control calls the control API.
func (w *world) control(method, path string, body any) reply {
	w.t.Helper()
	var raw []byte
	if body != nil {
		raw = encode(w.t, body)
	}
	r, err := http.NewRequest(method, "https://qbo.test/_sim/"+path, bytes.NewReader(raw))
	require.NoError(w.t, err)
	return w.do(r)
}

func TestServer_Control(t *testing.T) {
	t.Parallel()

	order := func(t *testing.T, w *world, path string, body m) reply {
		t.Helper()
		rep := w.control(http.MethodPost, path, body)
		require.Equal(t, 200, rep.status, string(rep.raw))
		return rep
	}

	t.Run("EditsTheBooks", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		ana := order(t, w, "create", m{"entity": "Vendor", "set": m{"DisplayName": "Ana"}}).at("id")
		bea := order(t, w, "create", m{"entity": "Vendor", "set": m{"DisplayName": "Bea"}}).at("id")
		id := w.made("Bill", bill(ana, m{"Line": []any{line("10.10", "8")}}))
		order(t, w, "edit", m{"entity": "Bill", "id": id, "set": m{"PrivateNote": "x"}})
		order(t, w, "merge", m{"entity": "Vendor", "id": ana, "into": bea})
		order(t, w, "deactivate", m{"entity": "Vendor", "id": bea})

		books := w.control(http.MethodGet, "books?realm="+w.realm, nil)
		require.Equal(t, w.realm, books.at("realm.id"))
		require.Equal(t, "x", books.at("entities.Bill.0.PrivateNote"))
		require.Equal(t, "10.1", books.at("entities.Bill.0.TotalAmt"))
		require.Equal(t, "Bea (deleted)", books.at("entities.Vendor.0.DisplayName"))
		require.Equal(t, ana, books.at("deleted.Vendor.0"))
		order(t, w, "delete", m{"entity": "Bill", "id": id})
		require.Zero(t, w.s.Count("", "Bill"))
	})

	t.Run("MovesTheClockAndLimits", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.Equal(t, "2026-11-03T17:00:00Z", order(t, w, "clock", m{"advance": "24h"}).at("now"))
		require.Equal(t, "2027-01-01T00:00:00Z", order(t, w, "clock", m{"to": "2027-01-01T00:00:00Z"}).at("now"))
		require.Equal(t, "2027-01-01T00:00:00Z", w.control(http.MethodGet, "clock", nil).at("now"))
		require.Equal(t, 401, w.ping().status)
		w.token = order(t, w, "grant", m{"realm": w.realm}).at("access_token")
		order(t, w, "limits", m{"limits": m{"per_second": 1}})
		require.Equal(t, 200, w.ping().status)
		require.Equal(t, 429, w.ping().status)
		require.Equal(t, "1", w.control(http.MethodGet, "stats", nil).at("throttled"))
		order(t, w, "stats/reset", m{})
		require.Equal(t, "0", w.control(http.MethodGet, "stats", nil).at("throttled"))
	})

	t.Run("QueuesTroubles", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		order(t, w, "next", m{"troubles": []any{m{"kind": "server_error", "status": 500, "on": "read"}}})
		require.Equal(t, 500, w.ping().status)
		order(t, w, "chaos", m{"seed": 1, "odds": m{"throttle": 1}})
		require.Equal(t, 429, w.ping().status)
		order(t, w, "chaos", m{})
		require.Equal(t, 200, w.ping().status)
		order(t, w, "quota", m{"quota": -1})
		require.Equal(t, 429, w.ping().status)
	})

	t.Run("ChangesTheCompany", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		order(t, w, "preferences", m{"set": m{"book_close_date": "2026-12-31"}})
		refused(t, w.post("/bill", bill(w.vendor("Ana"))), "6210")
		order(t, w, "refuse", m{"code": "6190", "writes": true})
		refused(t, w.post("/vendor", m{"DisplayName": "B"}), "6190")
		order(t, w, "expire", m{"realm": w.realm})
		require.Equal(t, 401, w.ping().status)
		order(t, w, "disconnect", m{"realm": w.realm})
		order(t, w, "reset", m{})
		require.Zero(t, w.s.Count("", "Vendor"))
		require.Equal(t, w.realm, pick(first(t, w.control(http.MethodGet, "realms", nil).raw), "id"))
	})

	t.Run("SaysWhatIsWrong", func(t *testing.T) {
		t.Parallel()
		w := open(t, qbt.Config{})
		require.Equal(t, 404, w.control(http.MethodGet, "books?realm=9", nil).status)
		require.Equal(t, 404, w.control(http.MethodPost, "grant", m{"realm": "9"}).status)
		require.Equal(t, 404, w.control(http.MethodPost, "edit", m{"entity": "Unicorn"}).status)
		require.Equal(t, 400, w.control(http.MethodPost, "edit", m{"entity": "Vendor", "id": "9"}).status)
		require.Equal(t, 400, w.control(http.MethodPost, "edit", m{"entitty": "Vendor"}).status)
		require.Equal(t, 400, w.control(http.MethodPost, "clock", m{"advance": "soon"}).status)
		require.Equal(t, 400, w.control(http.MethodPost, "limits", m{}).status)
		require.Equal(t, 404, w.control(http.MethodPost, "magic", m{}).status)
	})
}

func first(t *testing.T, raw []byte) m {
	t.Helper()
	var list []m
	require.NoError(t, json.Unmarshal(raw, &list))
	return list[0]
}

// The same over a real socket: connect, write, lose answers, read back.
func TestServer_OverASocket(t *testing.T) {
	t.Parallel()

	s := qbt.New(qbt.Config{Now: time.Now})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	client := srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w := &world{t: t, s: s, http: &http.Client{Transport: hosted{srv.URL, client.Transport}, CheckRedirect: client.CheckRedirect}}

	_, back := w.consent(nil)
	tokens := w.exchange(codeForm(back.Get("code")), nil)
	w.realm, w.token = back.Get("realmId"), tokens.at("access_token")

	vendor := w.vendor("Ana")
	s.Next(qbt.Lose(), qbt.Trouble{Kind: qbt.Truncate})
	for range 2 {
		_, err := w.try(w.request(http.MethodPost, "/bill?requestid=r", "application/json", encode(t, bill(vendor))))
		require.Error(t, err)
	}
	id := w.post("/bill?requestid=r", bill(vendor)).at("Bill.Id")
	require.Equal(t, "1", w.query("select count(*) from Bill").at("QueryResponse.totalCount"))
	require.Equal(t, "200", w.get("/bill/"+id).at("Bill.TotalAmt"))
	require.Equal(t, 200, w.post("/batch", batchOf(vendors(3)...)).status)
}

// hosted sends requests to a server, whatever host they name.
type hosted struct {
	base string
	next http.RoundTripper
}

func (h hosted) RoundTrip(r *http.Request) (*http.Response, error) {
	base, err := url.Parse(h.base)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = base.Scheme, base.Host, ""
	return h.next.RoundTrip(r)
}

// Everything at once: run with -race.
func TestServer_IsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := open(t, qbt.Config{Now: time.Now})
		w.s.Chaos(1, qbt.Odds{qbt.LoseAfter: 0.1, qbt.Delay: 0.1, qbt.CommitLate: 0.1}, qbt.Trouble{On: "api", Delay: time.Millisecond})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 20 {
					n := strconv.Itoa(i*100 + j)
					w.try(w.request(http.MethodPost, "/vendor?requestid="+n, "application/json", []byte(`{"DisplayName":"V`+n+`"}`)))
					w.try(w.request(http.MethodGet, "/query?query="+url.QueryEscape("select * from Vendor"), "", nil))
					w.s.Stats()
					w.s.Advance(time.Millisecond)
					w.s.Count("", "Vendor")
					w.s.Next(qbt.Throttled())
				}
			})
		}
		wg.Wait()
		w.s.Advance(time.Hour)
		require.LessOrEqual(t, w.s.Count("", "Vendor"), 160)
	})
}

func TestServer_Reset(t *testing.T) {
	t.Parallel()

	w := open(t, qbt.Config{Seed: 3})
	before := w.token
	w.vendor("Ana")
	w.s.Advance(time.Hour)
	w.s.Reset()
	require.Equal(t, start(), w.s.Now())
	require.Zero(t, w.s.Count("", "Vendor"))
	require.Equal(t, before, w.s.Grant("", "").AccessToken)
}
