package corrections

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// By is who stands in a task that no person decided about.
const By = "tieout"

// command is where a person decides about a correction.
const command = "(tieout corrections)"

// Case is one posted invoice with all that its correction depends on.
type Case struct {
	// Position is all that is known of the invoice. Its own document is in the
	// books.
	Position schema.Position

	// Now is the draft of what the invoice says now. Its TxnDate is the day of
	// the correction, and its Holds say why it cannot be posted, if so. Of a
	// cancelled invoice only these two and DueDate count.
	Now schema.Draft

	// On is the day of the change, from which Now has its TxnDate unless the books
	// are closed then. BillDate is the day that the policy would book the invoice on,
	// and DocNumbers are the numbers that its document might have: the first is the
	// one that it would have.
	On, BillDate schema.Date
	DocNumbers   []string

	// NumberTaken says that another invoice of the payee has [Number].
	NumberTaken bool

	// Changed names the fields that are known to have changed since the books
	// said what the invoice says. It may be empty.
	Changed []string
}

// Number returns the number that the first document of the next correction of p would
// have.
func Number(p schema.Position) string {
	s := standingOf(p)
	return number(p, s.number, s.place(0), false)
}

// Propose returns what has to be recorded so that the tasks about the invoice's
// corrections are the right ones: proposals that are new or say something else than
// those stored, and those to be withdrawn. It is nothing when all are as they should
// be. Company, Kind, Subject and Invoice are set and the ID is sealed; RecordedAt is
// that of the task that is replaced, zero when there is none.
func Propose(c Case) []schema.Task {
	p := c.Position
	s := standingOf(p)
	var wanted []schema.Task
	if len(s.kept.parts) > 0 || !settledNow(p) {
		wanted = c.wanted(&s)
	}
	return changes(s.open, wanted)
}

// Withdraw returns the tasks that nobody decided about, withdrawn: of an invoice
// that nothing is to be done about.
func Withdraw(p schema.Position) []schema.Task { return changes(standingOf(p).open, nil) }

// changes compares what is wanted with what is stored.
func changes(open []schema.TaskPosition, wanted []schema.Task) []schema.Task {
	var changed []schema.Task
	stored := make(map[string]schema.Task, len(open))
	for _, p := range open {
		stored[p.Task.Subject] = p.Task
	}
	for _, task := range wanted {
		before := stored[task.Subject]
		delete(stored, task.Subject)
		if before.ID != task.ID || before.State != task.State || before.Hold != task.Hold {
			task.RecordedAt = before.RecordedAt
			changed = append(changed, task)
		}
	}
	for _, task := range stored {
		task.State, task.Hold, task.By = schema.TaskWithdrawn, schema.Hold{}, By
		task.Reason = "what it was about changed at Ontop again"
		changed = append(changed, task)
	}
	slices.SortFunc(changed, func(a, b schema.Task) int { return cmp.Compare(a.Subject, b.Subject) })
	return changed
}

// wanted returns the tasks of the round that is to be proposed, without those of its
// parts that are approved.
func (c Case) wanted(s *standing) []schema.Task {
	tasks, err := c.round(s)
	if !s.left && (errors.Is(err, errOtherRound) || err == nil && len(tasks) == 0) {
		s.leave() // what was decided is no part of what is wanted now
		tasks, err = c.round(s)
	}
	if err != nil {
		return []schema.Task{c.held(s, schema.Hold{
			Reason: schema.HoldTotalMismatch, Detail: "the difference cannot be computed: " + err.Error(), Owner: schema.OwnerFinance,
			NextStep: "correct it in QuickBooks by hand and accept the books then " + command,
		})}
	}
	return tasks
}

// errOtherRound means that a decided part is not what it would be today.
var errOtherRound = errors.New("what was decided belongs to another correction")

// round returns the tasks that complete the round of s.
func (c Case) round(s *standing) ([]schema.Task, error) {
	d, err := c.difference(s.books)
	if err != nil {
		return nil, err
	}
	completing := len(s.kept.parts) > 0 && !s.left
	if d.empty() {
		if completing {
			return nil, errOtherRound
		}
		return []schema.Task{c.nothing(s)}, nil
	}
	if len(c.Now.Holds) > 0 {
		if completing {
			return nil, errOtherRound
		}
		return []schema.Task{c.held(s, joined(c.Now.Holds))}, nil
	}
	documents := c.documents(s, d)
	if tasks := c.carried(s, documents); tasks != nil {
		return tasks, nil
	}
	var tasks []schema.Task
	for n, document := range documents {
		task := c.task(s, n, document)
		if part, decided := s.part(task.Subject); decided {
			if !alike(part.Task.Correction.Document, document) {
				return nil, errOtherRound
			}
			continue
		}
		task.State, task.Hold = schema.TaskProposed, c.proposal(s, d, documents, n)
		tasks = append(tasks, task)
	}
	if completing && len(tasks)+len(s.kept.settled()) != len(documents) {
		return nil, errOtherRound
	}
	return tasks, nil
}

// part returns the part of the round that is kept with a subject, when it is decided.
func (s *standing) part(subject string) (schema.TaskPosition, bool) {
	for _, p := range s.kept.settled() {
		if p.Task.Subject == subject {
			return p, true
		}
	}
	return schema.TaskPosition{}, false
}

// task returns the n-th task of the round, from 0.
func (c Case) task(s *standing, n int, document schema.Draft) schema.Task {
	p := c.Position
	return schema.Task{
		Company: p.Invoice.Company, Kind: schema.PostCorrection, Subject: schema.CorrectionSubject(p.Invoice.ID, s.number, s.place(n)),
		Invoice: p.Invoice.ID, By: By,
		Correction: schema.Correction{Content: p.Content, Cancelled: cancelled(p), Document: document},
	}.Seal()
}

func (c Case) held(s *standing, hold schema.Hold) schema.Task {
	task := c.task(s, 0, schema.Draft{})
	task.State, task.Hold = schema.TaskHeld, hold
	return task
}

// joined is one hold that says what several do.
func joined(holds []schema.Hold) schema.Hold {
	all := holds[0]
	details, steps := make([]string, len(holds)), []string{}
	for i, h := range holds {
		details[i] = h.Detail
		if !slices.Contains(steps, h.NextStep) {
			steps = append(steps, h.NextStep)
		}
	}
	all.Detail = "the invoice changed after it was posted, and its correction is held: " + strings.Join(details, "; ")
	all.NextStep = strings.Join(steps, "; ")
	return all
}

// nothing is the task that says that the books are right, because nothing changed
// that they hold.
func (c Case) nothing(s *standing) schema.Task {
	task := c.task(s, 0, schema.Draft{})
	task.State, task.Reason = schema.TaskAccepted, c.unbooked()
	return task
}

// carried returns tasks that repeat what a person accepted, when all that is to be
// proposed is what that person saw.
func (c Case) carried(s *standing, documents []schema.Draft) []schema.Task {
	last, by := s.accepted()
	if by == "" || len(s.kept.parts) > 0 || len(last.parts) != len(documents) {
		return nil
	}
	for n, part := range last.parts {
		if !alike(part.Task.Correction.Document, documents[n]) {
			return nil
		}
	}
	tasks := make([]schema.Task, len(documents))
	for n, document := range documents {
		task := c.task(s, n, document)
		task.State, task.By = schema.TaskAccepted, by
		task.Reason = "nothing that is booked changed since it was accepted as correction " + last.parts[n].Task.Subject
		if said := last.parts[n].Task.Reason; said != "" {
			task.Reason += ": " + strings.TrimPrefix(said, task.Reason+": ")
		}
		tasks[n] = task
	}
	return tasks
}

// alike reports whether two documents of corrections book the same. When no document
// can say what changed, what it would say is compared.
func alike(a, b schema.Draft) bool {
	if a.Kind != b.Kind || headerOf(a) != headerOf(b) || a.Total != b.Total || len(a.Lines) != len(b.Lines) {
		return false
	}
	if a.Kind == "" && (a.TxnDate != b.TxnDate || a.DueDate != b.DueDate || a.DocNumber != b.DocNumber) {
		return false
	}
	for i := range a.Lines {
		if placeOf(a.Lines[i]) != placeOf(b.Lines[i]) || a.Lines[i].Amount != b.Lines[i].Amount {
			return false
		}
	}
	return true
}
