package storetest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

var (
	_ storetest.Store = (*storetest.Memory)(nil)
	_ storetest.Tasks = (*storetest.Memory)(nil)
)

func TestMemory_Inject(t *testing.T) {
	t.Parallel()

	lost := errors.New("connection lost")
	block := schema.Block{ID: "b-1", Deliveries: []schema.Delivery{
		{Company: "acme", ID: "d-1", ReceivedAt: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Body: []byte("{}")},
	}}

	t.Run("FailsBeforeTheEffect", func(t *testing.T) {
		t.Parallel()
		memory := storetest.NewMemory()
		memory.Inject(func(string) storetest.Fault { return storetest.Fault{Err: lost} })
		require.ErrorIs(t, memory.Stage(t.Context(), block), lost)
		memory.Inject(nil)

		pending, err := memory.Pending(t.Context(), "acme", 10)
		require.NoError(t, err)
		require.Empty(t, pending)
	})

	t.Run("FailsAfterTheEffect", func(t *testing.T) {
		t.Parallel()
		memory := storetest.NewMemory()
		memory.Inject(func(method string) storetest.Fault {
			if method == "Stage" {
				return storetest.Fault{Err: lost, After: true}
			}
			return storetest.Fault{}
		})
		require.ErrorIs(t, memory.Stage(t.Context(), block), lost)

		pending, err := memory.Pending(t.Context(), "acme", 10)
		require.NoError(t, err)
		require.Len(t, pending, 1)
	})
}

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Store { return storetest.NewMemory() })
}
