package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// august is when the deliveries of these tests were received.
var august = time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC)

// leave writes deliveries into the journal as a server does that is killed then, from
// the given number on.
func (w *world) leave(t *testing.T, first, n int) []schema.Delivery {
	t.Helper()
	j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: w.cfg.Store.Journal}, ingest.Env{Now: time.Now})
	require.NoError(t, err)
	all := make([]schema.Delivery, 0, n)
	for i := first; i < first+n; i++ {
		d := schema.Delivery{
			Company: acme, ID: schema.DeliveryID(fmt.Sprintf("msg_%04d", i)), Channel: schema.ChannelWebhook,
			// Over the end of a month, so that a block has two parts in the store.
			ReceivedAt: august.Add(time.Duration(i) * time.Hour), Body: fmt.Appendf(nil, `{"event_type":"ODD","n":%d}`, i),
			Arrival: fmt.Appendf(nil, "192.0.2.1 bearer 1 %d 0\nHost: acme\n", i),
		}
		require.NoError(t, j.Append(t.Context(), d))
		all = append(all, d)
	}
	require.NoError(t, j.Close())
	return all
}

// requireStored requires that the store has exactly these, each once, in order.
func requireStored(t *testing.T, a *app.App, want []schema.Delivery) {
	t.Helper()
	var got []schema.Delivery
	for r, err := range a.Store().Deliveries(t.Context(), schema.DeliveryQuery{Company: acme, Bodies: true}) {
		require.NoError(t, err)
		got = append(got, r.Delivery)
	}
	require.Equal(t, want, got)
}

func TestApp_DrainJournal(t *testing.T) {
	t.Parallel()

	t.Run("MovesEverythingOnce", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		want := w.leave(t, 0, 40)
		a := w.open(t)
		d, err := a.DrainJournal(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, app.Drained{Deliveries: 40}, d)
		requireStored(t, a, want)
		d, err = a.DrainJournal(t.Context(), nil)
		require.NoError(t, err)
		require.Zero(t, d)
		requireStored(t, a, want)
	})

	t.Run("TriesAgainUntilTheStoreTakesIt", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		want := w.leave(t, 0, 5)
		a := w.open(t)
		w.store.shutWrites("deliveries")
		told := 0
		d, err := a.DrainJournal(t.Context(), func(err error, _ time.Duration) {
			require.Error(t, err)
			if told++; told == 2 {
				w.store.openWrites()
			}
		})
		require.NoError(t, err)
		require.Equal(t, 2, told)
		require.Equal(t, 5, d.Deliveries)
		requireStored(t, a, want)
	})

	t.Run("GivesUpInTimeAndLosesNothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		want := w.leave(t, 0, 5)
		a := w.open(t)
		w.store.shutWrites("deliveries")
		ctx, cancel := context.WithCancel(t.Context())
		d, err := a.DrainJournal(ctx, func(error, time.Duration) { cancel() })
		require.Error(t, err)
		require.EqualValues(t, 5, d.Left)
		w.store.openWrites()
		_, err = a.DrainJournal(t.Context(), nil)
		require.NoError(t, err)
		requireStored(t, a, want)
	})

	t.Run("SaysWhatDamageLost", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		want := w.leave(t, 0, 20)
		spoil(t, w.cfg, want[7].Body)
		a := w.open(t)
		d, err := a.DrainJournal(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, 19, d.Deliveries)
		require.EqualValues(t, 1, d.LostDeliveries())
		requireStored(t, a, append(want[:7:7], want[8:]...))
	})
}

// spoil flips a bit of a record in the journal's first file.
func spoil(t *testing.T, cfg config.Config, text []byte) {
	t.Helper()
	path := filepath.Join(cfg.Store.Journal, "000000000001.wal")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	at := strings.Index(string(raw), string(text))
	require.Positive(t, at)
	raw[at] ^= 1
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}

func TestReadJournal(t *testing.T) {
	t.Parallel()

	t.Run("NeedsNoStore", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.store.shut.Store(true)
		_, err := app.ReadJournal(t.Context(), w.cfg, time.Now)
		require.ErrorIs(t, err, ingest.ErrNoJournal)
		_, err = app.VerifyJournal(t.Context(), w.cfg)
		require.ErrorIs(t, err, ingest.ErrNoJournal)
		_, err = app.SurveyJournal(w.cfg)
		require.ErrorIs(t, err, ingest.ErrNoJournal)

		all := w.leave(t, 0, 5)
		s, err := app.ReadJournal(t.Context(), w.cfg, func() time.Time { return august.Add(time.Hour) })
		require.NoError(t, err)
		require.Empty(t, s.Owner)
		require.EqualValues(t, 5, s.Deliveries)
		require.InDelta(t, 3600, s.AgeSeconds, 0)
		require.Equal(t, all[0].ReceivedAt, *s.OldestReceivedAt)
		require.EqualValues(t, 64<<20, s.LimitBytes)
		require.Positive(t, s.FreeBytes)
		require.Positive(t, s.Files)
		require.True(t, s.Healthy)
		require.NoError(t, app.JournalFree(t.Context(), w.cfg))
		found, err := app.VerifyJournal(t.Context(), w.cfg)
		require.NoError(t, err)
		require.False(t, found.Damaged())
	})

	t.Run("AsksTheServerThatRuns", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.open(t)
		stop := w.serve(t, a)
		s, err := app.ReadJournal(t.Context(), w.cfg, time.Now)
		require.NoError(t, err)
		require.Equal(t, app.OwnerServer, s.Owner)
		require.True(t, s.Healthy)
		require.Nil(t, s.OldestReceivedAt)
		require.Empty(t, s.Warnings)
		err = app.JournalFree(t.Context(), w.cfg)
		require.ErrorIs(t, err, app.ErrJournalInUse)
		require.ErrorContains(t, err, "the server that runs owns it and drains it by itself; 0 deliveries wait, see `tieout journal status`")
		_, err = a.DrainJournal(t.Context(), nil)
		require.ErrorContains(t, err, "another process owns the folder")
		stop()
		require.NoError(t, app.JournalFree(t.Context(), w.cfg))
	})

	t.Run("WarnsOfWhatIsLost", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		all := w.leave(t, 0, 20)
		spoil(t, w.cfg, all[3].Body)
		s, err := app.ReadJournal(t.Context(), w.cfg, time.Now)
		require.NoError(t, err)
		require.EqualValues(t, 1, s.Lost)
		require.Equal(t, []string{"1 acknowledged delivery cannot be read: run `tieout journal verify`"}, s.Warnings)
	})
}

// faulty is a way to the shared engine that spoils inserts of deliveries as drawn.
type faulty struct {
	mu   sync.Mutex
	rng  *rand.Rand
	off  bool
	hurt map[string]int // how often each fault came
}

// draw returns the fault of one insert.
func (f *faulty) draw() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.off {
		return ""
	}
	faults := []string{"", "read-only", "no space", "restart before", "restart in the middle", "answer lost", "answer cut off", "late", "twice"}
	fault := faults[f.rng.IntN(len(faults))]
	f.hurt[fault]++
	return fault
}

func (f *faulty) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // who asks has gone
	}
	fault := ""
	if strings.HasPrefix(r.URL.Query().Get("query"), "INSERT INTO deliveries ") {
		fault = f.draw()
	}
	// What is on its way when somebody gives up arrives all the same.
	pass := func(body []byte) (*http.Response, error) {
		request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, shared+r.URL.RequestURI(), strings.NewReader(string(body)))
		if err != nil {
			return nil, err
		}
		request.Header = r.Header.Clone()
		return http.DefaultTransport.RoundTrip(request)
	}
	refuse := func(code, text string) {
		w.Header().Set("X-ClickHouse-Exception-Code", code)
		http.Error(w, fmt.Sprintf("Code: %s. DB::Exception: %s", code, text), http.StatusInternalServerError)
	}
	switch fault {
	case "read-only":
		refuse("242", "Table is in readonly mode. (TABLE_IS_READ_ONLY)")
		return
	case "no space":
		refuse("243", "Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)")
		return
	case "restart before":
		hangUp(w)
		return
	case "restart in the middle":
		// The engine sees a body that ends too early.
		request, err := http.NewRequestWithContext(r.Context(), r.Method, shared+r.URL.RequestURI(), brokenOff{strings.NewReader(string(body[:len(body)/2]))})
		if err == nil {
			request.Header, request.ContentLength = r.Header.Clone(), int64(len(body))
			if answer, err := http.DefaultTransport.RoundTrip(request); err == nil {
				answer.Body.Close()
			}
		}
		hangUp(w)
		return
	}
	answer, err := pass(body)
	if err == nil && fault == "twice" {
		answer.Body.Close()
		answer, err = pass(body)
	}
	if err != nil {
		hangUp(w)
		return
	}
	defer answer.Body.Close()
	if fault == "answer lost" || fault == "answer cut off" {
		if fault == "answer cut off" {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(answer.StatusCode)
			io.WriteString(w, "half")
		}
		hangUp(w)
		return
	}
	if fault == "late" {
		<-time.After(50 * time.Millisecond)
	}
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

// hangUp ends the connection without another word.
func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

var errBrokenOff = errors.New("broken off")

// brokenOff is a body whose sender dies.
type brokenOff struct{ io.Reader }

func (b brokenOff) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBrokenOff
	}
	return n, err
}

// The real engine behind a way that spoils inserts at random, and a drainer that
// starts again and again: whatever happens, each delivery is in the store once, in
// the order of the journal.
func TestApp_DrainJournal_ThroughFaults(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t)
	faults := &faulty{rng: rand.New(rand.NewPCG(seed, 1)), hurt: make(map[string]int), off: true}
	way := httptest.NewServer(faults)
	t.Cleanup(way.Close)
	w.cfg.Store.DSN = config.Secret(strings.Replace(w.cfg.Store.DSN.Reveal(), w.store.URL, way.URL, 1))
	a := w.open(t)
	faults.mu.Lock()
	faults.off = false
	faults.mu.Unlock()

	var want []schema.Delivery
	tries := 0
	for range 12 {
		want = append(want, w.leave(t, len(want), 1+rng.IntN(400))...)
		ctx, cancel := context.WithCancel(t.Context())
		patience := rng.IntN(4)
		_, err := a.DrainJournal(ctx, func(error, time.Duration) {
			if tries++; patience == 0 {
				cancel() // and another process goes on
			}
			patience--
		})
		cancel()
		if err != nil {
			require.Error(t, ctx.Err())
		}
	}
	faults.heal()
	_, err := a.DrainJournal(t.Context(), nil)
	require.NoError(t, err)
	requireStored(t, a, want)
	t.Logf("%d deliveries, %d attempts failed, faults %v", len(want), tries, faults.hurt)
	require.Positive(t, tries)
}
