// Package quickbooks speaks with one QuickBooks Online company at a time:
// OAuth, reading, querying and writing in batches.
//
// # Guarantees
//
// A call ends in one of three ways, and they are never mixed up. It succeeds;
// or it returns a [*Fault], which is QuickBooks declining a request that it
// understood; or it returns a [*NoAnswer], after which a write may or may not
// have happened. Every other error means that nothing was sent.
//
// A write is sent once. It is sent again only when QuickBooks itself said that
// it did nothing, because the token was spent or the company was throttled, and
// then with the same bytes and the same request id. What to do after a
// [*NoAnswer] is the caller's decision, who has stored what it was about to do.
//
// Amounts are decimal text on the wire and in memory, in both directions. No
// float ever touches one.
//
// Requests stay inside the published throttles by moving windows, and a company
// that throttles us anyway is left alone for a minute.
//
// A rotated refresh token is stored before it is used, under a lock that holds
// across processes, because QuickBooks punishes two exchanges of one token by
// ending the connection.
//
// No token, secret or personal data appears in an error or a log line. Detail
// that QuickBooks words for people is a field of the fault, not its Error text.
//
// # What it does not do
//
// It does not remember what was written, resolve a lost answer, choose names or
// accounts, or decide what to post; package load does. It never sends the option
// that makes QuickBooks accept a duplicate document number.
//
// # Faults
//
// What QuickBooks may answer, what it means and what becomes of it is one table,
// [Catalogue]; FAULTS.md beside this file is the same for people. Every row is met
// in a test through this client.
package quickbooks
