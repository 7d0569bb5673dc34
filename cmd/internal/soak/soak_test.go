package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

// TestSoak runs the real program for some seconds, too short to judge its memory.
func TestSoak(t *testing.T) {
	t.Parallel()
	var progress strings.Builder
	rec, err := measure(t.Context(), options{length: 3 * time.Second, minute: time.Second, sample: 200 * time.Millisecond, rate: 300}, &progress)
	require.NoError(t, err)
	require.NoError(t, rec.kept.check())
	require.NoError(t, rec.noise.check())
	require.InDelta(t, 900, rec.kept.found, 300)
	require.Positive(t, rec.noise.forged)
	require.Positive(t, rec.noise.again)
	require.Len(t, rec.lines, 3)
	require.Equal(t, 3, strings.Count(progress.String(), "acknowledged"))
	require.Positive(t, rec.samples[0].heap)
	require.Positive(t, rec.samples[0].parts)
	require.Zero(t, rec.blind(), "every look told the backlog")
	require.Contains(t, rec.String(), "Noise: ")
	require.Contains(t, rec.String(), "0 cut off")
}

// good is a run in which nothing is wrong.
func good() record {
	r := record{rate: 1000, lines: []line{{acknowledged: 10, parts: 12, table: "deliveries"}}}
	for range 30 {
		r.samples = append(r.samples, sample{process: 500 << 20, heap: 60 << 20})
	}
	r.kept = kept{ledger: webhookload.Ledger{Sent: 12, Acknowledged: 10, Refused: 1, Cut: 1}, rows: 10, found: 10, unsure: 1}
	r.noise = heard{sent: 5, again: 5, forged: 5, found: 5}
	return r
}

func TestJudge(t *testing.T) {
	t.Parallel()
	require.NoError(t, judge(good()))
	for name, c := range map[string]struct {
		spoil func(*record)
		says  string
	}{
		"SomethingIsLost":          {func(r *record) { r.kept.found, r.kept.rows = 9, 9 }, "10 acknowledged, 9 found in the store"},
		"SomethingIsInvented":      {func(r *record) { r.kept.found, r.kept.rows = 11, 11 }, "void"},
		"SomethingIsThereTwice":    {func(r *record) { r.kept.rows = 11 }, "are in the store 11 times"},
		"TheLedgerDoesNotBalance":  {func(r *record) { r.kept.ledger.Sent++ }, "void"},
		"TheStoreCannotBeAsked":    {func(r *record) { r.kept.err = io.ErrUnexpectedEOF }, "unexpected EOF"},
		"NoiseIsLost":              {func(r *record) { r.noise.found-- }, "of the noise 5 were acknowledged and 4 found"},
		"NoiseIsInvented":          {func(r *record) { r.noise.shed, r.noise.found = 1, 7 }, "5 were acknowledged and 7 found"},
		"AForgedOneIsKept":         {func(r *record) { r.noise.strange = 1 }, "1 forged"},
		"NoiseIsAnsweredOtherwise": {func(r *record) { r.noise.otherwise, r.noise.first = 1, "noise_7: 503" }, "the first noise_7: 503"},
		"TheProcessGrows": {func(r *record) {
			for i := range r.samples[20:] {
				r.samples[20+i].process = 567 << 20
			}
		}, "Memory of the process is not flat: 500 MiB in the second third, 567 MiB in the last"},
		"TheHeapGrows": {func(r *record) {
			for i := range r.samples[20:] {
				r.samples[20+i].heap = 83 << 20
			}
		}, "Heap of Go is not flat"},
		"PartsPileUp":         {func(r *record) { r.lines[0].parts = 301 }, "table deliveries had 301 parts"},
		"TheJournalPilesUp":   {func(r *record) { r.lines[0].journal = 30_001 }, "30,001 deliveries waited in the journal"},
		"WorkPilesUp":         {func(r *record) { r.lines[0].pending = 90_001 }, "90,001 deliveries had no outcome"},
		"TheBacklogIsNotTold": {func(r *record) { r.samples[7].blind = true }, "did not tell its backlog 1 of 30 times"},
		"NothingWasLookedAt":  {func(r *record) { r.samples = nil }, "too few samples"},
	} {
		t.Run("Refuses"+name, func(t *testing.T) {
			t.Parallel()
			r := good()
			c.spoil(&r)
			require.ErrorContains(t, judge(r), c.says)
		})
	}
}

func TestJudge_TakesBusyAnswers(t *testing.T) {
	t.Parallel()
	r := good()
	r.noise.shed, r.noise.found = 1, 6
	require.NoError(t, judge(r), "what was answered 503 may be kept")
}

func TestJudge_TakesWhatGrowsAtFirst(t *testing.T) {
	t.Parallel()
	r := good()
	for i := range r.samples[:10] {
		r.samples[i].process = int64(i) << 20
	}
	r.samples[29].process = 4 << 30 // one peak is no growth
	require.NoError(t, judge(r))
}

func TestThirds_OfWhatDoesNotGrowAreAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Int64Range(0, 1<<40).Draw(t, "value")
		samples := make([]sample, rapid.IntRange(3, 300).Draw(t, "samples"))
		for i := range samples {
			samples[i].heap = value
		}
		second, last := thirds(samples, heapOf)
		require.Equal(t, value, second)
		require.Equal(t, value, last)
	})
}

func TestRecord_String(t *testing.T) {
	t.Parallel()
	r := good()
	var result webhookload.Result
	result.Acknowledged, result.Refused, result.Unsent = 120_000, 2, 1
	result.Times.Record(3 * time.Millisecond)
	r.lines = []line{lineOf(result, []sample{
		{process: 400 << 20, heap: 50 << 20, journal: 900, parts: 7, table: "outcomes"},
		{process: 410 << 20, heap: 50 << 20, journal: 1500, oldest: 700 * time.Millisecond, pending: 2300, parts: 9, table: "deliveries"},
		{process: 420 << 20, heap: 50 << 20},
	})}
	text := r.String()
	for _, want := range []string{
		"120,000", "3.00 ms", "410 MiB", "50 MiB", "1,500", "700 ms", "2,300", "9 deliveries",
		"12 sent = 10 acknowledged + 1 refused + 1 cut off; of the acknowledged 10 are in the store, in 10 rows.",
		"Memory of the process: median 500 MiB in the second third, 500 MiB in the last.",
	} {
		require.Contains(t, text, want)
	}
	require.Contains(t, r.lines[0].String(), "120,000 acknowledged, 3 not")
}

func TestReadMetrics(t *testing.T) {
	t.Parallel()
	const text = "# HELP x y\ngo_memstats_heap_inuse_bytes 5.2e+07\nother 1\ntieout_ingest_journal_deliveries 17\ntieout_ingest_journal_oldest_seconds 0.25\n"
	s, err := readMetrics(strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, sample{heap: 52_000_000, journal: 17, oldest: 250 * time.Millisecond, blind: true}, s)
	s, err = readMetrics(strings.NewReader(text + `tieout_backlog_items{company="acme",work="pending"} 23` + "\n"))
	require.NoError(t, err)
	require.Equal(t, sample{heap: 52_000_000, journal: 17, oldest: 250 * time.Millisecond, pending: 23}, s)
	_, err = readMetrics(strings.NewReader("up 1\n"))
	require.ErrorContains(t, err, "0 of the 3")
	_, err = readMetrics(strings.NewReader(strings.Replace(text, "17", "many", 1)))
	require.ErrorContains(t, err, "tieout_ingest_journal_deliveries")
}

func TestNoise(t *testing.T) {
	t.Parallel()
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
	webhook, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	var mu sync.Mutex
	got := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || webhook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		got[r.Header.Get("webhook-id")]++
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	n := &noise{address: server.URL, secret: secret}
	sender := func(secret string) *ontopsim.Sender {
		s, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: server.URL, Secret: secret, Attempts: 1}, time.Now)
		require.NoError(t, err)
		return s
	}
	own, other := sender(secret), sender(forged)
	began := time.Now()
	for i := range 3 {
		n.round(t.Context(), i, own, other, began.Add(time.Duration(i)*forgottenAfter/2))
	}
	require.Equal(t, map[string]int{"noise_00000000": 2, "noise_00000001": 2, "noise_00000002": 2}, got, "exactly at the bound nothing is forgotten yet")
	n.round(t.Context(), 3, own, other, began.Add(4*forgottenAfter))
	require.Equal(t, 3, got["noise_00000000"], "what was forgotten comes once more")
	require.Equal(t, 4, n.spoiled)
	require.Equal(t, 5, n.again)
	require.Zero(t, n.otherwise, n.first)

	n.round(t.Context(), 4, other, other, began)
	require.Equal(t, 1, n.otherwise)
	require.Contains(t, n.first, "noise_00000004")

	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer busy.Close()
	to, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: busy.URL, Secret: secret, Attempts: 1}, time.Now)
	require.NoError(t, err)
	n.round(t.Context(), 5, to, to, began)
	require.Equal(t, 2, n.shed, "which a receiver may answer at any time")
	require.Equal(t, 1, n.otherwise)
}

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse(nil, io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{length: 30 * time.Minute, minute: time.Minute, sample: 10 * time.Second, rate: 2000}, o)
	for _, args := range [][]string{{"-for", "0s"}, {"-rate", "-1"}, {"now"}, {"-for", "soon"}} {
		require.Equal(t, 2, run(args, io.Discard, io.Discard), args)
	}
	require.Zero(t, run([]string{"-h"}, io.Discard, io.Discard))
}
