package ontop

import "github.com/tieout/tieout/schema"

// EventType is an envelope's event_type, as sent.
type EventType string

// The event types that are known.
const (
	ContractCreated  EventType = "CONTRACT_CREATED"
	ContractUpdated  EventType = "CONTRACT_UPDATED"
	ContractEnded    EventType = "CONTRACT_ENDED"
	InvoiceCreated   EventType = "INVOICE_CREATED"
	InvoiceUpdated   EventType = "INVOICE_UPDATED"
	InvoiceConfirmed EventType = "INVOICE_CONFIRMED"
	InvoicePaid      EventType = "INVOICE_PAID"
	InvoiceCancelled EventType = "INVOICE_CANCELLED"
	// PlatformFeeInvoiced is the type of every event of an invoice for Ontop's
	// own fees, whatever its status: without a worker, nothing else tells one
	// from an invoice that lost its worker.
	PlatformFeeInvoiced EventType = "PLATFORM_FEE_INVOICED"
	KYC                 EventType = "KYC"
	PaymentMade         EventType = "PAYMENT"
	ClientWalletTopUp   EventType = "CLIENT_WALLET_TOP_UP"
)

// EventTypes returns all event types that are known.
func EventTypes() []EventType {
	return []EventType{
		ContractCreated, ContractUpdated, ContractEnded, InvoiceCreated, InvoiceUpdated, InvoiceConfirmed, InvoicePaid,
		InvoiceCancelled, PlatformFeeInvoiced, KYC, PaymentMade, ClientWalletTopUp,
	}
}

// Kind is what an event is about.
type Kind string

// The kinds of event.
const (
	KindContract Kind = "contract"
	KindInvoice  Kind = "invoice"
	KindNoted    Kind = "noted"   // changes neither: KYC, PAYMENT, CLIENT_WALLET_TOP_UP
	KindUnknown  Kind = "unknown" // kept, and waits for a version that knows it
)

// Kind returns what events of this type are about.
func (t EventType) Kind() Kind {
	switch t {
	case ContractCreated, ContractUpdated, ContractEnded:
		return KindContract
	case InvoiceCreated, InvoiceUpdated, InvoiceConfirmed, InvoicePaid, InvoiceCancelled, PlatformFeeInvoiced:
		return KindInvoice
	case KYC, PaymentMade, ClientWalletTopUp:
		return KindNoted
	}
	return KindUnknown
}

// Implies returns how far an invoice has come at least when an event of this
// type speaks of it; nothing for events that are not about invoices.
func (t EventType) Implies() schema.InvoiceStatus {
	switch t {
	case InvoiceCreated, InvoiceUpdated:
		return schema.StatusCreated
	case InvoiceConfirmed, PlatformFeeInvoiced:
		// Ontop's own fees are billed, not proposed.
		return schema.StatusConfirmed
	case InvoicePaid:
		return schema.StatusPaid
	case InvoiceCancelled:
		return schema.StatusCancelled
	default:
		return ""
	}
}

// Concepts returns the concepts of invoice lines that are known by name. Any
// other is kept under its own name.
func Concepts() []string {
	return []string{
		"FIXED_PAYMENT", "HOURLY_PAYMENT", "TASK_PAYMENT", "MILESTONE_PAYMENT", "PRORATED_PAYMENT", "BONUS", "COMMISSION",
		"REIMBURSEMENT", "OVERTIME", "ADJUSTMENT", "DEDUCTION", "TAX", "PLATFORM_FEE", "PAYMENT_METHOD_FEE",
	}
}
