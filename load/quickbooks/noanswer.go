package quickbooks

import (
	"errors"
	"fmt"
	"net"
	"net/url"
)

// NoAnswer means that nobody knows what QuickBooks did: the network failed, time
// ran out, the answer was cut off or makes no sense, or QuickBooks failed inside.
// A write may have happened. For a read it only means "again, later".
type NoAnswer struct {
	// Operation is what was asked, such as batch or query.
	Operation string

	// Write is whether something may have been written.
	Write bool

	// NeverSent is true where it is certain that the request did not leave, such
	// as when no connection could be made. Nothing happened then.
	NeverSent bool

	// HTTPStatus is the status of an answer that is no use, and 0 without one.
	HTTPStatus int

	// TID is what Intuit's support needs to find the request, if it got that far.
	TID string

	// Fault is what QuickBooks said while failing inside, if anything. It does
	// not prove that nothing was written.
	Fault *Fault

	// Err is the cause. It holds no address, for those carry queries.
	Err error
}

// Error says what is unknown, and why.
func (n *NoAnswer) Error() string {
	s := "quickbooks " + n.Operation + ": no answer"
	if n.HTTPStatus != 0 {
		s += fmt.Sprintf(", status %d", n.HTTPStatus)
	}
	if n.TID != "" {
		s += ", intuit_tid " + n.TID
	}
	if n.Err != nil {
		s += ": " + n.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (n *NoAnswer) Unwrap() error { return n.Err }

// Decision says what to do: look up what a write did, repeat a read.
func (n *NoAnswer) Decision() Decision {
	if n.Write && !n.NeverSent {
		return LookUp
	}
	return Retry
}

var (
	errUnreadable = errors.New("the answer makes no sense")
	errCutOff     = errors.New("the answer was cut off")
	errTooLong    = errors.New("the answer is too long")
	errInside     = errors.New("quickbooks failed inside")
	errRedirect   = errors.New("redirects are not followed")
	errIncomplete = errors.New("the answer lacks what was asked for")
	errMissing    = errors.New("the batch was answered without this item")
	errTwice      = errors.New("the batch answered this item more than once")
)

// withoutURL drops the address that net/http puts around its errors: queries
// hold names and document numbers.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// neverLeft reports whether the request certainly stayed here. It must not err
// on the side of yes: anything doubtful counts as sent.
func neverLeft(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
