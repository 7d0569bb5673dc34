package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Channel is the way on which a delivery came in.
type Channel string

// The channels.
const (
	ChannelWebhook Channel = "webhook" // pushed by Ontop, signature verified
	ChannelImport  Channel = "import"  // read from a file by an operator
)

// Delivery is one message from Ontop, byte for byte. It is kept for ever and is
// what every later stage can be replayed from.
//
// Senders repeat themselves. Deliveries of a company with the same ID and the
// same Body are one delivery, the first; the same ID with another Body is a
// conflict, which is kept and never applied.
type Delivery struct {
	Company    CompanyID
	ID         DeliveryID
	ReceivedAt time.Time // UTC, microseconds
	Channel    Channel
	Body       []byte
	// Arrival is how it came in, as [ParseArrival] reads it, at most [MaxArrival] bytes.
	// It is no part of what the sender said: Sum does not cover it, and repetitions differ in it.
	Arrival []byte
}

// Sum returns the hash of the body alone.
func (d Delivery) Sum() Sum { return sha256.Sum256(d.Body) }

// BodyID returns the id of a delivery whose sender gave it none: the hash of its
// body, so that a repeated body is a repeated delivery.
func BodyID(body []byte) DeliveryID {
	sum := sha256.Sum256(body)
	return DeliveryID("sha256:" + hex.EncodeToString(sum[:]))
}

// Block is a run of deliveries that is stored in one piece, exactly once.
type Block struct {
	// ID names the block for its content and place in the journal: offering a
	// block again under its ID stores nothing again, and a different block
	// never has the same ID.
	ID         string
	Deliveries []Delivery
}

// Staged is a delivery as the transform finds it.
type Staged struct {
	Delivery

	// Conflict says that an earlier delivery has this one's ID and another body.
	Conflict bool
}

// OutcomeKind says what became of a delivery.
type OutcomeKind string

// The outcomes. Every delivery gets exactly one.
const (
	// OutcomeApplied means that it changed a contract or an invoice.
	OutcomeApplied OutcomeKind = "applied"
	// OutcomeUnchanged means that it said nothing new: a repetition under a
	// new delivery id, or a revision older than the one we have.
	OutcomeUnchanged OutcomeKind = "unchanged"
	// OutcomeNoted means that its event type is known and needs no work.
	OutcomeNoted OutcomeKind = "noted"
	// OutcomeUnknown means that its event type is not known. It is kept.
	OutcomeUnknown OutcomeKind = "unknown"
	// OutcomeTest means that it is a [TestEvent]. It is kept, and says nothing.
	OutcomeTest OutcomeKind = "test"
	// OutcomeUnreadable means that some of it could not be understood; the
	// rest was applied.
	OutcomeUnreadable OutcomeKind = "unreadable"
	// OutcomeForeign means that it names an Ontop client that is not the
	// company's.
	OutcomeForeign OutcomeKind = "foreign"
	// OutcomeConflict means that its id was used before for another body.
	OutcomeConflict OutcomeKind = "conflict"
)

// OutcomeKinds returns all outcomes, in the order in which people read them.
func OutcomeKinds() []OutcomeKind {
	return []OutcomeKind{
		OutcomeApplied, OutcomeUnchanged, OutcomeNoted, OutcomeUnknown, OutcomeTest, OutcomeUnreadable, OutcomeForeign,
		OutcomeConflict,
	}
}

// NeedsPerson reports whether somebody has to look at a delivery with this
// outcome before the books can be said to agree.
func (k OutcomeKind) NeedsPerson() bool {
	return k == OutcomeUnreadable || k == OutcomeForeign || k == OutcomeConflict
}

// TestEvent is the event type of what tieout sends itself to prove the way in. Ontop
// does not know it, and whatever such an event holds is never read.
const TestEvent = "TIEOUT_TEST"

// Outcome records what became of a delivery. Recording one again is harmless:
// the first stays.
type Outcome struct {
	Company    CompanyID
	Delivery   DeliveryID
	Body       Sum // with Company and Delivery, names one delivery
	Kind       OutcomeKind
	EventType  string   // as sent; empty when it could not be read
	Detail     string   // for a person: what could not be read and what to do; empty when all is well
	Subjects   []string // ids of the contracts and invoices that it spoke of
	ReceivedAt time.Time
	RecordedAt time.Time
}
