package main

import (
	"errors"
	"fmt"
)

// ledger says what became of every request that was sent.
type ledger struct {
	sent    int64
	acked   int64 // answered 202
	refused int64 // answered anything else
	cut     int64 // not answered
}

func (l ledger) plus(m ledger) ledger {
	return ledger{sent: l.sent + m.sent, acked: l.acked + m.acked, refused: l.refused + m.refused, cut: l.cut + m.cut}
}

// errVoid is wrapped by what makes a run worthless.
var errVoid = errors.New("the run is void: its ledger does not balance")

// check compares the ledger with the deliveries that were found where they are
// kept. What was refused or cut off may have been kept all the same.
func (l ledger) check(place string, found int64) error {
	if l.sent != l.acked+l.refused+l.cut {
		return fmt.Errorf("%w: %d sent, %d acknowledged, %d refused, %d cut off", errVoid, l.sent, l.acked, l.refused, l.cut)
	}
	if found < l.acked || found > l.acked+l.refused+l.cut {
		return fmt.Errorf("%w: %d acknowledged, %d refused, %d cut off, %d found in %s", errVoid, l.acked, l.refused, l.cut, found, place)
	}
	return nil
}

// clean reports an error unless everything was acknowledged, which closed loops
// must be: a refusal is quicker than the work that is measured.
func (l ledger) clean() error {
	if l.refused != 0 || l.cut != 0 {
		return fmt.Errorf("the run is void: of %d requests %d were refused and %d cut off", l.sent, l.refused, l.cut)
	}
	return nil
}
