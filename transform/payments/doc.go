// Package payments says which task records that an invoice was paid, and which
// invoice a payment of Ontop's paid.
//
// # Guarantees
//
// Nothing here reads or writes anything. An invoice has one payment, whatever said
// that it was paid and in whatever order: what INVOICE_PAID said and what PAYMENT
// said of the same money become one task. A payment is matched to an invoice only
// where worker and amount leave no other choice, or the very day agrees too; where
// several invoices fit, or none does, a person says which. What a person decided,
// and what may be in the books already, is never changed.
//
// # What it does not do
//
// It neither finds the invoices of a worker nor stores tasks (see package
// transform), and posts nothing (see load).
package payments
