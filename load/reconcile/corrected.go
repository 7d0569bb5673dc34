package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// corrected is what the corrections of a posted invoice amount to.
type corrected struct {
	rounds []round // oldest first

	// equal says that the documents in the books are those of what the invoice says
	// now: its own, with all corrections that were posted.
	equal bool
	// applied is the last round that was posted.
	applied round
	// open are the parts that are still to be posted, whatever the invoice says by
	// now, and those that wait for a person about what it says now.
	open []schema.TaskPosition
	// accepted is the task in which a person said that the books are right as they
	// are. It is carried on where tieout found that nothing that is booked has
	// changed since.
	accepted schema.Task
	carried  bool
}

// round is one correction: the documents that were proposed together.
type round []schema.TaskPosition

// correctionsOf reads the corrections of a position in the order in which they were
// proposed. What holds is the last round in the books. A round that only some
// documents of are in the books equals nothing. What a person accepted holds until
// the invoice says something else, or something more is posted.
func correctionsOf(p schema.Position) corrected {
	c := corrected{equal: says(p, p.Draft.Content, false)}
	if len(p.Corrections) == 0 {
		return c
	}
	c.rounds = roundsOf(p.Corrections)
	var person schema.Task
	for n, r := range c.rounds {
		now := says(p, r[0].Task.Correction.Content, r[0].Task.Correction.Cancelled)
		if r.posted() {
			c.applied, c.accepted, person = r, schema.Task{}, schema.Task{}
			c.equal = false
		}
		if r.complete() {
			said := r.acceptedBy()
			c.carried = said.State == ""
			if !c.carried && !repeats(said, person) {
				person = said
			}
			if now {
				c.equal, c.accepted = true, person
			}
		}
		for _, part := range r {
			if toPost(part) || now && n == len(c.rounds)-1 && part.Task.State.Waits() && !part.Posting.State.Live() {
				c.open = append(c.open, part)
			}
		}
	}
	return c
}

// says reports whether an invoice says now what a draft or a correction was about.
func says(p schema.Position, content schema.Sum, cancelled bool) bool {
	return content == p.Content && cancelled == (p.Invoice.Status == schema.StatusCancelled)
}

func roundsOf(parts []schema.TaskPosition) []round {
	sorted := slices.DeleteFunc(slices.Clone(parts), func(p schema.TaskPosition) bool {
		return p.Task.State == schema.TaskWithdrawn && !p.Posting.State.Live()
	})
	slices.SortFunc(sorted, func(a, b schema.TaskPosition) int {
		roundA, partA := schema.CorrectionPart(a.Task.Subject)
		roundB, partB := schema.CorrectionPart(b.Task.Subject)
		return cmp.Or(cmp.Compare(roundA, roundB), cmp.Compare(partA, partB), cmp.Compare(a.Task.Subject, b.Task.Subject))
	})
	var rounds []round
	last := -1
	for _, part := range sorted {
		if number, _ := schema.CorrectionPart(part.Task.Subject); number != last {
			rounds, last = append(rounds, nil), number
		}
		rounds[len(rounds)-1] = append(rounds[len(rounds)-1], part)
	}
	return rounds
}

// posted reports whether any document of the round is in the books, or may be.
func (r round) posted() bool {
	return slices.ContainsFunc(r, func(p schema.TaskPosition) bool { return p.Posting.State.Live() })
}

// complete reports whether nothing of the round is left to be done.
func (r round) complete() bool {
	return !slices.ContainsFunc(r, func(p schema.TaskPosition) bool {
		return !p.Posting.State.Live() && p.Task.State != schema.TaskAccepted
	})
}

// toPost reports whether a part was approved and is not posted.
func toPost(p schema.TaskPosition) bool {
	return p.Task.State == schema.TaskReady && !p.Posting.State.Live()
}

// acceptedBy returns what a person accepted last of the round. That tieout itself
// accepts what changes nothing that is booked is nobody's decision.
func (r round) acceptedBy() schema.Task {
	var last schema.Task
	for _, p := range r {
		task := p.Task
		if p.CorrectionState() == schema.CorrectionAccepted && task.By != byTieout && task.RecordedAt.After(last.RecordedAt) {
			last = task
		}
	}
	return last
}

// repeats reports whether an acceptance is an earlier one, written down anew because
// something changed that is not booked. Its reason then names the earlier one. What
// that person saw of the books counts, and not what somebody changed there since.
func repeats(said, before schema.Task) bool {
	return before.Subject != "" && said.By == before.By && strings.Contains(said.Reason, before.Subject)
}

// byTieout is who decides when no person does.
const byTieout = "tieout"

// isAccepted reports whether a person said that the books are right as they are.
func (c corrected) isAccepted() bool { return c.accepted.State == schema.TaskAccepted }

// covers reports whether a person who accepted the books saw what was read back.
func (c corrected) covers(v schema.Verification) bool {
	return c.isAccepted() && !v.RecordedAt.After(c.accepted.RecordedAt)
}

// owed is what the company owes by the invoice: nothing, once it is cancelled.
func owed(p schema.Position) schema.Money {
	source := sourceAmount(p.Invoice)
	if p.Invoice.Status == schema.StatusCancelled {
		return schema.NewMoney(0, source.Currency())
	}
	return source
}

// cancels reports whether what was received is made up for by a correction that
// says that it is not owed, so that it counts as cancelled.
func (c corrected) cancels(p schema.Position) bool {
	if p.Invoice.Status != schema.StatusCancelled {
		return false
	}
	reverses := func(p schema.TaskPosition) bool {
		return p.Task.Correction.Cancelled && p.Task.Correction.Document.Kind != ""
	}
	return c.equal || c.isAccepted() || slices.ContainsFunc(c.open, reverses) || slices.ContainsFunc(c.applied, reverses)
}
