package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/ontopsim"
)

// While the store takes nothing, readiness and status warn; when the journal is full,
// Ontop is answered 503, and readiness says so until the store has caught up.
func TestServe_TellsHowFullTheJournalIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.Store.JournalLimitMiB = 16
	a := w.open(t)
	w.serve(t, a)
	ready := func() page { return get(t, http.DefaultClient, "http://"+w.cfg.Private.Listen+"/readyz") }
	require.Equal(t, "ready\n", ready().text)

	w.store.shutWrites("deliveries")
	large := make([]ontopsim.Event, 30)
	for i := range large {
		large[i] = ontopsim.Event{ID: fmt.Sprint("msg_large_", i), Body: []byte(strings.Repeat(string(rune('a'+i%26)), 900<<10))}
	}
	require.Equal(t, 12, w.send(t, large[:12]).Accepted)
	require.Eventually(t, func() bool { return strings.Contains(ready().text, "warning: journal: 6") }, 10*time.Second, 50*time.Millisecond)
	require.Equal(t, http.StatusOK, ready().status, "it still takes deliveries")

	sent := w.send(t, large[12:])
	require.Positive(t, sent.Answers[http.StatusServiceUnavailable])
	full := ready()
	require.Equal(t, http.StatusServiceUnavailable, full.status)
	require.Contains(t, full.text, "journal: the journal is full\nwarning: journal: it is full, with ")
	s, err := app.ReadJournal(t.Context(), w.cfg, time.Now)
	require.NoError(t, err)
	require.Equal(t, app.OwnerServer, s.Owner)
	require.Equal(t, 100, s.Level)
	require.False(t, s.Healthy)
	require.NotNil(t, s.OldestReceivedAt)

	w.store.openWrites()
	require.Eventually(t, func() bool { return ready().text == "ready\n" }, 30*time.Second, 50*time.Millisecond)
	for _, remark := range []string{"journal is full; senders are answered 503", "journal has room again; deliveries are taken"} {
		require.True(t, strings.Contains(w.log.String(), remark), remark) //nolint:testifylint // the whole log is no message
	}
}
