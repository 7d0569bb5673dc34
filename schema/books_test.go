package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tieout/tieout/schema"
)

func TestBooks_Takes(t *testing.T) {
	t.Parallel()
	one := schema.Books{HomeCurrency: "USD"}
	require.True(t, one.Takes("USD"))
	require.False(t, one.Takes("EUR"), "without multicurrency a vendor would be made in the company's own")
	several := schema.Books{HomeCurrency: "USD", MultiCurrency: true}
	require.True(t, several.Takes("USD"))
	require.True(t, several.Takes("EUR"))
}
