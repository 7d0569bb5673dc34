// Package vendors says which QuickBooks vendor a payee is: the one that was
// linked before, the one that plainly is the same, or a proposal to create one.
//
// # Promises
//
// Nothing is guessed. A payee is linked by itself only to the one active vendor
// in its currency that has its e-mail, or else its name, and never by name when
// another payee that is known by then has that name or that vendor. A vendor that is like it is
// named in the proposal, for a person to decide. What was decided stays: a payee
// that is linked, approved or declined is never looked up again. Names to be
// created fit QuickBooks' rules and are unique among its vendors and our payees.
//
// # What it does not do
//
// It creates no vendor (see load), stores nothing, and cannot see QuickBooks'
// customers and employees, which share the vendors' names.
package vendors
