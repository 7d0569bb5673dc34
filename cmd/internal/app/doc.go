// Package app ties the stages together: it opens the store, connects companies to
// QuickBooks, runs whole cycles, and serves until it is told to stop. Commands and
// tests drive the same App.
//
// # Promises
//
// A company runs one cycle at a time, across all processes that share the store.
// QuickBooks or ClickHouse being away is never a reason to stop receiving. Serve
// returns only when everything that it started has ended, and answers every
// delivery that it accepted before that. What belongs to one company cannot keep
// another from its work.
//
// A company stays with the QuickBooks company that it posted to; one that moves
// before it posted anything takes no rule, vendor or chart along. Tokens are renewed
// by one process at a time and stored before they are used. What a month has cost in
// metered calls is summed over all processes and stored at the end of each cycle: a
// process that dies loses the count of one cycle at most.
//
// # What it does not do
//
// It decides nothing about money: see transform, load and load/reconcile.
package app
