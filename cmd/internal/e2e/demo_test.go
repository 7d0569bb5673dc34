package e2e_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The demo is the first thing that a newcomer sees, and judges itself.
func TestDemo(t *testing.T) {
	t.Parallel()
	demo := exec.CommandContext(t.Context(), simulator, "demo", "--exit", "--json", "--workers", "16", "--months", "2")
	var out, said bytes.Buffer
	demo.Stdout, demo.Stderr = &out, &said
	require.NoError(t, demo.Run(), said.String())
	var outcome struct {
		Deliveries int  `json:"deliveries"`
		Invoices   int  `json:"invoices"`
		InBooks    int  `json:"in_the_books"`
		Settled    int  `json:"settled_otherwise"`
		Open       int  `json:"left_for_a_person"`
		Corrected  int  `json:"corrections_posted"`
		Attached   int  `json:"files_attached"`
		Payments   int  `json:"payments_recorded"`
		TopUps     int  `json:"top_ups_recorded"`
		Accounted  bool `json:"every_cent_accounted_for"`
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &outcome), out.String())
	require.True(t, outcome.Accounted)
	require.Equal(t, outcome.Invoices, outcome.InBooks+outcome.Settled+outcome.Open)
	require.Positive(t, outcome.Open, "that something is left for a person is the point of it")
	require.Greater(t, outcome.Deliveries, outcome.Invoices)
	require.Equal(t, 2, outcome.Corrected, "of the changes that came afterwards, two were approved")
	require.Positive(t, outcome.Attached)
	require.Positive(t, outcome.Payments)
	require.Positive(t, outcome.TopUps)
}
