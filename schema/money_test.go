package schema_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
)

// A currency for every number of decimals that ISO 4217 has.
var currencies = []schema.Currency{"JPY", "USD", "KWD", "CLF", "COP", "IQD", "EUR"}

func drawMoney(t *rapid.T, label string, c schema.Currency) schema.Money {
	minor := rapid.OneOf(
		rapid.Int64(), rapid.Int64Range(-100_000, 100_000), rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, 0, -1}),
	)
	return schema.NewMoney(minor.Draw(t, label), c)
}

// exact is m as a rational number, read from its text without any of Money's code.
func exact(t require.TestingT, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	return r
}

func TestMoney_DecimalIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawMoney(t, "minor", rapid.SampledFrom(currencies).Draw(t, "currency"))
		got, err := schema.ParseMoney(want.Decimal(), want.Currency())
		require.NoError(t, err)
		require.Equal(t, want, got)
		_, decimals, _ := strings.Cut(want.Decimal(), ".")
		require.Len(t, decimals, want.Currency().Exponent())
	})
}

func TestMoney_AddAndSubAreExactOrRefuse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawMoney(t, "a", "USD"), drawMoney(t, "b", "USD")
		for _, c := range []struct {
			got  func(schema.Money) (schema.Money, error)
			want *big.Int
		}{
			{a.Add, new(big.Int).Add(big.NewInt(a.Minor()), big.NewInt(b.Minor()))},
			{a.Sub, new(big.Int).Sub(big.NewInt(a.Minor()), big.NewInt(b.Minor()))},
		} {
			got, err := c.got(b)
			if !c.want.IsInt64() {
				require.ErrorIs(t, err, schema.ErrOverflow)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, schema.NewMoney(c.want.Int64(), "USD"), got)
		}
	})
}

func TestMoney_NegTurnsTheSignOrRefuses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawMoney(t, "m", rapid.SampledFrom(currencies).Draw(t, "currency"))
		got, err := m.Neg()
		if m.Minor() == math.MinInt64 {
			require.ErrorIs(t, err, schema.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, -m.Sign(), got.Sign())
		sum, err := m.Add(got)
		require.NoError(t, err)
		require.True(t, sum.IsZero())
		back, err := got.Neg()
		require.NoError(t, err)
		require.Equal(t, m, back)
	})
}

func TestDocumentKind_SignedIsTheInvoicesAmount(t *testing.T) {
	t.Parallel()
	for kind, want := range map[schema.DocumentKind]int64{"": 5, schema.DocumentBill: 5, schema.DocumentVendorCredit: -5} {
		got, err := kind.Signed(schema.NewMoney(5, "USD"))
		require.NoError(t, err)
		require.Equal(t, schema.NewMoney(want, "USD"), got)
	}
	require.Equal(t, []string{"bill", "bill", "vendor credit"}, []string{
		schema.DocumentKind("").Name(), schema.DocumentBill.Name(), schema.DocumentVendorCredit.Name(),
	})
	_, err := schema.DocumentVendorCredit.Signed(schema.NewMoney(math.MinInt64, "USD"))
	require.ErrorIs(t, err, schema.ErrOverflow)
}

func TestMoney_SplitAddsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := drawMoney(t, "total", "USD")
		parts := total.Split(rapid.IntRange(1, 60).Draw(t, "parts"))
		sum := schema.NewMoney(0, "USD")
		for i, part := range parts {
			var err error
			sum, err = sum.Add(part)
			require.NoError(t, err)
			spread := new(big.Int).Sub(big.NewInt(parts[0].Minor()), big.NewInt(part.Minor()))
			require.LessOrEqual(t, spread.CmpAbs(big.NewInt(1)), 0, "part %d", i)
		}
		require.Equal(t, total, sum)
	})
	require.Nil(t, schema.NewMoney(5, "USD").Split(0))
	require.Nil(t, schema.NewMoney(5, "USD").Split(-1))
}

func TestMoney_CurrenciesDoNotMix(t *testing.T) {
	t.Parallel()
	one, other := schema.NewMoney(1, "USD"), schema.NewMoney(math.MinInt64, "EUR")
	_, err := one.Add(other)
	require.ErrorIs(t, err, schema.ErrCurrencyMismatch)
	_, err = one.Sub(other)
	require.ErrorIs(t, err, schema.ErrCurrencyMismatch)
	_, err = one.Add(schema.Money{})
	require.ErrorIs(t, err, schema.ErrCurrencyMismatch)
	sum, err := schema.Money{}.Add(schema.Money{})
	require.NoError(t, err)
	require.Equal(t, schema.Money{}, sum)
}

func TestMoney_Text(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		money          schema.Money
		decimal, shown string
	}{
		{schema.NewMoney(1999, "USD"), "19.99", "19.99 USD"},
		{schema.NewMoney(-5, "USD"), "-0.05", "-0.05 USD"},
		{schema.NewMoney(-1250, "JPY"), "-1250", "-1250 JPY"},
		{schema.NewMoney(1, "KWD"), "0.001", "0.001 KWD"},
		{schema.NewMoney(math.MinInt64, "USD"), "-92233720368547758.08", "-92233720368547758.08 USD"},
		{schema.Money{}, "0.00", "0.00"},
	} {
		require.Equal(t, c.decimal, c.money.Decimal())
		require.Equal(t, c.shown, c.money.String())
	}
	require.Equal(t, []int{-1, 0, 1}, []int{schema.NewMoney(-9, "USD").Sign(), schema.Money{}.Sign(), schema.NewMoney(2, "USD").Sign()})
	require.True(t, schema.NewMoney(0, "USD").IsZero())

	text, err := json.Marshal(schema.Amount(schema.NewMoney(-5, "USD")))
	require.NoError(t, err)
	require.Equal(t, `"-0.05"`, string(text), "a report's amounts are strings")
	require.Equal(t, schema.NewMoney(7, "USD"), schema.Amount(schema.NewMoney(7, "USD")).Money())
}

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		currency schema.Currency
		minor    int64
		err      error
	}{
		{"12.5", "USD", 1250, nil},
		{"12.500000000", "USD", 1250, nil},
		{"-0", "USD", 0, nil},
		{"0e999", "USD", 0, nil},
		{"1e2", "USD", 10_000, nil},
		{"1E+2", "JPY", 100, nil},
		{"1250e-2", "USD", 1250, nil},
		{"1250e-3", "USD", 125, nil},
		{"1255e-3", "USD", 0, schema.ErrPrecision},
		{"0.001", "USD", 0, schema.ErrPrecision},
		{"0.1", "JPY", 0, schema.ErrPrecision},
		{"0.001", "KWD", 1, nil},
		{"1e-1000", "USD", 0, schema.ErrPrecision},
		{"1e1000", "USD", 0, schema.ErrOverflow},
		{"1e1001", "USD", 0, schema.ErrNotANumber},
		{"92233720368547758.07", "USD", math.MaxInt64, nil},
		{"92233720368547758.08", "USD", 0, schema.ErrOverflow},
		{"-92233720368547758.08", "USD", math.MinInt64, nil},
		{"-92233720368547758.09", "USD", 0, schema.ErrOverflow},
		{strings.Repeat("0", 399) + "7", "JPY", 7, nil},
		{strings.Repeat("9", 400), "JPY", 0, schema.ErrOverflow},
		{strings.Repeat("9", 401), "JPY", 0, schema.ErrNotANumber},
		{"", "USD", 0, schema.ErrNotANumber},
		{"-", "USD", 0, schema.ErrNotANumber},
		{"--1", "USD", 0, schema.ErrNotANumber},
		{"+1", "USD", 0, schema.ErrNotANumber},
		{".5", "USD", 0, schema.ErrNotANumber},
		{"5.", "USD", 0, schema.ErrNotANumber},
		{"1,5", "USD", 0, schema.ErrNotANumber},
		{"1 ", "USD", 0, schema.ErrNotANumber},
		{"1e", "USD", 0, schema.ErrNotANumber},
		{"1e1e1", "USD", 0, schema.ErrNotANumber},
		{"1e0.5", "USD", 0, schema.ErrNotANumber},
		{"0x10", "USD", 0, schema.ErrNotANumber},
		{"NaN", "USD", 0, schema.ErrNotANumber},
		{"١٢", "USD", 0, schema.ErrNotANumber},
	} {
		got, err := schema.ParseMoney(c.text, c.currency)
		if c.err != nil {
			require.ErrorIs(t, err, c.err, c.text)
			require.Less(t, len(err.Error()), 150, "an error repeats no more than it must")
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, schema.NewMoney(c.minor, c.currency), got, c.text)
	}
}

// ParseMoney agrees with math/big on every text that it takes, and refuses no
// text that an amount of the currency can have.
func FuzzParseMoney(f *testing.F) {
	for _, seed := range []string{"12.50", "-0.05", "1e2", "1E-3", "-92233720368547758.08", "007", "1e", ".", strings.Repeat("9", 400)} {
		for i := range currencies {
			f.Add(seed, i)
		}
	}
	f.Fuzz(func(t *testing.T, text string, pick int) {
		c := currencies[uint(pick)%uint(len(currencies))]
		got, err := schema.ParseMoney(text, c)
		if errors.Is(err, schema.ErrNotANumber) {
			return
		}
		want := exact(t, text)
		want.Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Exponent())), nil)))
		switch {
		case errors.Is(err, schema.ErrPrecision):
			require.False(t, want.IsInt())
		case errors.Is(err, schema.ErrOverflow):
			require.False(t, want.IsInt() && want.Num().IsInt64())
		default:
			require.NoError(t, err)
			require.True(t, want.IsInt())
			require.Zero(t, want.Num().Cmp(big.NewInt(got.Minor())))
		}
	})
}

func TestParseCurrency(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"USD", "EUR", "JPY", "KWD", "COP", "XXX"} {
		c, err := schema.ParseCurrency(code)
		require.NoError(t, err)
		require.Equal(t, schema.Currency(code), c)
	}
	for _, code := range []string{"", "usd", "Usd", "US", "USDX", "ZZZ", "840", "U$D"} {
		_, err := schema.ParseCurrency(code)
		require.ErrorIs(t, err, schema.ErrUnknownCurrency, code)
	}
}

func TestCurrency_Exponent(t *testing.T) {
	t.Parallel()
	for c, want := range map[schema.Currency]int{
		"USD": 2, "EUR": 2, "COP": 2, "IDR": 2, "JPY": 0, "CLP": 0, "KRW": 0, "VND": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3, "IQD": 3,
		"CLF": 4, "UYU": 2, "": 2, "ZZZ": 2,
	} {
		require.Equal(t, want, c.Exponent(), c)
	}
}

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]schema.Rate{"1.10": "1.1", "1.1": "1.1", "0.00025": "0.00025", "1e3": "1000", "2.5E-4": "0.00025"} {
		got, err := schema.ParseRate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
		require.Equal(t, string(want), got.String())
	}
	for _, text := range []string{"", "0", "0.0", "-1", "x", "1,1", "1e21", "1e-31", "NaN", "Inf", strings.Repeat("1", 31), "1e999999999"} {
		_, err := schema.ParseRate(text)
		require.Error(t, err, text)
	}
}
