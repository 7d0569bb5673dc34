package schema

import "time"

// PostingKind is what a posting creates.
type PostingKind string

// The kinds of posting.
const (
	// PostVendor is a vendor. Subject is a PayeeKey.
	PostVendor PostingKind = "vendor"
	// PostBill is an invoice's document: a bill, or a vendor credit where
	// Posting.Form says so. It is one kind of posting because an invoice has one
	// document, whichever: a live bill keeps a credit from being posted, and the
	// other way round. Subject is an InvoiceID.
	PostBill PostingKind = "bill"
	// PostCorrection is a bill or vendor credit, as Posting.Form says, of what
	// changed at the source after an invoice's document was posted. This and the
	// following are kinds of [Task], whose subjects they have.
	PostCorrection PostingKind = "correction"
	// PostAttachment is a file attached to an invoice's document.
	PostAttachment PostingKind = "attachment"
	// PostPayment is a bill payment.
	PostPayment PostingKind = "payment"
	// PostTransfer is a transfer between two accounts of the company.
	PostTransfer PostingKind = "transfer"
)

// TaskKinds returns the kinds of posting that follow from a [Task], in the order in
// which they are made.
func TaskKinds() []PostingKind {
	return []PostingKind{PostCorrection, PostAttachment, PostPayment, PostTransfer}
}

// PostingState is what is known of a posting.
type PostingState string

// The states of a posting.
const (
	// PostingNamed means that its name is stored and that it may have been
	// sent. Only after this may it be sent.
	PostingNamed PostingState = "named"
	// PostingPosted means that QuickBooks confirmed that it created it.
	PostingPosted PostingState = "posted"
	// PostingAdopted means that a look-up found it in QuickBooks, identical.
	PostingAdopted PostingState = "adopted"
	// PostingDeclined means that QuickBooks understood and refused: nothing
	// was created.
	PostingDeclined PostingState = "declined"
	// PostingUncertain means that it was sent and no answer came: it may exist.
	PostingUncertain PostingState = "uncertain"
)

// Live reports whether the subject may exist in QuickBooks because of a posting
// in this state. Nothing else may be posted for a subject with a live posting.
func (s PostingState) Live() bool { return s != "" && s != PostingDeclined }

// Settled reports whether the outcome is known.
func (s PostingState) Settled() bool {
	return s == PostingPosted || s == PostingAdopted || s == PostingDeclined
}

// Posting is one record that we create in QuickBooks. Each change of what is
// known of it is recorded as a new Posting with the same identity: Company,
// Kind, Subject, Draft. The newest of a subject holds.
type Posting struct {
	Company CompanyID
	Kind    PostingKind
	Subject string
	Draft   DraftID      // what was drafted; for a vendor, derived from what is to be created
	Form    DocumentKind // of a PostBill: the kind of document that the draft is

	// Request and Item are QuickBooks' requestid and bId. Together they name
	// the draft, whatever batch carries it, and never change.
	Request string
	Item    string
	Batch   BatchID
	Body    []byte // exactly what is sent, so that it can be sent again unchanged
	Attempt int    // how often it was sent, from 1

	State     PostingState
	Document  DocumentID // when posted or adopted
	SyncToken string
	Fault     Fault  // when declined
	TraceID   string // QuickBooks' intuit_tid of the last answer
	// RetryAt is when a declined posting may be tried again unchanged; zero
	// means never: something has to change first.
	RetryAt    time.Time
	RecordedAt time.Time
}

// FaultPossibleDuplicate is the code of a fault of our own: something alike, which
// we did not post, is in the books, and a person has to say whether it is the same.
const FaultPossibleDuplicate = "possible_duplicate"

// Fault is why QuickBooks declined a posting.
type Fault struct {
	Code    string // as QuickBooks numbers it, without leading zeros
	Detail  string // as QuickBooks worded it
	Meaning string // for finance
	Next    string // what to do about it
	Owner   Owner
}
