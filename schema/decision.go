package schema

import "time"

// DecisionKind is what a person said about an invoice.
type DecisionKind string

// The kinds of decision. The newest on an invoice holds.
const (
	DecideHold    DecisionKind = "hold"    // do not post it until released
	DecideRelease DecisionKind = "release" // take back a hold or a skip
	DecideSkip    DecisionKind = "skip"    // never post it; it is booked elsewhere or not at all
)

// Decision is what a person said about an invoice, and why. It survives the
// close of a period.
type Decision struct {
	Company    CompanyID
	Invoice    InvoiceID
	Kind       DecisionKind
	Reason     string
	By         string
	RecordedAt time.Time
}
