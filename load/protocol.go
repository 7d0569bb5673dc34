package load

import (
	"time"

	"github.com/tieout/tieout/schema"
)

// phase is what a track waits for.
type phase uint8

const (
	phaseIdle      phase = iota // nothing was asked; also what a restart leaves
	phaseChecking               // for the newest stored posting, before naming
	phaseNaming                 // for the store to confirm the name
	phaseClaiming               // for the newest stored posting, before sending
	phaseSending                // for QuickBooks' answer
	phaseLookingUp              // for what QuickBooks holds
	phaseOwning                 // for the newest stored posting, before an unfavourable answer
	phaseRecording              // for the store to confirm the answer
	phaseDone                   // nothing more in this cycle
)

// track is the state of the protocol for one subject in one loader. It is a
// value: what a restart loses is all of it, and the store has the rest.
type track struct {
	phase phase
	// latest is the newest stored posting that the track builds on.
	latest standing
	// attempt is how often the name was sent, this time included.
	attempt int
	// unheard means that an earlier request with this name may have been carried
	// out, or still be on its way, without our having heard.
	unheard bool
	// wary means that something was sent for the subject before, and declined:
	// look first. It may have been declined because it is there, and another
	// loader may have been luckier.
	wary bool
	// since is when the look or check began that allows the next send.
	since  time.Time
	looked bool
	// refusal is the last fault that QuickBooks gave to this name.
	refusal verdict
	answer  answer
}

// standing is what the store says about a subject, as far as it matters here.
type standing struct {
	state     schema.PostingState
	sameDraft bool // about the draft in hand
	released  bool // a decline that a person took back since
	own       bool // the very row that the track wrote or started from
	attempt   int
	recorded  time.Time
	retryAt   time.Time
	refusal   verdict // of an uncertain posting: what its last answer said
}

// verdict is a fault reduced to what the protocol does about it.
type verdict uint8

const (
	verdictNone    verdict = iota
	verdictRetry           // nothing was created; the same may be sent later
	verdictPause           // the same, for the whole company
	verdictConnect         // the same, once somebody connected the company again
	verdictUnclear         // QuickBooks failed inside: it may have been created
	verdictExists          // nothing was created, for something alike exists
	verdictFinal           // nothing was created, and the same never will be
)

// eventKind is what happened.
type eventKind uint8

const (
	eventDue        eventKind = iota // a draft waits to be posted
	eventOpen                        // a stored posting is named or uncertain
	eventChecked                     // the newest stored posting was read
	eventStored                      // the store confirmed
	eventStoreLost                   // the store did not: nobody knows
	eventCreated                     // QuickBooks created it
	eventFault                       // QuickBooks declined
	eventNoAnswer                    // nobody knows what QuickBooks did
	eventNotSent                     // the request certainly never left
	eventIdentical                   // the look-up found exactly ours, once
	eventDifferent                   // the look-up found something alike, or several
	eventNothing                     // the look-up found nothing
	eventLookFailed                  // the look-up had no answer
	eventStop                        // restart, or the lease was lost
)

type event struct {
	kind    eventKind
	at      time.Time
	latest  standing // of eventOpen and eventChecked
	verdict verdict  // of eventFault
}

// effectKind is what the loader has to do next.
type effectKind uint8

const (
	effectNone   effectKind = iota
	effectCheck             // read the newest stored posting
	effectName              // store the name
	effectSend              // send, unless effect.until has passed
	effectLookUp            // look for it in QuickBooks
	effectRecord            // store effect.answer
)

type effect struct {
	kind    effectKind
	at      time.Time // of effectName and effectRecord: when it holds from
	until   time.Time // of effectSend: after this it must not leave; of effectName: nor be named
	attempt int
	answer  answer
}

// answer is what is to be stored about a name that was sent.
type answer struct {
	state   schema.PostingState
	reason  reason
	retryAt time.Time
}

// reason says which words go with an answer.
type reason uint8

const (
	reasonNone      reason = iota
	reasonFault            // QuickBooks' own
	reasonDuplicate        // something alike is in the books
	reasonSilence          // sent several times, never answered, not there
	reasonUnsure           // QuickBooks' own, after a request that was never answered
)

// rules are the numbers that the protocol decides with.
type rules struct {
	fresh      time.Duration // how long a check or look-up allows a send
	conclusive time.Duration // after this no request can still be on its way
	patience   time.Duration // how long looking in vain is not believed, and a decline not built on
	attempts   int           // how often one name is sent
	retry      time.Duration // the first pause after a fault; doubles
	retryMax   time.Duration
	pause      time.Duration // after a fault of the whole company
}

// step is the posting protocol: what a loader does next about one subject. It
// reads no clock, no store and no network, so that it can be simulated. See the
// package comment for the diagram.
func (r rules) step(t track, e event) (track, effect) {
	if e.kind == eventStop {
		return track{}, effect{}
	}
	switch t.phase {
	case phaseIdle:
		return r.begin(t, e)
	case phaseChecking:
		return r.checked(t, e)
	case phaseNaming:
		return r.named(t, e)
	case phaseClaiming:
		return r.claimed(t, e)
	case phaseSending:
		return r.answered(t, e)
	case phaseLookingUp:
		return r.lookedUp(t, e)
	case phaseOwning:
		return r.owned(t, e)
	case phaseRecording, phaseDone:
	}
	return done(t)
}

func (r rules) begin(t track, e event) (track, effect) {
	switch e.kind {
	case eventDue:
		t.phase, t.since = phaseChecking, e.at
		return t, effect{kind: effectCheck}
	case eventOpen:
		if e.at.Before(e.latest.retryAt) {
			return done(t)
		}
		t.latest, t.attempt, t.unheard, t.refusal = e.latest, e.latest.attempt, true, e.latest.refusal
		return lookUp(t, e.at)
	default:
		return done(t)
	}
}

// checked decides whether the name may be stored. Whoever holds the newest row
// holds the subject; a track whose row is not the newest any more lets go.
func (r rules) checked(t track, e event) (track, effect) {
	if e.kind != eventChecked {
		return done(t)
	}
	l := e.latest
	if t.unheard && !l.own || !t.unheard && l.state.Live() {
		return done(t)
	}
	if l.state == schema.PostingDeclined {
		if l.sameDraft && !l.released && (l.retryAt.IsZero() || e.at.Before(l.retryAt)) {
			return done(t)
		}
		if !l.sameDraft && r.tooSoon(e.at, l.recorded) {
			return done(t)
		}
		t.wary, t.attempt = true, 0
		if l.sameDraft {
			t.attempt = l.attempt
		}
	}
	t.latest = l
	if t.wary && !t.looked {
		return lookUp(t, e.at)
	}
	t.phase = phaseNaming
	t.attempt++
	t.latest.recorded = after(e.at, l.recorded)
	return t, effect{kind: effectName, attempt: t.attempt, at: t.latest.recorded, until: t.since.Add(r.fresh)}
}

func (r rules) named(t track, e event) (track, effect) {
	if e.kind != eventStored {
		return done(t)
	}
	t.phase = phaseClaiming
	return t, effect{kind: effectCheck}
}

// claimed sends only what holds the subject. A loader that slept before it
// stored its name finds here that others went on without it.
func (r rules) claimed(t track, e event) (track, effect) {
	if e.kind != eventChecked || !e.latest.own {
		return done(t)
	}
	t.phase, t.latest = phaseSending, e.latest
	return t, effect{kind: effectSend, attempt: t.attempt, until: t.since.Add(r.fresh)}
}

// answered turns an answer, or its absence, into what is known. Silence is
// neither success nor failure, and an answer to the second request says nothing
// about the first.
func (r rules) answered(t track, e event) (track, effect) {
	switch e.kind {
	case eventCreated:
		return r.settle(t, e.at, answer{state: schema.PostingPosted})
	case eventNoAnswer:
		t.refusal = verdictNone
		return r.own(t, e.at, answer{state: schema.PostingUncertain})
	case eventFault:
		t.refusal = e.verdict
		return r.refused(t, e)
	default: // never sent: the stored name is found open again
		return done(t)
	}
}

func (r rules) refused(t track, e event) (track, effect) {
	a := answer{state: schema.PostingDeclined, reason: reasonFault}
	switch e.verdict {
	case verdictExists:
		return lookUp(t, e.at)
	case verdictUnclear:
		a.state = schema.PostingUncertain
	case verdictRetry:
		if t.attempt < r.attempts || t.unheard {
			a.retryAt = e.at.Add(r.backOff(t.attempt))
		}
	case verdictPause:
		a.retryAt = e.at.Add(r.pause)
	case verdictConnect:
		a.retryAt = e.at // whoever runs the next cycle has connected it
	case verdictNone, verdictFinal:
	}
	if t.unheard {
		a.state = schema.PostingUncertain
	}
	return r.own(t, e.at, a)
}

// lookedUp acts on what QuickBooks holds. Finding nothing is proof only when no
// request can still be on its way.
func (r rules) lookedUp(t track, e event) (track, effect) {
	proof := !t.unheard || e.at.Sub(t.latest.recorded) >= r.conclusive
	switch e.kind {
	case eventIdentical:
		return r.settle(t, e.at, answer{state: schema.PostingAdopted})
	case eventDifferent:
		return r.giveUp(t, e.at, proof, reasonDuplicate)
	case eventNothing:
	default:
		return done(t)
	}
	switch {
	case t.refusal == verdictFinal, t.refusal == verdictExists:
		return r.giveUp(t, e.at, proof, reasonFault)
	case t.unheard && t.attempt >= r.attempts:
		return r.giveUp(t, e.at, proof, reasonSilence)
	case t.unheard && r.tooSoon(e.at, t.latest.recorded):
		return done(t)
	}
	t.phase = phaseChecking
	return t, effect{kind: effectCheck}
}

// giveUp declines for a person, or waits until that is certain.
func (r rules) giveUp(t track, at time.Time, proof bool, why reason) (track, effect) {
	switch {
	case proof:
		if why == reasonFault && t.unheard {
			why = reasonUnsure // the proof is a clock's, and clocks leap
		}
		return r.own(t, at, answer{state: schema.PostingDeclined, reason: why})
	case t.latest.state == schema.PostingUncertain && t.refusal == t.latest.refusal:
		return done(t) // stored so already
	}
	return r.own(t, at, answer{state: schema.PostingUncertain, reason: why})
}

// own records an unfavourable answer, after making sure that the name it answers
// is still the newest: it must never hide what another loader has found out
// since. Only doubt goes before what others did, short of finding the document.
func (r rules) own(t track, at time.Time, a answer) (track, effect) {
	t.phase, t.answer, t.since = phaseOwning, a, at
	return t, effect{kind: effectCheck}
}

func (r rules) owned(t track, e event) (track, effect) {
	if e.kind != eventChecked {
		return done(t)
	}
	l := e.latest
	doubt := t.answer.state == schema.PostingUncertain
	switch {
	case doubt && (l.own || l.state == schema.PostingDeclined || l.state == schema.PostingNamed && l.sameDraft):
		t.latest = l
		return r.settle(t, e.at, t.answer)
	case l.own:
		return r.settle(t, t.since, t.answer)
	}
	return done(t)
}

func (r rules) settle(t track, at time.Time, a answer) (track, effect) {
	t.phase, t.answer = phaseRecording, a
	return t, effect{kind: effectRecord, attempt: t.attempt, answer: a, at: after(at, t.latest.recorded)}
}

// tooSoon reports whether patience asks to wait. Without any, a clock that went
// back a little must not make it wait either.
func (r rules) tooSoon(at, recorded time.Time) bool {
	return r.patience > 0 && at.Sub(recorded) < r.patience
}

func (r rules) backOff(attempt int) time.Duration {
	pause := r.retry
	for range attempt - 1 {
		pause = min(2*pause, r.retryMax)
	}
	return pause
}

func lookUp(t track, at time.Time) (track, effect) {
	t.phase, t.since, t.looked = phaseLookingUp, at, true
	return t, effect{kind: effectLookUp}
}

func done(t track) (track, effect) {
	t.phase = phaseDone
	return t, effect{}
}

// after returns at, or the next instant that the store can tell from earlier:
// what is recorded of a subject never goes back in time, whatever the clock does.
func after(at, earlier time.Time) time.Time {
	if next := earlier.Add(time.Microsecond); at.Before(next) {
		return next
	}
	return at
}
