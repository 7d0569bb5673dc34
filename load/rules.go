package load

import "time"

// The times that safety rests on.
const (
	// QuickBooks cuts a request after 120 seconds, so none is carried out later
	// than that after it left.
	longestRequest = 120 * time.Second

	// freshFor bounds what a pause between looking and sending can do: a loader
	// that was asleep for longer looks again. Waiting for the throttles counts.
	freshFor = 30 * time.Second

	// conclusiveAfter is when looking in vain proves that nothing was created: the
	// last request left within freshFor of its name and took at most
	// longestRequest. Half a minute is for clocks that disagree.
	conclusiveAfter = freshFor + longestRequest + 30*time.Second
)

// defaultRules are the numbers of the protocol. A name that QuickBooks declines
// for now is sent six times, after pauses of 1, 2, 4, 8 and 16 minutes: what
// takes longer than half an hour is for a person.
func defaultRules() rules {
	return rules{
		fresh:      freshFor,
		conclusive: conclusiveAfter,
		attempts:   6,
		retry:      time.Minute,
		retryMax:   time.Hour,
		pause:      5 * time.Minute,
	}
}
