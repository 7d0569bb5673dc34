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
	Uncertain        int // named or uncertain postings of vendors and bills
	OldestUncertain  time.Time
	Unverified       int
	OldestUnverified time.Time
	Declined         int

	// The same of tasks, whatever their kind.
	TasksDue          int // may be posted, now or when their RetryAt has come
	TasksWaiting      int // a person has to do something: see TaskPosition.Waits
	OldestTaskWaiting time.Time
	TasksUncertain    int // named or uncertain postings
	TasksUnverified   int // posted or adopted, and never read back
}
