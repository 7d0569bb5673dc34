package probe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/probe"
	"github.com/tieout/tieout/load/quickbooks"
)

func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environment quickbooks.Environment
		api         string
		allowed     bool
	}{
		{quickbooks.Sandbox, "", true},
		{quickbooks.Sandbox, "https://sandbox-quickbooks.api.intuit.com", true},
		{quickbooks.Production, "http://127.0.0.1:8070", true},
		{quickbooks.Production, "http://localhost:8070", true},
		{quickbooks.Production, "http://[::1]:8070", true},
		{"", "http://127.0.0.1", true},
		{quickbooks.Production, "", false},
		{"", "", false},
		{"", "https://books.example.com", false},
		{quickbooks.Production, "https://sandbox-quickbooks.api.intuit.com", false},
		{quickbooks.Sandbox, "https://quickbooks.api.intuit.com", false},
		{quickbooks.Sandbox, "https://QuickBooks.api.intuit.com/", false},
		{quickbooks.Sandbox, "https://quickbooks.api.intuit.com.:443", false},
		{quickbooks.Sandbox, "127.0.0.1:8070", false},
		{quickbooks.Production, "http://127.0.0.1.example.com", false},
		{quickbooks.Sandbox, "://", false},
	} {
		err := probe.Allowed(c.environment, c.api)
		if c.allowed {
			require.NoError(t, err, "%s %s", c.environment, c.api)
			continue
		}
		require.ErrorIs(t, err, probe.ErrProduction, "%s %s", c.environment, c.api)
	}
}
