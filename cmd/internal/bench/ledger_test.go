package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLedger_Check(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		of    ledger
		found int64
		void  string
	}{
		{"Balances", ledger{sent: 10, acked: 10}, 10, ""},
		{"NothingSentNothingFound", ledger{}, 0, ""},
		{"WhatWasRefusedMayBeKept", ledger{sent: 10, acked: 7, refused: 3}, 10, ""},
		{"WhatWasRefusedMayBeGone", ledger{sent: 10, acked: 7, refused: 3}, 7, ""},
		{"WhatWasCutOffMayBeKept", ledger{sent: 10, acked: 9, cut: 1}, 10, ""},
		{"OneAcknowledgedIsLost", ledger{sent: 10, acked: 10}, 9, "10 acknowledged, 0 refused, 0 cut off, 9 found in the store"},
		{"OneIsFoundThatNobodySent", ledger{sent: 10, acked: 10}, 11, "11 found in the store"},
		{"OneRequestHasNoFate", ledger{sent: 10, acked: 9}, 9, "10 sent, 9 acknowledged, 0 refused, 0 cut off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.of.check("the store", c.found)
			if c.void == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, errVoid)
			require.ErrorContains(t, err, c.void)
		})
	}
}

func TestLedger_Clean(t *testing.T) {
	t.Parallel()
	require.NoError(t, ledger{sent: 3, acked: 3}.clean())
	require.ErrorContains(t, ledger{sent: 3, acked: 2, refused: 1}.clean(), "void: of 3 requests 1 were refused and 0 cut off")
	require.ErrorContains(t, ledger{sent: 3, acked: 2, cut: 1}.clean(), "void")
}

func TestLedger_SumsOfBalancedLedgersBalance(t *testing.T) {
	t.Parallel()
	one := rapid.Custom(func(t *rapid.T) ledger {
		l := ledger{
			acked: rapid.Int64Range(0, 1000).Draw(t, "acked"), refused: rapid.Int64Range(0, 10).Draw(t, "refused"), cut: rapid.Int64Range(0, 10).Draw(t, "cut"),
		}
		l.sent = l.acked + l.refused + l.cut
		return l
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := one.Draw(t, "a"), one.Draw(t, "b")
		sum := a.plus(b)
		require.NoError(t, sum.check("the store", sum.acked))
		require.NoError(t, sum.check("the store", sum.sent))
		require.ErrorIs(t, sum.check("the store", sum.acked-1), errVoid)
		require.ErrorIs(t, sum.check("the store", sum.sent+1), errVoid)
	})
}
