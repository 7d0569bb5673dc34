package webhookload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Config says where to send to and how. URL and Secret are required.
type Config struct {
	// URL is the whole address of a company's webhooks, such as
	// http://127.0.0.1:8080/webhooks/ontop/acme.
	URL string

	// Secret signs, as Standard Webhooks writes secrets: "whsec_" and base64.
	Secret string

	// BodyBytes is the size of each body, from 256 bytes to 16 MiB.
	//
	// Defaults to 1,536, as an invoice of some lines has.
	BodyBytes int

	// Seed makes bodies differ. Ids differ always, also between generators of the
	// same seed: a server may recognise what it has.
	Seed uint64

	// Connections is how many are open at once. In open loop there must be enough
	// for all requests that are under way; those that were not in time are counted.
	//
	// Defaults to 128.
	Connections int

	// Presign signs as many requests before each run; the others are signed when
	// they are sent, which takes some microseconds of a processor each. A signature
	// is good for as long as the server tolerates, five minutes by default.
	//
	// Defaults to none.
	Presign int

	// Timeout bounds one exchange; after it the request counts as cut off.
	//
	// Defaults to 10 seconds.
	Timeout time.Duration

	// Grace is how long an open loop goes on sending what is overdue at its end.
	//
	// Defaults to 5 seconds.
	Grace time.Duration

	// CPU tells how much of the processors this process has used.
	//
	// Defaults to nothing, where Result.CPU is zero.
	CPU func() time.Duration
}

// Generator sends requests to one server. Its runs may not overlap.
type Generator struct {
	cfg    Config
	target *url.URL
	source *source
	now    func() time.Time
}

// New returns a Generator. The clock has to be the machine's own: it dates
// signatures and measures.
func New(cfg Config, now func() time.Time) (*Generator, error) {
	target, err := url.Parse(cfg.URL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, fmt.Errorf("url %q: is none of a server", cfg.URL)
	}
	if cfg.Connections < 0 || cfg.Presign < 0 {
		return nil, errors.New("connections and presigned requests must not be negative")
	}
	cfg.BodyBytes = cmp.Or(cfg.BodyBytes, 1536)
	if cfg.BodyBytes < smallestBody || cfg.BodyBytes > largestBody {
		return nil, fmt.Errorf("bodies of %d bytes: from %d to %d can be made", cfg.BodyBytes, smallestBody, largestBody)
	}
	source, err := newSource(target, cfg)
	if err != nil {
		return nil, err
	}
	if cfg.CPU == nil {
		cfg.CPU = func() time.Duration { return 0 }
	}
	cfg.Connections = cmp.Or(cfg.Connections, 128)
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.Grace = cmp.Or(cfg.Grace, 5*time.Second)
	return &Generator{cfg: cfg, target: target, source: source, now: now}, nil
}

// Result is what a run came to.
type Result struct {
	Ledger
	Answers map[int]int64 // by status; 0 counts requests without one
	Times   Latencies     // of all that were meant to be sent
	Acked   Latencies     // of those that were acknowledged
	Served  Latencies     // of the same, from when they were sent: without the sender's own delay
	Took    time.Duration
	CPU     time.Duration // that this process used meanwhile; see Config.CPU
	Late    int64         // open loop: no connection was free when they were due
	Unsent  int64         // open loop: given up before they were sent
	Lag     time.Duration // open loop: the longest from when a request was due until it was sent
	Signed  int64         // signed while the run went on
	Broken  error         // why the first that was cut off was

	source *source
	acked  []uint64
	other  []uint64
}

// Rate returns how many requests a second were acknowledged.
func (r Result) Rate() float64 { return float64(r.Acknowledged) / r.Took.Seconds() }

// Acknowledged202 yields the ids of the requests that were answered 202.
func (r Result) Acknowledged202() iter.Seq[string] { return r.ids(r.acked) }

// Unsure yields the ids of the requests that were refused or cut off, which may be
// kept or not.
func (r Result) Unsure() iter.Seq[string] { return r.ids(r.other) }

func (r Result) ids(numbers []uint64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, n := range numbers {
			if !yield(r.source.id(n)) {
				return
			}
		}
	}
}

// add adds what became of the requests of one connection.
func (r *Result) add(c *caller) {
	m := c.result
	r.Ledger = r.Plus(m.Ledger)
	for code, n := range m.Answers {
		r.Answers[code] += n
	}
	for _, took := range c.took {
		r.Acked.Record(took)
	}
	for _, took := range c.served {
		r.Served.Record(took)
	}
	for _, took := range c.vain {
		r.Times.Record(took)
	}
	r.Late += m.Late
	r.Lag = max(r.Lag, m.Lag)
	r.Broken = cmp.Or(r.Broken, m.Broken)
	r.acked, r.other = append(r.acked, m.acked...), append(r.other, m.other...)
}

// Closed sends for as long as told, on every connection the next request as soon as
// the last one is answered. An error means that nothing was answered, or that ctx
// ended; the result holds in any case.
func (g *Generator) Closed(ctx context.Context, d time.Duration) (Result, error) {
	g.source.presign(g.cfg.Presign, g.now())
	return g.run(ctx, func(began time.Time) func(*caller) {
		end := began.Add(d)
		return func(c *caller) {
			for now := g.now(); now.Before(end) && ctx.Err() == nil; now = g.now() {
				n := g.source.taken.Add(1) - 1
				c.send(ctx, n, c.pen.write(n, now), now, now)
			}
		}
	})
}

// run has every connection driven by a goroutine of its own, and adds up what became
// of their requests. Begin is told when all connections are there, which belongs to
// no request, and returns what drives one.
func (g *Generator) run(ctx context.Context, begin func(time.Time) func(*caller)) (Result, error) {
	callers := make([]*caller, g.cfg.Connections)
	for i := range callers {
		callers[i] = &caller{g: g, pen: g.source.pen(), result: Result{Answers: map[int]int64{}}}
		defer callers[i].hangUp()
		if err := callers[i].connect(ctx); err != nil {
			return Result{}, fmt.Errorf("connect to %s: %w", g.target.Host, err)
		}
	}
	total := Result{Answers: map[int]int64{}, source: g.source}
	signed, began, used := g.source.late.Load(), g.now(), g.cfg.CPU()
	drive := begin(began)
	var wg sync.WaitGroup
	for _, c := range callers {
		wg.Go(func() { drive(c) })
	}
	wg.Wait()
	total.Took, total.CPU, total.Signed = g.now().Sub(began), g.cfg.CPU()-used, g.source.late.Load()-signed
	for _, c := range callers {
		total.add(c)
	}
	total.Times.Merge(total.Acked)
	slices.Sort(total.acked)
	maps.DeleteFunc(total.Answers, func(_ int, n int64) bool { return n == 0 })
	if total.Answers[0] == total.Sent && total.Sent > 0 {
		return total, errors.Join(fmt.Errorf("nothing was answered: %w", total.Broken), ctx.Err())
	}
	return total, ctx.Err()
}

// caller drives one connection.
type caller struct {
	g      *Generator
	pen    *pen
	line   *line
	result Result

	// How long each request took: those that were acknowledged, and the others. They
	// are entered in a histogram afterwards, which costs time and memory of its own.
	took, served, vain []time.Duration
}

func (c *caller) connect(ctx context.Context) (err error) {
	if c.line == nil {
		c.line, err = dial(ctx, c.g.target, c.g.cfg.Timeout)
	}
	return err
}

func (c *caller) hangUp() {
	if c.line != nil {
		c.line.close()
		c.line = nil
	}
}

// Pause before a connection that broke is made again, so that a server that is away
// is not asked as fast as it can refuse.
const redialAfter = 10 * time.Millisecond

// send sends request n, which was due at some time, and enters its fate.
func (c *caller) send(ctx context.Context, n uint64, request []byte, due, now time.Time) {
	r := &c.result
	r.Sent++
	r.Lag = max(r.Lag, now.Sub(due))
	code, kept := 0, false
	err := c.connect(ctx)
	if err == nil {
		code, kept, err = c.line.exchange(request, now)
	}
	answered := c.g.now()
	took := answered.Sub(due)
	r.Answers[code]++
	switch {
	case err != nil:
		r.Cut++
		r.Broken = cmp.Or(r.Broken, err)
	case code == 202:
		r.Acknowledged++
		r.acked, c.took, c.served = append(r.acked, n), append(c.took, took), append(c.served, answered.Sub(now))
	default:
		r.Refused++
	}
	if code != 202 {
		r.other, c.vain = append(r.other, n), append(c.vain, took)
	}
	if !kept {
		c.hangUp()
	}
	if err != nil {
		sleep(ctx, redialAfter)
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
