// Package reconcile says whether the books agree with what arrived: one report
// for a company and a period, to the cent, as of any instant.
//
// # Promises
//
// Every invoice of the period stands in the report once, in exactly one state
// from the closed set, with a cause, an age, an owner and a next action. The
// completeness equation takes what was received from the source and every other
// amount from where it is now: a verified bill counts with the amount that
// QuickBooks holds. So the residual is not zero by construction; it is zero when
// no cent was lost, added or changed on the way.
//
// A report as of an instant uses only what was recorded until then, and comes out
// the same whenever it is made. Amounts of different currencies are never added.
//
// # Corrections
//
// What an invoice has in the books is its own document and the corrections of it,
// whenever these are dated. A correction counts where it is: in the books, on the
// way, declined, or held while it waits for a person. What was cancelled after it
// was posted counts as cancelled, as what was cancelled before does, and the document
// and its reversal add up to nothing beside it. Where a person said that the books
// are right as they are, they count with what they hold and the difference as
// skipped, with who said so and why. That covers what the books held when it was
// said, and what the invoice said: any later change on either side is open again.
//
// # Extras
//
// A bill in the books that we did not post and that no invoice explains is an extra
// of the period, when it is owed to a vendor to whom we post: that is what paying
// twice looks like. Extras are no part of what was received, so that the equation
// leaves them out; but a period with one is not tied until somebody deletes it in
// QuickBooks, or says that it is right by skipping it under the id that the report
// gives it. What others enter for other vendors is not our business.
//
// # What it does not do
//
// It changes nothing and asks QuickBooks nothing: what the books say was read
// back and recorded by load. It draws no page; see dashboards/reports.
package reconcile
