package schema

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// Rate is an exact exchange rate: units of one currency for one unit of
// another; the field that holds it says which. The zero Rate stands for none.
// Rates compare with ==: 1.10 and 1.1 are the same Rate.
type Rate string

// ParseRate reads a positive decimal number of at most 30 characters.
func ParseRate(text string) (Rate, error) {
	if len(text) > 30 {
		return "", fmt.Errorf("rate %q: longer than 30 characters", clip(text))
	}
	d, err := decimal.NewFromString(text)
	if err != nil || d.Exponent() > 20 || d.Exponent() < -30 {
		return "", fmt.Errorf("rate %q: %w", text, ErrNotANumber)
	}
	if d.Sign() <= 0 {
		return "", fmt.Errorf("rate %q: must be above zero", text)
	}
	// String drops trailing zeros, which makes equal rates equal strings.
	return Rate(d.String()), nil
}

// String writes the rate in plain decimals, or nothing for none.
func (r Rate) String() string { return string(r) }
