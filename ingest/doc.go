// Package ingest receives deliveries, proves where they come from, and stages
// them durably: by webhook through [Receiver], [Journal] and [Drainer], and
// from files through [Import].
//
// # Guarantees
//
// A delivery is answered 202 only once it is on disk: in the journal, checked by
// sum, file and folder both synced. Concurrent requests share one sync, and none
// waits for company. What was answered 202 reaches the store exactly once, in the
// order of the journal, through crashes, power cuts and a store that is away;
// until the store has confirmed it, the journal keeps it. A journal that is
// damaged on disk says which deliveries it lost, in its log once and to those who
// inspect it until the file is taken away, and never returns one that was not
// written. A request that is answered anything but 202 may have been stored too;
// senders repeat themselves, and readers make deliveries unique.
//
// Every body with a valid signature is stored byte for byte, whatever it says.
// A request that cannot be verified changes nothing and learns no reason. One whose
// header says in two ways where it ends is refused, and nothing behind it is read.
//
// What requests hold is bounded: connections, memory, and time to send and to read.
// What is too much is answered 503 at once rather than late, and one company of
// several can use up no more than half of the places and of the memory.
//
// # What it does not do
//
// It does not read what a delivery says (see transform) and does not know where
// blocks are stored (see schema/store). One process owns a journal's folder.
package ingest
