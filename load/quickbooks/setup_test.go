package quickbooks_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

const (
	realm       = "4620816365"
	plantedKey  = "planted-client-secret"
	firstAccess = "planted-access-1"
	firstGrant  = "planted-refresh-1"
)

// direct is a transport that calls a handler without a socket, so that it works
// inside a synctest bubble.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	d.handler.ServeHTTP(rec, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

// request is what a handler saw.
type request struct {
	method, path, auth, contentType, body string
	query                                 map[string][]string
	at                                    time.Time
}

// play is a handler that answers from a script and remembers what was asked. Its
// last answer repeats.
type play struct {
	mu     sync.Mutex
	script []response
	seen   []request
}

type response struct {
	status int
	body   string
	header map[string]string
	take   time.Duration
}

func answers(script ...response) *play { return &play{script: script} }

func ok(body string) response { return response{status: http.StatusOK, body: body} }

func (p *play) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.seen = append(p.seen, request{
		method: r.Method, path: r.URL.Path, query: r.URL.Query(), auth: r.Header.Get("Authorization"),
		contentType: r.Header.Get("Content-Type"), body: string(body), at: time.Now(),
	})
	now := p.script[min(len(p.seen), len(p.script))-1]
	p.mu.Unlock()
	if now.take > 0 {
		select {
		case <-time.After(now.take):
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Intuit_tid", "1-tid-42")
	for name, value := range now.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(now.status)
	io.WriteString(w, now.body)
}

func (p *play) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.seen...)
}

// memStore is a token store that several sessions share.
type memStore struct {
	mu    sync.Mutex
	token quickbooks.Token
	saves int
	fail  int // the next saves fail
	loads func(n int) (quickbooks.Token, bool)
	n     int
}

func (s *memStore) Load(_ context.Context, _ string) (quickbooks.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if s.loads != nil {
		if t, ok := s.loads(s.n); ok {
			return t, nil
		}
	}
	if s.token.RealmID == "" {
		return quickbooks.Token{}, quickbooks.ErrNoToken
	}
	return s.token, nil
}

func (s *memStore) Save(_ context.Context, t quickbooks.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail > 0 {
		s.fail--
		return io.ErrShortWrite
	}
	s.saves++
	s.token = t
	return nil
}

func (s *memStore) stored() quickbooks.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// memLock is a lock that several sessions share.
type memLock struct{ held chan struct{} }

func newLock() *memLock { return &memLock{held: make(chan struct{}, 1)} }

func (l *memLock) Lock(ctx context.Context, _ string) (func(), error) {
	select {
	case l.held <- struct{}{}:
		return func() { <-l.held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func config() quickbooks.Config {
	return quickbooks.Config{
		APIURL: "https://api.qbo.test", AuthorizeURL: "https://connect.qbo.test/oauth2",
		TokenURL: "https://oauth.qbo.test/tokens", RevokeURL: "https://oauth.qbo.test/revoke",
		ClientID: "client-1", ClientSecret: plantedKey, RedirectURL: "https://tieout.test/callback",
	}
}

func freshToken() quickbooks.Token {
	return quickbooks.Token{
		RealmID: realm, AccessToken: firstAccess, RefreshToken: firstGrant,
		AccessExpires: time.Now().Add(time.Hour), RefreshExpires: time.Now().Add(100 * 24 * time.Hour),
	}
}

// bench is one connected company whose API and token endpoint are handlers.
type bench struct {
	client  *quickbooks.Client
	session *quickbooks.Session
	oauth   *quickbooks.OAuth
	store   *memStore
	lock    *memLock
	logs    *bytes.Buffer
	tokens  *play
	heard   []quickbooks.Answer
	mu      sync.Mutex
}

// setup connects a company to api. Changes are made to the configuration.
func setup(tb testing.TB, api http.Handler, changes ...func(*quickbooks.Config)) *bench {
	tb.Helper()
	cfg := config()
	for _, change := range changes {
		change(&cfg)
	}
	b := &bench{store: &memStore{token: freshToken()}, lock: newLock(), logs: &bytes.Buffer{}, tokens: answers(rotated(2))}
	mux := http.NewServeMux()
	mux.Handle("/v3/", api)
	mux.Handle("/tokens", b.tokens)
	mux.Handle("/revoke", b.tokens)
	oauth, err := quickbooks.NewOAuth(cfg, &http.Client{Transport: direct{mux}}, time.Now, quickbooks.NewMetrics(nil))
	require.NoError(tb, err)
	b.oauth = oauth
	b.session = b.newSession()
	b.client = quickbooks.NewClient(b.session, b.logger(), func(_ context.Context, a quickbooks.Answer) {
		b.mu.Lock()
		b.heard = append(b.heard, a)
		b.mu.Unlock()
	})
	return b
}

// newSession is another process with the same store and lock.
func (b *bench) newSession() *quickbooks.Session {
	return quickbooks.NewSession(b.oauth, b.store, b.lock, realm, b.logger())
}

func (b *bench) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&lockedWriter{b: b}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lockedWriter struct{ b *bench }

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	return w.b.logs.Write(p)
}

// rotated is an answer of the token endpoint: the n-th tokens.
func rotated(n int) response {
	return ok(fmt.Sprintf(`{"access_token":"planted-access-%d","refresh_token":"planted-refresh-%d","token_type":"bearer",
		"expires_in":3600,"x_refresh_token_expires_in":8640000,"x_refresh_token_hard_expires_in":157680000}`, n, n))
}

const companyAnswer = `{"CompanyInfo":{"Id":"1","CompanyName":"Acme","Country":"US",
	"NameValue":[{"Name":"SubscriptionStatus","Value":"PAID"}],"FromTheFuture":{"a":[1]}},"time":"2026-11-02T10:00:00-08:00"}`

func bill(tb testing.TB, bID string) quickbooks.BatchItem {
	tb.Helper()
	item, err := quickbooks.CreateItem(bID, quickbooks.Bill{
		VendorRef: quickbooks.Ref{Value: "56"}, DocNumber: "INV-1",
		Line: []quickbooks.BillLine{{
			Amount: decimal(tb, "200.00"), DetailType: quickbooks.AccountLine,
			Account: &quickbooks.AccountDetail{AccountRef: quickbooks.Ref{Value: "7"}},
		}},
	})
	require.NoError(tb, err)
	return item
}

func decimal(tb testing.TB, s string) quickbooks.Decimal {
	tb.Helper()
	d, err := quickbooks.ParseDecimal(s)
	require.NoError(tb, err)
	return d
}
