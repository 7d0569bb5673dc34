// Package webhookload sends signed webhooks as fast as they are answered, or at a
// fixed rate whatever the answers take, and accounts for every one of them.
//
// # Promises
//
// No two requests carry the same id, over all runs of a [Generator], and no two the
// same body. In open loop ([Generator.Open]) the time of a request counts from when
// it was meant to be sent, so that a server that stalls cannot hide the requests
// that its stall kept back; what no connection was free for in time is counted, and
// what was never sent has a time as well. Every request has one fate: acknowledged,
// refused or cut off; see [Ledger].
//
// # What it does not do
//
// It repeats no request, and does not know what the server keeps: whoever uses it
// asks the server or its store, and compares; see [Ledger.Check] and [Count].
package webhookload
