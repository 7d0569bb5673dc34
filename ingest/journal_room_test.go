package ingest_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
)

// remarks is what was logged, a line each, without times.
type remarks struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *remarks) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *remarks) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// take returns what was said since it was last asked.
func (r *remarks) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(r.text.String()), "\n")
	r.text.Reset()
	if lines[0] == "" {
		return nil
	}
	return lines
}

// watched opens a journal in a bubble, with everything that it says of itself.
func watched(t *testing.T, fs vfs.FS, change ...func(*ingest.JournalConfig)) (*ingest.Journal, *remarks, *prometheus.Registry) {
	t.Helper()
	said, reg := &remarks{}, prometheus.NewRegistry()
	cfg := ingest.JournalConfig{Dir: "/journal", FS: fs}
	for _, c := range change {
		c(&cfg)
	}
	j, err := ingest.OpenJournal(cfg, ingest.Env{Now: time.Now, Log: said.logger(), Metrics: ingest.NewMetrics(reg)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j, said, reg
}

// tick lets care look a few times.
func tick() {
	time.Sleep(3 * time.Second) // of the bubble's time
	synctest.Wait()
}

// metric returns the value of one series.
func metric(t *testing.T, reg *prometheus.Registry, name, cause string) float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			if len(m.GetLabel()) > 0 && m.GetLabel()[0].GetValue() != cause {
				continue
			}
			if m.GetGauge() != nil {
				return m.GetGauge().GetValue()
			}
			return m.GetCounter().GetValue()
		}
	}
	require.Fail(t, "no such series", "%s{%s}", name, cause)
	return 0
}

func TestJournal_Levels(t *testing.T) {
	t.Parallel()

	// A hundred deliveries of the same size fill it.
	const size = 1000
	hundred := func(c *ingest.JournalConfig) { c.MaxBytes = 100 * size }
	fill := func(t *testing.T, j *ingest.Journal, n int) error {
		t.Helper()
		for range n {
			d := delivery(1)
			d.ReceivedAt = time.Now()
			d.Body = bytes.Repeat([]byte("x"), size-36-4-len(d.Company)-len(d.ID)-len(d.Arrival))
			if err := j.Append(t.Context(), d); err != nil {
				return err
			}
		}
		return nil
	}
	drain := func(t *testing.T, j *ingest.Journal, n int) {
		t.Helper()
		block, err := j.Cut(t.Context(), ingest.Limits{Deliveries: n, Bytes: 1 << 30})
		require.NoError(t, err)
		require.NoError(t, j.Forget(t.Context(), block))
	}

	t.Run("WarnsOnceForEachAndIsFullAtTheLast", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			j, said, reg := watched(t, vfs.NewMem(), hundred)
			tick()
			require.Empty(t, said.take())
			at := func(n, level int) {
				t.Helper()
				require.NoError(t, fill(t, j, n))
				tick()
				require.Equal(t, level, j.Stats().Level)
			}
			at(49, 0)
			require.Empty(t, said.take())
			at(1, 50)
			require.Equal(t, []string{
				`level=WARN msg="journal fills up; the store does not take deliveries fast enough" ` +
					`journal.percent=50 journal.bytes=50000 journal.limit_bytes=100000 journal.deliveries=50`,
			}, said.take())
			at(19, 50)
			require.Empty(t, said.take(), "once")
			at(1, 70)
			require.Len(t, said.take(), 1)
			at(20, 90)
			require.Len(t, said.take(), 1)
			at(10, 100)
			lines := said.take()
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], `level=ERROR msg="journal is full; senders are answered 503 until the store has taken some of it" journal.percent=100`)

			stats := j.Stats()
			require.ErrorIs(t, stats.Refusing, ingest.ErrFull)
			require.False(t, stats.Healthy)
			require.Equal(t, 100, stats.Percent())
			require.ErrorIs(t, fill(t, j, 1), ingest.ErrFull)
			require.InDelta(t, 1, metric(t, reg, "tieout_ingest_journal_refused_total", "full"), 0)
			require.InDelta(t, 0, metric(t, reg, "tieout_ingest_journal_healthy", ""), 0)
			require.InDelta(t, 100, metric(t, reg, "tieout_ingest_journal_deliveries", ""), 0)
			require.InDelta(t, 100*size, metric(t, reg, "tieout_ingest_journal_bytes", ""), 0)
			require.InDelta(t, 100*size, metric(t, reg, "tieout_ingest_journal_limit_bytes", ""), 0)
			require.InDelta(t, stats.Age.Seconds(), metric(t, reg, "tieout_ingest_journal_oldest_seconds", ""), 1)
			require.Greater(t, stats.Age, 15*time.Second)

			drain(t, j, 2)
			require.True(t, j.Stats().Healthy, "at once")
			tick()
			lines = said.take()
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], `level=INFO msg="journal has room again; deliveries are taken" journal.percent=98`)
			drain(t, j, 98)
			tick()
			require.Len(t, said.take(), 1)
			require.Zero(t, j.Stats().Level)
		})
	})

	t.Run("IsFullOnceADeliveryDoesNotFit", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			j, said, _ := watched(t, vfs.NewMem(), func(c *ingest.JournalConfig) { c.MaxBytes = 100*size - 1 })
			require.NoError(t, fill(t, j, 99))
			tick()
			require.True(t, j.Stats().Healthy)
			said.take()
			require.ErrorIs(t, fill(t, j, 1), ingest.ErrFull)
			require.Equal(t, 100, j.Stats().Level, "although it is 99 % full")
			require.False(t, j.Stats().Healthy)
			tick()
			require.Len(t, said.take(), 1)
			drain(t, j, 1)
			require.NoError(t, fill(t, j, 1))
		})
	})

	t.Run("HoversAroundALevelAndWarnsOnce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			j, said, _ := watched(t, vfs.NewMem(), hundred)
			require.NoError(t, fill(t, j, 50))
			tick()
			require.Len(t, said.take(), 1)
			for range 10 {
				drain(t, j, 3)
				tick()
				require.NoError(t, fill(t, j, 3))
				tick()
			}
			require.Empty(t, said.take())
			drain(t, j, 10)
			tick()
			require.Len(t, said.take(), 1, "it is well below")
			require.NoError(t, fill(t, j, 10))
			tick()
			require.Len(t, said.take(), 1, "and comes back")
		})
	})

	t.Run("KnowsItsLevelAfterAReopen", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fs := vfs.NewMem()
			j, _, _ := watched(t, fs, hundred)
			require.NoError(t, fill(t, j, 75))
			require.NoError(t, j.Close())
			found := inspect(t, fs, hundred)
			require.Equal(t, 70, found.Stats(time.Now()).Level)
			require.True(t, found.Stats(time.Now()).Healthy)
			again, said, _ := watched(t, fs, hundred)
			tick()
			require.Equal(t, 70, again.Stats().Level)
			require.Len(t, said.take(), 1)
		})
	})
}

func TestJournal_FullDisk(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	// The reserve is 100 MiB, and a segment 4 KiB.
	reserved := func(c *ingest.JournalConfig) { c.MinFreeBytes = 100 * mib }
	leave := func(fs *vfs.MemFS, free uint64) {
		fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: free, TotalBytes: 1 << 40})
	}

	t.Run("WarnsRefusesAndRecoversByItself", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			mem := vfs.NewMem()
			leave(mem, 500*mib)
			j, said, reg := watched(t, mem, small, reserved)
			tick()
			require.Empty(t, said.take())
			require.EqualValues(t, 500*mib, j.Stats().FreeBytes)

			leave(mem, 199*mib)
			tick()
			require.Equal(t, []string{
				`level=WARN msg="disk of the journal fills up; below the reserve senders are answered 503" ` +
					`disk.dir=/journal disk.free_bytes=208666624 disk.reserve_bytes=104857600`,
			}, said.take())
			require.True(t, j.Stats().NearReserve)
			require.NoError(t, j.Append(t.Context(), delivery(1)), "there is space still")

			leave(mem, 99*mib)
			tick()
			lines := said.take()
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], `level=ERROR msg="disk of the journal is nearly full; senders are answered 503 until there is space"`)
			err := j.Append(t.Context(), delivery(2))
			require.ErrorIs(t, err, ingest.ErrDiskFull)
			require.ErrorIs(t, err, ingest.ErrFull)
			require.ErrorIs(t, j.Stats().Refusing, ingest.ErrDiskFull)
			require.InDelta(t, 1, metric(t, reg, "tieout_ingest_journal_refused_total", "disk_full"), 0)
			require.InDelta(t, 99*mib, metric(t, reg, "tieout_ingest_journal_disk_free_bytes", ""), 0)
			require.InDelta(t, 100*mib, metric(t, reg, "tieout_ingest_journal_disk_reserve_bytes", ""), 0)

			// What waits goes to the store meanwhile.
			block, err := j.Cut(t.Context(), all)
			require.NoError(t, err)
			require.NoError(t, j.Forget(t.Context(), block))

			leave(mem, 100*mib)
			tick()
			require.False(t, j.Stats().Healthy, "not for a byte, which would be gone with the next file")
			require.Empty(t, said.take())
			leave(mem, 101*mib)
			tick()
			require.Len(t, said.take(), 1)
			require.NoError(t, j.Append(t.Context(), delivery(3)))
			leave(mem, 500*mib)
			tick()
			require.False(t, j.Stats().NearReserve)
		})
	})

	t.Run("IsSeenBeforeTheFirstDelivery", func(t *testing.T) {
		t.Parallel()
		mem := vfs.NewMem()
		leave(mem, 1*mib)
		j := open(t, mem, reserved)
		require.ErrorIs(t, j.Append(t.Context(), delivery(1)), ingest.ErrDiskFull)
		require.ErrorIs(t, inspect(t, mem, reserved).Stats(noon).Refusing, ingest.ErrDiskFull)
	})

	t.Run("GivesItsSpareFilesBackFirst", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			mem := vfs.NewMem()
			leave(mem, 500*mib)
			j, _, _ := watched(t, mem, small, reserved)
			for n := range 200 {
				require.NoError(t, j.Append(t.Context(), delivery(n)))
			}
			block, err := j.Cut(t.Context(), all)
			require.NoError(t, err)
			require.NoError(t, j.Forget(t.Context(), block))
			tick()
			survey := func() ingest.Survey {
				s, err := ingest.SurveyJournal(ingest.JournalConfig{Dir: "/journal", FS: mem})
				require.NoError(t, err)
				return s
			}
			require.Greater(t, survey().Files, 2, "two are kept to be written again")
			leave(mem, 99*mib)
			tick()
			require.LessOrEqual(t, survey().Files, 2)
		})
	})

	t.Run("SaysOnceThatThereIsNoSpaceForAnotherFile", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := newDisk(vfs.NewMem())
			j, said, reg := watched(t, d, small)
			tick()
			full := func() error { return syscall.EDQUOT }
			d.onAlloc.Store(&full)
			kept := 0
			for ; j.Append(t.Context(), delivery(kept)) == nil; kept++ {
				require.Less(t, kept, 10_000)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			lines := said.take()
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], `level=ERROR msg="no space for another file of the journal; senders are answered 503 until there is"`)
			require.False(t, j.Stats().Healthy, "the whole hour")
			require.InDelta(t, 0, metric(t, reg, "tieout_ingest_journal_healthy", ""), 0)
			d.onAlloc.Store(nil)
			tick()
			require.NoError(t, j.Append(t.Context(), delivery(kept)))
			require.Len(t, said.take(), 1)
			require.Len(t, waiting(t, j), kept+1)
		})
	})

	t.Run("SaysOnceThatADiskDoesNotComeBack", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := newDisk(vfs.NewMem())
			j, said, _ := watched(t, d)
			require.NoError(t, j.Append(t.Context(), delivery(1)))
			fail := func() error { return syscall.EIO }
			d.onSync.Store(&fail)
			require.ErrorIs(t, j.Append(t.Context(), delivery(2)), ingest.ErrBroken)
			time.Sleep(24 * time.Hour)
			synctest.Wait()
			lines := said.take()
			require.Len(t, lines, 2, "it failed, and it could not be reopened: %s", lines)
			d.onSync.Store(nil)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			require.NoError(t, j.Append(t.Context(), delivery(3)))
			require.Equal(t, []string{"msg_1", "msg_3"}, ids(waiting(t, j)))
		})
	})
}

func TestMetrics_ExistFromTheStart(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	ingest.NewMetrics(reg)
	for _, cause := range []string{"full", "disk_full", "busy", "slow", "broken", "closed"} {
		require.Zero(t, metric(t, reg, "tieout_ingest_journal_refused_total", cause), cause)
	}
}
