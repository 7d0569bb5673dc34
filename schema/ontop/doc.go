// Package ontop is Ontop's wire format: the one place that knows how its
// webhooks are written. [Decode] turns a delivery into contracts and invoices of
// package schema, [Envelope] writes deliveries as Ontop would, and [Schemas]
// states the format as JSON Schema, with [Fixtures] for every event.
//
// # What is known and what is assumed
//
// Ontop publishes the envelope and three events: KYC, PAYMENT and
// CLIENT_WALLET_TOP_UP. The contract and invoice events are this project's
// assumption, written in the published style. When the real ones are known,
// this package changes and nothing else does.
//
// # Promises
//
// Decode is tolerant of form and strict on meaning. Ids may be numbers or
// strings, money may be a number or a string, times may be RFC 3339 or epoch
// seconds; none of them ever passes through a float. Whatever cannot be taken
// as it was sent is named with its field, its value and the way out, and what
// stands beside it is still taken: a bad amount does not lose the invoice, and a
// bad object does not lose the others of its delivery. Decode is a pure
// function and may be called by any number of goroutines.
//
// # What it does not do
//
// It verifies no signature (see ingest), and folds, drafts or judges nothing
// (see transform): whether lines add up, or a client is the company's, is not
// its business.
package ontop
