package probe_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// one is a token store and lock for a single process.
type one struct {
	mu    sync.Mutex
	token quickbooks.Token
}

func (o *one) Load(context.Context, string) (quickbooks.Token, error) { return o.token, nil }

func (o *one) Save(_ context.Context, t quickbooks.Token) error {
	o.token = t
	return nil
}

func (o *one) Lock(context.Context, string) (func(), error) {
	o.mu.Lock()
	return o.mu.Unlock, nil
}

// connected is a client of a pretended company, inside a synctest bubble.
func connected(t *testing.T, cfg quickbookstest.Config) (*quickbooks.Client, *quickbookstest.Server) {
	t.Helper()
	return bent(t, cfg, nil)
}

// bend changes an exchange with the pretended company on its way: the request
// before it is sent, and then what comes back.
type bend func(r *http.Request, send func(*http.Request) *http.Response) *http.Response

// bent is a client of a company that answers as no simulator would.
func bent(t *testing.T, cfg quickbookstest.Config, b bend) (*quickbooks.Client, *quickbookstest.Server) {
	t.Helper()
	cfg.Now = time.Now
	books := quickbookstest.New(cfg)
	way := books.Client()
	if b != nil {
		way.Transport = bending{way.Transport, b}
	}
	oauth, err := quickbooks.NewOAuth(quickbooks.Config{
		Environment: quickbooks.Sandbox, ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
		RedirectURL: "https://tieout.test/callback",
	}, way, time.Now, nil)
	require.NoError(t, err)
	g := books.Grant("", "")
	kept := &one{token: quickbooks.Token{
		RealmID: g.Realm, AccessToken: quickbooks.Secret(g.AccessToken), RefreshToken: quickbooks.Secret(g.RefreshToken),
		AccessExpires: g.AccessUntil, RefreshExpires: g.RefreshUntil,
	}}
	log := slog.New(slog.DiscardHandler)
	return quickbooks.NewClient(quickbooks.NewSession(oauth, kept, kept, g.Realm, log), log, nil), books
}

// company is one with the given changes to its settings.
func company(change func(*quickbookstest.Realm)) []quickbookstest.Realm {
	realm := quickbookstest.Realm{Rates: map[string]string{"EUR": "1.08", "GBP": "1.27", "BRL": "0.18", "COP": "0.00025", "MXN": "0.055"}}
	change(&realm)
	return []quickbookstest.Realm{realm}
}

// probed runs the probe against a pretended company, and checks what must hold
// whatever it finds: nothing is left.
func probed(t *testing.T, cfg quickbookstest.Config, own probe.Config) (report probe.Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, books := connected(t, cfg)
		own.Now = time.Now
		var err error
		report, err = probe.Run(t.Context(), client, own)
		require.NoError(t, err)
		requireClean(t, books)
	})
	return report
}

// requireClean fails when a record of the probe is still in use, or when one has
// another name than promised.
func requireClean(t *testing.T, books *quickbookstest.Server) {
	t.Helper()
	all, err := books.Books("")
	require.NoError(t, err)
	require.Empty(t, all.Entities["Bill"])
	require.Empty(t, all.Entities["VendorCredit"])
	require.NotEmpty(t, all.Deleted["Bill"])
	for _, entity := range []string{"Vendor", "Customer", "Employee"} {
		for _, raw := range all.Entities[entity] {
			var row struct {
				DisplayName string
				Active      bool
			}
			require.NoError(t, json.Unmarshal(raw, &row))
			require.True(t, strings.HasPrefix(row.DisplayName, "tieout probe "), row.DisplayName)
			require.False(t, row.Active, row.DisplayName)
		}
	}
	fresh, err := quickbookstest.New(quickbookstest.Config{Realms: []quickbookstest.Realm{all.Realm}}).Books("")
	require.NoError(t, err)
	for _, raw := range all.Entities["Account"][len(fresh.Entities["Account"]):] {
		var row struct {
			Name   string
			Active bool
		}
		require.NoError(t, json.Unmarshal(raw, &row))
		require.True(t, strings.HasPrefix(row.Name, "tieout probe "), row.Name)
		require.False(t, row.Active, row.Name)
	}
}

// found is what a report says about an experiment.
func found(t *testing.T, r probe.Report, name string) probe.Finding {
	t.Helper()
	f, ok := r.Finding(name)
	require.True(t, ok, name)
	return f
}

type bending struct {
	straight http.RoundTripper
	bend     bend
}

func (b bending) RoundTrip(r *http.Request) (*http.Response, error) {
	var failure error
	answer := b.bend(r, func(r *http.Request) *http.Response {
		resp, err := b.straight.RoundTrip(r)
		failure = err
		return resp
	})
	return answer, failure
}

// rewrite replaces text in the answers to requests whose address has the mark.
func rewrite(mark string, pairs ...string) bend {
	return func(r *http.Request, send func(*http.Request) *http.Response) *http.Response {
		resp := send(r)
		if resp == nil || !strings.Contains(statementOf(r), mark) {
			return resp
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(strings.NewReader(strings.NewReplacer(pairs...).Replace(string(body))))
		resp.ContentLength = -1
		return resp
	}
}

// ask replaces text in the statements of queries before they are sent.
func ask(old, other string) bend {
	return func(r *http.Request, send func(*http.Request) *http.Response) *http.Response {
		q := r.URL.Query()
		if statement := q.Get("query"); strings.Contains(statement, old) {
			q.Set("query", strings.Split(statement, old)[0]+other)
			r = r.Clone(r.Context())
			r.URL.RawQuery = q.Encode()
		}
		return send(r)
	}
}

// statementOf is the path of a request and, of a query, its statement.
func statementOf(r *http.Request) string { return r.URL.Path + " " + r.URL.Query().Get("query") }

func rewritten(resp *http.Response, body string) *http.Response {
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(body)), -1
	return resp
}
