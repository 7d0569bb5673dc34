package load

import (
	"errors"
	"fmt"

	"github.com/tieout/tieout/load/quickbooks"
)

// Errors that callers branch on. Where one comes, everything that did not need
// the company was still done.
var (
	// ErrReauthorise means that a person has to connect QuickBooks again.
	ErrReauthorise = quickbooks.ErrReauthorise

	// ErrQuota means that the app's monthly quota of reads may be used up.
	ErrQuota = quickbooks.ErrQuota

	// ErrBlocked means that QuickBooks takes nothing from the company for a reason
	// that is not about one document. It comes together with the
	// [*quickbooks.Fault], whose sentence and next step are fit for finance.
	ErrBlocked = errors.New("quickbooks takes nothing from the company for now")

	// ErrNoAnswer means that QuickBooks could not be reached or was not
	// understood. What was under way is settled by a later cycle.
	ErrNoAnswer = errors.New("quickbooks does not answer")
)

// errHeldBack means that throttles kept a batch back until it was too old to
// leave.
var errHeldBack = fmt.Errorf("%w: throttled for minutes", ErrBlocked)

// errIncomplete is a draft that says it is ready and is not.
var errIncomplete = errors.New("the draft is not complete")
