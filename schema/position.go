package schema

import "time"

// Position is all that is known of one invoice at one instant. Anything but the
// invoice may be missing, and is then the zero value.
type Position struct {
	Invoice Invoice
	// Content is the invoice's ContentSum, which is known even where the invoice
	// comes without its lines.
	Content Sum
	// FirstRecordedAt is when the first revision of the invoice was recorded.
	FirstRecordedAt time.Time

	// Draft is the draft that the live posting names, else the newest one.
	Draft Draft
	// Posting is the newest bill posting.
	Posting Posting
	// Verification is the newest one of the live posting's document.
	Verification Verification
	// Decision is the newest one.
	Decision Decision
	// Corrections are the newest tasks of kind PostCorrection about the invoice, by
	// subject, withdrawn ones aside.
	Corrections []TaskPosition
}
