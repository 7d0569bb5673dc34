package load

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

// The protocol, one story after the other: what happens, and what the loader
// does about it.
func TestProtocol_Step(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC)
	named := standing{state: schema.PostingNamed, own: true, sameDraft: true, attempt: 1, recorded: start}
	uncertain := standing{state: schema.PostingUncertain, own: true, sameDraft: true, attempt: 1, recorded: start}
	declined := standing{state: schema.PostingDeclined, own: true, sameDraft: true, attempt: 1, recorded: start}
	foreign := standing{state: schema.PostingNamed, sameDraft: true, attempt: 1, recorded: start}
	later := func(s standing, d time.Duration) standing { s.retryAt = start.Add(d); return s }
	attempt := func(s standing, n int) standing { s.attempt = n; return s }
	otherDraft := func(s standing) standing { s.sameDraft = false; return s }
	refused := func(s standing) standing { s.refusal = verdictFinal; return s }
	checked := func(s standing) event { return event{kind: eventChecked, latest: s} }
	is := func(k eventKind) event { return event{kind: k} }
	fault := func(v verdict) event { return event{kind: eventFault, verdict: v} }
	after := func(e event, d time.Duration) event { e.at = start.Add(d); return e }

	sent := []event{is(eventDue), checked(standing{own: true}), is(eventStored), checked(named)}
	reopened := []event{{kind: eventOpen, latest: uncertain}}
	resent := append(reopened[:1:1], is(eventNothing), checked(uncertain), is(eventStored), checked(attempt(named, 2)))

	cases := map[string]struct {
		first  []event
		then   []event
		effect effectKind
		state  schema.PostingState // of what is recorded
		retry  bool
		reason reason
	}{
		"DueIsCheckedFirst":                 {then: []event{is(eventDue)}, effect: effectCheck},
		"NothingStoredMeansNaming":          {then: sent[:2], effect: effectName},
		"StoredMeansClaiming":               {then: sent[:3], effect: effectCheck},
		"ClaimedMeansSending":               {then: sent, effect: effectSend},
		"ANameThatIsNotStoredIsNotSent":     {first: sent[:2], then: []event{is(eventStoreLost)}, effect: effectNone},
		"AnotherLoadersNameIsLeftAlone":     {first: sent[:1], then: []event{checked(foreign)}, effect: effectNone},
		"ALostClaimIsNotSent":               {first: sent[:3], then: []event{checked(foreign)}, effect: effectNone},
		"CreatedIsPosted":                   {first: sent, then: []event{is(eventCreated)}, effect: effectRecord, state: schema.PostingPosted},
		"SilenceIsUncertain":                {first: sent, then: []event{is(eventNoAnswer), checked(named)}, effect: effectRecord, state: schema.PostingUncertain},
		"WhatNeverLeftStaysNamed":           {first: sent, then: []event{is(eventNotSent)}, effect: effectNone},
		"AFinalFaultIsDeclined":             {first: sent, then: []event{fault(verdictFinal), checked(named)}, effect: effectRecord, state: schema.PostingDeclined, reason: reasonFault},
		"APassingFaultIsDeclinedForNow":     {first: sent, then: []event{fault(verdictRetry), checked(named)}, effect: effectRecord, state: schema.PostingDeclined, retry: true, reason: reasonFault},
		"AThrottleIsDeclinedForNow":         {first: sent, then: []event{fault(verdictPause), checked(named)}, effect: effectRecord, state: schema.PostingDeclined, retry: true, reason: reasonFault},
		"AFailureInsideIsUncertain":         {first: sent, then: []event{fault(verdictUnclear), checked(named)}, effect: effectRecord, state: schema.PostingUncertain, reason: reasonFault},
		"SomethingAlikeIsLookedUpAtOnce":    {first: sent, then: []event{fault(verdictExists)}, effect: effectLookUp},
		"AlikeAndOursIsAdopted":             {first: sent, then: []event{fault(verdictExists), is(eventIdentical)}, effect: effectRecord, state: schema.PostingAdopted},
		"AlikeAndNotThereKeepsTheFault":     {first: sent, then: []event{fault(verdictExists), is(eventNothing), checked(named)}, effect: effectRecord, state: schema.PostingDeclined, reason: reasonFault},
		"ADeclineDoesNotHideAnotherName":    {first: sent, then: []event{fault(verdictFinal), checked(foreign)}, effect: effectNone},
		"DoubtGoesBeforeAnothersDecline":    {first: sent, then: []event{is(eventNoAnswer), checked(attempt(declined, 2))}, effect: effectRecord, state: schema.PostingUncertain},
		"AfterARestartItLooksFirst":         {then: []event{{kind: eventOpen, latest: named}}, effect: effectLookUp},
		"FoundIsAdopted":                    {first: reopened, then: []event{is(eventIdentical)}, effect: effectRecord, state: schema.PostingAdopted},
		"NotFoundIsCheckedAndNamedAgain":    {first: reopened, then: []event{is(eventNothing), checked(uncertain)}, effect: effectName},
		"NotFoundButTakenOverIsLeftAlone":   {first: reopened, then: []event{is(eventNothing), checked(attempt(foreign, 2))}, effect: effectNone},
		"AFailedLookUpChangesNothing":       {first: reopened, then: []event{is(eventLookFailed)}, effect: effectNone},
		"AlikeWaitsForCertainty":            {first: reopened, then: []event{after(is(eventDifferent), time.Minute)}, effect: effectNone},
		"AlikeIsDeclinedOnceCertain":        {first: reopened, then: []event{after(is(eventDifferent), conclusiveAfter), checked(uncertain)}, effect: effectRecord, state: schema.PostingDeclined, reason: reasonDuplicate},
		"TheSecondAnswerSaysNothingOfFirst": {first: resent, then: []event{fault(verdictFinal), checked(attempt(named, 2))}, effect: effectRecord, state: schema.PostingUncertain, reason: reasonFault},
		"ARefusalAfterSilenceSaysToLook":    {first: []event{{kind: eventOpen, latest: refused(uncertain)}}, then: []event{after(is(eventNothing), conclusiveAfter), checked(refused(uncertain))}, effect: effectRecord, state: schema.PostingDeclined, reason: reasonUnsure},
		"WaitsUntilItMayBeRetried":          {then: []event{{kind: eventOpen, latest: later(uncertain, time.Hour)}}, effect: effectNone},
		"SixAttemptsAreEnough":              {first: []event{{kind: eventOpen, latest: attempt(uncertain, 6)}}, then: []event{after(is(eventNothing), conclusiveAfter), checked(attempt(uncertain, 6))}, effect: effectRecord, state: schema.PostingDeclined, reason: reasonSilence},
		"ADeclinedDraftStaysDeclined":       {first: sent[:1], then: []event{checked(declined)}, effect: effectNone},
		"ARetryLooksFirst":                  {first: sent[:1], then: []event{after(checked(later(declined, time.Minute)), time.Hour)}, effect: effectLookUp},
		"ANewDraftAfterADeclineLooksFirst":  {first: sent[:1], then: []event{checked(otherDraft(declined))}, effect: effectLookUp},
		"AndThenIsNamed":                    {first: sent[:1], then: []event{checked(otherDraft(declined)), is(eventNothing), checked(otherDraft(declined))}, effect: effectName},
		"StoppingForgetsEverything":         {first: sent, then: []event{is(eventStop)}, effect: effectNone},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRules(0)
			var tr track
			var do effect
			for _, e := range append(slices.Clip(c.first), c.then...) {
				if e.at.IsZero() {
					e.at = start
				}
				tr, do = r.step(tr, e)
			}
			require.Equal(t, c.effect, do.kind)
			require.Equal(t, c.state, do.answer.state)
			require.Equal(t, c.reason, do.answer.reason)
			require.Equal(t, c.retry, !do.answer.retryAt.IsZero())
		})
	}
}

// What has not left while its look was fresh must not leave.
func TestProtocol_SendExpires(t *testing.T) {
	t.Parallel()
	r := newRules(0)
	start := time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC)
	own := standing{own: true}

	tr, _ := r.step(track{}, event{kind: eventDue, at: start})
	tr, name := r.step(tr, event{kind: eventChecked, at: start.Add(time.Second), latest: own})
	tr, _ = r.step(tr, event{kind: eventStored, at: start.Add(20 * time.Second)})
	_, send := r.step(tr, event{kind: eventChecked, at: start.Add(25 * time.Second), latest: standing{state: schema.PostingNamed, own: true}})

	require.Equal(t, start.Add(time.Second), name.at)
	require.Equal(t, start.Add(freshFor), send.until, "counted from the check, not from the send")
}

// Pauses double up to an hour.
func TestProtocol_BackOff(t *testing.T) {
	t.Parallel()
	r := newRules(0)
	var pauses []time.Duration
	for attempt := range 8 {
		pauses = append(pauses, r.backOff(attempt+1)/time.Minute)
	}
	require.Equal(t, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}, pauses)
}
