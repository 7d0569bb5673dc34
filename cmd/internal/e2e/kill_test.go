package e2e_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/cmd/internal/rig"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// number reads a setting of the kill test from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// TestServe_KilledAtAnyMoment ends the program with SIGKILL a hundred times, before
// it is ready, while it takes deliveries and while it posts, with Ontop sending all
// the time and QuickBooks losing answers. TIEOUT_KILL_SEED makes a run draw the
// same history, moments and losses again, and TIEOUT_KILL_ROUNDS is how often it
// kills.
func TestServe_KilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	seed := number(t, "TIEOUT_KILL_SEED", rand.Uint64()>>16)
	rounds := int(number(t, "TIEOUT_KILL_ROUNDS", 100))
	t.Logf("replay with TIEOUT_KILL_SEED=%d TIEOUT_KILL_ROUNDS=%d, which draws the same and interleaves anew", seed, rounds)
	random, began := rand.New(rand.NewPCG(seed, 1)), time.Now().UTC()

	w := newWorld(t, ontopsim.Config{Seed: seed, Workers: 24, Months: 3}, rig.Config{
		Books: quickbookstest.Config{Limits: quickbookstest.Limits{Off: true}}, Schedule: `{transform: "@every 2s", load: "@every 3s"}`,
	})
	w.openOnce(t)
	p := newPoster(t, w)
	w.loseAnswers(seed)
	for round := range rounds {
		p.release((round+1)*len(w.history.Events)/rounds - p.released)
		w.killOnce(t, random, round)
	}
	t.Logf("after %d kills: %d of %d events accepted, %d vendors and %d bills in QuickBooks, %+v", rounds, p.count(), len(w.history.Events),
		w.Books.Count(w.Realm, "Vendor"), w.Books.Count(w.Realm, "Bill"), w.Books.Stats())
	last := w.serve(t)
	p.release(len(w.history.Events))
	p.wait(t)
	w.calm()
	w.settle(t, 2*time.Minute)

	w.requireOneOutcomeEach(t, p.answered, began)
	w.requireBooksEqualSource(t)
	require.NoError(t, last.Stop(stopWithin))
}

// openOnce connects the company and maps its concepts, in a first life of the
// program that ends in good order.
func (w *world) openOnce(t *testing.T) {
	t.Helper()
	first := w.serve(t)
	w.open(t)
	require.NoError(t, first.Stop(stopWithin))
}

// loseAnswers has every tenth batch or so go unanswered: not done, done all the
// same, or answered with half an answer; and many answered late.
func (w *world) loseAnswers(seed uint64) {
	w.Books.Chaos(seed, quickbookstest.Odds{
		quickbookstest.LoseBefore: 0.03, quickbookstest.LoseAfter: 0.05, quickbookstest.Truncate: 0.03, quickbookstest.DelayAfter: 0.5,
	}, quickbookstest.Trouble{On: "batch", Delay: 150 * time.Millisecond})
}

func (w *world) calm() { w.Books.Chaos(0, nil, quickbookstest.Trouble{}) }

// killOnce starts the program and kills it at a random moment: in one life of five
// before it is ready, in one while it takes what Ontop has waiting, in one somewhere
// within its first cycles, and in two when it has just asked QuickBooks to create
// something, often before the answer.
func (w *world) killOnce(t *testing.T, random *rand.Rand, round int) {
	t.Helper()
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(random.Int64N(int64(most-least)))
	}
	wait := between(0, 600*time.Millisecond)
	kind := random.IntN(5)
	switch kind {
	case 0:
	case 1:
		wait = between(0, 250*time.Millisecond)
	case 2:
		wait = between(250*time.Millisecond, 1500*time.Millisecond)
	default:
		wait = between(0, 200*time.Millisecond)
	}
	process, err := w.Launch(t.Context())
	require.NoError(t, err)
	if kind > 0 {
		if err := process.Ready(t.Context(), w.Rig); err != nil {
			process.Kill()
			require.NoError(t, err, "round %d", round)
		}
	}
	if kind > 2 {
		w.awaitBatch(t, 2*time.Second)
	}
	pause(t.Context(), wait)
	require.NoError(t, process.Kill(), "round %d", round)
}

// awaitBatch waits until QuickBooks gets a batch, or for the time given.
func (w *world) awaitBatch(t *testing.T, within time.Duration) {
	t.Helper()
	before, ends := w.Books.Stats().Requests["batch"], time.Now().Add(within)
	for w.Books.Stats().Requests["batch"] == before && time.Now().Before(ends) {
		pause(t.Context(), time.Millisecond)
	}
}

// requireOneOutcomeEach looks into the store for every delivery that was answered
// 202, and for nothing else.
func (w *world) requireOneOutcomeEach(t *testing.T, answered map[string]bool, began time.Time) {
	t.Helper()
	staged := w.query(t, "SELECT DISTINCT id FROM deliveries")
	require.Len(t, staged, len(answered))
	for _, id := range staged {
		require.True(t, answered[id], "%s is in the store and was never accepted", id)
	}
	settled := w.query(t, "SELECT DISTINCT delivery FROM outcomes")
	require.ElementsMatch(t, staged, settled, "what is staged has an outcome")
	two := w.query(t, "SELECT count() FROM (SELECT delivery FROM outcomes GROUP BY delivery, body HAVING uniqExact(kind) > 1)")
	require.Equal(t, []string{"0"}, two, "outcomes that contradict each other")

	received, told := 0, 0
	for month := began; !month.After(time.Now()); month = month.AddDate(0, 1, 0) {
		intake := w.reconcile(t, "--period", schema.DateOf(month.UTC()).Period().String()).Intake
		require.Zero(t, intake.Pending)
		received += intake.Received
		for _, n := range intake.Outcomes {
			told += n
		}
	}
	require.Equal(t, len(answered), received)
	require.Equal(t, received, told, "exactly one outcome each")
}

// poster sends events until each is answered 202, whatever happens in between. It
// sends only what was released.
type poster struct {
	sender *ontopsim.Sender
	client *http.Client
	events []ontopsim.Event
	queue  chan ontopsim.Event
	done   sync.WaitGroup

	released int
	accepted atomic.Int64
	mu       sync.Mutex
	answered map[string]bool // webhook-ids that were answered 202
	refused  map[int]int     // other answers, by status
}

func newPoster(t *testing.T, w *world) *poster {
	t.Helper()
	sender, err := ontopsim.NewSender(ontopsim.SenderConfig{URL: w.Public + "/webhooks/ontop/" + rig.Company, Secret: w.Secret}, time.Now)
	require.NoError(t, err)
	p := &poster{
		sender: sender, client: &http.Client{Timeout: 15 * time.Second}, events: w.history.Events,
		queue: make(chan ontopsim.Event, len(w.history.Events)), answered: map[string]bool{}, refused: map[int]int{},
	}
	ctx, stop := context.WithCancel(t.Context())
	for range 4 {
		p.done.Go(func() {
			for event := range p.queue {
				for !p.post(ctx, event) && ctx.Err() == nil {
					pause(ctx, 5*time.Millisecond)
				}
			}
		})
	}
	t.Cleanup(stop)
	return p
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// release lets the next n events be sent; after the last the queue is closed.
func (p *poster) release(n int) {
	for ; n > 0 && p.released < len(p.events); n-- {
		p.queue <- p.events[p.released]
		p.released++
		if p.released == len(p.events) {
			close(p.queue)
		}
	}
}

func (p *poster) post(ctx context.Context, event ontopsim.Event) bool {
	request, err := p.sender.Request(ctx, event)
	if err != nil {
		return false
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer.StatusCode != http.StatusAccepted {
		p.refused[answer.StatusCode]++
		return false
	}
	p.answered[event.ID] = true
	p.accepted.Add(1)
	return true
}

func (p *poster) count() int { return int(p.accepted.Load()) }

// wait waits until everything was accepted.
func (p *poster) wait(t *testing.T) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		p.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		require.Fail(t, "not everything was accepted", "%d of %d; other answers: %v", p.count(), len(p.events), p.refused)
	}
	for status := range p.refused {
		require.Equal(t, http.StatusServiceUnavailable, status, "nothing but 503 may be said to an event that is right: %v", p.refused)
	}
}
