package load_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

var errGone = errors.New("the process is gone")

// seam is where a process dies: at one of its steps, which are its calls of the
// store and its requests. The step it dies in has its effect, or has not; those
// after it have none. The zero seam never dies.
type seam struct {
	mu    sync.Mutex
	armed bool
	left  int  // steps until it dies
	after bool // it dies after the effect
	dead  bool
}

// step says of the next step whether it has its effect, and whether the process
// lives to see that.
func (s *seam) step() (effect, alive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.dead:
		return false, false
	case !s.armed:
		return true, true
	}
	if s.left--; s.left >= 0 {
		return true, true
	}
	s.dead = true
	return s.after, false
}

func (s *seam) dieAfter(steps int, after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed, s.left, s.after = true, steps, after
}

// fault is the seam as a store in memory asks for it.
func (s *seam) fault(string) storetest.Fault {
	effect, alive := s.step()
	if alive {
		return storetest.Fault{}
	}
	return storetest.Fault{Err: errGone, After: effect}
}

// turnstile lets the steps of several goroutines through one after the other, in
// an order that a seed decides, so that what they do together can be repeated. A
// nil turnstile is open.
type turnstile struct {
	rng     *rand.Rand
	arrived chan struct{}

	mu      sync.Mutex
	waiting []waiter
}

type waiter struct {
	label string
	open  chan struct{}
}

func newTurnstile(seed uint64) *turnstile {
	return &turnstile{rng: rand.New(rand.NewPCG(seed, 3)), arrived: make(chan struct{}, 1)}
}

// pass waits for its turn. The label tells the steps that wait together apart.
func (g *turnstile) pass(label string) {
	if g == nil {
		return
	}
	w := waiter{label, make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()
	select {
	case g.arrived <- struct{}{}:
	default:
	}
	<-w.open
}

// run calls all of do at once and returns when they have returned.
func (g *turnstile) run(do ...func()) {
	var group sync.WaitGroup
	done := make(chan struct{})
	for _, one := range do {
		group.Go(one)
	}
	go func() {
		group.Wait()
		close(done)
	}()
	for {
		synctest.Wait() // everybody waits: here, or for time to pass
		if g.next() {
			continue
		}
		select {
		case <-g.arrived:
		case <-done:
			return
		}
	}
}

func (g *turnstile) next() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		return false
	}
	slices.SortFunc(g.waiting, func(a, b waiter) int { return cmp.Compare(a.label, b.label) })
	n := g.rng.IntN(len(g.waiting))
	close(g.waiting[n].open)
	g.waiting = slices.Delete(g.waiting, n, n+1)
	return true
}

// process is one loader's way to the world outside.
type process struct {
	name string
	seam *seam
	gate *turnstile
	sent func() // told of each batch
}

// shelf is the store as one process reaches it. Answers are written down at once
// after the check that allows it: that nobody else names anything between the two
// is what the loader assumes of a store.
type shelf struct {
	load.Store
	p process
}

func call[T any](p process, label string, do func() (T, error)) (T, error) {
	p.gate.pass(p.name + " " + label)
	effect, alive := p.seam.step()
	var none T
	if !effect {
		return none, errGone
	}
	result, err := do()
	if !alive {
		return none, errGone
	}
	return result, err
}

func (s shelf) DueBills(ctx context.Context, company schema.CompanyID, now time.Time, limit int) ([]schema.Draft, error) {
	return call(s.p, "due", func() ([]schema.Draft, error) { return s.Store.DueBills(ctx, company, now, limit) })
}

func (s shelf) OpenPostings(ctx context.Context, company schema.CompanyID, kind schema.PostingKind) ([]schema.Posting, error) {
	return call(s.p, "open "+string(kind), func() ([]schema.Posting, error) { return s.Store.OpenPostings(ctx, company, kind) })
}

func (s shelf) LatestPostings(
	ctx context.Context, company schema.CompanyID, kind schema.PostingKind, subjects []string,
) (map[string]schema.Posting, error) {
	return call(s.p, fmt.Sprint("latest ", kind, subjects), func() (map[string]schema.Posting, error) {
		return s.Store.LatestPostings(ctx, company, kind, subjects)
	})
}

func (s shelf) RecordPostings(ctx context.Context, postings []schema.Posting) error {
	p := s.p
	if postings[0].State != schema.PostingNamed {
		p.gate = nil
	}
	_, err := call(p, "record "+postings[0].Subject, func() (struct{}, error) {
		return struct{}{}, s.Store.RecordPostings(ctx, postings)
	})
	return err
}

func (s shelf) Payees(ctx context.Context, company schema.CompanyID) (map[schema.PayeeKey]schema.Payee, error) {
	return call(s.p, "payees", func() (map[schema.PayeeKey]schema.Payee, error) { return s.Store.Payees(ctx, company) })
}

func (s shelf) RecordPayees(ctx context.Context, payees []schema.Payee) error {
	_, err := call(s.p, "record "+string(payees[0].Key), func() (struct{}, error) {
		return struct{}{}, s.Store.RecordPayees(ctx, payees)
	})
	return err
}

func (s shelf) Unverified(ctx context.Context, company schema.CompanyID, limit int) ([]schema.Position, error) {
	return call(s.p, "unverified", func() ([]schema.Position, error) { return s.Store.Unverified(ctx, company, limit) })
}

func (s shelf) RecordVerifications(ctx context.Context, verifications []schema.Verification) error {
	_, err := call(s.p, "record verifications", func() (struct{}, error) {
		return struct{}{}, s.Store.RecordVerifications(ctx, verifications)
	})
	return err
}

// wire is QuickBooks as one process reaches it.
type wire struct {
	http.RoundTripper
	p process
}

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	label := w.p.name + " " + r.Method + " " + r.URL.String()
	if w.p.gate != nil {
		text, err := bodyOf(r)
		if err != nil {
			return nil, err
		}
		label += string(text)
	}
	w.p.gate.pass(label)
	effect, alive := w.p.seam.step()
	if !effect {
		return nil, errGone
	}
	if strings.HasSuffix(r.URL.Path, "/batch") {
		w.p.sent()
	}
	answer, err := w.RoundTripper.RoundTrip(r)
	if !alive {
		if err == nil {
			answer.Body.Close()
		}
		return nil, errGone
	}
	w.p.gate.pass(label)
	return answer, err
}

// bodyOf reads the body of a request, which can be sent all the same.
func bodyOf(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	text, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(text))
	return text, err
}
