package ontopsim

// Trouble is something that real deliveries bring and that must not confuse the
// books.
type Trouble string

// The kinds of trouble. NoTrouble marks what is as it should be.
const (
	NoTrouble        Trouble = ""
	SameDelivery     Trouble = "same_delivery"     // an event is sent twice under one webhook-id
	SameContent      Trouble = "same_content"      // an event is sent again under a new webhook-id
	LateDelivery     Trouble = "late_delivery"     // an event arrives ten days late
	Reordered        Trouble = "reordered"         // an invoice is confirmed before it is created
	Correction       Trouble = "correction"        // another amount comes before it is confirmed
	StaleRevision    Trouble = "stale_revision"    // an older amount arrives after the confirmed one
	Cancellation     Trouble = "cancellation"      // an invoice is cancelled
	NotConfirmed     Trouble = "not_confirmed"     // an invoice is never confirmed
	UnmappedConcept  Trouble = "unmapped_concept"  // a line is for RELOCATION_ALLOWANCE, a concept of no rule
	NameTaken        Trouble = "name_taken"        // a worker has the name of somebody who is no vendor
	ClosedPeriod     Trouble = "closed_period"     // an invoice is dated in closed books
	TotalMismatch    Trouble = "total_mismatch"    // the lines do not add up to the total
	ContractMissing  Trouble = "contract_missing"  // an invoice's contract never arrives
	ContractLate     Trouble = "contract_late"     // an invoice's contract arrives after it
	UnknownCurrency  Trouble = "unknown_currency"  // an invoice is in ZZZ
	TooManyDecimals  Trouble = "too_many_decimals" // an amount has more decimals than its currency
	OddForms         Trouble = "odd_forms"         // ids and amounts are strings, and data is an array
	NetNegative      Trouble = "net_negative"      // an invoice deducts more than it pays
	UnknownEventType Trouble = "unknown_event"     // an event of a type that nobody has heard of
	PublishedEvents  Trouble = "published_events"  // KYC, PAYMENT, CLIENT_WALLET_TOP_UP, which need no work
)

// Troubles returns all kinds of trouble.
func Troubles() []Trouble {
	return []Trouble{
		SameDelivery, SameContent, LateDelivery, Reordered, Correction, StaleRevision, Cancellation, NotConfirmed, UnmappedConcept,
		NameTaken, ClosedPeriod, TotalMismatch, ContractMissing, ContractLate, UnknownCurrency, TooManyDecimals, OddForms,
		UnknownEventType, PublishedEvents, NetNegative,
	}
}

// aboutInvoice reports whether each occurrence has an invoice of its own.
func (t Trouble) aboutInvoice() bool { return t != UnknownEventType && t != PublishedEvents }

// Unreadable reports whether the invoice's total cannot be read because of it,
// so that the invoice counts as nothing until it is corrected.
func (t Trouble) Unreadable() bool { return t == UnknownCurrency || t == TooManyDecimals }

// newContract reports whether the occurrence needs a contract of its own.
func (t Trouble) newContract() bool {
	return t == NameTaken || t == ContractMissing || t == ContractLate
}
