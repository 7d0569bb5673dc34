// Package transform turns what arrived into what is to be posted: staged
// deliveries into contracts and invoices, and those into drafts of bills, each
// ready or held with every reason at once. An invoice below zero becomes a vendor
// credit where the company's policy says so, and is held where it does not.
//
// It also says what else is to be made in QuickBooks, each of it a [schema.Task]: a
// correction of what was posted for an invoice that changed since, a file to attach,
// a payment of an invoice, and a transfer for money that came into the wallet.
// Corrections are proposed, and a person approves each; the others follow from the
// company's policy, or are held with what is missing.
//
// # Guarantees
//
// Every delivery gets exactly one outcome, and one that cannot be read stops no
// other. Contracts and invoices only move forward: in whatever order and however
// often deliveries come, the same drafts result. A draft is ready only when its
// lines add up to the invoice's total exactly, every line names the rule that
// coded it, and vendor, accounts, classes, location, currency, rate and period are
// known and fit.
// Nothing is guessed: what does not fit is held, with the field, its value, the
// next step and who can take it.
//
// A round may be interrupted at any point and repeated at any time. Facts are
// recorded before the outcome of the delivery that brought them, and only where
// they differ from what is stored, so that a round that finds nothing new
// records nothing. What may already be in QuickBooks is never drafted again.
//
// What is posted for an invoice, with its corrections, is what the invoice says, to
// the last minor unit by vendor, currency, account and class, as soon as a person has
// approved what is proposed (see transform/corrections). No invoice is paid twice,
// whatever says that it was paid (see transform/payments).
//
// Tasks that follow from a policy are made of invoices that arrive or change, and of
// those that are not posted yet, while the policy is on. An invoice that was posted
// before gets them when Ontop sends it again.
//
// # What it does not do
//
// It receives nothing (see ingest), and sends nothing (see load). It neither
// creates vendors nor reads QuickBooks: it goes by the last reading of the books.
package transform
