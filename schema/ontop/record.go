package ontop

import "github.com/tieout/tieout/schema"

// ContractRecord is a contract on the wire, to be written.
type ContractRecord struct {
	ClientID     ID      `json:"client_id"`
	AgreementID  ID      `json:"agreement_id"`
	WorkerID     ID      `json:"worker_id"`
	WorkerEmail  Text    `json:"worker_email"`
	ExternalID   Text    `json:"external_id"`
	WorkerType   Text    `json:"worker_type"`
	FirstName    Text    `json:"first_name"`
	LastName     Text    `json:"last_name"`
	LegalName    Text    `json:"legal_name"`
	Country      Text    `json:"country"`
	CountryISO   Text    `json:"country_iso"`
	JobTitle     Text    `json:"job_title"`
	Department   Text    `json:"department"`
	Entity       Text    `json:"entity"`
	ContractType Text    `json:"contract_type"`
	Signing      Text    `json:"signing"`
	Currency     Text    `json:"currency"`
	Amount       Decimal `json:"amount"`
	Frequency    Text    `json:"frequency"`
	StartDate    Text    `json:"start_date"`
	EndDate      Text    `json:"end_date"`
	Status       Text    `json:"status"`
	UpdatedAt    Text    `json:"updated_at"`
}

// NewContractRecord writes down what c says for the client. Amount and Frequency
// stay empty: a [schema.Contract] does not hold them.
func NewContractRecord(client string, c schema.Contract) ContractRecord {
	r := ContractRecord{
		ClientID:     ID(client),
		AgreementID:  ID(c.ID),
		WorkerID:     ID(c.Worker),
		WorkerEmail:  Text(c.WorkerEmail),
		ExternalID:   Text(c.ExternalID),
		WorkerType:   Text(c.WorkerType),
		FirstName:    Text(c.FirstName),
		LastName:     Text(c.LastName),
		LegalName:    Text(c.LegalName),
		JobTitle:     Text(c.JobTitle),
		Department:   Text(c.Department),
		Entity:       Text(c.Entity),
		ContractType: Text(c.Type),
		Signing:      Text(c.Signing),
		Currency:     Text(c.Currency),
		StartDate:    Text(c.StartDate.String()),
		EndDate:      Text(c.EndDate.String()),
		Status:       Text(c.Status),
		UpdatedAt:    timeText(c.UpdatedAt),
	}
	if len(c.Country) == 2 && upperLetters(c.Country) {
		r.CountryISO = Text(c.Country)
	} else {
		r.Country = Text(c.Country)
	}
	return r
}

// InvoiceRecord is an invoice on the wire, to be written.
type InvoiceRecord struct {
	ClientID       ID           `json:"client_id"`
	InvoiceID      ID           `json:"invoice_id"`
	InvoiceNumber  Text         `json:"invoice_number"`
	Status         Text         `json:"status"`
	AgreementID    ID           `json:"agreement_id"`
	WorkerID       ID           `json:"worker_id"`
	WorkerEmail    Text         `json:"worker_email"`
	ExternalID     Text         `json:"external_id"`
	IssueDate      Text         `json:"issue_date"`
	DueDate        Text         `json:"due_date"`
	PeriodStart    Text         `json:"period_start"`
	PeriodEnd      Text         `json:"period_end"`
	PaidAt         Text         `json:"paid_at"`
	Currency       Text         `json:"currency"`
	TotalAmount    Decimal      `json:"total_amount"`
	USDTotalAmount Decimal      `json:"usd_total_amount"`
	ExchangeRate   Decimal      `json:"exchange_rate"`
	PaymentGroup   Text         `json:"payment_group"`
	Items          []ItemRecord `json:"items"`
	PDFURL         Text         `json:"pdf_url"`
	UpdatedAt      Text         `json:"updated_at"`
}

// ItemRecord is one position of an invoice on the wire, to be written.
type ItemRecord struct {
	ItemID        ID      `json:"item_id"`
	Concept       Text    `json:"concept"`
	Description   Text    `json:"description"`
	Quantity      Decimal `json:"quantity"`
	UnitAmount    Decimal `json:"unit_amount"`
	Amount        Decimal `json:"amount"`
	USDAmount     Decimal `json:"usd_amount"`
	AttachmentURL Text    `json:"attachment_url"`
}

// NewInvoiceRecord writes down what i says for the client. Amounts in dollars
// that are zero become null, which is how Ontop leaves them open.
func NewInvoiceRecord(client string, i schema.Invoice) InvoiceRecord {
	r := InvoiceRecord{
		ClientID:       ID(client),
		InvoiceID:      ID(i.ID),
		InvoiceNumber:  Text(i.Number),
		Status:         Text(i.Status),
		AgreementID:    ID(i.Contract),
		WorkerID:       ID(i.Worker),
		WorkerEmail:    Text(i.WorkerEmail),
		ExternalID:     Text(i.ExternalID),
		IssueDate:      Text(i.IssueDate.String()),
		DueDate:        Text(i.DueDate.String()),
		PeriodStart:    Text(i.PeriodStart.String()),
		PeriodEnd:      Text(i.PeriodEnd.String()),
		PaidAt:         timeText(i.PaidAt),
		Currency:       Text(i.Currency),
		TotalAmount:    Decimal(i.Total.Decimal()),
		USDTotalAmount: orNull(i.USDTotal),
		ExchangeRate:   Decimal(i.Rate),
		PaymentGroup:   Text(i.PaymentGroup),
		Items:          make([]ItemRecord, 0, len(i.Lines)),
		PDFURL:         Text(i.PDFURL),
		UpdatedAt:      timeText(i.UpdatedAt),
	}
	for _, line := range i.Lines {
		r.Items = append(r.Items, ItemRecord{
			ItemID:        ID(line.ItemID),
			Concept:       Text(line.Concept),
			Description:   Text(line.Description),
			Quantity:      Decimal(line.Quantity),
			Amount:        Decimal(line.Amount.Decimal()),
			USDAmount:     orNull(line.USDAmount),
			AttachmentURL: Text(line.AttachmentURL),
		})
	}
	return r
}

func orNull(m schema.Money) Decimal {
	if m.IsZero() {
		return ""
	}
	return Decimal(m.Decimal())
}

// VerifiedRecord is the data of a KYC event on the wire, to be written.
type VerifiedRecord struct {
	Status      Text `json:"status"`
	WorkerID    ID   `json:"worker_id"`
	ClientID    ID   `json:"client_id"`
	ExternalID  Text `json:"external_id"`
	WorkerEmail Text `json:"worker_email"`
}

// PaymentRecord is the data of a PAYMENT event on the wire, to be written.
type PaymentRecord struct {
	PaymentID           ID      `json:"payment_id"`
	ClientID            ID      `json:"client_id"`
	WorkerID            ID      `json:"worker_id"`
	PaylistID           ID      `json:"paylist_id"`
	IdempotencyKey      Text    `json:"idempotency_key"`
	Email               Text    `json:"email"`
	TransactionStatus   Text    `json:"transaction_status"`
	TransactionAmount   Decimal `json:"transaction_amount"`
	TransactionDateTime Decimal `json:"transaction_date_time"` // epoch seconds with a fraction
}

// TopUpRecord is the data of a CLIENT_WALLET_TOP_UP event on the wire, to be
// written.
type TopUpRecord struct {
	TransactionID   ID      `json:"transaction_id"`
	TransactionType Text    `json:"transaction_type"`
	Amount          Decimal `json:"amount"`
	ReferenceID     Text    `json:"reference_id"`
}
