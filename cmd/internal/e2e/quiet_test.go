package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// requireQuietLogs looks for secrets, tokens and people in what the program logged.
func (w *world) requireQuietLogs(t *testing.T) {
	t.Helper()
	said := w.log.String()
	require.Contains(t, said, "level=DEBUG", "it was asked to tell all")
	secrets := []string{
		w.Secret, strings.TrimPrefix(w.Secret, "whsec_"), quickbookstest.DefaultClientSecret,
		"RT1-", "eyJhbGciOiJkaXIi", // how the pretended QuickBooks' tokens begin
	}
	for _, secret := range append(secrets, w.people(t)...) {
		for line := range strings.Lines(said) {
			require.NotContains(t, line, secret, "logged what it must not")
		}
	}
}

// people are the addresses and family names of the workers of the history.
func (w *world) people(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, event := range w.history.Events {
		var body struct {
			Data struct {
				Email string `json:"worker_email"`
				First string `json:"first_name"`
				Last  string `json:"last_name"`
			} `json:"data"`
		}
		if json.Unmarshal(event.Body, &body) == nil && body.Data.Email != "" {
			all = append(all, body.Data.Email)
			if body.Data.First != "" && body.Data.Last != "" {
				all = append(all, body.Data.First+" "+body.Data.Last)
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}
