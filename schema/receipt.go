package schema

import "time"

// Review is a later word about a delivery than its outcome: that of a replay, which
// read it again, or of a person, who dismissed it. The newest review of a delivery
// holds over its outcome, which stays on record.
type Review struct {
	// Outcome is what holds of the delivery from RecordedAt on.
	Outcome
	// Dismissed says that a person saw what is wrong with the delivery and wants
	// nothing of it: it keeps no period from tying.
	Dismissed bool
	Reason    string // why it was read again or dismissed
	By        string // who asked for it
}

// IsZero reports whether there is no review.
func (r Review) IsZero() bool { return r.Kind == "" }

// Receipt is a delivery and all that is known of it.
type Receipt struct {
	// Delivery is as it was received first. A copy that turns up once there is an
	// outcome changes nothing, whenever it was received.
	Delivery
	// BodySum is the hash of the body as it was received, also of one that was redacted.
	BodySum Sum
	// RedactedAt is when personal data was last taken out of the body; zero when it is
	// as it was received.
	RedactedAt time.Time
	Outcome    Outcome // the first one; zero when nobody has looked at it yet
	Review     Review  // the newest; zero when there is none

	// Conflict says that another body was received under its ID. All of them are
	// kept, and one at most is applied: the others have [OutcomeConflict].
	Conflict bool
}

// Stands returns what holds of the delivery now, which is zero while nobody has
// looked at it.
func (r Receipt) Stands() Outcome {
	if !r.Review.IsZero() {
		return r.Review.Outcome
	}
	return r.Outcome
}

// NeedsPerson reports whether somebody still has to look at the delivery.
func (r Receipt) NeedsPerson() bool { return r.Stands().Kind.NeedsPerson() && !r.Review.Dismissed }

// DeliveryQuery selects deliveries of one company. Zero fields select all.
type DeliveryQuery struct {
	Company CompanyID
	ID      DeliveryID
	From    time.Time // received then or later
	To      time.Time // received before then
	Type    string    // the event type that stands, as sent
	// Outcome is the kind that stands, or [OutcomePending].
	Outcome OutcomeKind
	// Bodies says that the deliveries come with their bodies and arrivals, which costs
	// reading them.
	Bodies bool
}

// OutcomePending stands in a [DeliveryQuery] for deliveries that nobody has looked at
// yet. No delivery has it as its outcome.
const OutcomePending OutcomeKind = "pending"

// Takes reports whether a delivery of the company, of which r is known, is selected.
func (q DeliveryQuery) Takes(r Receipt) bool {
	stands := r.Stands()
	kind := stands.Kind
	if kind == "" {
		kind = OutcomePending
	}
	return (q.ID == "" || r.ID == q.ID) &&
		(q.From.IsZero() || !r.ReceivedAt.Before(q.From)) && (q.To.IsZero() || r.ReceivedAt.Before(q.To)) &&
		(q.Type == "" || stands.EventType == q.Type) && (q.Outcome == "" || kind == q.Outcome)
}
