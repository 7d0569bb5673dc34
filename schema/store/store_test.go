package store_test

import (
	"testing"

	"github.com/tieout/tieout/schema/store"
	"github.com/tieout/tieout/schema/store/storetest"
)

var _ storetest.Store = (*store.Store)(nil)

func TestStore_Embedded(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		return open(t, embedded(t))
	})
}

func TestStore_OverHTTP(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		return open(t, overHTTP(t))
	})
}
