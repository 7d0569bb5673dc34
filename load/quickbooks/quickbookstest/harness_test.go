package quickbookstest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

type m = map[string]any

// fataler is what the harness needs of a test, a property test or a fuzz test.
type fataler interface {
	require.TestingT
	Helper()
}

// world is a client of one simulated company.
type world struct {
	t     fataler
	s     *qbt.Server
	http  *http.Client
	realm string
	token string
}

// open starts a server whose throttles are off unless cfg sets them.
func open(t fataler, cfg qbt.Config) *world {
	t.Helper()
	if cfg.Limits == (qbt.Limits{}) {
		cfg.Limits.Off = true
	}
	s := qbt.New(cfg)
	g := s.Grant("", "")
	return &world{t: t, s: s, http: s.Client(), realm: g.Realm, token: g.AccessToken}
}

func multicurrency() qbt.Config {
	return qbt.Config{Realms: []qbt.Realm{{Preferences: qbt.Preferences{MultiCurrency: true}}}}
}

func preferring(p qbt.Preferences) qbt.Config {
	return qbt.Config{Realms: []qbt.Realm{{Preferences: p}}}
}

// reply is one answer, decoded with its numbers as written.
type reply struct {
	status int
	header http.Header
	raw    []byte
	body   m
}

// at follows a dotted path; a number indexes a list.
func (r reply) at(path string) string { return pick(r.body, path) }

func (r reply) code() string { return r.at("Fault.Error.0.code") }

func pick(v any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case m:
			v = inner[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(inner) {
				return ""
			}
			v = inner[i]
		default:
			return ""
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (w *world) request(method, path, contentType string, body []byte) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest(method, "https://qbo.test/v3/company/"+w.realm+path, bytes.NewReader(body))
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Accept", "application/json")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// try sends a request that may get no answer.
func (w *world) try(r *http.Request) (reply, error) {
	w.t.Helper()
	resp, err := w.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	rep := reply{status: resp.StatusCode, header: resp.Header, raw: raw}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	d.Decode(&rep.body) // pages are not JSON
	return rep, nil
}

func (w *world) do(r *http.Request) reply {
	w.t.Helper()
	rep, err := w.try(r)
	require.NoError(w.t, err)
	return rep
}

func (w *world) get(path string) reply {
	w.t.Helper()
	return w.do(w.request(http.MethodGet, path, "", nil))
}

func (w *world) post(path string, body any) reply {
	w.t.Helper()
	return w.do(w.request(http.MethodPost, path, "application/json", encode(w.t, body)))
}

func encode(t fataler, body any) []byte {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	return raw
}

func (w *world) query(statement string) reply {
	w.t.Helper()
	return w.get("/query?minorversion=75&query=" + url.QueryEscape(statement))
}

// made is a create that must succeed; it returns the id.
func (w *world) made(entity string, body m) string {
	w.t.Helper()
	rep := w.post("/"+strings.ToLower(entity), body)
	require.Equal(w.t, http.StatusOK, rep.status, string(rep.raw))
	return rep.at(entity + ".Id")
}

func (w *world) vendor(name string) string {
	w.t.Helper()
	return w.made("Vendor", m{"DisplayName": name})
}

// bill is a bill that everything accepts, with changes.
func bill(vendor string, changes ...m) m {
	b := m{
		"VendorRef": value(vendor), "CurrencyRef": value("USD"), "APAccountRef": value("33"), "TxnDate": "2026-10-31",
		"Line": []any{line("200.00", "8")},
	}
	for _, c := range changes {
		maps.Copy(b, c)
	}
	return b
}

func line(amount, account string) m {
	return m{
		"DetailType": "AccountBasedExpenseLineDetail", "Amount": json.Number(amount),
		"AccountBasedExpenseLineDetail": m{"AccountRef": value(account)},
	}
}

func value(id string) m { return m{"value": id} }

func batchOf(items ...m) m { return m{"BatchItemRequest": items} }

func creating(id, entity string, body m) m { return m{"bId": id, "operation": "create", entity: body} }

// byID are the items of a batch answer.
func (r reply) byID() map[string]m {
	items := make(map[string]m)
	list, _ := r.body["BatchItemResponse"].([]any)
	for _, item := range list {
		items[pick(item, "bId")] = item.(m)
	}
	return items
}

func start() time.Time { return time.Date(2026, 11, 2, 17, 0, 0, 0, time.UTC) }

// refused requires a fault of the code.
func refused(t *testing.T, rep reply, code string) {
	t.Helper()
	require.Equal(t, code, rep.code(), string(rep.raw))
	require.Equal(t, "ValidationFault", rep.at("Fault.type"))
	require.Equal(t, http.StatusBadRequest, rep.status)
	require.NotEmpty(t, rep.at("time"))
	require.NotEmpty(t, rep.header.Get("intuit_tid"))
}

// advance moves the clock and connects afresh.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	w.s.Advance(d)
	w.token = w.s.Grant(w.realm, "").AccessToken
}
