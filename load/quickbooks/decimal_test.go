package quickbooks_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/load/quickbooks"
)

func TestParseDecimal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.00": "0", "0e5": "0",
		"0.1": "0.1", "0.10": "0.1", ".": "", "1.": "", ".5": "",
		"1e2": "100", "1E2": "100", "1e+2": "100", "100.00": "100", "-1.5e-3": "-0.0015",
		"999999999999999": "999999999999999", "1234567890.12345": "1234567890.12345",
		"007": "7", "": "", "1,5": "", "NaN": "", "Infinity": "", "0x10": "", "1e": "", "1e999999999": "", " 1": "",
		"--1": "", "1e41": "", "1_000": "",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			got, err := quickbooks.ParseDecimal(in)
			if want == "" {
				require.ErrorIs(t, err, quickbooks.ErrDecimal)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want, got.String())
		})
	}
}

func TestDecimal_EqualNumbersAreEqual(t *testing.T) {
	t.Parallel()
	require.Equal(t, decimal(t, "100"), decimal(t, "1e2"))
	require.Equal(t, decimal(t, "100"), decimal(t, "100.00"))
	require.NotEqual(t, decimal(t, "100"), decimal(t, "100.01"))
	require.Equal(t, -1, decimal(t, "9.99").Cmp(decimal(t, "10")))
	require.Equal(t, 1, decimal(t, "0").Cmp(decimal(t, "-0.01")))
}

func TestDecimal_Wire(t *testing.T) {
	t.Parallel()
	type line struct {
		Amount quickbooks.Decimal `json:"Amount"`
		Rate   quickbooks.Decimal `json:"Rate,omitzero"`
	}

	t.Run("WritesANumberAndNeverAFloat", func(t *testing.T) {
		t.Parallel()
		got, err := json.Marshal(line{Amount: decimal(t, "0.1")})
		require.NoError(t, err)
		require.Equal(t, `{"Amount":0.1}`, string(got))
	})

	t.Run("KeepsFifteenDigits", func(t *testing.T) {
		t.Parallel()
		const body = `{"Amount":999999999999.999,"Rate":1234567890.12345}`
		var got line
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.Equal(t, body, string(again))
	})

	t.Run("ReadsExponentsQuotesAndNull", func(t *testing.T) {
		t.Parallel()
		var got line
		require.NoError(t, json.Unmarshal([]byte(`{"Amount":1E+2,"Rate":"0.5"}`), &got))
		require.Equal(t, line{Amount: decimal(t, "100"), Rate: decimal(t, "0.5")}, got)
		require.NoError(t, json.Unmarshal([]byte(`{"Rate":null}`), &got))
		require.Equal(t, quickbooks.Decimal{}, got.Rate)
	})

	t.Run("RefusesWhatIsNoNumber", func(t *testing.T) {
		t.Parallel()
		var got line
		require.ErrorIs(t, json.Unmarshal([]byte(`{"Amount":"ten"}`), &got), quickbooks.ErrDecimal)
		require.Error(t, json.Unmarshal([]byte(`{"Amount":[1]}`), &got))
	})
}

func TestDecimal_Minor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		decimals   int
		minor      int64
		bad        bool
	}{
		{"Cents", "19.99", 2, 1999, false},
		{"WholeUnitsHaveCents", "20", 2, 2000, false},
		{"NegativeCents", "-0.01", 2, -1, false},
		{"NoDecimals", "500", 0, 500, false},
		{"ThreeDecimalsDoNotFitTwo", "1.999", 2, 0, true},
		{"TrailingZerosDoFit", "1.990", 2, 199, false},
		{"TooLarge", "99999999999999999999", 2, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := decimal(t, tc.text).Minor(tc.decimals)
			require.Equal(t, tc.bad, err != nil)
			require.Equal(t, tc.minor, got)
		})
	}
	_, err := quickbooks.Decimal{}.Minor(2)
	require.ErrorIs(t, err, quickbooks.ErrDecimal)
}

// Money must survive the way to QuickBooks and back, whatever its size.
func TestDecimal_MinorRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64().Draw(t, "minor")
		decimals := rapid.IntRange(0, 4).Draw(t, "decimals")

		wire, err := json.Marshal(quickbooks.FromMinor(minor, decimals))
		require.NoError(t, err)
		var back quickbooks.Decimal
		require.NoError(t, json.Unmarshal(wire, &back))
		got, err := back.Minor(decimals)

		require.NoError(t, err)
		require.Equal(t, minor, got)
	})
}

// Whatever the spelling, the number stays the same number.
func TestDecimal_KeepsTheNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,15}(\.[0-9]{1,10})?([eE][+-]?[0-9])?`).Draw(t, "text")
		d, err := quickbooks.ParseDecimal(text)
		require.NoError(t, err)
		want, _ := new(big.Rat).SetString(text)
		got, _ := new(big.Rat).SetString(d.String())
		require.Zero(t, want.Cmp(got), "%s became %s", text, d)
	})
}

func FuzzParseDecimal(f *testing.F) {
	for _, seed := range []string{"0", "0.1", "1e2", "-99.99", "1e-40", "00.5", "9999999999.99999", "e", "1e+", "."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := quickbooks.ParseDecimal(text)
		if err != nil {
			require.Equal(t, quickbooks.Decimal{}, d)
			return
		}
		again, err := quickbooks.ParseDecimal(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
		wire, err := json.Marshal(d)
		require.NoError(t, err)
		require.True(t, json.Valid(wire))
	})
}
