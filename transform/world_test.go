package transform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/transform"
)

// archive is the in-memory store, and tells in what order it was written to.
type archive struct {
	*storetest.Memory
	mu       sync.Mutex
	recorded []string // the methods that recorded something

	lastDetail string // of the outcomes that were recorded last
}

func newArchive() *archive { return &archive{Memory: storetest.NewMemory()} }

func (a *archive) note(method string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.recorded = append(a.recorded, method)
}

func (a *archive) RecordOutcomes(ctx context.Context, outcomes []schema.Outcome) error {
	a.note("RecordOutcomes")
	a.lastDetail = ""
	for _, outcome := range outcomes {
		a.lastDetail += outcome.Detail + "\n"
	}
	return a.Memory.RecordOutcomes(ctx, outcomes)
}

func (a *archive) RecordInvoices(ctx context.Context, invoices []schema.Invoice) error {
	a.note("RecordInvoices")
	return a.Memory.RecordInvoices(ctx, invoices)
}

func (a *archive) RecordPayees(ctx context.Context, payees []schema.Payee) error {
	a.note("RecordPayees")
	return a.Memory.RecordPayees(ctx, payees)
}

func (a *archive) RecordContracts(ctx context.Context, contracts []schema.Contract) error {
	a.note("RecordContracts")
	return a.Memory.RecordContracts(ctx, contracts)
}

func (a *archive) RecordDrafts(ctx context.Context, drafts []schema.Draft) error {
	a.note("RecordDrafts")
	return a.Memory.RecordDrafts(ctx, drafts)
}

var start = time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC)

// world is a store with rules and books, a transformer over it, and a clock that
// moves a second with each look.
type world struct {
	store       *archive
	transformer *transform.Transformer
	registry    *prometheus.Registry
	logs        *bytes.Buffer
	blocks      int
}

func newWorld(t *testing.T, change ...func(*transform.Config)) *world {
	t.Helper()
	w := &world{store: newArchive(), registry: prometheus.NewRegistry(), logs: &bytes.Buffer{}}
	require.NoError(t, w.store.RecordRules(t.Context(), ruleSet()))
	require.NoError(t, w.store.RecordBooks(t.Context(), chart()))
	w.transformer = transform.New(w.store, []transform.Config{config(change...)}, slog.New(slog.NewTextHandler(w.logs, nil)), w.registry, clock())
	return w
}

// restart goes on with another configuration.
func (w *world) restart(t *testing.T, change ...func(*transform.Config)) {
	t.Helper()
	w.registry = prometheus.NewRegistry()
	w.transformer = transform.New(w.store, []transform.Config{config(change...)}, slog.New(slog.NewTextHandler(w.logs, nil)), w.registry, laterClock())
}

// laterClock goes on where no other clock of these tests comes.
func laterClock() func() time.Time {
	tick := clock()
	return func() time.Time { return tick().Add(24 * time.Hour) }
}

func config(change ...func(*transform.Config)) transform.Config {
	cfg := transform.Config{CompanyID: "acme", ClientIDs: []string{"999"}, Policy: policy()}
	for _, change := range change {
		change(&cfg)
	}
	return cfg
}

func clock() func() time.Time {
	var mu sync.Mutex
	at := start
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Second)
		return at
	}
}

func (w *world) stage(t *testing.T, deliveries ...schema.Delivery) {
	t.Helper()
	w.blocks++
	require.NoError(t, w.store.Stage(t.Context(), schema.Block{ID: fmt.Sprint("block ", w.blocks), Deliveries: deliveries}))
}

func (w *world) run(t *testing.T) transform.Result {
	t.Helper()
	result, err := w.transformer.RunOnce(t.Context(), "acme")
	require.NoError(t, err)
	return result
}

// drafts returns the newest draft of every open invoice.
func (w *world) drafts(t *testing.T) map[schema.InvoiceID]schema.Draft {
	t.Helper()
	found := map[schema.InvoiceID]schema.Draft{}
	for position, err := range w.store.OpenPositions(t.Context(), "acme") {
		require.NoError(t, err)
		found[position.Invoice.ID] = position.Draft
	}
	return found
}

func (w *world) intake(t *testing.T) schema.Intake {
	t.Helper()
	intake, err := w.store.Intake(t.Context(), "acme", schema.DateOf(start).Period(), time.Time{})
	require.NoError(t, err)
	return intake
}

// object is the data of an event; later values replace earlier ones.
type object map[string]any

func (o object) with(more object) object {
	merged := maps.Clone(o)
	maps.Copy(merged, more)
	return merged
}

// deliver returns the delivery of an event, received so many seconds after start.
func deliver(id string, second int, event string, data any) schema.Delivery {
	body, err := json.Marshal(object{"event_type": event, "data": data})
	if err != nil {
		panic(err)
	}
	return raw(id, second, string(body))
}

func raw(id string, second int, body string) schema.Delivery {
	return schema.Delivery{
		Company: "acme", ID: schema.DeliveryID(id), ReceivedAt: start.Add(time.Duration(second) * time.Second), Channel: schema.ChannelWebhook,
		Body: []byte(body),
	}
}

func contract() object {
	return object{
		"client_id": 999, "agreement_id": 12, "worker_id": 77, "first_name": "Jane", "last_name": "Doe", "signing": "PAYMENT_AGENT",
		"currency": "USD", "status": "ACTIVE", "updated_at": "2026-01-01T00:00:00Z",
	}
}

func invoice() object {
	return object{
		"client_id": 999, "invoice_id": 555, "invoice_number": "INV-1", "status": "CONFIRMED", "agreement_id": 12, "worker_id": 77,
		"issue_date": "2026-01-31", "currency": "USD", "total_amount": 1100.00,
		"items": []object{
			{"item_id": 1, "concept": "FIXED_PAYMENT", "description": "January", "amount": "1000.00"},
			{"item_id": 2, "concept": "BONUS", "amount": 100},
		},
		"updated_at": "2026-02-01T00:00:00Z",
	}
}

// staged is the in-memory store with a queue of deliveries: looking for what is
// pending among a hundred thousand is not what the benchmark measures.
type staged struct {
	*storetest.Memory
	rest []schema.Delivery
}

func (s *staged) Pending(_ context.Context, _ schema.CompanyID, limit int) ([]schema.Staged, error) {
	next := s.rest[:min(limit, len(s.rest))]
	s.rest = s.rest[len(next):]
	found := make([]schema.Staged, len(next))
	for i, delivery := range next {
		found[i].Delivery = delivery
	}
	return found, nil
}
