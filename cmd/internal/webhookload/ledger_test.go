package webhookload_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/cmd/internal/webhookload"
)

func TestLedger_Check(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		of    webhookload.Ledger
		found int64
		void  string
	}{
		{"Balances", webhookload.Ledger{Sent: 10, Acknowledged: 10}, 10, ""},
		{"NothingSentNothingFound", webhookload.Ledger{}, 0, ""},
		{"WhatWasRefusedMayBeKept", webhookload.Ledger{Sent: 10, Acknowledged: 7, Refused: 3}, 10, ""},
		{"WhatWasRefusedMayBeGone", webhookload.Ledger{Sent: 10, Acknowledged: 7, Refused: 3}, 7, ""},
		{"WhatWasCutOffMayBeKept", webhookload.Ledger{Sent: 10, Acknowledged: 9, Cut: 1}, 10, ""},
		{"OneAcknowledgedIsLost", webhookload.Ledger{Sent: 10, Acknowledged: 10}, 9, "10 acknowledged, 0 refused, 0 cut off, 9 found in the store"},
		{"OneIsFoundThatNobodySent", webhookload.Ledger{Sent: 10, Acknowledged: 10}, 11, "11 found in the store"},
		{"OneRequestHasNoFate", webhookload.Ledger{Sent: 10, Acknowledged: 9}, 9, "10 sent, 9 acknowledged, 0 refused, 0 cut off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.of.Check("the store", c.found)
			if c.void == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, webhookload.ErrVoid)
			require.ErrorContains(t, err, c.void)
		})
	}
}

func TestLedger_Clean(t *testing.T) {
	t.Parallel()
	require.NoError(t, webhookload.Ledger{Sent: 3, Acknowledged: 3}.Clean())
	require.ErrorContains(t, webhookload.Ledger{Sent: 3, Acknowledged: 2, Refused: 1}.Clean(), "void: of 3 requests 1 were refused and 0 cut off")
	require.ErrorIs(t, webhookload.Ledger{Sent: 3, Acknowledged: 2, Cut: 1}.Clean(), webhookload.ErrVoid)
}

func TestLedger_SumsOfBalancedLedgersBalance(t *testing.T) {
	t.Parallel()
	one := rapid.Custom(func(t *rapid.T) webhookload.Ledger {
		l := webhookload.Ledger{
			Acknowledged: rapid.Int64Range(0, 1000).Draw(t, "acknowledged"),
			Refused:      rapid.Int64Range(0, 10).Draw(t, "refused"), Cut: rapid.Int64Range(0, 10).Draw(t, "cut"),
		}
		l.Sent = l.Acknowledged + l.Refused + l.Cut
		return l
	})
	rapid.Check(t, func(t *rapid.T) {
		sum := one.Draw(t, "a").Plus(one.Draw(t, "b"))
		require.NoError(t, sum.Check("the store", sum.Acknowledged))
		require.NoError(t, sum.Check("the store", sum.Sent))
		require.ErrorIs(t, sum.Check("the store", sum.Acknowledged-1), webhookload.ErrVoid)
		require.ErrorIs(t, sum.Check("the store", sum.Sent+1), webhookload.ErrVoid)
	})
}
