package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tieout/tieout/cmd/internal/rig"
)

// sample is the program at one moment.
type sample struct {
	at      time.Time
	process int64         // bytes of memory, engine included
	heap    int64         // bytes of Go's heap in use
	journal int64         // deliveries that the store has not confirmed
	oldest  time.Duration // of those
	pending int64         // deliveries in the store that have no outcome yet
	blind   bool          // the program did not say how many
	parts   int64         // active parts of the table that has most
	table   string        // which that is
}

// watch samples the program until it is stopped.
type watch struct {
	rig     *rig.Rig
	process *rig.Process
	books   *books
	every   time.Duration

	mu    sync.Mutex
	all   []sample
	taken int
}

func newWatch(r *rig.Rig, process *rig.Process, b *books, every time.Duration) *watch {
	return &watch{rig: r, process: process, books: b, every: every}
}

// run samples until ctx ends. An error means that the program could not be asked.
func (w *watch) run(ctx context.Context) error {
	for ctx.Err() == nil {
		s, err := w.look(ctx)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("look at the program: %w", err)
		}
		if err == nil {
			w.mu.Lock()
			w.all = append(w.all, s)
			w.mu.Unlock()
		}
		_ = pause(ctx, w.every) // which the loop sees
	}
	return nil
}

func (w *watch) look(ctx context.Context) (sample, error) {
	s, err := scrape(ctx, w.rig.Private+"/metrics")
	if err != nil {
		return s, err
	}
	if s.process, err = w.process.Memory(); err != nil {
		return s, err
	}
	s.parts, s.table, err = w.books.parts(ctx)
	s.at = time.Now()
	return s, err
}

// take returns the samples since the last call.
func (w *watch) take() []sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := w.all[w.taken:]
	w.taken = len(w.all)
	return news
}

// scrape reads the program's metrics.
func scrape(ctx context.Context, address string) (sample, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return sample{}, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return sample{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return sample{}, fmt.Errorf("metrics: status %d", answer.StatusCode)
	}
	return readMetrics(answer.Body)
}

// pendingMetric is missing when the program could not count its backlog.
const pendingMetric = `tieout_backlog_items{company="` + rig.Company + `",work="pending"}`

func readMetrics(text io.Reader) (s sample, err error) {
	found := 0
	s.blind = true
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		var to *int64
		var seconds int64
		switch name {
		case "go_memstats_heap_inuse_bytes":
			to = &s.heap
		case "tieout_ingest_journal_deliveries":
			to = &s.journal
		case "tieout_ingest_journal_oldest_seconds":
			to = &seconds
		case pendingMetric:
			to = &s.pending
		default:
			continue
		}
		n, err := strconv.ParseFloat(value, 64) // as metrics write whole numbers, too
		if err != nil {
			return s, fmt.Errorf("metric %s: %w", name, err)
		}
		if *to = int64(n); to == &seconds {
			s.oldest = time.Duration(n * float64(time.Second))
		}
		if to == &s.pending {
			s.blind = false
			continue
		}
		found++
	}
	if found != 3 {
		return s, errors.Join(fmt.Errorf("metrics: %d of the 3 that are looked for are there", found), lines.Err())
	}
	return s, lines.Err()
}
