package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// The HTTP server ends two of its own goroutines only when they next wake up.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		os.Exit(victim(dir))
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

var errAway = errors.New("the store is away")

// noon is the time of every test that does not bring its own.
var noon = time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC)

func env() ingest.Env { return ingest.Env{Now: func() time.Time { return noon }} }

func delivery(n int) schema.Delivery {
	return schema.Delivery{
		Company: "acme", ID: schema.DeliveryID(fmt.Sprintf("msg_%d", n)), ReceivedAt: noon.Add(time.Duration(n) * time.Microsecond),
		Channel: schema.ChannelWebhook, Body: fmt.Appendf(nil, `{"event_type":"PAYMENT","data":{"payment_id":%d}}`, n),
		Arrival: fmt.Appendf(nil, "192.0.2.1 bearer 1 %d 0\n", n),
	}
}

// open opens a journal in memory, or in what is left of one.
func open(tb testing.TB, fs vfs.FS, change ...func(*ingest.JournalConfig)) *ingest.Journal {
	tb.Helper()
	j, err := tryOpen(fs, change...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = j.Close() })
	return j
}

func tryOpen(fs vfs.FS, change ...func(*ingest.JournalConfig)) (*ingest.Journal, error) {
	cfg := ingest.JournalConfig{Dir: "/journal", FS: fs}
	for _, c := range change {
		c(&cfg)
	}
	return ingest.OpenJournal(cfg, env())
}

func small(c *ingest.JournalConfig) { c.SegmentBytes = 4 << 10 }

var all = ingest.Limits{Deliveries: 1 << 20, Bytes: 1 << 40}

// waiting returns everything in the journal without forgetting it.
func waiting(tb testing.TB, j *ingest.Journal) []schema.Delivery {
	tb.Helper()
	block, err := j.Cut(tb.Context(), all)
	require.NoError(tb, err)
	return block.Deliveries
}

// books is a store that remembers blocks by id, and fails as told: before it
// took the block, or after.
type books struct {
	mu     sync.Mutex
	ids    map[string]bool
	staged []schema.Delivery
	calls  int
	fail   func(call int) (before, after error)
}

func (b *books) Stage(_ context.Context, block schema.Block) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	var before, after error
	if b.fail != nil {
		before, after = b.fail(b.calls)
	}
	if before != nil {
		return before
	}
	if b.ids == nil {
		b.ids = make(map[string]bool)
	}
	if !b.ids[block.ID] {
		b.ids[block.ID] = true
		b.staged = append(b.staged, block.Deliveries...)
	}
	return after
}

func (b *books) deliveries() []schema.Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]schema.Delivery(nil), b.staged...)
}

func ids(deliveries []schema.Delivery) []string {
	out := make([]string, 0, len(deliveries))
	for _, d := range deliveries {
		out = append(out, string(d.ID))
	}
	return out
}
