package schema

// State is where an invoice stands in a reconciliation report. The set is closed.
type State string

// The states, as a report names them.
const (
	StateMatched             State = "matched"
	StateAdopted             State = "adopted"
	StatePostedUnverified    State = "posted_unverified"
	StateMissingInQuickBooks State = "missing_in_quickbooks"
	StateDeletedInQuickBooks State = "deleted_in_quickbooks"
	StateAmountDiffers       State = "amount_differs"
	StateAccountDiffers      State = "account_differs"
	StateVendorDiffers       State = "vendor_differs"
	StateClassDiffers        State = "class_or_location_differs"
	StateDateDiffers         State = "date_differs"
	StateCurrencyDiffers     State = "currency_differs"
	StateRateDiffers         State = "rate_differs"
	StateDocNumberDiffers    State = "doc_number_differs"
	StateEdited              State = "edited_in_quickbooks"
	StateSourceChanged       State = "source_changed_after_posting"
	StateCancelledAfter      State = "cancelled_after_posting"
	StateDuplicate           State = "duplicate"
	StateDuplicateByHand     State = "possible_duplicate_by_hand"
	StateExtra               State = "extra_in_quickbooks"
	StateUnmappedConcept     State = State(HoldUnmappedConcept)
	StateUnresolvedVendor    State = State(HoldUnresolvedVendor)
	StateTotalMismatch       State = State(HoldTotalMismatch)
	StateCurrencyHeld        State = State(HoldCurrency)
	StateClosedPeriod        State = State(HoldClosedPeriod)
	StateNegativeTotal       State = State(HoldNegativeTotal)
	StateHeldByPerson        State = State(HoldByPerson)
	StateDeclined            State = "declined"
	StateUncertain           State = "outcome_uncertain"
	StateWaitingForContract  State = "waiting_for_contract"
	StateWaitingForStatus    State = "waiting_for_status"
	StateMissingWebhook      State = "missing_webhook"
	StateMissingAtSource     State = "missing_at_source"
	StateCancelled           State = "cancelled"
	StateSkipped             State = "skipped_on_purpose"
)

// States returns the closed set, in the order of the report.
func States() []State {
	return []State{
		StateMatched, StateAdopted, StatePostedUnverified, StateMissingInQuickBooks, StateDeletedInQuickBooks, StateAmountDiffers,
		StateAccountDiffers, StateVendorDiffers, StateClassDiffers, StateDateDiffers, StateCurrencyDiffers, StateRateDiffers,
		StateDocNumberDiffers, StateEdited, StateSourceChanged, StateCancelledAfter, StateDuplicate, StateDuplicateByHand,
		StateExtra, StateUnmappedConcept, StateUnresolvedVendor, StateTotalMismatch, StateCurrencyHeld, StateClosedPeriod,
		StateNegativeTotal, StateHeldByPerson, StateDeclined, StateUncertain, StateWaitingForContract, StateWaitingForStatus,
		StateMissingWebhook, StateMissingAtSource, StateCancelled, StateSkipped,
	}
}

// Settled reports whether nothing is left to do about an invoice in this state.
// A period is tied only when all of its invoices are settled.
func (s State) Settled() bool {
	switch s {
	case StateMatched, StateAdopted, StateCancelled, StateSkipped:
		return true
	default:
		return false
	}
}
