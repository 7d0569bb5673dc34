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
// # The mirror, and what it costs
//
// What QuickBooks holds of bills and vendor credits, whoever entered them, is kept
// in the store, together with the chart: [Loader.Mirror] reads what changed, and
// [Loader.Sweep] everything dated in the last Config.MirrorDays. A bill that
// somebody typed in, of the vendor, amount and currency of a draft and dated within
// Config.DuplicateDays, is put before a person instead of posting the draft. What
// was typed in since the last look is not known. What somebody
// did to documents of ours is recorded as a new verification.
//
// Intuit meters what is read, and blocks an app that used up its month. What is
// metered and need not be at once is spent from a budget of the company, 5,000 calls
// a month unless it is told otherwise: batches that are not full, and reads back of
// fewer than 200 documents. They go at once while the month's use is below a line
// that begins at a quarter of the budget (a twelfth for reads) and ends a little
// below all of it. Above the line they wait for company: one batch goes each hour
// all the same, and one read every six hours, since the mirror meets what was not
// read back within the hour, whole, and so for nothing. Full batches and the mirror
// never wait, and may bring a month above its budget. The month is UTC's, and its
// use what Config.Metered says of all processes.
//
//	invoices a month, one by one              1,000    10,000
//	a look at the changes and at the settings,
//	every hour                                1,440     1,440
//	a sweep each night, of three months: a page
//	per 1,000 bills, and some 8 more            360     1,170
//	batches, and reads back                   2,000     2,290
//	                                          -----    ------
//	                                          3,800     4,900
//
// A thousand never wait to be posted, however they crowd. Of ten thousand a good
// tenth goes at once, the rest by the dozen: half wait less than 25 minutes, none
// more than an hour, and half are read back within 80 minutes. With a budget of
// 30,000 none of them waits. Bills that come together fill batches instead, 334 of
// them and 50 reads; a page of changes that they fill has the books swept, at some
// 39 calls for every 1,000. Whether a batch is metered at all is not settled; it is
// counted. Config.BatchSize of 1 makes every bill a batch, which never waits.
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
