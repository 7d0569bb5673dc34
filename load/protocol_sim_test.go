// The protocol is not exported, so its simulator lives in the package.
package load

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// world is one schedule: a subject with its drafts, a store, a QuickBooks, one
// or two loaders, and everything that can go wrong between them, played from a
// seed. One call of act is one indivisible step of one of them.
type world struct {
	rng    *rand.Rand
	rules  rules
	plan   plan
	clock  time.Time     // what everybody reads
	truth  time.Duration // how much time has really passed
	trace  *strings.Builder
	draft  int // the newest draft of the subject
	rows   []simRow
	docs   []int // the draft of each document that we created
	byHand bool  // a person entered something alike

	requests []simRequest
	memory   []simMemory
	loaders  []simLoader

	lastSend time.Duration
	bug      bug
}

// bug is a mistake that the simulator must be able to find.
type bug uint8

const (
	bugNone bug = iota
	bugSilenceIsFailure
	bugSilenceIsSuccess
	bugNeverLooks
	bugNewNameEachTime
	bugSendsLate
	bugAdoptsAnything
)

// plan says what may go wrong in this schedule. Chances are in percent.
type plan struct {
	loaders                        int
	storeLost, lost, fault         int
	restart, redraft, hand, jump   int
	nap, hold                      int
	memoryLife                     time.Duration // how long QuickBooks knows a request id
	replaysFaults, lateCommit, odd bool
}

type simRow struct {
	state    schema.PostingState
	draft    int
	attempt  int
	recorded time.Time
	retryAt  time.Time
	reason   reason
	refusal  verdict
	id       int
}

type simRequest struct {
	loader, life int
	draft        int
	leaves       time.Duration // the client may hold it back until then
	done, unseen bool          // carried out; the answer is lost
	given        bool          // the sender has its answer or gave up
	created      bool
	verdict      verdict
}

type simMemory struct {
	draft   int
	until   time.Duration
	created bool
	verdict verdict
}

type simLoader struct {
	track track
	todo  effect
	life  int // counts restarts, so that a dead loader's answers go nowhere
	base  int // id of the row that the track wrote or started from
	draft int
	wait  int // index of the request it waits for, or -1
}

func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	w := &world{
		rng:   rng,
		rules: newRules(0),
		clock: time.Date(2026, 8, 31, 0, 0, 0, 0, time.UTC),
		draft: 1,
	}
	chance := func(most int) int {
		if rng.IntN(2) == 0 {
			return 0
		}
		return rng.IntN(most)
	}
	w.plan = plan{
		loaders: 1 + rng.IntN(2), storeLost: chance(20), lost: chance(60), fault: chance(50), restart: chance(12),
		redraft: chance(6), hand: chance(3), jump: chance(4), nap: chance(10), hold: chance(30), memoryLife: 10 * time.Minute,
		replaysFaults: rng.IntN(2) == 0, lateCommit: rng.IntN(2) == 0, odd: rng.IntN(2) == 0,
	}
	if w.plan.loaders == 1 && rng.IntN(3) == 0 {
		// Request ids that do not work at all: patience has to make up for them,
		// which needs a clock that does not leap ahead.
		w.plan.memoryLife, w.plan.jump = 0, 0
		w.rules.patience = w.rules.conclusive
	} else {
		if rng.IntN(2) == 0 {
			w.plan.memoryLife = 365 * 24 * time.Hour
		}
		if rng.IntN(2) == 0 {
			w.rules.patience = w.rules.conclusive
		}
	}
	w.loaders = make([]simLoader, w.plan.loaders)
	for i := range w.loaders {
		w.loaders[i].wait = -1
	}
	return w
}

func (w *world) roll(percent int) bool { return percent > 0 && w.rng.IntN(100) < percent }

func (w *world) note(format string, args ...any) {
	if w.trace != nil {
		fmt.Fprintf(w.trace, "%8s %s  "+format+"\n", append([]any{w.truth, w.clock.Format(time.TimeOnly)}, args...)...)
	}
}

// newest returns the index of the newest row, -1 without any.
func (w *world) newest() int {
	best := -1
	for i, r := range w.rows {
		if best < 0 || !r.recorded.Before(w.rows[best].recorded) {
			best = i
		}
	}
	return best
}

func (w *world) standing(l *simLoader) standing {
	i := w.newest()
	if i < 0 {
		return standing{own: l.base == 0}
	}
	r := w.rows[i]
	return standing{
		state: r.state, sameDraft: r.draft == l.draft, own: r.id == l.base, attempt: r.attempt, recorded: r.recorded,
		retryAt: r.retryAt, refusal: r.refusal,
	}
}

// act lets something happen, and reports a broken promise.
func (w *world) act() error {
	w.pass(time.Microsecond) // no two steps share an instant
	switch n := w.rng.IntN(100); {
	case n < 55:
		w.turn(w.rng.IntN(len(w.loaders)))
	case n < 75:
		w.carryOut()
	case n < 90:
		nap := time.Duration(1 + w.rng.IntN(40))
		if w.roll(w.plan.nap) {
			nap *= 100 // long enough to forget a request id, for a loader that sleeps
		}
		w.pass(nap * time.Second)
	default:
		w.disturb()
	}
	return w.promise()
}

func (w *world) promise() error {
	if len(w.docs) > 1 {
		return fmt.Errorf("documents of drafts %v exist for one subject", w.docs)
	}
	return nil
}

func (w *world) disturb() {
	if i := w.rng.IntN(len(w.loaders)); w.roll(w.plan.restart) {
		w.restart(i)
	}
	if w.roll(w.plan.redraft) && w.mayRedraft() {
		w.draft++
		w.note("drafted anew: %d", w.draft)
	}
	if w.roll(w.plan.hand) {
		w.byHand = true
		w.note("somebody enters the bill by hand")
	}
	if w.roll(w.plan.jump) {
		leap := time.Duration(w.rng.IntN(7200)-60) * time.Second
		w.clock = w.clock.Add(leap)
		w.note("the clock leaps %s", leap)
	}
}

// mayRedraft reports whether a person or a rule may draft anew, which takes
// effect while nothing is live. With one loader that is always. Two at once must
// not hold different drafts of one subject, which only the lease prevents; and
// without patience, or where clocks leap, no draft follows another within
// minutes of a send.
func (w *world) mayRedraft() bool {
	if w.plan.loaders > 1 {
		for _, l := range w.loaders {
			if l.track.phase != phaseIdle && !l.track.unheard {
				return false
			}
		}
	}
	careless := w.plan.jump > 0 || w.plan.loaders > 1 && w.rules.patience == 0
	return !careless || w.truth-w.lastSend > 10*time.Minute
}

func (w *world) restart(i int) {
	l := &w.loaders[i]
	l.track, _ = w.rules.step(l.track, event{kind: eventStop})
	*l = simLoader{track: l.track, life: l.life + 1, wait: -1}
	w.note("loader %d restarts", i)
}

// pass lets time go by. QuickBooks cuts what has taken two minutes.
func (w *world) pass(d time.Duration) {
	w.truth += d
	w.clock = w.clock.Add(d)
	for i := range w.requests {
		r := &w.requests[i]
		if dead := w.loaders[r.loader].life != r.life; !r.done && (w.truth >= r.leaves+longestRequest || dead && w.truth < r.leaves) {
			r.done, r.unseen = true, true
		}
	}
}

// turn lets one loader do the one thing it is about to do.
func (w *world) turn(i int) {
	l := &w.loaders[i]
	switch {
	case l.wait >= 0:
		w.hear(i)
	case l.todo.kind == effectNone:
		w.begin(i)
	default:
		w.perform(i)
	}
}

func (w *world) feed(i int, e event) {
	l := &w.loaders[i]
	e.at = w.clock
	switch {
	case w.bug == bugSilenceIsFailure && e.kind == eventNoAnswer:
		e.kind, e.verdict = eventFault, verdictRetry
	case w.bug == bugSilenceIsSuccess && e.kind == eventNoAnswer:
		e.kind = eventCreated
	case w.bug == bugNeverLooks && (e.kind == eventIdentical || e.kind == eventDifferent):
		e.kind = eventNothing
	case w.bug == bugAdoptsAnything && e.kind == eventDifferent:
		e.kind = eventIdentical
	}
	l.track, l.todo = w.rules.step(l.track, e)
	if l.todo.kind == effectNone {
		l.track = track{} // the next cycle begins from the store
	}
}

func (w *world) begin(i int) {
	l := &w.loaders[i]
	l.draft, l.base = w.draft, 0
	n := w.newest()
	if n < 0 {
		w.feed(i, event{kind: eventDue})
		return
	}
	r := w.rows[n]
	l.base = r.id
	switch {
	case r.state == schema.PostingNamed || r.state == schema.PostingUncertain:
		l.draft = r.draft
		w.feed(i, event{kind: eventOpen, latest: w.standing(l)})
	case r.state == schema.PostingDeclined && (r.draft != w.draft || !r.retryAt.IsZero()):
		w.feed(i, event{kind: eventDue})
	}
}

func (w *world) perform(i int) {
	l := &w.loaders[i]
	switch todo := l.todo; todo.kind {
	case effectCheck:
		if l.track.phase == phaseChecking && !l.track.unheard {
			l.base = 0
			if n := w.newest(); n >= 0 {
				l.base = w.rows[n].id
			}
		}
		if w.roll(w.plan.storeLost) {
			w.feed(i, event{kind: eventStoreLost})
			return
		}
		owning := l.track.phase == phaseOwning
		w.feed(i, event{kind: eventChecked, latest: w.standing(l)})
		if owning && l.todo.kind == effectRecord {
			// No database compares and sets for us. That nobody names anything
			// between this read and the write behind it is assumed.
			w.perform(i)
		}
	case effectName:
		w.store(i, simRow{state: schema.PostingNamed, attempt: todo.attempt, recorded: todo.at})
	case effectRecord:
		a := todo.answer
		w.store(i, simRow{
			state: a.state, attempt: todo.attempt, recorded: todo.at, retryAt: a.retryAt, reason: a.reason,
			refusal: l.track.refusal,
		})
	case effectSend:
		w.send(i, todo)
	case effectLookUp:
		w.lookUp(i)
	case effectNone:
	}
}

func (w *world) store(i int, r simRow) {
	l := &w.loaders[i]
	before, afterwards := w.roll(w.plan.storeLost), w.roll(w.plan.storeLost)
	if !before {
		r.draft, r.id = l.draft, len(w.rows)+1
		w.rows = append(w.rows, r)
		w.note("loader %d stores draft %d %s, attempt %d, as of %s", i, r.draft, r.state, r.attempt, r.recorded.Format(time.TimeOnly))
	}
	if before || afterwards {
		w.feed(i, event{kind: eventStoreLost})
		return
	}
	l.base = r.id
	w.feed(i, event{kind: eventStored})
}

func (w *world) send(i int, todo effect) {
	l := &w.loaders[i]
	if w.clock.After(todo.until) && w.bug != bugSendsLate {
		w.note("loader %d comes too late to send", i)
		w.feed(i, event{kind: eventNotSent})
		return
	}
	if w.rows[l.base-1].draft != l.draft || w.rows[l.base-1].state != schema.PostingNamed {
		panic("sent without a stored name")
	}
	r := simRequest{loader: i, life: l.life, draft: l.draft, leaves: w.truth}
	if w.roll(w.plan.hold) {
		r.leaves += time.Duration(w.rng.Int64N(int64(longestWait)))
	}
	w.requests = append(w.requests, r)
	w.lastSend = w.truth
	if w.bug == bugNewNameEachTime {
		w.memory = nil
	}
	l.wait = len(w.requests) - 1
	w.note("loader %d sends draft %d, attempt %d", i, l.draft, todo.attempt)
}

// hear gives a waiting loader its answer, or takes it away.
func (w *world) hear(i int) {
	l := &w.loaders[i]
	r := &w.requests[l.wait]
	gone := r.unseen || !r.done && w.truth >= r.leaves && w.roll(w.plan.lost)
	if !r.done && !gone {
		return
	}
	r.given, l.wait = true, -1
	switch {
	case gone:
		w.note("loader %d hears nothing of draft %d", i, r.draft)
		w.feed(i, event{kind: eventNoAnswer})
	case r.created:
		w.feed(i, event{kind: eventCreated})
	default:
		w.note("loader %d is refused: %d", i, r.verdict)
		w.feed(i, event{kind: eventFault, verdict: r.verdict})
	}
}

// carryOut lets QuickBooks work on one request that it has received.
func (w *world) carryOut() {
	if len(w.requests) == 0 {
		return
	}
	k := w.rng.IntN(len(w.requests))
	if w.requests[k].done {
		for k = range w.requests {
			if !w.requests[k].done {
				break
			}
		}
	}
	r := &w.requests[k]
	if r.done || w.truth < r.leaves || w.plan.lateCommit && w.rng.IntN(3) > 0 {
		return
	}
	r.done = true
	if w.roll(w.plan.lost) && w.rng.IntN(2) == 0 {
		r.unseen = true
		w.note("the request of loader %d never arrives", r.loader)
		return
	}
	w.answer(r)
	r.unseen = w.roll(w.plan.lost)
}

func (w *world) answer(r *simRequest) {
	for _, m := range w.memory {
		if m.draft == r.draft && w.truth < m.until {
			r.created, r.verdict = m.created, m.verdict
			w.note("QuickBooks replays its answer on draft %d", r.draft)
			return
		}
	}
	if w.roll(w.plan.fault) {
		r.verdict = verdictRetry + verdict(w.rng.IntN(int(verdictFinal)))
		if r.verdict == verdictUnclear && w.rng.IntN(2) == 0 {
			w.create(r) // it says that it failed, and did not
		}
		if r.verdict == verdictExists && !w.byHand && len(w.docs) == 0 {
			r.verdict = verdictFinal
		}
		if w.plan.replaysFaults && r.verdict != verdictPause && r.verdict != verdictConnect && r.verdict != verdictRetry {
			w.memory = append(w.memory, simMemory{draft: r.draft, until: w.truth + w.plan.memoryLife, verdict: r.verdict})
		}
		return
	}
	w.create(r)
	r.created = true
}

func (w *world) create(r *simRequest) {
	w.docs = append(w.docs, r.draft)
	w.memory = append(w.memory, simMemory{draft: r.draft, until: w.truth + w.plan.memoryLife, created: true})
	w.note("QuickBooks creates draft %d", r.draft)
}

// lookUp is the query by vendor and number: it finds what people entered too.
func (w *world) lookUp(i int) {
	l := &w.loaders[i]
	found := eventNothing
	switch {
	case w.roll(w.plan.lost):
		found = eventLookFailed
	case w.byHand && len(w.docs) > 0 && w.plan.odd:
		found = eventDifferent
	case len(w.docs) == 1 && w.docs[0] == l.draft:
		found = eventIdentical
	case w.byHand || len(w.docs) > 0:
		found = eventDifferent
	}
	w.note("loader %d looks for draft %d: %d", i, l.draft, found)
	w.feed(i, event{kind: found})
}

// recover lets one loader run while nothing goes wrong, and reports what is
// wrong when it has done all it can.
func (w *world) recover() error {
	w.plan.storeLost, w.plan.lost, w.plan.fault, w.plan.lateCommit = 0, 0, 0, false
	for i := range w.loaders {
		w.restart(i)
	}
	w.pass(longestWait + longestRequest)
	const cycles = 60
	for range cycles {
		for range 40 {
			w.turn(0)
			w.carryOut()
			if l := &w.loaders[0]; l.todo.kind == effectNone && l.wait < 0 {
				break
			}
		}
		if err := w.promise(); err != nil {
			return err
		}
		if w.settled() {
			return nil
		}
		w.pass(5 * time.Minute)
	}
	return fmt.Errorf("not settled after %d calm cycles", cycles)
}

func (w *world) settled() bool {
	i := w.newest()
	if i < 0 {
		return false
	}
	switch r := w.rows[i]; r.state {
	case schema.PostingPosted, schema.PostingAdopted:
		return len(w.docs) == 1 && w.docs[0] == r.draft
	case schema.PostingDeclined:
		// Declining what exists is excused where a person is told to look, and where
		// the luckier of two loaders at once was stopped before it could say so, as
		// the calm begins by stopping both. The next draft finds the document.
		told := (r.reason == reasonDuplicate || r.reason == reasonSilence || r.reason == reasonUnsure) && (w.byHand || w.plan.jump > 0)
		unlucky := w.plan.loaders > 1
		return r.retryAt.IsZero() && r.draft == w.draft && (len(w.docs) == 0 || told || unlucky)
	default:
		return false
	}
}
