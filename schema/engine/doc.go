// Package engine is a ClickHouse in this process: libchdb behind ClickHouse's
// own HTTP interface, so that clickhouse-go drives it like a server.
//
// It owns the library (found, fetched and checked here), the data folder, and
// the folder's socket. An [Engine] is an http.RoundTripper for the client in
// the same process, and an http.Handler for clients in others.
//
// # Ownership
//
// One process has a data folder open. Which one is decided by a lock on
// engine.lock in the folder, taken before the engine looks at the data and
// dropped by the kernel when the process ends, however it ends. The number of
// the process and the path of its socket are notes in that file, no more; a
// socket that a killed process left behind means nothing and is replaced.
//
// libchdb keeps one engine for each process, so a process has one folder open
// at a time ([ErrSecondFolder]). Tests use a database each in one folder.
//
// # Attach
//
// [Attach] opens the folder if it is free and serves it on a unix socket (mode
// 0600, in a folder of mode 0700; below the temporary folder if the path would
// be too long); otherwise it returns a transport to the socket of the owner.
// The client cannot tell which. When the owner goes, those attached to it get
// [ErrOwnerGone] and have to attach again.
//
// # Guarantees
//
// An INSERT that was answered is synced to the disk, the entry of its folder
// included, and so is what merges make of it. An INSERT whose body breaks off
// is not committed; any other error of an INSERT means that its outcome is not
// known.
//
// Rows are streamed in both directions: an INSERT holds 256 KiB of its body at
// a time, a SELECT two blocks of its result, if the format is Native,
// RowBinary, JSONEachRow, CSV or TabSeparated. Other formats are built whole.
//
// A result that fails half-way ends in ClickHouse's exception block and an
// unexpected EOF, so that it cannot be taken for a short one.
//
// When a request's context ends, the caller returns at once, whatever the
// engine is doing; the statement is killed, and its connection serves again
// when it has ended. Statements without max_execution_time have one.
//
// Each statement stands alone: its settings, parameters and temporary tables
// reach no other, and nothing is left to the engine's defaults that this
// product depends on (see settings.go).
//
// # What it does not do
//
// It does not know the schema, choose tables' settings or deduplicate inserts
// (see schema/store); a table that is to keep a deduplication window says so
// itself. It serves no sessions, no external tables and no compression, except
// bodies in gzip, and listens on no network.
package engine
