package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/cmd/internal/seal"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

const acme = schema.CompanyID("acme")

var databases atomic.Int64

// world is one App, or several on one store, beside a pretended QuickBooks.
type world struct {
	cfg   config.Config
	books *quickbookstest.Server
	realm string
	log   *logs
	ahead atomic.Int64 // how far the App's clock is ahead of ours, in nanoseconds
	store *gate
	pause time.Duration // of an App that QuickBooks throttled
}

// gate is the way to the store, which can be shut.
type gate struct {
	*httptest.Server
	shut   atomic.Bool
	sealed atomic.Pointer[string] // a table that nothing can be written to
}

// shutWrites keeps everything from one table.
func (g *gate) shutWrites(table string) { g.sealed.Store(&table) }

func (g *gate) openWrites() { g.sealed.Store(nil) }

// refuses reports whether a request is not let through.
func (g *gate) refuses(r *http.Request) bool {
	table := g.sealed.Load()
	return g.shut.Load() || table != nil && strings.HasPrefix(r.URL.Query().Get("query"), "INSERT INTO "+*table+" ")
}

type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newGate passes requests on to the shared engine while it is open.
func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.refuses(r) {
			http.Error(w, "shut", http.StatusServiceUnavailable)
			return
		}
		request, err := http.NewRequestWithContext(r.Context(), r.Method, shared+r.URL.RequestURI(), r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		request.Header, request.ContentLength = r.Header, r.ContentLength
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
	}))
	t.Cleanup(g.Close)
	return g
}

// now is the App's clock.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// sameClock has the pretended QuickBooks follow the App's clock.
func sameClock(w *world, c *quickbookstest.Config) { c.Now = w.now }

// newWorld makes up a configuration with one company; nothing is opened yet.
func newWorld(t *testing.T, changes ...func(*world, *quickbookstest.Config)) *world {
	t.Helper()
	w := &world{log: &logs{}, store: newGate(t)}
	t.Cleanup(func() {
		if t.Failed() {
			said := strings.Split(w.log.String(), "\n")
			t.Logf("the program's last words:\n%s", strings.Join(said[max(0, len(said)-40):], "\n"))
		}
	})
	books := quickbookstest.Config{Now: time.Now, Limits: quickbookstest.Limits{Off: true}, Realms: []quickbookstest.Realm{
		{ID: "1001", Name: "Acme Inc", Preferences: quickbookstest.Preferences{MultiCurrency: true, HomeCurrency: "USD"}},
		{ID: "1002", Name: "Globex Inc", Preferences: quickbookstest.Preferences{HomeCurrency: "USD"}},
	}}
	for _, change := range changes {
		change(w, &books)
	}
	w.books = quickbookstest.New(books)
	w.realm = "1001"
	quickBooks := httptest.NewServer(w.books)
	t.Cleanup(quickBooks.Close)
	keys := filepath.Join(t.TempDir(), "keyset.json")
	require.NoError(t, seal.NewKeyset(keys))
	private := freeAddress(t)
	w.cfg = config.Config{
		Store: config.Store{
			DSN:     config.Secret(fmt.Sprintf("%s/test_%d", w.store.URL, databases.Add(1))),
			Journal: filepath.Join(t.TempDir(), "journal"), JournalLimitMiB: 64,
		},
		Public:   config.Public{Listen: freeAddress(t)},
		Private:  config.Private{Listen: private, URL: "http://" + private},
		KeyFile:  keys,
		Schedule: config.Schedule{Transform: "@every 1h", Load: "@every 1h", Sweep: "@daily"},
		Companies: []config.Company{{
			ID: string(acme), Name: "Acme Inc",
			Ontop: config.Ontop{
				ClientIDs: []string{"999"}, Signature: "standard-webhooks", Secrets: []config.SigningSecret{{Secret: newSecret()}},
				Header: "X-Signature", Tolerance: 5 * time.Minute, RatePerSecond: 5000,
			},
			QuickBooks: config.QuickBooks{
				Environment: "production", APIURL: quickBooks.URL, AuthorizeURL: quickBooks.URL + "/connect/oauth2",
				TokenURL: quickBooks.URL + "/oauth2/v1/tokens/bearer", RevokeURL: quickBooks.URL + "/v2/oauth2/tokens/revoke",
				ClientID: quickbookstest.DefaultClientID, ClientSecret: quickbookstest.DefaultClientSecret,
				BatchSize: 30, RequestsPerMinute: 500, RequestsPerSecond: 10, BatchesPerMinute: 40,
			},
			Policy: config.Policy{
				PostOn: "confirmed", CreateVendors: "automatic", ClosedPeriod: "hold", BillDate: "issue_date", PlatformVendor: "Ontop",
				Payee: map[string]string{
					"PAYMENT_AGENT": "worker", "SERVICE_PROVIDER": "worker", "CONTRACTOR_OF_RECORD": "platform", "EOR": "platform",
				},
			},
		}},
	}
	return w
}

func newSecret() config.Secret {
	key := make([]byte, 32)
	rand.Read(key)
	return config.Secret("whsec_" + base64.StdEncoding.EncodeToString(key))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := rig.FreePort(t.Context())
	require.NoError(t, err)
	return address
}

// open opens an App of the configuration; several may share the store.
func (w *world) open(t *testing.T) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), w.cfg, app.Options{
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Registry: prometheus.NewRegistry(),
		Now: w.now, Pause: w.pause,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

// connect lets an App into the pretended company as a command does.
func (w *world) connect(t *testing.T, a *app.App) {
	t.Helper()
	require.NoError(t, w.connectTo(t, a, w.realm))
}

// connectTo lets an App into the realm, as a person who chooses it does.
func (w *world) connectTo(t *testing.T, a *app.App, realm string) error {
	t.Helper()
	pending, err := a.StartConnect(acme)
	require.NoError(t, err)
	_, err = a.FinishConnect(t.Context(), pending, w.consent(t, pending.URL+"&sim_realm="+realm), "tester")
	return err
}

// consent opens the address where a person consents, and returns the one that
// QuickBooks sends the browser back to.
func (w *world) consent(t *testing.T, address string) string {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer := get(t, browser, address)
	require.Equal(t, http.StatusFound, answer.status, answer.text)
	return answer.header.Get("Location")
}

type page struct {
	status int
	header http.Header
	text   string
}

func get(t *testing.T, client *http.Client, address string) page {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	answer, err := client.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return page{status: answer.StatusCode, header: answer.Header, text: string(text)}
}

const rulesYAML = `rules:
  - {id: base-pay, concept: FIXED_PAYMENT, account: Contractors}
  - {id: hourly, concept: HOURLY_PAYMENT, account: Contractors}
  - {id: tasks, concept: TASK_PAYMENT, account: Contractors}
  - {id: milestones, concept: MILESTONE_PAYMENT, account: Subcontractors}
  - {id: prorated, concept: PRORATED_PAYMENT, account: Contractors}
  - {id: overtime, concept: OVERTIME, account: Contractors}
  - {id: adjustments, concept: ADJUSTMENT, account: Contractors}
  - {id: deductions, concept: DEDUCTION, account: Contractors}
  - {id: bonuses, concept: BONUS, account: Bonuses}
  - {id: commissions, concept: COMMISSION, account: Bonuses}
  - {id: reimbursements, concept: REIMBURSEMENT, account: Travel}
  - {id: taxes, concept: TAX, account: Miscellaneous}
  - {id: platform-fees, concept: PLATFORM_FEE, account: Software & Subscriptions}
  - {id: payment-fees, concept: PAYMENT_METHOD_FEE, account: Bank Charges}
`

// ready opens an App that is connected and has rules.
func (w *world) ready(t *testing.T) *app.App {
	t.Helper()
	a := w.open(t)
	w.connect(t, a)
	w.cycle(t, a)
	_, changed, err := a.ImportRules(t.Context(), acme, []byte(rulesYAML), "tester")
	require.NoError(t, err)
	require.True(t, changed)
	return a
}

func (w *world) cycle(t *testing.T, a *app.App) app.Counts {
	t.Helper()
	counts, err := a.Cycle(t.Context(), acme, nil)
	require.NoError(t, err)
	return counts
}

// month is a clean month of a few workers, and everything that Ontop sends of it.
func month(t *testing.T, workers int) ontopsim.History {
	t.Helper()
	history, err := ontopsim.Generate(ontopsim.Config{
		ClientID: "999", Seed: 11, Workers: workers, Months: 1, Currencies: []schema.Currency{"USD", "EUR"}, Troubles: []ontopsim.Trouble{},
	})
	require.NoError(t, err)
	return history
}

// receive stages everything that Ontop sends, as an import does.
func receive(ctx context.Context, t *testing.T, a *app.App, history ontopsim.History) {
	t.Helper()
	var bodies bytes.Buffer
	require.NoError(t, ontopsim.WriteBodies(&bodies, history.Events))
	result, err := a.Import(ctx, acme, &bodies)
	require.NoError(t, err)
	require.Zero(t, result.Refused)
}
