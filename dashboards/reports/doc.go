// Package reports writes a reconciliation report for people and for programs.
//
// # Promises
//
// Every form says the same: verdict first, then the equation of each currency,
// counts and amounts by state, what needs somebody (oldest first), and the facts
// of the run. Amounts are written exactly, in the digits of their currency; those
// of different currencies never share a sum. The same report gives the same bytes.
//
// # What it does not do
//
// It computes nothing; see load/reconcile.
package reports
