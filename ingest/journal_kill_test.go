package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// victimDir, when set, makes the test program a process that writes to the
// journal in that folder, and drains it, until it is killed.
const victimDir = "TIEOUT_TEST_VICTIM_JOURNAL"

// What a victim says on its standard output, which is all that is known of it: a
// delivery that was acknowledged, or a block with its deliveries, which whoever
// reads the whole line takes into the store.
const (
	saidAcknowledged = "acknowledged"
	saidStaged       = "staged"
)

func victim(dir string) int {
	j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: dir, SegmentBytes: 32 << 10}, env())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var out sync.Mutex
	say := func(words ...string) {
		out.Lock()
		defer out.Unlock()
		fmt.Fprintln(os.Stdout, strings.Join(words, " "))
	}
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := 0; ; n++ {
				d := delivery(n)
				d.ID = schema.DeliveryID(fmt.Sprintf("p%d-w%d.%d", os.Getpid(), w, n))
				if j.Append(context.Background(), d) == nil {
					say(saidAcknowledged, string(d.ID))
				}
			}
		})
	}
	wg.Go(func() {
		for range j.Ready() {
			block, err := j.Cut(context.Background(), ingest.Limits{Deliveries: 200, Bytes: 1 << 20})
			if err == nil && len(block.Deliveries) > 0 {
				say(append([]string{saidStaged, block.ID}, ids(block.Deliveries)...)...)
				_ = j.Forget(context.Background(), block)
			}
		}
	})
	wg.Wait()
	return 0
}

// TestJournal_Kill ends a real process that writes and drains with SIGKILL, again
// and again on the same folder, while it opens the journal or at work.
func TestJournal_Kill(t *testing.T) {
	t.Parallel()
	seed, kills := setting(t, seedVariable, uint64(time.Now().UnixNano())), setting(t, killsVariable, 100)
	t.Logf("%d kills; to draw the same moments again: %s=%d go test -count=1 -run '^TestJournal_Kill$' ./ingest\n"+
		"What the process does up to them is the scheduler's, and is not replayed.", kills, seedVariable, seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	heard := &testimony{acked: make(map[string]bool), staged: make(map[string]int), blocks: make(map[string]string)}
	for range kills {
		killOnce(t, rng, dir, heard)
	}
	j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: dir}, env())
	require.NoError(t, err)
	defer j.Close()
	require.Empty(t, j.Stats().Losses)
	for {
		block, err := j.Cut(t.Context(), all)
		require.NoError(t, err)
		if len(block.Deliveries) == 0 {
			break
		}
		for _, d := range block.Deliveries {
			_, number, _ := strings.Cut(string(d.ID), ".")
			n, err := strconv.Atoi(number)
			require.NoError(t, err, "not what was written: %s", d.ID)
			want := delivery(n)
			want.ID = d.ID
			require.Equal(t, want, d)
		}
		heard.block(t, block.ID, strings.Join(ids(block.Deliveries), " "))
		require.NoError(t, j.Forget(t.Context(), block))
	}
	for id := range heard.acked {
		require.Equal(t, 1, heard.staged[id], "%s was acknowledged, and is so often in the store; seed %d", id, seed)
	}
	t.Logf("%d acknowledged, %d blocks", len(heard.acked), len(heard.blocks))
}

// killOnce lets the process live for some lines of what it says, or for some
// milliseconds.
func killOnce(t *testing.T, rng *rand.Rand, dir string, heard *testimony) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimDir+"="+dir)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	enough := 1 + rng.IntN(600)
	if rng.IntN(4) == 0 {
		enough = -1 // it may not get past opening
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(30*time.Millisecond))), func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	heard.listen(t, out, func(line int) {
		if line == enough {
			require.NoError(t, cmd.Process.Kill())
		}
	})
	require.Error(t, cmd.Wait())
	require.Empty(t, complaint.String())
}

// testimony is what victims said.
type testimony struct {
	acked  map[string]bool
	staged map[string]int    // how often a delivery came into the store
	blocks map[string]string // the deliveries of each block
}

// listen reads what one victim says to its end. What it could not say to the end
// of a line was not said.
func (h *testimony) listen(t *testing.T, from io.Reader, after func(line int)) {
	t.Helper()
	lines := bufio.NewReader(from)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		what, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch what {
		case saidAcknowledged:
			h.acked[rest] = true
		case saidStaged:
			name, deliveries, _ := strings.Cut(rest, " ")
			h.block(t, name, deliveries)
		default:
			require.Fail(t, "said what nobody says", line)
		}
		after(n)
	}
}

// block takes a block once, as the store does.
func (h *testimony) block(t *testing.T, name, deliveries string) {
	t.Helper()
	if before, known := h.blocks[name]; known {
		require.Equal(t, before, deliveries, "block %s is offered again with other deliveries", name)
		return
	}
	h.blocks[name] = deliveries
	for id := range strings.FieldsSeq(deliveries) {
		h.staged[id]++
		require.Equal(t, 1, h.staged[id], "%s is in two blocks", id)
	}
}
