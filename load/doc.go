// Package load posts drafts to QuickBooks as vendors, bills and vendor credits,
// once, and reads back what it posted.
//
// # Guarantees
//
// Nothing is posted twice. What is about to be sent is named and stored before
// it leaves: the request id and item id that QuickBooks joins, and the exact
// bytes. A lost answer is neither success nor failure, and time alone never
// turns it into either: it is looked up, by what it is and not by when, and sent
// again only under the same name and with the same bytes.
//
// Nothing that others entered is taken for ours. Every document carries the id
// of the draft that it came from; something alike without it is put before a
// person as a possible duplicate.
//
// An invoice has one document, a bill or a vendor credit. Where a draft of the
// other kind went before, the look-up is among both.
//
// One bad item never stops the rest. A lost authorisation, a blocked company or
// a used-up quota stops what it must, and is told.
//
// # The protocol
//
// It is a pure function, step, so that millions of schedules of it can be played
// from a seed. Per subject (an invoice or a payee), where capitals are states
// that are stored:
//
//	due ──▶ check ──▶ NAMED ──▶ claim ──▶ send ──┬─ created ─────────────▶ POSTED
//	 ▲        ▲                                  ├─ declined ─▶ check ───▶ DECLINED
//	 │        │ nothing                          ├─ exists ───▶ look up
//	 │        │                                  └─ no answer ─▶ check ──▶ UNCERTAIN
//	 │      look up ◀── NAMED or UNCERTAIN, found after a restart or a cycle later
//	 │        ├─ ours ───────────────────────────────────────────────────▶ ADOPTED
//	 │        └─ something alike, or nothing after all attempts ─────────▶ DECLINED
//	 └─────────── DECLINED, when it may be retried or was drafted anew (look up first)
//
// A check reads the newest stored posting and lets go of a subject that another
// loader holds; the claim after naming is such a check. No decline is recorded
// while an earlier request with the same name may still be under way: until then
// the posting stays uncertain.
//
// # What it relies on
//
// QuickBooks ends every request within 120 seconds, and recognises a request id
// at least for the ten minutes in which two requests with it can overlap.
// Everything that is older is caught by looking up. Config.Patience of eight
// minutes makes do without request ids, and settles lost requests that much
// later.
//
// Two loaders at once, because a lease failed, still post each draft once. What
// only the lease prevents is that they hold different drafts of one invoice. The
// store cannot compare and set: that no other loader names anything between
// reading the newest posting and recording a decline behind it is assumed.
//
// # What it does not do
//
// It decides neither what a bill says (see transform) nor what the books as a
// whole say (see load/reconcile), and speaks no HTTP (see load/quickbooks).
package load
