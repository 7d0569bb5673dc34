package ingest_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// seedVariable has the tests of durability draw again what a failing run drew.
	seedVariable = "TIEOUT_JOURNAL_SEED"
	// cutsVariable is how many histories with power cuts are played; a tenth as many
	// more are played on a disk that fails as well. make test/durability plays more
	// than a plain run does.
	cutsVariable = "TIEOUT_JOURNAL_CUTS"
	// killsVariable is how often the process that writes to the journal is killed.
	killsVariable = "TIEOUT_JOURNAL_KILLS"
)

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// requireKept plays histories until one breaks a promise, and says how to see that
// one again.
func requireKept(t *testing.T, histories uint64, odds int) {
	t.Helper()
	seed, step := setting(t, seedVariable, uint64(time.Now().UnixNano())), uint64(1)
	if os.Getenv(seedVariable) != "" {
		histories, step = 500, 0
	}
	t.Logf("%d histories from seed %d", histories, seed)
	for range histories {
		if err := play(t, seed, odds, nothingWrong); err != nil {
			require.Fail(t, err.Error(), "replay with %s=%d go test -count=1 -run '^%s$' ./ingest\n"+
				"The same lives, ends and faults are drawn again, 500 times. In which order writers and drainer come is not replayed.",
				seedVariable, seed, t.Name())
		}
		seed += step
	}
}

// Whatever is acknowledged is there after every power cut, kill and end in order,
// once, as it was written and in the order of its writer; and a cut is not taken
// for damage.
func TestJournal_PowerCut(t *testing.T) {
	t.Parallel()
	requireKept(t, setting(t, cutsVariable, 3000), 0)
}

// The same on a disk whose writes are short or find no space, and whose syncs fail
// and forget what they should have synced.
func TestJournal_PowerCutOfAFailingDisk(t *testing.T) {
	t.Parallel()
	requireKept(t, setting(t, cutsVariable, 3000)/10, 60)
}

// Histories that find nothing prove nothing: they have to find these.
func TestJournal_PowerCutsFindMistakes(t *testing.T) {
	t.Parallel()
	for _, wrong := range mistakes() {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()
			const most = 3000
			odds := 0
			if wrong == failedSyncsAreTakenForDone {
				odds = 60
			}
			for seed := range uint64(most) {
				if err := play(t, seed, odds, wrong); err != nil {
					t.Logf("found by history %d: %v", seed, err)
					return
				}
			}
			require.Fail(t, "not found")
		})
	}
}
