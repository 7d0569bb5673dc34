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
	// Corrections are the tasks of kind PostCorrection about the invoice, by subject.
	// Withdrawn ones are left out, unless they have a live posting: one that was
	// withdrawn while it was sent is in the books all the same. Their postings come
	// without their bodies.
	Corrections []TaskPosition
}

// Amended reports whether the books do not say, and will not say, what the invoice
// says by now, so that a correction has to be made, or to be made anew.
//
// The books say what the draft that was posted says, or the newest of the
// corrections that were or are to be posted; or else a person accepted them as they
// are for what the invoice says. The invoice is amended when it says neither, when it
// is cancelled and none of its corrections says so, and when a correction waits for a
// person that says something else than the invoice. An invoice whose own document
// was not posted is not amended: it is drafted anew.
func (p Position) Amended() bool {
	if p.Posting.State != PostingPosted && p.Posting.State != PostingAdopted || p.Invoice.ID == "" {
		return false
	}
	said, newest := p.Draft.Content, p.Draft.Content
	sayer, last := "", "" // whose content they are
	cancelled := false
	for _, c := range p.Corrections {
		content, subject, live := c.Task.Correction.Content, c.Task.Subject, c.Posting.State.Live()
		if c.Task.State.Waits() && !live && content != p.Content {
			return true
		}
		cancelled = cancelled || c.Task.Correction.Cancelled
		if (c.Task.State != TaskAccepted || live) && laterCorrection(subject, sayer) {
			said, sayer = content, subject
		}
		if laterCorrection(subject, last) {
			newest, last = content, subject
		}
	}
	return p.Invoice.Status == StatusCancelled && !cancelled || p.Content != said && p.Content != newest
}
