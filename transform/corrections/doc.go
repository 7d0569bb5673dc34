// Package corrections says which documents make the books say what an invoice says
// that changed, or was cancelled, after its document was posted.
//
// # Guarantees
//
// Nothing here reads or writes anything: the same [Case] always gives the same
// answer. The documents of an answer, together with all that was posted or approved
// before, equal what the invoice says now to the last minor unit, by vendor,
// currency, account, class and concept. Where no document can say it, which is when
// the amounts cancel out or only a date, the number or the rate changed, the answer
// is a proposal without one, for a person to act on. Nothing is ever approved here.
//
// What a person has decided stays: an approved document is built upon and never
// replaced, and books that were accepted as they are stay accepted until something
// that is booked changes.
//
// # What it does not do
//
// It does not draft what the invoice would become today (see package transform),
// and neither stores nor posts what it proposes.
package corrections
