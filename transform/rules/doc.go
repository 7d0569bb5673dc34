// Package rules says which account an invoice line is booked to, and which class
// and location it belongs to. Finance writes the rules once, one concept each;
// this package reads them, checks them against the books, numbers their versions
// and finds the rule of a line.
//
// # Promises
//
// A line's concept matches at most one rule, exactly as it is written; there is
// no default account. Everything wrong with a file is reported at once, each
// mistake with its line, its field, its value and the way out. A rule's id and
// version together mean the same account, class and location for ever, so that a
// posted line can always be explained. All functions are pure and safe for
// concurrent use.
//
// # What it does not do
//
// It stores nothing and reads no QuickBooks: its callers bring the rules and the
// books, and keep what comes out.
package rules
