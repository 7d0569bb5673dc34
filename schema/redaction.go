package schema

import "time"

// Redaction records that personal data was taken out of stored deliveries. It is
// recorded when a batch begins and again when it is done, under the same ID; the newest
// holds. One that is not done was interrupted, and the next goes over the same
// deliveries again. Redactions are kept for ever.
type Redaction struct {
	Company CompanyID
	ID      string
	Fields  []string // that were taken out, as the configuration names them, sorted
	// Before is the instant before which deliveries had to be received.
	Before time.Time
	// Reached says that whatever was received before then is done with: no later
	// redaction of these Fields has to look at it, unless it was stored since.
	Reached time.Time

	Deliveries int // that were looked at; one that was stored several times counts each time
	Redacted   int // of those, in how many something was taken out
	Left       int // of those, that wait for a person or for their outcome, and stay as they are
	Unreadable int // of those, that are no JSON, in which no field can be found; they stay as they are

	Done       bool
	By         string
	RecordedAt time.Time
}
