package store_test

import (
	"testing"
	"time"

	"github.com/tieout/tieout/schema/store"
	"github.com/tieout/tieout/schema/store/storetest"
)

var _ storetest.Store = (*store.Store)(nil)

func TestStore_Embedded(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		return openStore(t, embedded(t))
	})
}

// The watermarks move with every read, so that each promise is kept behind them too.
func TestStore_OverHTTP(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		options := overHTTP(t)
		options.Margin, options.Advance = time.Microsecond, time.Nanosecond
		return openStore(t, options.SmallPages(50))
	})
}

// The watermarks move with every read and stay as close as they can, so that the
// histories go over them.
func TestStore_Model(t *testing.T) {
	t.Parallel()
	options := embedded(t)
	options.Margin, options.Advance = time.Microsecond, time.Nanosecond
	storetest.RunModel(t, openStore(t, options.SmallPages(1)))
}
