package schema

import "time"

// Metered counts calls of QuickBooks that succeeded, in the classes by which Intuit
// meters apps.
type Metered struct {
	Core     int64 // free
	CorePlus int64 // counts against the app's monthly quota
}

// Plus returns the sum of both.
func (m Metered) Plus(n Metered) Metered {
	return Metered{Core: m.Core + n.Core, CorePlus: m.CorePlus + n.CorePlus}
}

// MeteredCalls is how many calls of a company's QuickBooks one process had made in
// a month, by an instant. They only ever grow, so that the largest counts of a
// holder hold; the sum over holders is the month's.
type MeteredCalls struct {
	Company CompanyID
	// Month is the month in UTC. In which time zone Intuit's months begin is not
	// published.
	Month  Period
	Holder string // names the process, and no other
	Metered
	RecordedAt time.Time
}

// MeteredMonth returns the month in which calls made at t are counted.
func MeteredMonth(t time.Time) Period { return DateOf(t.UTC()).Period() }
