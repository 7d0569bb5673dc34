package schema

import "time"

// DraftState says what may happen to a draft.
type DraftState string

// The states of a draft.
const (
	DraftReady            DraftState = "ready"                // it may be posted
	DraftHeld             DraftState = "held"                 // it has at least one Hold
	DraftAwaitsContract   DraftState = "waiting_for_contract" // its contract has not arrived
	DraftAwaitsStatus     DraftState = "waiting_for_status"   // the invoice is not far enough along
	DraftInvoiceCancelled DraftState = "cancelled"            // the invoice will not be paid
)

// DocumentKind is what an invoice becomes in QuickBooks.
type DocumentKind string

// The kinds of document. The zero DocumentKind means a bill, too.
const (
	DocumentBill         DocumentKind = "bill"          // the company owes the vendor
	DocumentVendorCredit DocumentKind = "vendor_credit" // the vendor owes the company
)

// Name names the kind for a person.
func (k DocumentKind) Name() string {
	if k == DocumentVendorCredit {
		return "vendor credit"
	}
	return "bill"
}

// Signed returns an amount of a document of this kind as the invoice has it: a
// credit of 50.00 is an invoice of -50.00, and the other way round. It is
// [ErrOverflow] for the least amount of a credit.
func (k DocumentKind) Signed(m Money) (Money, error) {
	if k == DocumentVendorCredit {
		return m.Neg()
	}
	return m, nil
}

// Draft is the document that an invoice becomes, or what keeps it from becoming
// one. All its amounts are the document's: those of a vendor credit are the
// invoice's with the other sign.
//
// The newest draft of an invoice holds until one of them has been named in a
// posting; from then on that one does.
//
// A draft that is not ready may lack anything but Company, ID, Invoice, Content
// and State.
type Draft struct {
	Company CompanyID
	ID      DraftID // see Seal
	Invoice InvoiceID
	Content Sum // of the invoice that was drafted: its ContentSum
	State   DraftState
	Holds   []Hold
	Kind    DocumentKind

	Payee      PayeeKey
	PayeeName  string
	Vendor     VendorID
	DocNumber  string // at most 21 characters
	TxnDate    Date
	DueDate    Date // of a bill
	Currency   Currency
	Rate       Rate // home units for one unit of Currency; none in home currency
	Payable    AccountID
	Location   LocationID // none when no rule asks for one
	Total      Money      // equals the sum of Lines when ready
	Lines      []DraftLine
	Memo       string
	RecordedAt time.Time
}

// DraftLine is one line of a document and the rule that coded it.
type DraftLine struct {
	ItemID      string
	Concept     string
	Description string
	Amount      Money
	Account     AccountID // none when no rule matched
	Class       ClassID   // none when the rule asks for none
	Rule        RuleID
	RuleVersion int
}

// Seal returns d with the ID that its content gives it. Everything that the
// document or its holds say takes part, and the time of recording does not.
func (d Draft) Seal() Draft {
	h := newHasher()
	for _, text := range []string{
		string(d.Company), string(d.Invoice), d.Content.String(), string(d.State), string(d.Payee), d.PayeeName, string(d.Vendor),
		d.DocNumber, d.TxnDate.String(), d.DueDate.String(), string(d.Currency), d.Rate.String(), string(d.Payable), d.Memo,
		string(d.Kind), string(d.Location),
	} {
		h.text(text)
	}
	h.money(d.Total)
	h.number(int64(len(d.Lines)))
	for _, line := range d.Lines {
		h.text(line.ItemID)
		h.text(line.Concept)
		h.text(line.Description)
		h.money(line.Amount)
		h.text(string(line.Account))
		h.text(string(line.Class))
		h.text(string(line.Rule))
		h.number(int64(line.RuleVersion))
	}
	h.number(int64(len(d.Holds)))
	for _, hold := range d.Holds {
		h.text(string(hold.Reason))
		h.text(hold.Detail)
		h.text(hold.NextStep)
		h.text(string(hold.Owner))
	}
	d.ID = DraftID("d_" + h.sum().Short(24))
	return d
}
