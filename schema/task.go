package schema

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TaskState is how far a task is from being posted.
type TaskState string

// The states of a task.
const (
	// TaskProposed means that a person has to approve it, or to say that the
	// books are right as they are.
	TaskProposed TaskState = "proposed"
	// TaskHeld means that something is missing or unclear: its Hold says what.
	TaskHeld TaskState = "held"
	// TaskReady means that it may be posted.
	TaskReady TaskState = "ready"
	// TaskAccepted means that nothing is to be posted, and that the books are
	// right as they are: Reason and By say why and who said so.
	TaskAccepted TaskState = "accepted"
	// TaskWithdrawn means that what asked for it is gone.
	TaskWithdrawn TaskState = "withdrawn"
)

// Waits reports whether a task in this state needs a person.
func (s TaskState) Waits() bool { return s == TaskProposed || s == TaskHeld }

// Task is one more record that is to be made in QuickBooks, besides vendors and the
// documents of invoices. What becomes of it is told by postings of the same Kind
// and Subject. The newest task of a kind and subject holds; a task that is recorded
// anew after its posting was declined may be tried again.
type Task struct {
	Company CompanyID
	Kind    PostingKind // PostCorrection, PostAttachment, PostPayment or PostTransfer
	Subject string      // see CorrectionSubject, FileSubject, PaymentSubject and TopUpSubject
	ID      DraftID     // see Seal
	Invoice InvoiceID   // whose document it is about; none of a transfer, or of a payment that fits no invoice
	State   TaskState
	Hold    Hold   // of a task that is proposed or held: why, and what to do
	Reason  string // what a person said
	By      string // who decided; "tieout" when no person did

	// One of these is set, as Kind says.
	Correction Correction
	File       File
	Payment    Payment
	Transfer   Transfer

	RecordedAt time.Time
}

// Correction is what makes the books say what an invoice says that changed, or was
// cancelled, after its document was posted. Nothing posted is ever edited.
type Correction struct {
	// Content is the ContentSum of the invoice that the books equal with it, and
	// Cancelled that the invoice is no longer owed at all.
	Content   Sum
	Cancelled bool
	// Document is the bill or vendor credit of the difference. Its Kind is empty
	// when no document can say it, or none is needed.
	Document Draft
}

// File is a file that is to be attached to the document of an invoice.
type File struct {
	URL  string // where it is, as Ontop says
	Item string // the line that it proves, by its ItemID or place; empty for the invoice's own PDF
}

// Payment is what pays the document of an invoice.
type Payment struct {
	Source  string // Ontop's payment_id, or empty when INVOICE_PAID said so
	On      Date
	Amount  Money     // in the currency of the document; NoCurrency while the task fits no invoice
	Account AccountID // the bank or wallet account that it came from
	Worker  WorkerID  // as the PAYMENT said
	Email   string    // as the PAYMENT said, where it named no worker
}

// Transfer is money that came into the wallet.
type Transfer struct {
	TopUp     string // Ontop's transaction_id
	Reference string
	On        Date
	Amount    Money
	From, To  AccountID
}

// CorrectionSubject names the part-th document of the round-th correction of an
// invoice, both from 1: "5001:2.1".
func CorrectionSubject(invoice InvoiceID, round, part int) string {
	return fmt.Sprintf("%s:%d.%d", invoice, round, part)
}

// CorrectionPart takes a [CorrectionSubject] apart. Both numbers are zero when it is
// none.
func CorrectionPart(subject string) (round, part int) {
	numbers := subject[strings.LastIndexByte(subject, ':')+1:]
	before, after, _ := strings.Cut(numbers, ".")
	round, err := strconv.Atoi(before)
	if err != nil {
		return 0, 0
	}
	if part, err = strconv.Atoi(after); err != nil {
		return 0, 0
	}
	return round, part
}

// laterCorrection reports whether a names a later part of the corrections of an
// invoice than b does.
func laterCorrection(a, b string) bool {
	aRound, aPart := CorrectionPart(a)
	bRound, bPart := CorrectionPart(b)
	return cmp.Or(cmp.Compare(aRound, bRound), cmp.Compare(aPart, bPart), cmp.Compare(a, b)) > 0
}

// FileSubject names a file of an invoice: "5001:pdf", or "5001:file:ITEM" for that
// of a line.
func FileSubject(invoice InvoiceID, item string) string {
	if item == "" {
		return string(invoice) + ":pdf"
	}
	return string(invoice) + ":file:" + item
}

// PaymentSubject names the payment of an invoice, which has one whatever said that
// it was paid.
func PaymentSubject(invoice InvoiceID) string { return string(invoice) + ":payment" }

// LoosePaymentSubject names a payment of Ontop's that fits no invoice yet.
func LoosePaymentSubject(payment string) string { return "payment:" + payment }

// TopUpSubject names the transfer of a top-up.
func TopUpSubject(topUp string) string { return "top_up:" + topUp }

// Seal returns t with the ID that its content gives it. Where it stands, what a
// person said and when it was recorded take no part.
func (t Task) Seal() Task {
	h := newHasher()
	for _, text := range []string{
		string(t.Company), string(t.Kind), t.Subject, string(t.Invoice),
		t.Correction.Content.String(), string(t.Correction.Document.ID),
		t.File.URL, t.File.Item,
		t.Payment.Source, t.Payment.On.String(), string(t.Payment.Account), string(t.Payment.Worker), t.Payment.Email,
		t.Transfer.TopUp, t.Transfer.Reference, t.Transfer.On.String(), string(t.Transfer.From), string(t.Transfer.To),
	} {
		h.text(text)
	}
	h.flag(t.Correction.Cancelled)
	h.money(t.Payment.Amount)
	h.money(t.Transfer.Amount)
	t.ID = DraftID("t_" + h.sum().Short(24))
	return t
}

// TaskPosition is all that is known of one task at one instant. What is not known
// is the zero value.
type TaskPosition struct {
	// Task is the newest one with the ID that the live posting names, else the
	// newest one.
	Task         Task
	Posting      Posting      // the newest of its kind and subject
	Verification Verification // the newest one of the live posting's document
}

// Waits reports whether a person has to do something about it.
func (p TaskPosition) Waits() bool {
	switch {
	case p.Posting.State.Live():
		return false
	case p.Task.State.Waits():
		return true
	}
	return p.Task.State == TaskReady && p.Posting.State == PostingDeclined && p.Posting.RetryAt.IsZero() &&
		!p.Task.RecordedAt.After(p.Posting.RecordedAt)
}
