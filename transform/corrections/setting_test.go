package corrections_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/corrections"
)

var changedAt = time.Date(2026, 2, 10, 23, 30, 0, 0, time.FixedZone("", -5*3600)) // the 11th in UTC

func usd(minor int64) schema.Money { return schema.NewMoney(minor, "USD") }

// line is one line of an invoice, booked as the rules of these tests say: every
// concept to an account of its own, but for EXTRA, which goes where BONUS does.
func line(concept string, amount schema.Money) schema.DraftLine {
	accounts := map[string]schema.AccountID{"PAY": "70", "BONUS": "71", "EXTRA": "71", "TRAVEL": "72"}
	classes := map[string]schema.ClassID{"TRAVEL": "500"}
	return schema.DraftLine{
		Concept: concept, Description: strings.ToLower(concept), Amount: amount, Account: accounts[concept], Class: classes[concept],
		Rule: schema.RuleID("rule-" + concept), RuleVersion: 1,
	}
}

// file is one posted invoice, its corrections, and what it says now.
type file struct {
	position  schema.Position
	now       schema.Draft
	said      []schema.Draft // what it said ever
	cancelled bool
	taken     bool
	changed   []string
	at        time.Time
}

// posted is an invoice of 1000.00 of pay and 100.00 of bonus whose bill is in the
// books.
func posted() *file {
	f := &file{at: changedAt}
	f.now = schema.Draft{
		Company: "acme", Invoice: "555", State: schema.DraftReady, Kind: schema.DocumentBill, Payee: "worker:77:USD", PayeeName: "Jane Doe",
		Vendor: "56", DocNumber: "INV-1", TxnDate: schema.NewDate(2026, 1, 31), DueDate: schema.NewDate(2026, 2, 15), Currency: "USD", Payable: "33",
	}
	f.says(line("PAY", usd(100_000)), line("BONUS", usd(10_000)))
	f.position.Invoice = schema.Invoice{
		Company: "acme", ID: "555", Number: "INV-1", Currency: "USD", UpdatedAt: changedAt, Status: schema.StatusConfirmed,
		DueDate: f.now.DueDate,
	}
	f.position.Draft = f.now.Seal()
	f.position.Posting = schema.Posting{Kind: schema.PostBill, State: schema.PostingPosted, Document: "123", Draft: f.position.Draft.ID}
	f.position.Verification = schema.Verification{Result: schema.VerifiedExact}
	f.position.Content = f.now.Content
	return f
}

// says gives the invoice new lines, and so new content.
func (f *file) says(lines ...schema.DraftLine) {
	total := schema.NewMoney(0, f.now.Currency)
	content := []string{string(f.now.Vendor), string(f.now.Currency), string(f.now.Rate)}
	for _, l := range lines {
		total, _ = total.Add(l.Amount)
		content = append(content, l.Concept, l.Amount.String())
	}
	f.now.Kind, f.now.Total, f.now.Lines = schema.DocumentBill, total, slices.Clone(lines)
	if total.Sign() < 0 {
		f.now.Kind = schema.DocumentVendorCredit
		f.now.Total, _ = total.Neg()
		for n, l := range lines {
			f.now.Lines[n].Amount, _ = l.Amount.Neg()
		}
	}
	f.now.Content = schema.SumOf(content...)
	f.position.Content = f.now.Content
	f.position.Invoice.UpdatedAt = f.at
	f.said = append(f.said, f.now)
}

func (f *file) cancel() { f.position.Invoice.Status, f.cancelled = schema.StatusCancelled, true }

// touch changes what no document says.
func (f *file) touch() {
	f.now.Content = schema.SumOf(f.now.Content.String(), "e-mail")
	f.position.Content = f.now.Content
}

func (f *file) asked() corrections.Case {
	now := f.now
	now.TxnDate = schema.DateOf(f.position.Invoice.UpdatedAt.UTC())
	return corrections.Case{
		Position: f.position, Now: now.Seal(), On: now.TxnDate, BillDate: f.now.TxnDate, DocNumbers: []string{f.now.DocNumber}, NumberTaken: f.taken, Changed: f.changed,
	}
}

// run proposes, and stores what is to be recorded.
func (f *file) run() []schema.Task {
	tasks := corrections.Propose(f.asked())
	f.store(tasks...)
	return tasks
}

func (f *file) store(tasks ...schema.Task) {
	for _, task := range tasks {
		f.at = f.at.Add(time.Second)
		task.RecordedAt = f.at
		at := slices.IndexFunc(f.position.Corrections, func(p schema.TaskPosition) bool { return p.Task.Subject == task.Subject })
		if at < 0 {
			at = len(f.position.Corrections)
			f.position.Corrections = append(f.position.Corrections, schema.TaskPosition{})
		}
		f.position.Corrections[at].Task = task
	}
	f.position.Corrections = slices.DeleteFunc(f.position.Corrections, func(p schema.TaskPosition) bool {
		return p.Task.State == schema.TaskWithdrawn && !p.Posting.State.Live()
	})
}

// open returns the places of what nobody decided about.
func (f *file) open() []int {
	var places []int
	for n, p := range f.position.Corrections {
		if p.Task.State.Waits() && !p.Posting.State.Live() {
			places = append(places, n)
		}
	}
	return places
}

// approve approves what has a document, and reports how many there were.
func (f *file) approve(places ...int) int {
	n := 0
	for _, at := range places {
		if task := &f.position.Corrections[at].Task; task.State == schema.TaskProposed && task.Correction.Document.Kind != "" {
			task.State, task.By = schema.TaskReady, "ana"
			n++
		}
	}
	return n
}

func (f *file) accept(places ...int) {
	for _, at := range places {
		task := &f.position.Corrections[at].Task
		task.State, task.By, task.Reason, task.Hold = schema.TaskAccepted, "ana", "as agreed", schema.Hold{}
	}
}

// post puts what is approved into the books.
func (f *file) post() {
	for n, p := range f.position.Corrections {
		if p.Task.State == schema.TaskReady {
			f.position.Corrections[n].Posting = schema.Posting{Kind: schema.PostCorrection, State: schema.PostingPosted, Draft: p.Task.ID}
		}
	}
}

// balance adds up amounts by all that the books tell apart.
type balance map[string]int64

func (b balance) document(d schema.Draft) {
	sign := int64(1)
	if d.Kind == schema.DocumentVendorCredit {
		sign = -1
	}
	for _, l := range d.Lines {
		at := fmt.Sprint(d.Vendor, " ", d.Currency, " ", l.Account, " ", l.Class)
		if b[at] += sign * l.Amount.Minor(); b[at] == 0 {
			delete(b, at)
		}
	}
}

// books adds up all that was posted or approved.
func (f *file) books() balance {
	b := balance{}
	b.document(f.position.Draft)
	for _, p := range f.position.Corrections {
		if p.Task.Correction.Document.Kind != "" && (p.Posting.State.Live() || p.Task.State == schema.TaskReady) {
			b.document(p.Task.Correction.Document)
		}
	}
	return b
}

// says now is what the books should hold.
func (f *file) source() balance {
	b := balance{}
	if !f.cancelled {
		b.document(f.now)
	}
	return b
}
