// Package load posts drafts to QuickBooks as vendors, bills and vendor credits, and
// what tasks ask for besides, corrections, files, payments and transfers, each once,
// and reads back what it posted.
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
// from a seed. Per subject (an invoice, a payee or a task), where capitals are states
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
// below all of it. Above the line they wait for company: one batch of each kind
// and month goes each hour all the same, and one read of each kind every six hours,
// since the mirror meets bills that were not read back within the hour, whole, and
// so for nothing. Full batches and the mirror never wait, and may bring a month above
// its budget. The month is UTC's, and its
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
// # Tasks
//
// What else is to be made is asked for by tasks, which follow the same protocol, kind
// by kind, under names of their own. One that is about an invoice waits until the
// invoice's own document was read back. A [schema.Task] that was declined waits for a
// person, and is sent under another name once that person approves it again.
//
// A correction is a bill or a vendor credit with a number and a mark of its own, so
// that no look-up mistakes it for the invoice's document. The mirror knows whose it
// is, and somebody's bill that is alike is put before a person first.
//
// A payment pays one bill whole, at the bill's own rate, from an account of type
// Bank. It is recorded only while the mirror has the bill as it was posted, all of it
// owed and nothing that corrects it; a correction that is not decided is waited for.
// What somebody has paid is over and done with, and anything else is a person's. What
// somebody paid since the last look is for QuickBooks to refuse. A lost payment is
// looked for by its number and by what its bill says it is paid by.
//
// A transfer records a top-up in the home currency, between two accounts of type
// Bank. It has no number: it is looked for by its day, and among what changed since
// it was named. Somebody's transfer between the same accounts, over the same amount
// and dated within Config.DuplicateDays, is put before a person first.
//
// Where nothing is asked for, tasks cost one query of the store a kind and cycle, and
// no call of QuickBooks. Payments and corrections go in batches of their month, at
// the pace of bills and from the same budget, and are met by the mirror within the
// hour: 10,000 payments that come together are 334 calls more, and 50 to read them
// back. A paid bill is among the changes of its hour, as is what paid it. A top-up is
// three calls, for it looks around first. Uploads of files are free.
//
// Changes alone tell what became of payments and transfers afterwards: a sweep does
// not read them, so that after a month without a look nothing does.
//
// # Attachments
//
// A file is fetched (see load/fetch) before its posting is named, and sent in the
// same cycle. The posting keeps its name, type, size and SHA-256, and never the bytes.
// What cannot be fetched for a reason that may pass is tried eight times in two days
// and a half, and is then for a person, as is anything else at once; the document
// stands, and nothing waits for the file. A cycle begins with at most Config.Uploads
// files, Config.UploadsTogether at once and for two minutes, and bills go first in the
// next.
//
// Nothing relies on QuickBooks recognising the request id of an upload, which is not
// documented, except that two loaders at once attach a file once: an upload without
// an answer is looked for once no request can be on its way, eight and a half minutes
// later, and sent again only while the file is the very same. Uploads are not metered.
// 10,000 files a month are one look for each cycle in which answers were lost, and 50
// queries to read them all back when they come together; when they come one by one,
// as many as the budget for small reads has left. What becomes of an attachment after
// it was read back is not followed.
//
// # What it relies on
//
// QuickBooks ends every request within 120 seconds, and recognises a request id
// at least for the ten minutes in which two requests with it can overlap.
// Everything that is older is caught by looking up. Config.Patience of eight
// minutes makes do without request ids, and settles lost requests that much
// later.
//
// What was sent and never answered is found by its number, or, where somebody changed
// that meanwhile, by its mark among what changed since it was named, for which clocks
// may disagree by ten minutes. Who takes both from a document before the next cycle
// leaves nothing to tell it by.
//
// Two loaders at once, because a lease failed, still post each draft once. What
// only the lease prevents is that they hold different drafts of one subject. The
// store cannot compare and set: that no other loader names anything between
// reading the newest posting and recording a decline behind it is assumed.
//
// # What it does not do
//
// It decides neither what a bill says (see transform) nor what the books as a
// whole say (see load/reconcile), and speaks no HTTP (see load/quickbooks).
package load
