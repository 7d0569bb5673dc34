package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/engine"
)

const (
	clientID     = "999"
	customerName = "Globex Corporation"
	stopWithin   = 30 * time.Second
)

// rulesYAML maps every concept of a made-up history but RELOCATION_ALLOWANCE.
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

// world is a tieout with both ends pretended.
type world struct {
	*rig.Rig
	dir     string
	log     *logs
	history ontopsim.History
}

// logs is what the child wrote to standard error, kept for a failing test.
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

// newWorld makes up a history and sets everything up; nothing runs yet. What cfg
// leaves out is filled in.
func newWorld(t *testing.T, story ontopsim.Config, cfg rig.Config) *world {
	t.Helper()
	story.ClientID, story.CustomerName = clientID, customerName
	if story.Currencies == nil {
		story.Currencies = []schema.Currency{"USD", "EUR", "USD", "COP", "BRL", "MXN"}
	}
	if story.CloseDate.IsZero() {
		story.CloseDate = schema.NewDate(2026, 5, 31)
	}
	if cfg.Files != "" {
		story.FilesURL = "http://" + cfg.Files
	}
	history, err := ontopsim.Generate(story)
	require.NoError(t, err)
	w := &world{dir: t.TempDir(), log: &logs{}, history: history}
	cfg.Program, cfg.Dir, cfg.ClientID, cfg.Log = program, w.dir, clientID, w.log
	if cfg.Schedule == "" {
		cfg.Schedule = `{transform: "@every 4s", load: "@every 4s"}`
	}
	cfg.Books.Now, cfg.Books.Seed = time.Now, story.Seed
	if cfg.Books.Realms == nil {
		cfg.Books.Realms = realms(true, story.CloseDate)
	}
	w.Rig, err = rig.New(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, w.Close())
		if t.Failed() {
			said := strings.Split(w.log.String(), "\n")
			t.Logf("the program's last words:\n%s", strings.Join(said[max(0, len(said)-40):], "\n"))
		}
	})
	_, err = w.Books.Create(w.Realm, "Customer", map[string]any{"DisplayName": customerName})
	require.NoError(t, err)
	return w
}

// realms is one company in the United States.
func realms(multiCurrency bool, closed schema.Date) []quickbookstest.Realm {
	return []quickbookstest.Realm{{
		ID: quickbookstest.DefaultRealm, Name: "Acme Inc", Country: "US",
		Preferences: quickbookstest.Preferences{MultiCurrency: multiCurrency, HomeCurrency: "USD", BookCloseDate: closed.String()},
	}}
}

// edit changes the configuration, as an operator does while nothing runs.
func (w *world) edit(t *testing.T, before, after string) {
	t.Helper()
	text, err := os.ReadFile(w.ConfigFile())
	require.NoError(t, err)
	require.Contains(t, string(text), before)
	require.NoError(t, os.WriteFile(w.ConfigFile(), []byte(strings.Replace(string(text), before, after, 1)), 0o600))
}

// tellAll has the program log as much as it can, for tests of what it logs.
func (w *world) tellAll(t *testing.T) {
	t.Helper()
	w.edit(t, "log: {format: text}", "log: {format: text, level: debug}")
}

// cleanMonth is a history of one month in which nothing is wrong.
func cleanMonth(seed uint64) ontopsim.Config {
	return ontopsim.Config{Seed: seed, Workers: 4, Months: 1, Troubles: []ontopsim.Trouble{}, CloseDate: schema.NewDate(2026, 7, 31)}
}

// serve starts the program, and stops it when the test ends.
func (w *world) serve(t *testing.T) *rig.Process {
	t.Helper()
	process, err := w.Serve(t.Context())
	require.NoError(t, err, w.log)
	t.Cleanup(func() { process.Kill() })
	return process
}

// open connects the company and maps the concepts, as a person does once.
func (w *world) open(t *testing.T) {
	t.Helper()
	require.NoError(t, w.Connect(t.Context()), w.log)
	w.run(t, 0, "sync")
	w.run(t, 0, "rules", "import", w.file(t, "rules.yaml", rulesYAML))
}

// file writes a file into the world's folder and returns its path.
func (w *world) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run runs a command that must end with the code, and returns its output.
func (w *world) run(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, got, err := w.Run(t.Context(), args...)
	if code == 0 || code == 3 {
		require.NoError(t, err)
	}
	require.Equal(t, code, got, "%v: %s", args, out)
	return string(out)
}

// fails runs a command that must end with the code, and returns what it complained of.
func (w *world) fails(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, got, err := w.Run(t.Context(), args...)
	require.Error(t, err, "%v: %s", args, out)
	require.Equal(t, code, got, "%v: %v", args, err)
	return err.Error()
}

// send posts events, all of which must be accepted.
func (w *world) send(t *testing.T, events []ontopsim.Event) {
	t.Helper()
	sent, err := w.Send(t.Context(), ontopsim.SenderConfig{}, events)
	require.NoError(t, err)
	require.Equal(t, len(events), sent.Accepted, "%+v", sent)
}

// status is `tieout status --json`.
type status struct {
	Settled   bool
	Server    *struct{ Idle bool }
	Companies []struct {
		ToCreate   int `json:"vendors_to_create"`
		Connection schema.Connection
		Backlog    schema.Backlog
	}
}

func (w *world) status(t *testing.T) status {
	t.Helper()
	var s status
	require.NoError(t, json.Unmarshal([]byte(w.run(t, 0, "status", "--json")), &s))
	require.Len(t, s.Companies, 1)
	return s
}

// settle waits until nothing is left to do but by people and by Ontop.
func (w *world) settle(t *testing.T, within time.Duration) {
	t.Helper()
	ends := time.Now().Add(within)
	for s := w.status(t); !s.Settled; s = w.status(t) {
		require.True(t, time.Now().Before(ends), "not settled within %s: server %+v, %+v", within, s.Server, s.Companies)
	}
}

// report is what `tieout reconcile --format json` promises to others.
type report struct {
	Company  string                        `json:"company"`
	Period   string                        `json:"period"`
	AsOf     time.Time                     `json:"as_of"`
	Tied     bool                          `json:"tied"`
	Equation []map[string]string           `json:"equation"`
	States   map[schema.State]stateSummary `json:"states"`
	Items    []item                        `json:"items"`
	Intake   schema.Intake                 `json:"intake"`
	Run      schema.RunFacts               `json:"run"`
}

type stateSummary struct {
	Count   int               `json:"count"`
	Amounts map[string]string `json:"amounts"`
}

type item struct {
	InvoiceID    schema.InvoiceID    `json:"invoice_id"`
	State        schema.State        `json:"state"`
	Cause        string              `json:"cause"`
	Amount       string              `json:"amount"`
	Currency     schema.Currency     `json:"currency"`
	QuickBooksID string              `json:"quickbooks_id"`
	Holds        []schema.HoldReason `json:"holds"`
	Corrections  []correction        `json:"corrections"`
}

type correction struct {
	QuickBooksID string                 `json:"quickbooks_id"`
	Amount       string                 `json:"amount"`
	Currency     schema.Currency        `json:"currency"`
	State        schema.CorrectionState `json:"state"`
	ApprovedBy   string                 `json:"approved_by"`
}

// reconcile reads a month's report and checks that the exit code agrees with it.
func (w *world) reconcile(t *testing.T, args ...string) report {
	t.Helper()
	out, code, err := w.Run(t.Context(), append([]string{"reconcile", "--format", "json"}, args...)...)
	require.NoError(t, err)
	var r report
	require.NoError(t, json.Unmarshal(out, &r))
	want := 3
	if r.Tied {
		want = 0
	}
	require.Equal(t, want, code, "the exit code says whether it ties")
	return r
}

// of returns the item of an invoice.
func (r report) of(t *testing.T, id schema.InvoiceID) item {
	t.Helper()
	for _, i := range r.Items {
		if i.InvoiceID == id {
			return i
		}
	}
	require.Fail(t, "not in the report", "invoice %s", id)
	return item{}
}

// query runs a statement beside the running server and returns its rows, fields
// apart by tabs.
func (w *world) query(t *testing.T, sql string) []string {
	t.Helper()
	cfg, err := config.Load(w.ConfigFile(), config.Source{})
	require.NoError(t, err)
	attached, err := engine.Attach(t.Context(), engine.Config{Dir: cfg.Store.EmbeddedDir()})
	require.NoError(t, err)
	defer attached.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://engine/?default_format=TabSeparated&database="+engine.Database, strings.NewReader(sql))
	require.NoError(t, err)
	answer, err := attached.RoundTrip(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, text.String())
	return strings.Split(strings.TrimSpace(text.String()), "\n")
}
