package app_test

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
)

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	return listener
}

// serve runs an App until the function that it returns is called, or the test
// ends, and waits until it is ready.
func (w *world) serve(t *testing.T, a *app.App) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		require.NoError(t, <-served)
	}
	t.Cleanup(stop)
	require.Eventually(t, func() bool { return w.readiness(t) == http.StatusOK }, 30*time.Second, 20*time.Millisecond)
	return stop
}

// readiness is the status of /readyz, or 0 when nobody answers.
func (w *world) readiness(t *testing.T) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.cfg.Private.URL+"/readyz", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func (w *world) send(t *testing.T, events []ontopsim.Event) ontopsim.Summary {
	t.Helper()
	sender, err := ontopsim.NewSender(ontopsim.SenderConfig{
		URL: "http://" + w.cfg.Public.Listen + "/webhooks/ontop/acme", Secret: w.cfg.Companies[0].Ontop.Secrets[0].Reveal(), Attempts: 1,
	}, time.Now)
	require.NoError(t, err)
	summary, err := sender.Send(t.Context(), events)
	require.NoError(t, err)
	return summary
}

// The store being away is nothing that Ontop can notice; /readyz says so, and what
// was received goes on once it is back.
func TestServe_StoreAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Schedule = config.Schedule{Transform: "@every 1s", Load: "@every 1s", Sweep: "@daily"}
	a := w.ready(t)
	stop := w.serve(t, a)
	w.store.shut.Store(true)
	require.Eventually(t, func() bool { return w.readiness(t) == http.StatusServiceUnavailable }, 10*time.Second, 20*time.Millisecond)
	require.Contains(t, get(t, http.DefaultClient, w.cfg.Private.URL+"/readyz").text, "store: ")
	require.Equal(t, http.StatusOK, get(t, http.DefaultClient, w.cfg.Private.URL+"/readyz/journal").status, "deliveries can be stored")
	require.Equal(t, http.StatusServiceUnavailable, get(t, http.DefaultClient, w.cfg.Private.URL+"/readyz/store").status)
	require.Equal(t, http.StatusNotFound, get(t, http.DefaultClient, w.cfg.Private.URL+"/readyz/else").status)
	history := month(t, 4)
	require.Equal(t, len(history.Events), w.send(t, history.Events).Accepted)
	server, running, err := a.Server(t.Context())
	require.NoError(t, err)
	require.True(t, running)
	require.NotZero(t, server.Journal.Deliveries)
	require.False(t, server.Idle)
	waiting := "\ntieout_ingest_journal_deliveries " + strconv.Itoa(len(history.Events)) + "\n"
	require.Eventually(t, func() bool {
		metrics := get(t, http.DefaultClient, w.cfg.Private.URL+"/metrics")
		return metrics.status == http.StatusOK && strings.Contains(metrics.text, waiting)
	}, 30*time.Second, 100*time.Millisecond, "what can be told is told")

	w.store.shut.Store(false)
	invoices := len(history.Expected.Invoices)
	require.Eventually(t, func() bool { return w.books.Count(w.realm, "Bill") == invoices }, time.Minute, 50*time.Millisecond)
	require.Eventually(t, func() bool {
		server, _, err := a.Server(t.Context())
		return err == nil && server.Journal.Deliveries == 0
	}, 30*time.Second, 20*time.Millisecond)
	expiry := regexp.MustCompile(`tieout_quickbooks_access_token_expiry_timestamp_seconds\{realm="1001"\} (\S+)`)
	found := expiry.FindStringSubmatch(get(t, http.DefaultClient, w.cfg.Private.URL+"/metrics").text)
	require.Len(t, found, 2, "when the token in use ends is told")
	ends, err := strconv.ParseFloat(found[1], 64)
	require.NoError(t, err)
	require.Greater(t, ends, float64(time.Now().Unix()))
	stop()
	require.Zero(t, w.readiness(t), "nobody listens any more")
}

// A journal that is full takes no more, says when to come again, and takes on when
// the store has taken what it holds: the answer to a full disk.
// Thrown out in the middle of posting, and let in again: what was refused is posted
// at once, and not when some pause is over.
func TestServe_GoesOnOnceConnectedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ready(t)
	stop := w.serve(t, a)
	history := month(t, 4)
	w.books.Disconnect(w.realm)
	require.Equal(t, len(history.Events), w.send(t, history.Events).Accepted)
	state := func() schema.ConnectionState {
		connection, err := a.Store().Connection(t.Context(), acme)
		require.NoError(t, err)
		return connection.State
	}
	require.Eventually(t, func() bool { return state() == schema.NeedsConsent }, 30*time.Second, 50*time.Millisecond)
	require.NotZero(t, w.books.Stats().Requests["batch"], "the refusal met a batch")
	require.Zero(t, w.books.Count(w.realm, "Bill"))

	w.connect(t, a)
	posted := func() bool { return w.books.Count(w.realm, "Bill") == len(history.Expected.Invoices) }
	require.Eventually(t, posted, 30*time.Second, 50*time.Millisecond)
	stop()
}

func TestServe_JournalFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Store.JournalLimitMiB = 16
	a := w.open(t)
	stop := w.serve(t, a)
	w.store.shut.Store(true)
	var large []ontopsim.Event
	for i := range 30 {
		body := make([]byte, 900<<10)
		for j := range body {
			body[j] = 'a' + byte((i+j*j)%26)
		}
		large = append(large, ontopsim.Event{ID: "msg_large_" + strconv.Itoa(i), Body: body})
	}
	sent := w.send(t, large)
	require.Positive(t, sent.Accepted)
	require.Less(t, sent.Accepted, len(large))
	require.Equal(t, len(large)-sent.Accepted, sent.Answers[http.StatusServiceUnavailable], "%+v", sent)

	w.store.shut.Store(false)
	require.Eventually(t, func() bool { return w.send(t, large[len(large)-1:]).Accepted == 1 }, time.Minute, 100*time.Millisecond)
	stop()
}

func TestServe_SaysWhichListenerIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := listen(t, "127.0.0.1:0")
	defer taken.Close()
	w.cfg.Public.Listen = taken.Addr().String()
	err := w.open(t).Serve(t.Context())
	require.ErrorContains(t, err, "public.listen: ")
	require.ErrorContains(t, err, "address already in use")
}
