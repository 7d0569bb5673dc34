// Package schema is the vocabulary that every part of tieout shares: what
// arrives (Delivery), what it says (Contract, Invoice), what we mean to post
// (Draft, Task) and why we do not (Hold), what was sent (Posting), what the books
// hold (Verification, Books), and what finance reads (Report).
//
// # Promises
//
// Amounts are exact: [Money] counts minor units of one currency in an int64,
// and no float ever holds one. Values are facts, not live objects: each says
// when it was recorded, is never changed afterwards, and may be copied and
// shared between goroutines freely. Instants are UTC; a [Date] has no time zone
// and a [Period] is a calendar month. Ids that a rerun must find again are
// derived from their causes, so that running a stage twice changes nothing.
//
// # What it does not do
//
// It reads no wire format (see schema/ontop), stores nothing (see schema/store)
// and decides nothing that needs more than one fact (see transform, load and
// load/reconcile). It imports no other package of this project.
package schema
