package schema

import (
	"fmt"

	"golang.org/x/text/currency"
)

// Currency is an ISO 4217 code in upper case, such as "USD". The zero Currency
// stands for none.
type Currency string

// NoCurrency is ISO 4217's code for "no currency". Reports group under it what
// arrived without a currency that we know.
const NoCurrency Currency = "XXX"

// ParseCurrency returns the currency that code names, which must be a known
// ISO 4217 code in upper case.
func ParseCurrency(code string) (Currency, error) {
	unit, err := currency.ParseISO(code)
	if err != nil || unit.String() != code {
		return "", fmt.Errorf("currency %q: %w", code, ErrUnknownCurrency)
	}
	return Currency(code), nil
}

// Exponent returns how many decimals the currency's minor unit has: 2 for USD,
// 0 for JPY, 3 for KWD. An unknown currency has 2.
//
// The numbers are those of golang.org/x/text/currency, which follows CLDR,
// except where CLDR gives the decimals that people use in daily life and ISO
// 4217, the ledger's standard, gives more: Colombian pesos are booked with two.
func (c Currency) Exponent() int {
	switch c {
	case "AFN", "ALL", "AMD", "COP", "GYD", "IDR", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "MNT", "MRU", "MUR",
		"PKR", "RSD", "SOS", "SYP", "TZS", "UZS", "YER":
		return 2
	case "IQD":
		return 3
	default:
	}
	unit, err := currency.ParseISO(string(c))
	if err != nil {
		return 2
	}
	digits, _ := currency.Standard.Rounding(unit)
	return digits
}
