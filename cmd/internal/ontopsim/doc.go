// Package ontopsim pretends to be Ontop: it makes up the history of a client,
// with every kind of trouble that real deliveries bring, signs it and posts it.
//
// # Promises
//
// [Generate] is a pure function of its [Config]: the same seed gives the same
// bytes. Next to the events it tells what they add up to, counted while the
// history is made up and not by reading it again, so that whatever processes the
// events can be checked against an independent source. Amounts are exact, and
// except where a trouble says otherwise every invoice's lines add up to its
// total.
//
// A [Sender] does what a careful webhook sender does: it signs as Standard
// Webhooks asks, keeps an event's id and signs anew on every attempt, honours
// Retry-After, and gives up after a bounded number of attempts.
//
// # What it does not do
//
// It knows nothing of rules, vendors or QuickBooks: which of its invoices end up
// as bills is for the pipeline, and for whoever tests it, to say.
package ontopsim
