package schema

import "time"

// InvoiceStatus is how far an invoice has come at Ontop. It only moves forward.
type InvoiceStatus string

// The statuses, in their order. Cancelled is last: nothing revives an invoice.
const (
	StatusCreated   InvoiceStatus = "CREATED"
	StatusConfirmed InvoiceStatus = "CONFIRMED" // amounts and exchange rate are locked
	StatusPaid      InvoiceStatus = "PAID"
	StatusCancelled InvoiceStatus = "CANCELLED"
)

// Rank returns the place of the status in the order, from 1; 0 for a status
// that we do not know.
func (s InvoiceStatus) Rank() int {
	switch s {
	case StatusCreated:
		return 1
	case StatusConfirmed:
		return 2
	case StatusPaid:
		return 3
	case StatusCancelled:
		return 4
	}
	return 0
}

// Problem is something in a delivery that could not be taken as it was sent.
type Problem struct {
	Field  string // as the sender wrote it, such as "items[2].amount"
	Value  string // what was there, shortened
	Detail string // what is wrong with it and what would be right
}

// String writes the problem for a person.
func (p Problem) String() string {
	if p.Value == "" {
		return p.Field + ": " + p.Detail
	}
	return p.Field + " is " + p.Value + ": " + p.Detail
}

// Invoice is what a worker, or Ontop for its own fees, bills the company, as of
// one revision. All its amounts are in Currency except where a field says
// otherwise; an amount that could not be read is zero and named in Problems.
type Invoice struct {
	Company      CompanyID
	ID           InvoiceID
	Number       string
	Status       InvoiceStatus
	PlatformFee  bool // Ontop bills its own fees; there is no worker
	Contract     ContractID
	Worker       WorkerID
	WorkerEmail  string
	ExternalID   string
	IssueDate    Date
	DueDate      Date
	PeriodStart  Date
	PeriodEnd    Date
	PaidAt       time.Time
	Currency     Currency
	Total        Money
	USDTotal     Money
	Rate         Rate // USD per unit of Currency, locked when confirmed
	PaymentGroup string
	PDFURL       string
	Lines        []Line
	Problems     []Problem
	UpdatedAt    time.Time // orders revisions
	Source       DeliveryID

	// BillDate is the day on which the company's policy books the invoice, and
	// so the period in which it is reported: see [Policy.BillDateOf].
	BillDate   Date
	RecordedAt time.Time
}

// Line is one position of an invoice.
type Line struct {
	ItemID        string
	Concept       string // as Ontop names it, such as FIXED_PAYMENT
	Description   string
	Quantity      string // as sent; never computed with
	Amount        Money
	USDAmount     Money
	AttachmentURL string
}

// ContentSum hashes what the invoice says, its status and payment aside. Neither
// when it was said nor which delivery said it matters, nor where its files are:
// such addresses change by themselves.
func (i Invoice) ContentSum() Sum {
	h := newHasher()
	for _, text := range []string{
		string(i.Company), string(i.ID), i.Number, string(i.Contract), string(i.Worker), i.WorkerEmail, i.ExternalID,
		i.Rate.String(), string(i.Currency), i.PaymentGroup,
	} {
		h.text(text)
	}
	for _, day := range []Date{i.IssueDate, i.DueDate, i.PeriodStart, i.PeriodEnd} {
		h.date(day)
	}
	h.flag(i.PlatformFee)
	h.money(i.Total)
	h.money(i.USDTotal)
	h.number(int64(len(i.Lines)))
	for _, line := range i.Lines {
		line.hash(h)
	}
	h.number(int64(len(i.Problems)))
	for _, problem := range i.Problems {
		h.text(problem.String())
	}
	return h.sum()
}

func (l Line) hash(h hasher) {
	for _, text := range []string{l.ItemID, l.Concept, l.Description, l.Quantity} {
		h.text(text)
	}
	h.money(l.Amount)
	h.money(l.USDAmount)
}

// Sum hashes all that the invoice says, status, payment and files included: two
// revisions with the same Sum mean the same.
func (i Invoice) Sum() Sum {
	return SumOf(i.revision().String(), string(i.Status), i.PaidAt.UTC().Format(time.RFC3339Nano), i.BillDate.String())
}

// revision hashes what one revision of the invoice replaces in another.
func (i Invoice) revision() Sum {
	parts := []string{i.ContentSum().String(), i.PDFURL}
	for _, line := range i.Lines {
		parts = append(parts, line.AttachmentURL)
	}
	return SumOf(parts...)
}

// Fold joins two revisions of an invoice: the content of the newer one, the
// status that is further along, the latest payment. The order in which revisions
// are folded does not matter, and folding one twice changes nothing.
func (i Invoice) Fold(j Invoice) Invoice {
	folded, other := i, j
	if newerRevision(j.UpdatedAt, i.UpdatedAt, j.revision, i.revision) {
		folded, other = j, i
	}
	if other.Status.Rank() > folded.Status.Rank() {
		folded.Status = other.Status
	}
	if other.PaidAt.After(folded.PaidAt) {
		folded.PaidAt = other.PaidAt
	}
	return folded
}
