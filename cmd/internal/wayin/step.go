package wayin

import (
	"fmt"
	"time"
)

// The steps, in their order.
const (
	StepSigned    = "signed"
	StepResolved  = "resolved"
	StepConnected = "connected"
	StepTLS       = "tls"
	StepAnswered  = "answered"
	StepStored    = "stored"
	StepRead      = "read"
)

// Step is one step of the way, taken.
type Step struct {
	Name string
	// Detail is what was seen, for a person; empty when nothing was.
	Detail string
	// Warning is what is not as it should be, though the step was taken.
	Warning string
	// Trouble is why the way ends here; nil when it goes on.
	Trouble *Trouble
	Took    time.Duration
}

// Trouble is why a step could not be taken.
type Trouble struct {
	Cause string
	Next  string // the way out; empty when nothing better is known than the cause
}

func troubled(next, format string, args ...any) *Trouble {
	return &Trouble{Cause: fmt.Sprintf(format, args...), Next: next}
}
