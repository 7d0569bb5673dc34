package quickbooks

// AccountLine is the DetailType of a line that is booked to an account, which
// is the only kind that we write.
const AccountLine = "AccountBasedExpenseLineDetail"

// Bill is what the company owes to a vendor. Required on create: VendorRef and
// Line; CurrencyRef, ExchangeRate and APAccountRef in a company with several
// currencies. Dates are YYYY-MM-DD.
type Bill struct {
	ID                   string      `json:"Id,omitempty"`
	SyncToken            string      `json:"SyncToken,omitempty"`
	VendorRef            Ref         `json:"VendorRef,omitzero"`
	DocNumber            string      `json:"DocNumber,omitempty"`
	TxnDate              string      `json:"TxnDate,omitempty"`
	DueDate              string      `json:"DueDate,omitempty"`
	CurrencyRef          Ref         `json:"CurrencyRef,omitzero"`
	ExchangeRate         Decimal     `json:"ExchangeRate,omitzero"`
	APAccountRef         Ref         `json:"APAccountRef,omitzero"`
	DepartmentRef        Ref         `json:"DepartmentRef,omitzero"`
	GlobalTaxCalculation string      `json:"GlobalTaxCalculation,omitempty"`
	PrivateNote          string      `json:"PrivateNote,omitempty"`
	Line                 []BillLine  `json:"Line,omitempty"`
	LinkedTxn            []LinkedTxn `json:"LinkedTxn,omitempty"`

	// TotalAmt, Balance and HomeBalance are computed by QuickBooks, in the
	// bill's currency but for the last. What is sent for them is ignored.
	TotalAmt    Decimal `json:"TotalAmt,omitzero"`
	Balance     Decimal `json:"Balance,omitzero"`
	HomeBalance Decimal `json:"HomeBalance,omitzero"`

	MetaData *MetaData `json:"MetaData,omitempty"`
}

func (Bill) entity() string { return "Bill" }
func (b Bill) key() string  { return b.ID }

// VendorCredit is what a vendor owes to the company: a bill the other way
// round, in the same shape.
type VendorCredit struct {
	ID                   string     `json:"Id,omitempty"`
	SyncToken            string     `json:"SyncToken,omitempty"`
	VendorRef            Ref        `json:"VendorRef,omitzero"`
	DocNumber            string     `json:"DocNumber,omitempty"`
	TxnDate              string     `json:"TxnDate,omitempty"`
	CurrencyRef          Ref        `json:"CurrencyRef,omitzero"`
	ExchangeRate         Decimal    `json:"ExchangeRate,omitzero"`
	APAccountRef         Ref        `json:"APAccountRef,omitzero"`
	DepartmentRef        Ref        `json:"DepartmentRef,omitzero"`
	GlobalTaxCalculation string     `json:"GlobalTaxCalculation,omitempty"`
	PrivateNote          string     `json:"PrivateNote,omitempty"`
	Line                 []BillLine `json:"Line,omitempty"`
	TotalAmt             Decimal    `json:"TotalAmt,omitzero"`
	Balance              Decimal    `json:"Balance,omitzero"`
	MetaData             *MetaData  `json:"MetaData,omitempty"`
}

func (VendorCredit) entity() string { return "VendorCredit" }
func (v VendorCredit) key() string  { return v.ID }

// BillLine is one amount of a bill and what it was spent on.
type BillLine struct {
	ID          string         `json:"Id,omitempty"`
	LineNum     int            `json:"LineNum,omitempty"`
	Description string         `json:"Description,omitempty"`
	Amount      Decimal        `json:"Amount"`
	DetailType  string         `json:"DetailType"`
	Account     *AccountDetail `json:"AccountBasedExpenseLineDetail,omitempty"`
	Item        *ItemDetail    `json:"ItemBasedExpenseLineDetail,omitempty"`
}

// AccountDetail books a line to an account.
type AccountDetail struct {
	AccountRef     Ref    `json:"AccountRef,omitzero"`
	ClassRef       Ref    `json:"ClassRef,omitzero"`
	CustomerRef    Ref    `json:"CustomerRef,omitzero"`
	TaxCodeRef     Ref    `json:"TaxCodeRef,omitzero"`
	BillableStatus string `json:"BillableStatus,omitempty"`
}

// ItemDetail books a line through a product or service. We only read these, on
// bills that people enter.
type ItemDetail struct {
	ItemRef   Ref     `json:"ItemRef,omitzero"`
	ClassRef  Ref     `json:"ClassRef,omitzero"`
	Qty       Decimal `json:"Qty,omitzero"`
	UnitPrice Decimal `json:"UnitPrice,omitzero"`
}

// LinkedTxn names a transaction that belongs to this one, such as the payment
// of a bill.
type LinkedTxn struct {
	TxnID   string `json:"TxnId"`
	TxnType string `json:"TxnType"`
}
