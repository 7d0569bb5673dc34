package ingest_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// Kills in the normal test; the power cuts beside it see more, but not what a
// real process and a real kernel do.
const kills = 12

// victimDir, when set, makes the test program a process that writes to the
// journal in that folder until it is killed.
const victimDir = "TIEOUT_TEST_VICTIM_JOURNAL"

// victim acknowledges on its standard output what it made durable.
func victim(dir string) int {
	j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: dir, SegmentBytes: 256 << 10}, env())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for n := 0; ; n++ {
				d := delivery(n)
				d.ID = schema.DeliveryID(fmt.Sprintf("p%d-%d-%d", os.Getpid(), w, n))
				if j.Append(context.Background(), d) == nil {
					out.Lock()
					fmt.Fprintln(os.Stdout, d.ID)
					out.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return 0
}

func TestJournal_Kill(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	acked := make(map[string]bool)
	for range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), victimDir+"="+dir)
		var complaint strings.Builder
		cmd.Stderr = &complaint
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines, enough := bufio.NewReader(out), 1+rng.IntN(600)
		for n := 0; ; n++ {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // what it could not say to the end was not acknowledged
			}
			acked[strings.TrimSpace(line)] = true
			if n == enough {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait())
		require.Empty(t, complaint.String())
	}
	j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: dir}, env())
	require.NoError(t, err)
	defer j.Close()
	require.Empty(t, j.Stats().Losses)
	for _, id := range ids(waiting(t, j)) {
		delete(acked, id)
	}
	require.Empty(t, acked, "acknowledged and lost")
}
