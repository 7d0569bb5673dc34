package load

import "time"

// The times that safety rests on.
const (
	// freshFor bounds what a pause between looking and sending can do: a loader
	// that was asleep for longer looks again.
	freshFor = 30 * time.Second

	// longestWait bounds how long the client may hold a request back for the
	// throttles. What has not left by then does not leave.
	longestWait = 5 * time.Minute

	// longestRequest is when QuickBooks cuts a request: none is carried out later
	// than that after it left.
	longestRequest = 120 * time.Second

	// conclusiveAfter is when looking in vain proves that nothing was created.
	// Half a minute is for clocks that disagree.
	conclusiveAfter = freshFor + longestWait + longestRequest + 30*time.Second
)

// newRules are the numbers of the protocol. A name that QuickBooks declines for
// now is sent six times, after pauses of 1, 2, 4, 8 and 16 minutes: what takes
// longer than half an hour is for a person.
func newRules(patience time.Duration) rules {
	return rules{
		fresh:      freshFor,
		conclusive: conclusiveAfter,
		patience:   patience,
		attempts:   6,
		retry:      time.Minute,
		retryMax:   time.Hour,
		pause:      5 * time.Minute,
	}
}
