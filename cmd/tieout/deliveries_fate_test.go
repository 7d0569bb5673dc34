package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

func TestBecameOfAll_TellsTheWayToTheBill(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 8, 31, 9, 0, 0, 0, time.UTC)
	invoice := schema.Invoice{
		ID: "880001", Number: "INV-1", Status: schema.StatusConfirmed, Currency: "USD", Total: schema.NewMoney(120000, "USD"), Source: "d-1",
	}
	ready := schema.Draft{
		State: schema.DraftReady, Kind: schema.DocumentBill, DocNumber: "INV-1", TxnDate: schema.NewDate(2026, 8, 31),
		Total: invoice.Total, PayeeName: "Ana Rojas",
	}
	held := schema.Draft{State: schema.DraftHeld, Holds: []schema.Hold{{
		Reason: schema.HoldUnmappedConcept, Detail: "no rule for BONUS", NextStep: "add one", Owner: schema.OwnerFinance,
	}}}
	sent := func(state schema.PostingState) schema.Posting {
		p := schema.Posting{State: state, Form: schema.DocumentBill, RecordedAt: at}
		if state == schema.PostingPosted || state == schema.PostingAdopted {
			p.Document = "145"
		}
		return p
	}
	declined := sent(schema.PostingDeclined)
	declined.Fault = schema.Fault{Code: "6140", Detail: "Duplicate Document Number"}
	read := func(r schema.VerificationResult, n int) schema.Verification {
		return schema.Verification{Result: r, Differences: make([]schema.Difference, n), RecordedAt: at}
	}
	const drafted = "drafted as bill INV-1 of 2026-08-31 over 1200.00 USD to Ana Rojas"
	for _, c := range []struct {
		name     string
		position schema.Position
		want     []string
	}{
		{"NotDrafted", schema.Position{}, []string{"not drafted yet"}},
		{"Held", schema.Position{Draft: held}, []string{string(schema.HoldUnmappedConcept) + ": no rule for BONUS; next, for finance: add one"}},
		{"Waits", schema.Position{Draft: schema.Draft{State: schema.DraftAwaitsContract}}, []string{"waits for its contract"}},
		{"Early", schema.Position{Draft: schema.Draft{State: schema.DraftAwaitsStatus}}, []string{"waits until it is far enough along to be posted"}},
		{"Cancelled", schema.Position{Draft: schema.Draft{State: schema.DraftInvoiceCancelled}}, []string{"is cancelled: nothing is posted"}},
		{"Sent", schema.Position{Draft: ready, Posting: sent(schema.PostingUncertain)}, []string{drafted, "sent to QuickBooks; no answer yet"}},
		{"Declined", schema.Position{Draft: ready, Posting: declined}, []string{
			drafted, "declined by QuickBooks on 2026-08-31 09:00 UTC: 6140 Duplicate Document Number",
		}},
		{"Posted", schema.Position{Draft: ready, Posting: sent(schema.PostingPosted)}, []string{
			drafted, "posted as bill 145 on 2026-08-31 09:00 UTC", "not read back yet",
		}},
		{"Verified", schema.Position{Draft: ready, Posting: sent(schema.PostingAdopted), Verification: read(schema.VerifiedExact, 0)}, []string{
			drafted, "found in QuickBooks as bill 145 on 2026-08-31 09:00 UTC", "read back on 2026-08-31 09:00 UTC: every field as drafted",
		}},
		{"Edited", schema.Position{Draft: ready, Posting: sent(schema.PostingPosted), Verification: read(schema.VerifiedDivergent, 2)}, []string{
			drafted, "posted as bill 145 on 2026-08-31 09:00 UTC", "read back on 2026-08-31 09:00 UTC: not as drafted, 2 differences",
		}},
		{"Deleted", schema.Position{Draft: ready, Posting: sent(schema.PostingPosted), Verification: read(schema.VerifiedMissing, 0)}, []string{
			drafted, "posted as bill 145 on 2026-08-31 09:00 UTC", "read back on 2026-08-31 09:00 UTC: it is not there any more",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.position.Invoice = invoice
			got := becameOfAll("d-1", "INVOICE_CONFIRMED", []app.Fate{{Subject: "880001", Position: c.position}})
			require.Len(t, got, 1)
			require.Equal(t, append([]string{"invoice 880001 INV-1: CONFIRMED, 1200.00 USD"}, c.want...), got[0].lines)
			text, err := json.Marshal(got[0])
			require.NoError(t, err)
			require.Contains(t, string(text), `"holds":true`)
		})
	}

	t.Run("ALaterDeliverySaysSo", func(t *testing.T) {
		t.Parallel()
		got := becameOfAll("d-0", "INVOICE_CREATED", []app.Fate{{Subject: "880001", Position: schema.Position{Invoice: invoice}}})
		require.True(t, strings.HasSuffix(got[0].lines[0], " (a later delivery says so)"))
	})

	t.Run("OneNumberMayBeAContractAndAnInvoice", func(t *testing.T) {
		t.Parallel()
		contract := schema.Contract{ID: "880001", FirstName: "Ana", LastName: "Rojas", Status: "ACTIVE", Source: "d-1"}
		fate := []app.Fate{{Subject: "880001", Contract: contract, Position: schema.Position{Invoice: invoice}}}
		require.Equal(t, []string{"contract 880001 of Ana Rojas: ACTIVE"}, becameOfAll("d-1", "CONTRACT_CREATED", fate)[0].lines)
		require.Equal(t, "880001", becameOfAll("d-1", "INVOICE_PAID", fate)[0].Invoice)
		require.Empty(t, becameOfAll("d-1", "INVOICE_PAID", []app.Fate{{Subject: "1"}}))
	})
}
