package quickbooks

import (
	"context"
	"errors"
)

// Decision is what to do about an error: the one thing that callers branch on.
type Decision string

// The decisions.
const (
	// Retry sends the same again, with the same request id, after a while.
	Retry Decision = "retry"

	// Wait leaves the whole company alone for a while.
	Wait Decision = "wait"

	// LookUp finds out what the books hold before anything else is sent.
	LookUp Decision = "look_up"

	// Reauthorise needs a person to connect the company again.
	Reauthorise Decision = "reauthorise"

	// Fix needs other data, another rule or another program. The same request
	// never succeeds.
	Fix Decision = "fix"

	// Person puts it before someone with its sentence and next step.
	Person Decision = "person"
)

// FaultScope is how much a fault stops.
type FaultScope string

// The scopes.
const (
	// OneRecord stops the record that it is about; the others go on.
	OneRecord FaultScope = "record"

	// WholeCompany stops every write to the company until it is settled.
	WholeCompany FaultScope = "company"
)

// DecisionOf returns what to do about any error of this package. An error that
// came before anything was sent is retried; one of a kind unknown here is for a
// person. No error has no decision.
func DecisionOf(err error) Decision {
	if err == nil {
		return ""
	}
	if errors.Is(err, ErrReauthorise) || errors.Is(err, ErrNoToken) {
		return Reauthorise
	}
	if errors.Is(err, ErrQuota) {
		return Person
	}
	if missing, ok := errors.AsType[*NoAnswer](err); ok {
		return missing.Decision()
	}
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault.Decision()
	}
	if errors.Is(err, ErrRefused) {
		return Fix
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Retry
	}
	return Person
}
