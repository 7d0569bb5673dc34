package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// journalState is `tieout journal status --json`.
type journalState struct {
	Dir        string
	Owner      string
	PID        int
	Deliveries int
	Healthy    bool
}

func TestJournalCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, cleanMonth(8), rig.Config{})
	require.Contains(t, w.run(t, 0, "journal", "status"), "no journal is in ")
	require.Contains(t, w.run(t, 0, "journal", "drain"), "no journal is in ")
	require.Contains(t, w.fails(t, 1, "journal", "verify"), "no journal is in ")

	// While the server runs, it owns the journal; looking needs nobody's leave.
	server := w.serve(t)
	w.send(t, w.history.Events[:10])
	require.Contains(t, w.run(t, 0, "journal", "status"), "in use by the server, which runs, and takes deliveries")
	require.Contains(t, w.run(t, 0, "journal", "verify"), "whole: everything that was acknowledged can be read")
	require.Contains(t, w.fails(t, 1, "journal", "drain"), "the server that runs owns it and drains it by itself")

	// Another configuration of the same journal knows its owner by the lock alone.
	private, err := rig.FreePort(t.Context())
	require.NoError(t, err)
	text, err := os.ReadFile(w.ConfigFile())
	require.NoError(t, err)
	other := w.file(t, "other.yaml", strings.Replace(string(text), strings.TrimPrefix(w.Private, "http://"), private, 1))
	said, err := exec.CommandContext(t.Context(), program, "journal", "status", "--config", other).CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Contains(t, string(said), "in use by process ")
	said, err = exec.CommandContext(t.Context(), program, "journal", "drain", "--config", other).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(said), "the journal is in use: process ")

	// Killed, it leaves what it had no time to move. A drain moves it, once.
	require.NoError(t, server.Kill())
	var state journalState
	require.NoError(t, json.Unmarshal([]byte(w.run(t, 0, "journal", "status", "--json")), &state))
	require.Empty(t, state.Owner)
	w.run(t, 0, "journal", "drain")
	leave(t, state.Dir, 25)
	require.NoError(t, json.Unmarshal([]byte(w.run(t, 0, "journal", "status", "--json")), &state))
	require.Equal(t, 25, state.Deliveries)
	page := w.run(t, 0, "journal", "status")
	require.Contains(t, page, "  waiting  25 deliveries for the store, ")
	require.Contains(t, page, "next: start `tieout serve`, or run `tieout journal drain`")
	require.JSONEq(t, `{"moved":25,"left":0,"lost":0}`, w.run(t, 0, "journal", "drain", "--json"))
	require.Equal(t, "nothing waited in the journal\n", w.run(t, 0, "journal", "drain"))
	require.Equal(t, []string{"35"}, w.query(t, "SELECT uniqExact(id) FROM deliveries"))

	// A flipped bit is found, and named until somebody has dealt with it.
	leave(t, state.Dir, 30)
	path, raw := lastSegment(t, state.Dir, "left-7-")
	raw[strings.Index(string(raw), "left-7-")] ^= 1
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	require.Contains(t, w.fails(t, 1, "journal", "verify"), "the journal is damaged: 1 delivery acknowledged and unreadable")
	require.Contains(t, w.run(t, 0, "journal", "status"), "warning: 1 acknowledged delivery cannot be read: run `tieout journal verify`")
	require.Contains(t, w.fails(t, 1, "journal", "drain"), "run `tieout journal verify`")
	require.Contains(t, w.fails(t, 1, "journal", "verify"), "the journal is damaged")
	server = w.serve(t)
	require.NoError(t, server.Stop(stopWithin))
	require.Contains(t, w.run(t, 0, "journal", "status"), "1 damaged segment set aside")
	require.NoError(t, os.Remove(path+".damaged"))
	require.Contains(t, w.run(t, 0, "journal", "verify"), "whole: ")
}

// leave writes deliveries into the journal as a server does that is killed then.
func leave(t *testing.T, dir string, n int) {
	t.Helper()
	j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: dir}, ingest.Env{Now: time.Now})
	require.NoError(t, err)
	for i := range n {
		require.NoError(t, j.Append(t.Context(), schema.Delivery{
			Company: rig.Company, ID: schema.DeliveryID(fmt.Sprintf("left-%d-%d", i, n)), Channel: schema.ChannelWebhook,
			ReceivedAt: time.Now().UTC().Truncate(time.Microsecond), Body: []byte(`{"event_type":"ODD"}`),
		}))
	}
	require.NoError(t, j.Close())
}

// lastSegment is the file of the journal that holds a text, and what it holds.
func lastSegment(t *testing.T, dir, text string) (path string, raw []byte) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	require.NoError(t, err)
	for _, path := range slices.Backward(paths) {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(raw), text) {
			return path, raw
		}
	}
	require.Fail(t, "no segment holds it", text)
	return "", nil
}
