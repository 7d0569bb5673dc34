package quickbooks

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// ErrDecimal is the cause when text is not a decimal number of a sane size.
var ErrDecimal = errors.New("not a decimal number")

// maxDecimalDigits bounds a number in plain notation. QuickBooks speaks of 15
// digits; the rest is room for rates, and a limit for 1e999999999.
const maxDecimalDigits = 40

// Decimal is an exact decimal number as it travels: text, never a float.
//
// Equal numbers are equal by ==, however they were written: 100, 100.00 and 1e2
// are one Decimal. The zero Decimal is no number at all, and left out of JSON
// where the field says omitzero.
type Decimal struct{ text string }

// ParseDecimal reads a number as JSON writes it, exponent included.
func ParseDecimal(s string) (Decimal, error) {
	negative, digits, exponent, err := scanDecimal(s)
	if err != nil {
		return Decimal{}, err
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return Decimal{text: "0"}, nil
	}
	for strings.HasSuffix(digits, "0") {
		digits, exponent = digits[:len(digits)-1], exponent+1
	}
	if max(len(digits)+exponent, len(digits), -exponent) > maxDecimalDigits {
		return Decimal{}, fmt.Errorf("more than %d digits: %w", maxDecimalDigits, ErrDecimal)
	}
	return Decimal{text: plain(negative, digits, exponent)}, nil
}

// FromMinor is the amount of minor units of a currency with that many decimals:
// 1999 and 2 make 19.99. It expects 0 to 20 decimals.
func FromMinor(minor int64, decimals int) Decimal {
	digits := strings.TrimPrefix(strconv.FormatInt(minor, 10), "-")
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return Decimal{text: "0"}
	}
	return Decimal{text: plain(minor < 0, trimmed, len(digits)-len(trimmed)-decimals)}
}

// Minor returns the number in minor units of a currency with that many
// decimals. It refuses to round, and refuses what an int64 cannot hold.
func (d Decimal) Minor(decimals int) (int64, error) {
	whole, fraction, _ := strings.Cut(d.text, ".")
	if d.text == "" || len(fraction) > decimals {
		return 0, fmt.Errorf("%d decimals do not hold it: %w", decimals, ErrDecimal)
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("minor units out of range: %w", ErrDecimal)
	}
	return minor, nil
}

// String returns the number in plain notation, without needless zeros; the zero
// Decimal is the empty string.
func (d Decimal) String() string { return d.text }

// Cmp orders numbers: -1, 0 or 1. No number at all counts as 0.
func (d Decimal) Cmp(e Decimal) int { return d.rat().Cmp(e.rat()) }

func (d Decimal) rat() *big.Rat {
	r, ok := new(big.Rat).SetString(d.text)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// MarshalJSON writes a JSON number, digit for digit, and null for no number.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if d.text == "" {
		return []byte("null"), nil
	}
	return []byte(d.text), nil
}

// UnmarshalJSON reads a JSON number, a number in quotes, or null.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	text := string(bytes.Trim(b, `"`))
	if text == "null" || text == "" {
		*d = Decimal{}
		return nil
	}
	parsed, err := ParseDecimal(text)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// scanDecimal splits a number into its sign, its digits and the power of ten
// that they count in.
func scanDecimal(s string) (negative bool, digits string, exponent int, err error) {
	rest, negative := strings.CutPrefix(s, "-")
	mantissa, power, hasPower := cutExponent(rest)
	if hasPower {
		exponent, err = strconv.Atoi(power)
		if err != nil || exponent > maxDecimalDigits || exponent < -maxDecimalDigits {
			return false, "", 0, fmt.Errorf("exponent: %w", ErrDecimal)
		}
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	if !onlyDigits(whole) || point && !onlyDigits(fraction) || len(mantissa) > 2*maxDecimalDigits {
		return false, "", 0, ErrDecimal
	}
	return negative, whole + fraction, exponent - len(fraction), nil
}

func cutExponent(s string) (mantissa, power string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func onlyDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// plain writes digits without an exponent. The digits neither begin nor end
// with a zero, which is what makes the result canonical.
func plain(negative bool, digits string, exponent int) string {
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	switch point := len(digits) + exponent; {
	case exponent >= 0:
		b.WriteString(digits + strings.Repeat("0", exponent))
	case point > 0:
		b.WriteString(digits[:point] + "." + digits[point:])
	default:
		b.WriteString("0." + strings.Repeat("0", -point) + digits)
	}
	return b.String()
}
