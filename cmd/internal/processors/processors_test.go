package processors_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/processors"
)

func TestSpare(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)

	t.Setenv("GOMAXPROCS", "1")
	processors.Spare()
	require.Equal(t, before, runtime.GOMAXPROCS(0), "the operator knows best")

	t.Setenv("GOMAXPROCS", "")
	processors.Spare()
	require.Equal(t, before+2, runtime.GOMAXPROCS(0))
}
