package schema

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Errors that money and currencies answer with. Wrapped errors add the values.
var (
	// ErrCurrencyMismatch means that two amounts in different currencies met.
	ErrCurrencyMismatch = errors.New("currencies differ")
	// ErrOverflow means that an amount does not fit 64 bits of minor units.
	ErrOverflow = errors.New("amount is too large")
	// ErrPrecision means that an amount has more decimals than its currency.
	ErrPrecision = errors.New("more decimals than the currency has")
	// ErrNotANumber means that a text is not a decimal number.
	ErrNotANumber = errors.New("not a decimal number")
	// ErrUnknownCurrency means that a text is no ISO 4217 code.
	ErrUnknownCurrency = errors.New("not an ISO 4217 code in upper case")
)

// Money is an exact amount in one currency, in minor units: 1999 USD is $19.99.
//
// Two Money values are equal exactly when == says so, which lets them be map
// keys and test expectations. The zero Money has no currency, and adds only to
// itself.
type Money struct {
	minor    int64
	currency Currency
}

// NewMoney returns minor minor units of c.
func NewMoney(minor int64, c Currency) Money { return Money{minor: minor, currency: c} }

// ParseMoney reads a decimal number, plain or with an exponent as JSON allows,
// as an amount in c. It never rounds: an amount with more significant decimals
// than c has is [ErrPrecision]. Other answers are [ErrNotANumber] and
// [ErrOverflow].
func ParseMoney(text string, c Currency) (Money, error) {
	digits, scale, negative, err := splitDecimal(text)
	if err != nil {
		return Money{}, fmt.Errorf("amount %q: %w", clip(text), err)
	}
	minor, err := scaleTo(digits, scale, c.Exponent(), negative)
	if err != nil {
		return Money{}, fmt.Errorf("amount %q in %s: %w", clip(text), c, err)
	}
	return Money{minor: minor, currency: c}, nil
}

// Minor returns the amount in minor units.
func (m Money) Minor() int64 { return m.minor }

// Currency returns the amount's currency.
func (m Money) Currency() Currency { return m.currency }

// Sign returns -1, 0 or 1.
func (m Money) Sign() int {
	switch {
	case m.minor < 0:
		return -1
	case m.minor > 0:
		return 1
	}
	return 0
}

// IsZero reports whether the amount is nothing, in whatever currency.
func (m Money) IsZero() bool { return m.minor == 0 }

// Add returns m + n. It refuses to mix currencies rather than guess a rate.
func (m Money) Add(n Money) (Money, error) {
	if m.currency != n.currency {
		return Money{}, fmt.Errorf("add %s to %s: %w", n, m, ErrCurrencyMismatch)
	}
	sum := m.minor + n.minor
	if n.minor != 0 && (sum > m.minor) != (n.minor > 0) {
		return Money{}, fmt.Errorf("add %s to %s: %w", n, m, ErrOverflow)
	}
	return Money{minor: sum, currency: m.currency}, nil
}

// Sub returns m - n, under the same conditions as Add.
func (m Money) Sub(n Money) (Money, error) {
	if m.currency != n.currency {
		return Money{}, fmt.Errorf("subtract %s from %s: %w", n, m, ErrCurrencyMismatch)
	}
	// Not Add of the negation: the least amount has none.
	difference := m.minor - n.minor
	if n.minor != 0 && (difference < m.minor) != (n.minor > 0) {
		return Money{}, fmt.Errorf("subtract %s from %s: %w", n, m, ErrOverflow)
	}
	return Money{minor: difference, currency: m.currency}, nil
}

// Neg returns -m. The least amount has no negation: [ErrOverflow].
func (m Money) Neg() (Money, error) {
	if m.minor == math.MinInt64 {
		return Money{}, fmt.Errorf("negate %s: %w", m, ErrOverflow)
	}
	return Money{minor: -m.minor, currency: m.currency}, nil
}

// Split divides m into n parts that differ by at most one minor unit, the larger
// ones first, and add back to m exactly. It returns nil when n is not positive.
func (m Money) Split(n int) []Money {
	if n <= 0 {
		return nil
	}
	parts := make([]Money, n)
	share, rest := m.minor/int64(n), m.minor%int64(n)
	for i := range parts {
		part := share
		switch {
		case rest > 0:
			part, rest = part+1, rest-1
		case rest < 0:
			part, rest = part-1, rest+1
		}
		parts[i] = Money{minor: part, currency: m.currency}
	}
	return parts
}

// Decimal writes the amount alone with all the decimals of its currency, such
// as "-12.50". ParseMoney reads it back.
func (m Money) Decimal() string {
	exponent := m.currency.Exponent()
	text := strconv.FormatInt(m.minor, 10)
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	if exponent == 0 {
		return sign + text
	}
	for len(text) <= exponent {
		text = "0" + text
	}
	return sign + text[:len(text)-exponent] + "." + text[len(text)-exponent:]
}

// String writes the amount with its currency, such as "12.50 USD".
func (m Money) String() string {
	if m.currency == "" {
		return m.Decimal()
	}
	return m.Decimal() + " " + string(m.currency)
}

// splitDecimal reads text as digits × 10^-scale, without leading zeros.
func splitDecimal(text string) (digits string, scale int, negative bool, err error) {
	// No amount needs more; JSON sets no bound.
	if len(text) > 400 {
		return "", 0, false, ErrNotANumber
	}
	rest, negative := strings.CutPrefix(text, "-")
	mantissa, exponent, err := cutExponent(rest)
	if err != nil {
		return "", 0, false, err
	}
	whole, fraction, dotted := strings.Cut(mantissa, ".")
	if whole == "" || (dotted && fraction == "") || !allDigits(whole) || !allDigits(fraction) {
		return "", 0, false, ErrNotANumber
	}
	digits = strings.TrimLeft(whole+fraction, "0")
	return digits, len(fraction) - exponent, negative, nil
}

func cutExponent(text string) (mantissa string, exponent int, err error) {
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return text, 0, nil
	}
	exponent, err = strconv.Atoi(text[i+1:])
	if err != nil || exponent < -1000 || exponent > 1000 {
		return "", 0, ErrNotANumber
	}
	return text[:i], exponent, nil
}

// scaleTo turns digits × 10^-scale into a count of 10^-exponent. The sign comes
// along because there is one more negative count than there are positive ones.
func scaleTo(digits string, scale, exponent int, negative bool) (int64, error) {
	if digits == "" {
		return 0, nil
	}
	for ; scale > exponent; scale-- {
		if digits == "" || digits[len(digits)-1] != '0' {
			return 0, ErrPrecision
		}
		digits = digits[:len(digits)-1]
	}
	if len(digits)+exponent-scale > 19 {
		return 0, ErrOverflow
	}
	// 19 digits, the zeros to come included, always fit 64 bits without a sign.
	minor, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, ErrOverflow
	}
	for ; scale < exponent; scale++ {
		minor *= 10
	}
	switch {
	case negative && minor <= -math.MinInt64:
		return -int64(minor), nil
	case !negative && minor <= math.MaxInt64:
		return int64(minor), nil
	}
	return 0, ErrOverflow
}

func allDigits(s string) bool {
	for _, r := range []byte(s) {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// clip bounds what an error repeats of a foreign text.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
