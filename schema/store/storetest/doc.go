// Package storetest holds what every store of tieout must keep, as a suite that
// any of them can be run against, and Memory, the store in memory that keeps it.
//
// # Promises
//
// Memory and the ClickHouse store answer alike: [Run] checks each promise against
// both, and a model test draws random histories and compares every read. Memory
// is safe for concurrent use, copies what goes in and what comes out, and fails
// on request, before or after the effect, so that callers can prove that they
// survive an unknown outcome.
//
// # What it does not do
//
// Memory forgets everything when the process ends, and is made for tests and for
// nothing else.
package storetest
