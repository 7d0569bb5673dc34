package load

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	schedules = flag.Int("schedules", 1_000_000, "how many schedules of the protocol are simulated")
	replay    = flag.Uint64("schedule", 0, "the one schedule to replay, with its trace")
)

// play runs one schedule to its end.
func play(seed uint64, trace *strings.Builder) error {
	return playWith(seed, bugNone, trace)
}

func playWith(seed uint64, b bug, trace *strings.Builder) error {
	w := newWorld(seed)
	w.trace, w.bug = trace, b
	for range 20 + w.rng.IntN(120) {
		if err := w.act(); err != nil {
			return err
		}
	}
	return w.recover()
}

// TestProtocol_Schedules plays random schedules: lost answers before and after
// the commit, late commits, restarts between any two steps, two loaders whose
// lease failed, faults of each kind, replayed and forgotten request ids, leaping
// clocks, new drafts, and bills entered by hand. In none of them do two
// documents exist for one subject, and all of them settle.
func TestProtocol_Schedules(t *testing.T) {
	t.Parallel()
	first := uint64(time.Now().UnixNano())
	n := uint64(*schedules)
	if *replay != 0 {
		first, n = *replay, 1
	}
	t.Logf("schedules %d to %d", first, first+n-1)

	var next atomic.Uint64
	var failed atomic.Pointer[string]
	var group sync.WaitGroup
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for failed.Load() == nil {
				i := next.Add(1) - 1
				if i >= n {
					return
				}
				if err := play(first+i, nil); err != nil {
					var trace strings.Builder
					err = play(first+i, &trace)
					text := fmt.Sprintf("schedule %d: %v\nreplay with: go test ./load -run Schedules -schedule %d\n%s", first+i, err, first+i, &trace)
					failed.Store(&text)
				}
			}
		})
	}
	group.Wait()
	if text := failed.Load(); text != nil {
		require.Fail(t, *text)
	}
	t.Logf("%.0f schedules a second", float64(n)/time.Since(start).Seconds())
}

// A simulator that finds nothing proves nothing: it has to find these.
func TestProtocol_SchedulesFindMistakes(t *testing.T) {
	t.Parallel()
	mistakes := map[string]bug{
		"SilenceTakenForFailure": bugSilenceIsFailure,
		"SilenceTakenForSuccess": bugSilenceIsSuccess,
		"NothingIsLookedUp":      bugNeverLooks,
		"EachSendHasANewName":    bugNewNameEachTime,
		"ASleeperStillSends":     bugSendsLate,
		"WhateverIsThereIsOurs":  bugAdoptsAnything,
	}
	for name, mistake := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const most = 200_000
			for seed := range uint64(most) {
				if playWith(seed, mistake, nil) != nil {
					t.Logf("found in schedule %d", seed)
					return
				}
			}
			require.Fail(t, "not found")
		})
	}
}
