package quickbooks

// BillPayment says that bills were paid, from a bank account or by card.
type BillPayment struct {
	ID                string             `json:"Id,omitempty"`
	SyncToken         string             `json:"SyncToken,omitempty"`
	VendorRef         Ref                `json:"VendorRef,omitzero"`
	PayType           string             `json:"PayType,omitempty"` // Check or CreditCard
	CheckPayment      *CheckPayment      `json:"CheckPayment,omitempty"`
	CreditCardPayment *CreditCardPayment `json:"CreditCardPayment,omitempty"`
	DocNumber         string             `json:"DocNumber,omitempty"`
	TxnDate           string             `json:"TxnDate,omitempty"`
	CurrencyRef       Ref                `json:"CurrencyRef,omitzero"`
	ExchangeRate      Decimal            `json:"ExchangeRate,omitzero"`
	APAccountRef      Ref                `json:"APAccountRef,omitzero"`
	DepartmentRef     Ref                `json:"DepartmentRef,omitzero"`
	PrivateNote       string             `json:"PrivateNote,omitempty"`
	TotalAmt          Decimal            `json:"TotalAmt,omitzero"`
	Line              []PaymentLine      `json:"Line,omitempty"`
	MetaData          *MetaData          `json:"MetaData,omitempty"`
}

func (BillPayment) entity() string { return "BillPayment" }
func (p BillPayment) key() string  { return p.ID }

// PaymentLine is what of a payment goes to which bill or credit.
type PaymentLine struct {
	Amount    Decimal     `json:"Amount"`
	LinkedTxn []LinkedTxn `json:"LinkedTxn"`
}

// CheckPayment names the bank account that a payment came from; QuickBooks calls
// every transfer from a bank a check.
type CheckPayment struct {
	BankAccountRef Ref    `json:"BankAccountRef"`
	PrintStatus    string `json:"PrintStatus,omitempty"`
}

// CreditCardPayment names the card account that a payment came from.
type CreditCardPayment struct {
	CCAccountRef Ref `json:"CCAccountRef"`
}

// Transfer moves money between two accounts of the company.
type Transfer struct {
	ID             string    `json:"Id,omitempty"`
	SyncToken      string    `json:"SyncToken,omitempty"`
	FromAccountRef Ref       `json:"FromAccountRef,omitzero"`
	ToAccountRef   Ref       `json:"ToAccountRef,omitzero"`
	Amount         Decimal   `json:"Amount"`
	TxnDate        string    `json:"TxnDate,omitempty"`
	CurrencyRef    Ref       `json:"CurrencyRef,omitzero"`
	ExchangeRate   Decimal   `json:"ExchangeRate,omitzero"`
	PrivateNote    string    `json:"PrivateNote,omitempty"`
	MetaData       *MetaData `json:"MetaData,omitempty"`
}

func (Transfer) entity() string { return "Transfer" }
func (t Transfer) key() string  { return t.ID }
