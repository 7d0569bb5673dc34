package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// classifyPosted finds the one state of an invoice whose document is in the books.
// What is not known yet comes first; then what a person accepted; then what is gone;
// then what the source says; then what somebody changed in the books.
func classifyPosted(p schema.Position, c corrected, documents []document) verdict {
	for i, d := range documents {
		if v, open := unknown(d, i > 0); open {
			return v
		}
	}
	differing := slices.IndexFunc(documents, func(d document) bool { return d.column != verified })
	if c.isAccepted() && differing < 0 && len(c.open) == 0 {
		return classifyAccepted(p, c, documents)
	}
	for i, d := range documents {
		if d.result == schema.VerifiedMissing && d.column != verified {
			return deleted(d, i > 0)
		}
	}
	switch {
	case len(c.open) > 0:
		return classifyOpen(p, foremost(c.open))
	case !c.equal:
		return changedAgain(p, c)
	case differing >= 0:
		return differs(documents[differing], differing > 0)
	}
	return classifyEqual(p, c, documents)
}

// unknown says what is not known yet of a document, and reports false when all is.
func unknown(d document, correction bool) (verdict, bool) {
	switch {
	case !d.settled:
		return verdict{
			state: schema.StateUncertain, cause: subjectOf(d, correction) + " was sent to QuickBooks, no answer came",
			next: "none: the next load looks it up before anything is sent again",
		}, true
	case d.result != "":
		return verdict{}, false
	case correction:
		return verdict{
			state: schema.StatePostedUnverified, cause: subjectOf(d, correction) + " is posted, and not read back yet",
			next: "none: the next load reads it back",
		}, true
	}
	return verdict{state: schema.StatePostedUnverified, cause: "posted, not read back yet", next: "none: the next load reads it back"}, true
}

// subjectOf names a document within a sentence.
func subjectOf(d document, correction bool) string {
	if correction {
		return "the correction by " + d.name()
	}
	return "the " + d.kind.Name()
}

func deleted(d document, correction bool) verdict {
	return verdict{
		state: schema.StateDeletedInQuickBooks, cause: subjectOf(d, correction) + " was posted and is no longer in QuickBooks",
		owner: schema.OwnerFinance,
		next:  "restore the " + d.kind.Name() + " in QuickBooks, or find out who deleted it and why",
	}
}

func differs(d document, correction bool) verdict {
	cause := edited(d) + differences(d.differences)
	if correction {
		cause = subjectOf(d, correction) + " is not as it was posted: " + cause
	}
	return verdict{
		state: divergence(d.differences), cause: cause, owner: schema.OwnerFinance,
		next: "correct the " + d.kind.Name() + " in QuickBooks, or say why it is right",
	}
}

// classifyEqual is about an invoice that the books agree with, as far as content
// goes.
func classifyEqual(p schema.Position, c corrected, documents []document) verdict {
	cause := ""
	if len(c.applied) > 0 {
		cause = "corrected by " + approvals(c)
	}
	switch {
	case p.Invoice.Status == schema.StatusCancelled:
		cause = "cancelled at Ontop after the " + documents[0].kind.Name() + " was posted; " + cause
		return verdict{state: schema.StateCancelled, cause: strings.TrimSuffix(cause, "; ")}
	case p.Posting.State == schema.PostingAdopted:
		found := "found in QuickBooks after a lost answer, identical; " + cause
		return verdict{state: schema.StateAdopted, cause: strings.TrimSuffix(found, "; ")}
	}
	return verdict{state: schema.StateMatched, cause: cause}
}

// approvals lists the corrections in the books and who approved each.
func approvals(c corrected) string {
	var names []string
	for _, r := range c.rounds {
		for _, part := range r {
			if !part.Posting.State.Live() {
				continue
			}
			drafted := part.Task.Correction.Document
			name := fmt.Sprintf("%s of %s", document{kind: drafted.Kind, id: part.Posting.Document}.name(), drafted.TxnDate)
			if part.Task.By != "" {
				name += ", approved by " + part.Task.By
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, "; and by ")
}

// classifyAccepted is about books that a person accepted as they are. The decision
// is shown with what it left different.
func classifyAccepted(p schema.Position, c corrected, documents []document) verdict {
	state := schema.StateMatched
	if p.Invoice.Status == schema.StatusCancelled {
		state = schema.StateCancelled
	}
	left, err := c.leftAsIs(p, documents)
	if c.carried && err == nil && len(left) == 0 {
		return classifyEqual(p, c, documents) // the books say what the source says all the same
	}
	if err != nil || len(left) > 0 {
		state = schema.StateSkipped // an error ends the report where the terms are added up
	}
	task := c.accepted
	cause := fmt.Sprintf("accepted as it is: %s (%s on %s)", task.Reason, task.By, schema.DateOf(task.RecordedAt.UTC()))
	sums, err := inBooks(owed(p).Currency(), documents)
	if err == nil && len(left) > 0 {
		texts := make([]string, len(sums))
		for i, sum := range sums {
			texts[i] = sum.String()
		}
		cause += fmt.Sprintf("; owed are %s, the books hold %s", owed(p), strings.Join(texts, " and "))
	}
	return verdict{state: state, cause: cause}
}

// classifyOpen is about a correction that is not posted: it waits for a person, for
// the next load, or for what QuickBooks refused it for.
func classifyOpen(p schema.Position, part schema.TaskPosition) verdict {
	switch part.CorrectionState() {
	case schema.CorrectionDeclined:
		v := classifyDeclined(part.Posting)
		v.cause = "the correction by " + part.Task.Correction.Document.Kind.Name() + " was refused: " + v.cause
		if part.Posting.RetryAt.IsZero() && !strings.Contains(v.next, "tieout corrections") {
			v.next = fmt.Sprintf("%s; then: tieout corrections approve %s", strings.TrimSuffix(v.next, "."), p.Invoice.ID)
		}
		return v
	case schema.CorrectionApproved:
		return verdict{
			state: changedState(p), cause: changedCause(p) + "; its correction is approved by " + part.Task.By,
			next: "none: the next load posts it",
		}
	default:
	}
	v := verdict{state: changedState(p), cause: part.Task.Hold.Detail, owner: schema.OwnerFinance, next: part.Task.Hold.NextStep}
	if v.cause == "" {
		v.cause = changedCause(p)
	}
	approvable := part.Task.State == schema.TaskProposed && part.Task.Correction.Document.Kind != ""
	accept := fmt.Sprintf("tieout corrections accept %s --reason TEXT", p.Invoice.ID)
	switch {
	case approvable || v.next == "":
		v.next = fmt.Sprintf("look at it with `tieout corrections`; then tieout corrections approve %s, or %s", p.Invoice.ID, accept)
	case part.Task.State == schema.TaskProposed:
		v.next += ": " + accept
	}
	return v
}

// foremost is the part that needs somebody most.
func foremost(open []schema.TaskPosition) schema.TaskPosition {
	for _, state := range []schema.CorrectionState{
		schema.CorrectionDeclined, schema.CorrectionHeld, schema.CorrectionProposed, schema.CorrectionApproved,
	} {
		if at := slices.IndexFunc(open, func(p schema.TaskPosition) bool { return p.CorrectionState() == state }); at >= 0 {
			return open[at]
		}
	}
	return open[0]
}

// changedAgain is about a change for which no correction was proposed yet.
func changedAgain(p schema.Position, c corrected) verdict {
	cause := changedCause(p)
	if len(c.applied) > 0 {
		cause += ", and it was corrected for something else before"
	}
	return verdict{state: changedState(p), cause: cause, next: "none: the next transform proposes a correction"}
}

func changedState(p schema.Position) schema.State {
	if p.Invoice.Status == schema.StatusCancelled {
		return schema.StateCancelledAfter
	}
	return schema.StateSourceChanged
}

func changedCause(p schema.Position) string {
	if p.Invoice.Status == schema.StatusCancelled {
		return "cancelled at Ontop after the " + p.Draft.Kind.Name() + " was posted"
	}
	return "the invoice changed at Ontop after the " + p.Draft.Kind.Name() + " was posted"
}
