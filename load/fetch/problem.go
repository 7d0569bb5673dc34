package fetch

import (
	"fmt"
	"time"
)

// Reason is why a file could not be fetched: a closed set.
type Reason string

// The reasons. The first four may pass.
const (
	Unreachable Reason = "unreachable" // no connection, or no name for now
	TooSlow     Reason = "too_slow"
	Busy        Reason = "busy"       // the host says: later
	BrokenOff   Reason = "broken_off" // less came than was announced

	Gone       Reason = "gone"
	Forbidden  Reason = "forbidden" // most often a link that expired
	Refused    Reason = "refused"   // any other answer without a file
	NoSuchHost Reason = "no_such_host"
	BadAddress Reason = "bad_address"
	NotAllowed Reason = "not_allowed" // the host, its address or the way there
	HTMLPage   Reason = "html_page"
	TooLarge   Reason = "too_large"
	Empty      Reason = "empty"
	WrongKind  Reason = "wrong_kind"
)

// Mender is who can do something about a problem.
type Mender string

// The menders.
const (
	Nobody   Mender = "nobody"   // it passes by itself
	Source   Mender = "source"   // whoever sent the address, asked by finance
	Operator Mender = "operator" // whoever runs tieout
)

// A Problem is a file that could not be fetched.
type Problem struct {
	Reason Reason
	Host   string // where it went wrong
	File   string // the last element of the path that was asked for
	Status int    // of the answer, if there was one

	// RetryAfter is how long the host asked to wait; zero when it did not.
	RetryAfter time.Duration

	Meaning string // what happened, in a sentence for finance
	Next    string // the way out, should it not pass by itself
	Mender  Mender

	cause error
}

func (p *Problem) Error() string {
	if p.cause == nil {
		return fmt.Sprintf("fetch %q from %s: %s", p.File, p.Host, p.Reason)
	}
	return fmt.Sprintf("fetch %q from %s: %s: %.200s", p.File, p.Host, p.Reason, printable(p.cause.Error()))
}

// Unwrap returns what the network said, if anything did.
func (p *Problem) Unwrap() error { return p.cause }

// Temporary reports whether the same may succeed later.
func (p *Problem) Temporary() bool {
	switch p.Reason {
	case Unreachable, TooSlow, Busy, BrokenOff:
		return true
	default:
		return false
	}
}

// What finance can do about most files.
const (
	askAgain = "Ask Ontop to send the invoice again with a new link, which is then followed by itself, or attach the file to the " +
		"document in QuickBooks by hand."
	byHand = "Attach the file to the document in QuickBooks by hand."
)

// problem describes what went wrong at t.
func (t target) problem(r Reason, cause error) *Problem {
	p := &Problem{Reason: r, Host: t.host(), File: t.file(), Next: askAgain, Mender: Source, cause: cause}
	if p.Temporary() {
		p.Mender = Nobody
	}
	return p.says("%s", p.sentence())
}

// sentence ends "The file …" where the reason alone says enough.
func (p *Problem) sentence() string {
	switch p.Reason {
	case Unreachable:
		return "cannot be fetched now, because " + p.Host + " cannot be reached"
	case TooSlow:
		return "cannot be fetched now, because " + p.Host + " sends it too slowly"
	case BrokenOff:
		return "came from " + p.Host + " only in part"
	case NoSuchHost:
		return "cannot be fetched, because there is no host " + p.Host
	case HTMLPage:
		return "is a web page at " + p.Host + ", such as a login or an error, and no document"
	case Empty:
		return "is empty at " + p.Host
	default:
		return "was not fetched from " + p.Host
	}
}

// says replaces the sentence.
func (p *Problem) says(format string, args ...any) *Problem {
	p.Meaning = "The file " + fmt.Sprintf(format, args...) + "."
	if p.File != "" {
		p.Meaning = fmt.Sprintf("The file %q ", p.File) + fmt.Sprintf(format, args...) + "."
	}
	return p
}

// mended replaces the way out.
func (p *Problem) mended(by Mender, next string) *Problem {
	p.Mender, p.Next = by, next
	return p
}
