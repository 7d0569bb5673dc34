// Package wayin proves the way in: it sends one signed test event to the address at
// which Ontop reaches a company, and follows it to its outcome.
//
// # Promises
//
// What is sent can never become a bill: its type is [schema.TestEvent], it holds no
// invoice and no contract, and the transform gives it the outcome
// [schema.OutcomeTest]. It is signed as the company's deliveries are, with the newest
// secret that is believed now. Every step is told as it is taken, with what was seen
// and, where it fails, the cause and the way out; nothing is tried again, and every step
// has a bound. TLS is verified as any sender does, always. No secret is ever told.
//
// # What it does not do
//
// It does not go the way from Ontop's own network: whether a firewall lets that in,
// only a delivery of Ontop's can show. It changes nothing but that one more delivery is
// kept.
package wayin
