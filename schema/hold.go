package schema

// HoldReason says why an invoice is not posted. Each is a [State] of the report.
type HoldReason string

// The reasons.
const (
	HoldUnmappedConcept  HoldReason = "held_unmapped_concept"
	HoldUnresolvedVendor HoldReason = "held_unresolved_vendor"
	HoldTotalMismatch    HoldReason = "held_total_mismatch"
	HoldCurrency         HoldReason = "held_currency"
	HoldClosedPeriod     HoldReason = "held_closed_period"
	HoldNegativeTotal    HoldReason = "held_negative_total"
	HoldByPerson         HoldReason = "held_by_person"
)

// HoldReasons returns all reasons, the one that finance should clear first
// leading: an invoice held for several is counted under the first of them.
func HoldReasons() []HoldReason {
	return []HoldReason{
		HoldByPerson, HoldTotalMismatch, HoldCurrency, HoldNegativeTotal, HoldClosedPeriod, HoldUnmappedConcept, HoldUnresolvedVendor,
	}
}

// Owner is who can clear a hold or a difference.
type Owner string

// The owners.
const (
	OwnerFinance Owner = "finance" // the company's accountants
	OwnerSource  Owner = "ontop"   // whoever manages invoices at Ontop
	OwnerOps     Owner = "ops"     // whoever runs tieout
	OwnerNobody  Owner = ""        // nothing is left to do
)

// Hold is one reason why an invoice is not posted, with the way out. All reasons
// are found at once, so that nobody clears one to meet the next.
type Hold struct {
	Reason   HoldReason
	Detail   string // what is wrong, naming field and value
	NextStep string // what to do about it
	Owner    Owner
}
