// Package store keeps every fact of tieout in ClickHouse: the embedded engine, a
// server or a cluster, through one client and one dialect. It is the only package
// that speaks SQL.
//
// # Promises
//
// Facts are appended and never changed. Readers make rows unique themselves, so
// that nothing depends on when the engine merges. Of several records of one
// subject the newest by the time of recording holds, and of those with the same
// time the one recorded last; with asOf, a read sees only what was recorded by
// then and so gives the same answer for ever. Recording a fact again changes
// nothing that a reader sees. A block of deliveries is stored once, however often
// it is offered, also after the engine has forgotten that it was.
//
// An insert that fails may have taken effect: its error wraps [ErrUnknownOutcome],
// and the way on is to record the same facts again. What a company has to do next
// is found at a cost that follows what changed, not what is stored; see
// watermark.go for why nothing is ever skipped.
//
// # What it does not do
//
// It opens no engine (see schema/engine) and decides nothing about what it keeps.
// Tokens come to it sealed. It deletes one thing only, and only when asked to: the
// older form of a delivery that [Store.Redact] wrote anew without personal data.
package store
