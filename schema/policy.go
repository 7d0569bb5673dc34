package schema

// Policy is what a company decided once about how its invoices are booked. The
// zero Policy is not ready to use; configuration fills in the defaults that each
// field names.
type Policy struct {
	// PostOn is the status from which an invoice is posted.
	//
	// Defaults to confirmed: earlier, amounts and rates may still change.
	PostOn PostOn

	// Payee says whom the company owes, by the contract's signing.
	//
	// Defaults to the worker for PAYMENT_AGENT and SERVICE_PROVIDER, and the
	// platform for CONTRACTOR_OF_RECORD and EOR. A signing that is not named
	// here is held.
	Payee map[Signing]PayeeKind

	// PlatformVendor is the display name of the vendor that stands for Ontop
	// itself.
	//
	// Defaults to "Ontop".
	PlatformVendor string

	// CreateVendors says what happens to a payee without a vendor.
	//
	// Defaults to review: it is proposed, and a person approves.
	CreateVendors VendorCreation

	// ClosedPeriod says what happens to a bill dated in closed books.
	//
	// Defaults to hold.
	ClosedPeriod ClosedPeriod

	// NegativeTotal says what happens to an invoice whose total is below zero.
	// One of zero is held in any case.
	//
	// Defaults to hold.
	NegativeTotal NegativeTotal

	// BillDate says which of the invoice's dates the bill carries.
	//
	// Defaults to the issue date.
	BillDate BillDateRule

	// PayableAccounts names the accounts payable account by currency. It is
	// needed only where QuickBooks has several of them in one currency.
	PayableAccounts map[Currency]AccountID

	// AttachFiles says whether the PDF of an invoice and the files of its lines are
	// attached to its document.
	AttachFiles bool
	// FileHosts are the hosts that files may be fetched from. None means any that
	// is public.
	FileHosts []string

	// RecordPayments says whether what Ontop paid is recorded as bill payments from
	// WalletAccount.
	RecordPayments bool
	// RecordTopUps says whether money that came into the wallet is recorded as
	// transfers from FundingAccount to WalletAccount.
	RecordTopUps bool
	// WalletAccount is the bank account in QuickBooks that stands for the wallet at
	// Ontop, and FundingAccount the one that the wallet is filled from.
	WalletAccount, FundingAccount AccountID
}

// PostOn is the status from which an invoice is posted.
type PostOn string

// The choices of PostOn.
const (
	PostOnCreated   PostOn = "created"
	PostOnConfirmed PostOn = "confirmed"
	PostOnPaid      PostOn = "paid"
)

// Reached reports whether an invoice with status s is far enough along.
func (p PostOn) Reached(s InvoiceStatus) bool {
	needed := StatusConfirmed
	switch p {
	case PostOnCreated:
		needed = StatusCreated
	case PostOnPaid:
		needed = StatusPaid
	case PostOnConfirmed:
	}
	return s.Rank() >= needed.Rank()
}

// PayeeKind is whom an invoice makes the company owe.
type PayeeKind string

// The kinds of payee.
const (
	PayeeWorker   PayeeKind = "worker"
	PayeePlatform PayeeKind = "platform"
)

// VendorCreation is who may create vendors in QuickBooks.
type VendorCreation string

// The choices of VendorCreation.
const (
	CreateAfterReview   VendorCreation = "review"
	CreateAutomatically VendorCreation = "automatic"
	CreateNever         VendorCreation = "never"
)

// ClosedPeriod is what happens to a bill dated in closed books.
type ClosedPeriod string

// The choices of ClosedPeriod.
const (
	ClosedHold        ClosedPeriod = "hold"
	ClosedNextOpenDay ClosedPeriod = "next_open_day"
)

// NegativeTotal is what happens to an invoice whose total is below zero.
type NegativeTotal string

// The choices of NegativeTotal.
const (
	NegativeHold   NegativeTotal = "hold"
	NegativeCredit NegativeTotal = "credit" // it becomes a vendor credit
)

// BillDateRule is which of an invoice's dates its bill carries.
type BillDateRule string

// The choices of BillDateRule.
const (
	BillOnIssueDate BillDateRule = "issue_date"
	BillOnPeriodEnd BillDateRule = "period_end"
	BillOnPaidAt    BillDateRule = "paid_at"
)

// BillDateOf returns the day on which i is booked. Where the date that the
// policy asks for is not known yet, it is the issue date; where that is missing
// too, there is none, and the invoice cannot be posted.
func (p Policy) BillDateOf(i Invoice) Date {
	switch {
	case p.BillDate == BillOnPeriodEnd && !i.PeriodEnd.IsZero():
		return i.PeriodEnd
	case p.BillDate == BillOnPaidAt && !i.PaidAt.IsZero():
		return DateOf(i.PaidAt.UTC())
	}
	return i.IssueDate
}
