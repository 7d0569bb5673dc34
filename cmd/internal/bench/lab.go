package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tieout/tieout/schema/engine"
	"github.com/tieout/tieout/schema/store"
)

// lab is what a part works with: a folder, and the engine on an empty one in it.
type lab struct {
	dir     string // for whatever a part writes
	engine  *engine.Engine
	log     *slog.Logger
	logs    io.Writer
	stderr  io.Writer
	began   time.Time
	opened  atomic.Int64 // databases
	version string
	busy    string
}

// busyBefore is the system's load over the minute before the run, or empty where it
// does not tell.
func busyBefore() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return strings.Fields(string(text) + " ")[0]
}

func newLab(ctx context.Context, data, dir string, stderr io.Writer, verbose bool) (*lab, error) {
	e, err := engine.Open(ctx, engine.Config{Dir: data})
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, engine: e, stderr: stderr, began: time.Now(), version: e.Version(), logs: io.Discard, busy: busyBefore()}
	if verbose {
		l.logs = stderr
	}
	l.log = slog.New(slog.NewTextHandler(l.logs, nil))
	return l, nil
}

func (l *lab) close() error { return l.engine.Close() }

// say tells how far a part has come.
func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(l.stderr, "        +%4.1fs %s\n", time.Since(l.began).Seconds(), fmt.Sprintf(format, args...))
}

// past is how far behind the clock watermarks stay where a history is recorded at
// once that stands for years: the default of minutes would keep all of it within the
// margin, where every search for work looks at it again.
const past = time.Millisecond

// place is a database of its own with the tables of a store.
type place struct {
	*store.Store
	lab      *lab
	database string
}

// place opens a store as the program does, but for the margin, of which zero means
// the program's.
func (l *lab) place(ctx context.Context, margin time.Duration) (*place, error) {
	return l.placeVia(ctx, l.engine, margin)
}

// placeVia is place by another way to the engine.
func (l *lab) placeVia(ctx context.Context, way http.RoundTripper, margin time.Duration) (*place, error) {
	dsn, err := store.ParseDSN("embedded://" + l.dir)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("bench_%d", l.opened.Add(1))
	s, err := store.Open(ctx, store.Options{
		DSN: dsn.WithDatabase(name), Transport: way, Now: time.Now, Margin: margin,
	})
	if err != nil {
		return nil, err
	}
	p := &place{Store: s, lab: l, database: name}
	if _, err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return p, nil
}

// rows returns how many rows a table holds, repeated ones too.
func (p *place) rows(ctx context.Context, table string) (int64, error) {
	sizes, err := p.TableSizes(ctx)
	if err != nil {
		return 0, err
	}
	for _, size := range sizes {
		if size.Name == table {
			return int64(size.Rows), nil
		}
	}
	return 0, fmt.Errorf("the store has no table %s", table)
}

// statement runs SQL in the database, beside the store: it is the bound that the
// store is compared to.
func (p *place) statement(ctx context.Context, sql string) error {
	_, err := p.ask(ctx, sql)
	return err
}

// ask runs SQL as statement does and returns the answer's text.
func (p *place) ask(ctx context.Context, sql string) (string, error) {
	address := "http://engine/?" + url.Values{"database": {p.database}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	answer, err := p.lab.engine.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("statement beside the store: %s", strings.TrimSpace(string(text)))
	}
	return strings.TrimSpace(string(text)), nil
}

// machine is how the numbers were taken.
type machine struct {
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory"`
	OS     string `json:"os"`
	Go     string `json:"go"`
	Engine string `json:"engine"`
	Busy   string `json:"busy"` // threads that wanted a processor in the minute before
}

func (l *lab) machine() machine {
	memory, _ := procField("/proc/meminfo", "MemTotal:") // zero where the system does not tell
	return machine{
		Busy: l.busy, Cores: runtime.NumCPU(), Memory: memory, OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Engine: l.version,
	}
}

// String writes the facts as a sentence below the table.
func (m machine) String() string {
	text := fmt.Sprintf("Taken by `make bench` on %d cores with %.0f GiB of memory, %s, %s, embedded ClickHouse %s. Senders, the pretended "+
		"QuickBooks and tieout share the cores. Ratios are of numbers taken in one run.",
		m.Cores, float64(m.Memory)/(1<<30), m.OS, m.Go, m.Engine)
	if m.Busy != "" {
		text += " The load before it was " + m.Busy + "; a number above 1 means that other programs took part."
	}
	return text
}

// procField reads a size in bytes from a file of the system that counts in kB.
func procField(file, name string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("%s says nothing of %s", file, name)
}
