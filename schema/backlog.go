package schema

import "time"

// Backlog is what still has to happen for a company, for status and metrics.
// The times are those of the oldest item, zero when there is none.
type Backlog struct {
	Pending          int // deliveries without an outcome
	OldestPending    time.Time
	Held             map[HoldReason]int // by first reason
	OldestHeld       time.Time          // when the invoice was first recorded
	Waiting          int
	Due              int // ready to post
	OldestDue        time.Time
	Uncertain        int // named or uncertain postings
	OldestUncertain  time.Time
	Unverified       int
	OldestUnverified time.Time
	Declined         int
}
