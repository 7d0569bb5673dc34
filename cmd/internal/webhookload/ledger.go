package webhookload

import (
	"errors"
	"fmt"
)

// Ledger says what became of every request that was sent.
type Ledger struct {
	Sent         int64 `json:"sent"`
	Acknowledged int64 `json:"acknowledged"` // answered 202
	Refused      int64 `json:"refused"`      // answered anything else
	Cut          int64 `json:"cut_off"`      // not answered
}

// Plus returns the sum of two ledgers.
func (l Ledger) Plus(m Ledger) Ledger {
	return Ledger{
		Sent: l.Sent + m.Sent, Acknowledged: l.Acknowledged + m.Acknowledged, Refused: l.Refused + m.Refused, Cut: l.Cut + m.Cut,
	}
}

// ErrVoid is wrapped by what makes a run worthless.
var ErrVoid = errors.New("the run is void")

// Balance returns an error that wraps [ErrVoid] unless every request has one fate.
func (l Ledger) Balance() error {
	if l.Sent != l.Acknowledged+l.Refused+l.Cut {
		return fmt.Errorf("%w, its ledger does not balance: %d sent, %d acknowledged, %d refused, %d cut off",
			ErrVoid, l.Sent, l.Acknowledged, l.Refused, l.Cut)
	}
	return nil
}

// Check compares the ledger with the deliveries that were found in the place where
// they are kept. What was refused or cut off may have been kept all the same.
func (l Ledger) Check(place string, found int64) error {
	if err := l.Balance(); err != nil {
		return err
	}
	if found < l.Acknowledged || found > l.Sent {
		return fmt.Errorf("%w, its ledger does not balance: %d acknowledged, %d refused, %d cut off, %d found in %s",
			ErrVoid, l.Acknowledged, l.Refused, l.Cut, found, place)
	}
	return nil
}

// Clean returns an error unless everything was acknowledged, which closed loops that
// are compared must be: a refusal is quicker than the work that is measured.
func (l Ledger) Clean() error {
	if l.Refused != 0 || l.Cut != 0 {
		return fmt.Errorf("%w: of %d requests %d were refused and %d cut off", ErrVoid, l.Sent, l.Refused, l.Cut)
	}
	return nil
}
