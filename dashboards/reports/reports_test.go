package reports_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/dashboards/reports"
	"github.com/tieout/tieout/schema"
)

var update = flag.Bool("update", false, "rewrite golden files")

func money(minor int64, c schema.Currency) schema.Amount {
	return schema.Amount(schema.NewMoney(minor, c))
}

func equation(c schema.Currency, received, verified, held int64) schema.Equation {
	zero := money(0, c)
	return schema.Equation{
		Currency: c, Received: money(received, c), Verified: money(verified, c), PostedUnverified: zero, Held: money(held, c), Waiting: zero,
		Declined: zero, Uncertain: zero, Skipped: zero, Cancelled: zero, Residual: money(received-verified-held, c),
	}
}

func tied() schema.Report {
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	return schema.Report{
		Company: "acme", Period: schema.NewDate(2026, 8, 1).Period(), AsOf: at, Tied: true,
		Equation: []schema.Equation{equation("EUR", 812_000, 812_000, 0), equation("USD", 4_125_000, 4_125_000, 0)},
		States: map[schema.State]schema.StateTotals{
			schema.StateMatched: {Count: 2, Amounts: map[schema.Currency]schema.Amount{"USD": money(4_125_000, "USD"), "EUR": money(812_000, "EUR")}},
		},
		Items: []schema.Item{
			{InvoiceID: "1", InvoiceNumber: "INV-1", State: schema.StateMatched, Amount: money(4_125_000, "USD"), Currency: "USD"},
			{InvoiceID: "2", InvoiceNumber: "INV-2", State: schema.StateMatched, Amount: money(812_000, "EUR"), Currency: "EUR"},
		},
		Intake: schema.Intake{Received: 4, Outcomes: map[schema.OutcomeKind]int{schema.OutcomeApplied: 4}},
		Run:    schema.RunFacts{BooksName: "Acme Inc", BooksReadAt: at.Add(-time.Minute), RulesVersion: 3, Hash: strings.Repeat("ab", 32)},
	}
}

func open() schema.Report {
	r := tied()
	r.Tied = false
	r.Equation[1] = equation("USD", 4_125_000, 4_000_000, 125_000)
	r.States[schema.StateUnmappedConcept] = schema.StateTotals{
		Count: 1, Amounts: map[schema.Currency]schema.Amount{"USD": money(125_000, "USD")},
	}
	r.Items = append([]schema.Item{{
		InvoiceID: "3", InvoiceNumber: "INV-3", Worker: "Ana Silva", State: schema.StateUnmappedConcept, Amount: money(125_000, "USD"),
		Currency: "USD", AgeDays: 4, Owner: schema.OwnerFinance,
		Cause:      "no rule maps the concept RELOCATION_ALLOWANCE of line 2 (1250.00 USD)",
		NextAction: "add a rule for RELOCATION_ALLOWANCE and run `tieout rules import`; the invoice is drafted again by itself",
	}}, r.Items...)
	r.Intake.Troubles = []schema.Trouble{{
		Delivery: "msg_9", Kind: schema.OutcomeUnreadable, Detail: "data.invoice_id is missing; ask Ontop to send the invoice again",
		ReceivedAt: r.AsOf.Add(-time.Hour),
	}}
	r.Intake.Outcomes[schema.OutcomeUnreadable] = 1
	return r
}

// changed has an invoice that waits for a person since it changed, one that was
// corrected and one that somebody took as it is.
func changed() schema.Report {
	r := tied()
	r.Tied = false
	credit := schema.ItemCorrection{
		Subject: "1:1.1", Kind: schema.DocumentVendorCredit, QuickBooksID: "214", Amount: money(-6_000, "USD"), Currency: "USD",
		State: schema.CorrectionVerified, ApprovedBy: "eva",
	}
	r.Items[0].Worker, r.Items[0].Cause = "Ana Silva", "corrected by vendor credit 214 of 2026-09-01, approved by eva"
	r.Items[0].Corrections = []schema.ItemCorrection{credit}
	left := credit
	left.State, left.QuickBooksID, left.Reason = schema.CorrectionAccepted, "", "booked by journal entry 7"
	r.Items[1].Worker, r.Items[1].State = "Bruno Lima", schema.StateSkipped
	r.Items[1].Cause = "accepted as it is: booked by journal entry 7 (eva on 2026-09-01); owed are 8120.00 EUR, the books hold 8180.00 EUR"
	r.Items[1].Corrections = []schema.ItemCorrection{left}
	for _, state := range []schema.CorrectionState{
		schema.CorrectionApproved, schema.CorrectionUncertain, schema.CorrectionPosted, schema.CorrectionDiffers, schema.CorrectionDeleted,
	} {
		one := credit
		one.State = state
		r.Items[0].Corrections = append(r.Items[0].Corrections, one)
	}
	waits := schema.ItemCorrection{Subject: "3:1.1", Kind: schema.DocumentBill, Amount: money(2_000, "USD"), Currency: "USD", State: schema.CorrectionProposed}
	again := waits
	again.Kind, again.State = "", schema.CorrectionHeld
	r.Items = append([]schema.Item{{
		InvoiceID: "3", InvoiceNumber: "INV-3", Worker: "Ana Silva", State: schema.StateSourceChanged, Amount: money(12_000, "USD"),
		Currency: "USD", AgeDays: 4, Owner: schema.OwnerFinance, Cause: "Ontop raised it from 100.00 to 120.00 USD after it was posted.",
		NextAction:  "look at it with `tieout corrections`; then tieout corrections approve 3, or tieout corrections accept 3 --reason TEXT",
		Corrections: []schema.ItemCorrection{waits, again},
	}}, r.Items...)
	return r
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, report := range map[string]schema.Report{"tied": tied(), "open": open(), "changed": changed(), "empty": {
		Company: "acme", Period: schema.NewDate(2026, 8, 1).Period(), AsOf: tied().AsOf, Tied: true,
	}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var page bytes.Buffer
			require.NoError(t, reports.Text(&page, report))
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, page.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), page.String(), "run: go test ./dashboards/reports -update")
			for line := range strings.Lines(page.String()) {
				require.LessOrEqual(t, len([]rune(line)), 121, line)
			}
		})
	}
}

func TestText_BoundsTheListOfWhatChanged(t *testing.T) {
	t.Parallel()
	r := tied()
	r.Items[0].Corrections, r.Items[0].Cause = []schema.ItemCorrection{{Kind: schema.DocumentBill}}, "corrected"
	for range 60 {
		r.Items = append(r.Items, r.Items[0])
	}
	var page bytes.Buffer
	require.NoError(t, reports.Text(&page, r))
	require.Equal(t, 50, strings.Count(page.String(), "corrected\n"))
	require.Contains(t, page.String(), "… and 11 more; --format json lists all\n")
}

func TestText_NamesTheDifferenceWhenACentIsMissing(t *testing.T) {
	t.Parallel()
	r := tied()
	r.Tied = false
	r.Equation[1].Residual = money(1, "USD")
	var page bytes.Buffer
	require.NoError(t, reports.Text(&page, r))
	require.Contains(t, page.String(), "NOT TIED   difference of 0.01 USD.")
	require.NotContains(t, page.String(), "Every cent")
}

// A worker's name comes from outside; it must not move the cursor, clear the
// screen or add lines.
func TestText_KeepsForeignTextFromSteeringTheTerminal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := open()
		r.Items[0].Worker = rapid.String().Draw(t, "worker") + "\x1b[2J\n\r\u202e"
		var page bytes.Buffer
		require.NoError(t, reports.Text(&page, r))
		for _, c := range page.String() {
			require.True(t, c == '\n' || c >= ' ' && c != 0x7f && c != 0x202e, "%q", c)
		}
	})
}

func TestJSON_IsOneDocumentWithExactAmounts(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	require.NoError(t, reports.JSON(&page, open()))
	var got struct {
		Tied     bool
		Equation []map[string]string
		Items    []map[string]any
	}
	require.NoError(t, json.Unmarshal(page.Bytes(), &got))
	require.False(t, got.Tied)
	require.Equal(t, "1250.00", got.Equation[1]["held"])
	require.Equal(t, "1250.00", got.Items[0]["amount"])
	require.Nil(t, got.Items[0]["quickbooks_amount"])
}
