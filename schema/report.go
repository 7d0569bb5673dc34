package schema

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// Report says, for one company and period as of one instant, what arrived, what
// we wrote and what the books say. Its JSON form is an interface that others rely
// on: amounts are decimal strings, absent things are empty.
type Report struct {
	Company CompanyID `json:"company"`
	Period  Period    `json:"period"`
	AsOf    time.Time `json:"as_of"`
	// Tied says that the residual of every currency is zero, that every item
	// is settled, and that no delivery waits for a person.
	Tied     bool                  `json:"tied"`
	Equation []Equation            `json:"equation"`
	States   map[State]StateTotals `json:"states"`
	Items    []Item                `json:"items"`
	Intake   Intake                `json:"intake"`
	Run      RunFacts              `json:"run"`
}

// Sum hashes what the report says: neither when it was made, nor how old its
// items had become by then.
func (r Report) Sum() Sum {
	r.AsOf, r.Run = time.Time{}, RunFacts{}
	items := r.Items
	r.Items = nil
	h := sha256.New()
	// Encoding cannot fail: every field is a text, a number, a map by text or
	// an Amount, and a hash takes all that is written to it.
	encoder := json.NewEncoder(h)
	_ = encoder.Encode(r)
	for _, item := range items {
		item.AgeDays = 0
		_ = encoder.Encode(item)
	}
	var sum Sum
	h.Sum(sum[:0])
	return sum
}

// Equation is the completeness equation of one currency: Received is the sum of
// the other amounts, or Residual says by how much it is not.
type Equation struct {
	Currency         Currency `json:"currency"`
	Received         Amount   `json:"received"`
	Verified         Amount   `json:"verified"`
	PostedUnverified Amount   `json:"posted_unverified"`
	Held             Amount   `json:"held"`
	Waiting          Amount   `json:"waiting"`
	Declined         Amount   `json:"declined"`
	Uncertain        Amount   `json:"uncertain"`
	Skipped          Amount   `json:"skipped"`
	Cancelled        Amount   `json:"cancelled"`
	Residual         Amount   `json:"residual"`
}

// StateTotals counts the items in one state and adds their amounts by currency.
type StateTotals struct {
	Count   int                 `json:"count"`
	Amounts map[Currency]Amount `json:"amounts"`
}

// Item is one invoice, or one bill without an invoice, in a report.
type Item struct {
	InvoiceID     InvoiceID `json:"invoice_id"`
	InvoiceNumber string    `json:"invoice_number"`
	Worker        string    `json:"worker"`
	State         State     `json:"state"`
	// Cause says why it is in this state, for a person.
	Cause            string     `json:"cause"`
	Amount           Amount     `json:"amount"`
	Currency         Currency   `json:"currency"`
	QuickBooksID     DocumentID `json:"quickbooks_id"`
	QuickBooksAmount *Amount    `json:"quickbooks_amount"` // null when QuickBooks was not read or has none
	Difference       *Amount    `json:"difference"`        // QuickBooks less source; null like the former
	AgeDays          int        `json:"age_days"`          // whole days from receipt to the report's instant
	Owner            Owner      `json:"owner"`
	NextAction       string     `json:"next_action"`
	Rules            []RuleUse  `json:"rules"`
	// Holds are all reasons why the invoice is not posted; State is the first.
	Holds []HoldReason `json:"holds"`
	// Corrections are the documents that make the books say what the invoice says
	// since it changed, oldest first.
	Corrections []ItemCorrection `json:"corrections"`
}

// ItemCorrection is one document that corrects what was posted for an invoice, or
// the proposal of one.
type ItemCorrection struct {
	Subject      string          `json:"subject"`
	Kind         DocumentKind    `json:"kind"` // empty where no document is made
	QuickBooksID DocumentID      `json:"quickbooks_id"`
	Amount       Amount          `json:"amount"` // below zero for a vendor credit; as read back once it was
	Currency     Currency        `json:"currency"`
	State        CorrectionState `json:"state"`
	ApprovedBy   string          `json:"approved_by"` // or accepted by; empty while nobody said anything
	Reason       string          `json:"reason"`      // what that person said
}

// CorrectionState is where one document of a correction stands. The set is closed.
type CorrectionState string

// The states of a correction's document.
const (
	CorrectionProposed  CorrectionState = "proposed"  // a person has to say whether it is posted
	CorrectionHeld      CorrectionState = "held"      // something is missing or unclear
	CorrectionApproved  CorrectionState = "approved"  // the next load posts it
	CorrectionDeclined  CorrectionState = "declined"  // QuickBooks refused it
	CorrectionUncertain CorrectionState = "uncertain" // it was sent, and no answer came
	CorrectionPosted    CorrectionState = "posted"    // it was not read back yet
	CorrectionVerified  CorrectionState = "verified"  // read back, exact
	CorrectionDiffers   CorrectionState = "differs"   // read back, and not as it was posted
	CorrectionDeleted   CorrectionState = "deleted"   // no longer in QuickBooks
	CorrectionAccepted  CorrectionState = "accepted"  // not posted: the books are right as they are
)

// CorrectionState tells where a task of kind [PostCorrection] stands.
func (p TaskPosition) CorrectionState() CorrectionState {
	switch p.Posting.State {
	case PostingNamed, PostingUncertain:
		return CorrectionUncertain
	case PostingPosted, PostingAdopted:
		switch p.Verification.Result {
		case VerifiedExact:
			return CorrectionVerified
		case VerifiedDivergent:
			return CorrectionDiffers
		case VerifiedMissing:
			return CorrectionDeleted
		}
		return CorrectionPosted
	case PostingDeclined:
	}
	switch p.Task.State {
	case TaskAccepted:
		return CorrectionAccepted
	case TaskProposed:
		return CorrectionProposed
	case TaskHeld:
		return CorrectionHeld
	case TaskReady, TaskWithdrawn:
	}
	if p.Posting.State == PostingDeclined && !p.Task.RecordedAt.After(p.Posting.RecordedAt) {
		return CorrectionDeclined
	}
	return CorrectionApproved
}

// RuleUse names a rule that coded a line, and the version that did.
type RuleUse struct {
	Rule    RuleID `json:"rule"`
	Version int    `json:"version"`
}

// Intake counts the deliveries that were received in the report's period by what
// became of them. One of a kind that needs a person keeps the period from tying.
type Intake struct {
	Received int                 `json:"received"`
	Pending  int                 `json:"pending"` // no outcome yet
	Outcomes map[OutcomeKind]int `json:"outcomes"`
	// Dismissed counts those of Outcomes that a person dismissed. They need nobody
	// any more. It is nil when there is none.
	Dismissed map[OutcomeKind]int `json:"dismissed,omitempty"`
	// Troubles describes, oldest first, at most 100 deliveries that need a person.
	Troubles []Trouble `json:"troubles"`
	// Dismissals describes, oldest first, at most 100 deliveries that were dismissed.
	Dismissals []Dismissal `json:"dismissals,omitempty"`
}

// Needing counts the deliveries that need a person.
func (i Intake) Needing() int {
	needing := 0
	for kind, count := range i.Outcomes {
		if kind.NeedsPerson() {
			needing += count - i.Dismissed[kind]
		}
	}
	return needing
}

// Dismissal is a delivery that needed a person, and what that person said of it.
type Dismissal struct {
	Trouble
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Trouble is a delivery that needs a person.
type Trouble struct {
	Delivery   DeliveryID  `json:"delivery"`
	Kind       OutcomeKind `json:"kind"`
	Detail     string      `json:"detail"`
	ReceivedAt time.Time   `json:"received_at"`
}

// RunFacts say from what the report was made.
type RunFacts struct {
	BooksName    string    `json:"quickbooks_company"`
	BooksReadAt  time.Time `json:"quickbooks_read_at"`
	RulesVersion int       `json:"rules_version"`
	// Hash is the report's [Report.Sum]: two reports with the same hash say the
	// same about the same books.
	Hash string `json:"hash"`
}

// Amount is a Money that writes itself to JSON as a decimal string without its
// currency, for fields whose currency stands beside them.
type Amount Money

// MarshalJSON writes the decimal string.
func (a Amount) MarshalJSON() ([]byte, error) { return json.Marshal(Money(a).Decimal()) }

// Money returns the amount with its currency.
func (a Amount) Money() Money { return Money(a) }
