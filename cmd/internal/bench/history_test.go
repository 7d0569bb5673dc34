package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// What the history says of an invoice must be what its delivery says, or the parts
// would measure different work.
func TestHistory_InvoicesAreWhatTheirDeliveriesSay(t *testing.T) {
	t.Parallel()
	h := newHistory(nil)
	for n := range 50 {
		delivery, err := h.delivery(n)
		require.NoError(t, err)
		message, err := ontop.Decode(delivery)
		require.NoError(t, err)
		require.Empty(t, message.Troubles)
		require.Len(t, message.Invoices, 1)
		require.Equal(t, h.invoice(n).ContentSum(), message.Invoices[0].ContentSum())
		require.Equal(t, schema.StatusConfirmed, message.Invoices[0].Status)
	}
}

func TestHistory_DraftsAddUp(t *testing.T) {
	t.Parallel()
	h := newHistory(nil)
	draft := h.draft(h.invoice(7), 7)
	sum := schema.NewMoney(0, "USD")
	for _, line := range draft.Lines {
		var err error
		sum, err = sum.Add(line.Amount)
		require.NoError(t, err)
	}
	require.Equal(t, draft.Total, sum)
}

func TestWatch_SeesMemory(t *testing.T) {
	t.Parallel()
	var kept []byte
	c, err := watch(func() error {
		kept = bytes.Repeat([]byte("x"), 64<<20)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, kept, 64<<20)
	require.GreaterOrEqual(t, c.heap, int64(64<<20))
	require.Positive(t, c.wall)
	require.Less(t, c.wall, time.Minute)
}
