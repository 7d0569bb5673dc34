package ingest_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// discard is the same receiver without a journal.
type discard struct{}

func (discard) Append(context.Context, schema.Delivery) error { return nil }

// wall is the real clock, which benchmarks need for their histograms.
func wall() ingest.Env { return ingest.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler)} }

// sample is a signed request of 1.5 KB, as it goes over the wire.
func sample(tb testing.TB) []byte {
	tb.Helper()
	k := key(tb, secretA)
	body := `{"event_type":"INVOICE_CREATED","data":{"note":"` + string(bytes.Repeat([]byte("x"), 1480)) + `"}}`
	ts := strconv.FormatInt(time.Now().Unix(), 10)
	return fmt.Appendf(nil, "POST /webhooks/ontop/acme HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
		"webhook-id: msg_2Wn5mC8qYx\r\nwebhook-timestamp: %s\r\nwebhook-signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		ts, sign(k.Secret, "msg_2Wn5mC8qYx", ts, body), len(body), body)
}

// listen serves journal behind a real socket until the benchmark ends.
func listen(tb testing.TB, journal ingest.Appender) string {
	tb.Helper()
	r, err := ingest.NewReceiver([]ingest.Company{{
		ID: "acme", RatePerSecond: 1 << 30, Verifier: verifier(tb, ingest.SignatureConfig{Tolerance: time.Hour}, key(tb, secretA)),
	}}, journal, ingest.ReceiverConfig{ReplayWindow: -1}, wall())
	require.NoError(tb, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx, ln) }()
	tb.Cleanup(func() { cancel(); <-done })
	return ln.Addr().String()
}

// One measurement. Short, so that both sides see the same machine.
const slice = 700 * time.Millisecond

// load sends request over connections for one slice, each as fast as it is
// answered. It returns the answers of 202, those of anything else, and the 99th
// percentile.
func load(tb testing.TB, addr string, request []byte, connections int) (accepted, refused int64, p99 time.Duration) {
	tb.Helper()
	var ok, no atomic.Int64
	var mu sync.Mutex
	var times []time.Duration
	end := time.Now().Add(slice)
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				tb.Error(err)
				return
			}
			defer conn.Close()
			r := bufio.NewReaderSize(conn, 1024)
			var mine []time.Duration
			for start := time.Now(); start.Before(end); {
				code, err := exchange(conn, r, request)
				if err != nil {
					tb.Error(err)
					return
				}
				now := time.Now()
				mine = append(mine, now.Sub(start))
				start = now
				if code == 202 {
					ok.Add(1)
				} else {
					no.Add(1)
				}
			}
			mu.Lock()
			times = append(times, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	slices.Sort(times)
	return ok.Load(), no.Load(), times[len(times)*99/100]
}

// exchange sends one request and reads its answer, with as little work as can be:
// the generator shares the processors with what it measures.
func exchange(conn net.Conn, r *bufio.Reader, request []byte) (code int, err error) {
	if _, err := conn.Write(request); err != nil {
		return 0, err
	}
	length := 0
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			if len(line) < 12 {
				return 0, fmt.Errorf("answer begins with %q", line)
			}
			code, _ = strconv.Atoi(string(line[9:12]))
		case len(line) == 0:
			_, err := r.Discard(length)
			return code, err
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			length, _ = strconv.Atoi(string(line[16:]))
		}
	}
}

// onDisk opens a journal on a real disk.
func onDisk(tb testing.TB) *ingest.Journal {
	tb.Helper()
	j, err := ingest.OpenJournal(ingest.JournalConfig{Dir: tb.TempDir(), MaxBytes: 64 << 30}, wall())
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, j.Close()) })
	return j
}

// null is a store that takes everything at once.
type null struct{ deliveries atomic.Int64 }

func (n *null) Stage(_ context.Context, b schema.Block) error {
	n.deliveries.Add(int64(len(b.Deliveries)))
	return nil
}

// BenchmarkIntake compares, in one run and in turns, the receiver with its
// journal to the same receiver without one. A run whose ledger does not balance
// fails.
func BenchmarkIntake(b *testing.B) {
	for _, draining := range []bool{false, true} {
		for _, connections := range []int{64, 256} {
			b.Run(fmt.Sprintf("draining=%t/connections=%d", draining, connections), func(b *testing.B) {
				request := sample(b)
				bare := listen(b, discard{})
				j := onDisk(b)
				durable := listen(b, j)
				store := &null{}
				if draining {
					d, err := ingest.NewDrainer(j, store, nil, ingest.DrainConfig{}, wall())
					require.NoError(b, err)
					ctx, cancel := context.WithCancel(context.Background())
					done := make(chan error, 1)
					go func() { done <- d.Run(ctx) }()
					b.Cleanup(func() { cancel(); <-done })
				}
				load(b, bare, request, connections)
				kept, _, _ := load(b, durable, request, connections)
				var ratios, rates, tails []float64
				b.ResetTimer()
				for b.Loop() {
					without, _, _ := load(b, bare, request, connections)
					with, refused, p99 := load(b, durable, request, connections)
					require.Zero(b, refused)
					kept += with
					ratios = append(ratios, float64(with)/float64(without))
					rates = append(rates, float64(with)/slice.Seconds())
					tails = append(tails, float64(p99.Microseconds())/1000)
				}
				require.EqualValues(b, kept, j.Stats().Durable, "every 202 is on disk, and nothing else")
				b.ReportMetric(median(ratios), "ratio")
				b.ReportMetric(median(rates), "durable/s")
				b.ReportMetric(median(tails), "p99-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// BenchmarkCommit compares one delivery at a time with a bare sync of the same
// bytes.
func BenchmarkCommit(b *testing.B) {
	d := delivery(1)
	d.Body = bytes.Repeat([]byte("x"), 1500)
	j := onDisk(b)
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	require.NoError(b, err)
	defer f.Close()
	bare, err := vfs.Default.OpenReadWrite(f.Name(), vfs.WriteCategoryUnspecified)
	require.NoError(b, err)
	defer bare.Close()
	block := make([]byte, 1560)
	var with, without []float64
	for b.Loop() {
		start := time.Now()
		_, err := bare.Write(block)
		require.NoError(b, err)
		require.NoError(b, bare.SyncData())
		middle := time.Now()
		require.NoError(b, j.Append(context.Background(), d))
		without = append(without, float64(middle.Sub(start).Microseconds()))
		with = append(with, float64(time.Since(middle).Microseconds()))
	}
	b.ReportMetric(median(with)/median(without), "ratio-p50")
	b.ReportMetric(median(with), "journal-p50-us")
	b.ReportMetric(median(without), "bare-p50-us")
}

// BenchmarkDrain moves deliveries of 1.5 KB into a store that costs nothing.
func BenchmarkDrain(b *testing.B) {
	const deliveries = 50_000
	d := delivery(1)
	d.Body = bytes.Repeat([]byte("x"), 1500)
	var took time.Duration
	moved := 0
	for b.Loop() {
		b.StopTimer()
		j := onDisk(b)
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range deliveries / 64 {
					if err := j.Append(context.Background(), d); err != nil {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
		drain, err := ingest.NewDrainer(j, &null{}, nil, ingest.DrainConfig{}, wall())
		require.NoError(b, err)
		b.StartTimer()
		start := time.Now()
		n, err := drain.Drain(context.Background())
		took += time.Since(start)
		require.NoError(b, err)
		moved += n
	}
	b.ReportMetric(float64(moved)/took.Seconds(), "deliveries/s")
}
