package corrections

import (
	"cmp"
	"slices"

	"github.com/tieout/tieout/schema"
)

// round is one correction: the documents that were proposed together.
type round struct {
	number int
	parts  []schema.TaskPosition // by part
}

// roundsOf returns the rounds of a position, oldest first.
func roundsOf(p schema.Position) []round {
	parts := slices.Clone(p.Corrections)
	slices.SortFunc(parts, func(a, b schema.TaskPosition) int {
		aRound, aPart := schema.CorrectionPart(a.Task.Subject)
		bRound, bPart := schema.CorrectionPart(b.Task.Subject)
		return cmp.Or(cmp.Compare(aRound, bRound), cmp.Compare(aPart, bPart))
	})
	var rounds []round
	for _, part := range parts {
		number, _ := schema.CorrectionPart(part.Task.Subject)
		if len(rounds) == 0 || rounds[len(rounds)-1].number != number {
			rounds = append(rounds, round{number: number})
		}
		last := &rounds[len(rounds)-1]
		last.parts = append(last.parts, part)
	}
	return rounds
}

// waits reports whether nobody has decided about a part.
func waits(p schema.TaskPosition) bool { return p.Task.State.Waits() && !p.Posting.State.Live() }

// booked reports whether the document of a part is in the books, or will be.
func booked(p schema.TaskPosition) bool {
	return p.Task.Correction.Document.Kind != "" && (p.Posting.State.Live() || p.Task.State == schema.TaskReady)
}

func (r round) waiting() []schema.TaskPosition {
	return slices.DeleteFunc(slices.Clone(r.parts), func(p schema.TaskPosition) bool { return !waits(p) })
}

func (r round) settled() []schema.TaskPosition {
	return slices.DeleteFunc(slices.Clone(r.parts), waits)
}

// acceptedBy returns who accepted all of the round, when a person did.
func (r round) acceptedBy() string {
	by := ""
	for _, p := range r.parts {
		if p.Task.State != schema.TaskAccepted || p.Posting.State.Live() || p.Task.By == By {
			return ""
		}
		by = p.Task.By
	}
	return by
}

func cancelled(p schema.Position) bool { return p.Invoice.Status == schema.StatusCancelled }

// says reports whether parts are about what the invoice of p says now.
func says(parts []schema.TaskPosition, p schema.Position) bool {
	return !slices.ContainsFunc(parts, func(t schema.TaskPosition) bool {
		return t.Task.Correction.Content != p.Content || t.Task.Correction.Cancelled != cancelled(p)
	})
}

// standing is where the corrections of one posted invoice stand.
type standing struct {
	rounds []round
	number int // of the round to propose
	// kept is the last round while only some of its parts are decided. It has to be
	// completed under its own number: once nothing of it waits, its last part is
	// taken for what the books say.
	kept round
	// left says that what was decided of the round that is kept is no part of what is
	// wanted now, so that the rest builds on it.
	left bool
	// books are the documents that the proposal builds on: the invoice's own and
	// all that were approved, except those of the round that is kept.
	books []schema.Draft
	open  []schema.TaskPosition // what nobody has decided about
}

// standingOf reads the corrections of p.
func standingOf(p schema.Position) standing {
	s := standing{rounds: roundsOf(p), number: 1, books: []schema.Draft{p.Draft}}
	for n, r := range s.rounds {
		s.open = append(s.open, r.waiting()...)
		settled := r.settled()
		if len(settled) == 0 {
			continue
		}
		s.number = r.number + 1
		if n == len(s.rounds)-1 && len(settled) < len(r.parts) {
			s.number, s.kept = r.number, r
			if !says(settled, p) {
				s.leave()
			}
			continue
		}
		s.build(r)
	}
	return s
}

// build counts the documents of a round among those in the books.
func (s *standing) build(r round) {
	for _, part := range r.parts {
		if booked(part) {
			s.books = append(s.books, part.Task.Correction.Document)
		}
	}
}

// leave makes the rest of the round that is kept build on what was approved of it.
func (s *standing) leave() {
	s.build(s.kept)
	s.left = true
}

// place returns the part that the n-th document is, from 0. What builds on parts comes
// after them: the last part says what the books say.
func (s *standing) place(n int) int {
	last := 0
	if s.left {
		for _, p := range s.kept.settled() {
			_, part := schema.CorrectionPart(p.Task.Subject)
			last = max(last, part)
		}
	}
	return last + 1 + n
}

// accepted returns the last round that a person accepted since a document was
// approved, and who did.
func (s *standing) accepted() (round, string) {
	for _, r := range slices.Backward(s.rounds) {
		if slices.ContainsFunc(r.parts, booked) {
			break
		}
		if by := r.acceptedBy(); by != "" {
			return r, by
		}
	}
	return round{}, ""
}

// settledNow reports whether the books say what the invoice says now, or a person
// or nobody's need accepted them for it, if what still waits is left aside.
func settledNow(p schema.Position) bool {
	p.Corrections = slices.DeleteFunc(slices.Clone(p.Corrections), waits)
	return !p.Amended()
}
