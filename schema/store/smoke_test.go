package store_test

import (
	"testing"
	"github.com/stretchr/testify/require"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/schema/store"
	"time"
)

var _ storetest.Store = (*store.Store)(nil)

func TestSmoke(t *testing.T) {
	s := open(t, embedded(t))
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	b := schema.Block{ID: "b-1", Deliveries: []schema.Delivery{{Company: "acme", ID: "d-1", ReceivedAt: at, Channel: "webhook", Body: []byte("a\xff\x00b")}}}
	require.NoError(t, s.Stage(t.Context(), b))
	require.NoError(t, s.Stage(t.Context(), b))
	p, err := s.Pending(t.Context(), "acme", 10)
	require.NoError(t, err)
	require.Len(t, p, 1)
	require.Equal(t, b.Deliveries[0], p[0].Delivery)
	inv := schema.Invoice{Company: "acme", ID: "i-1", RecordedAt: at, BillDate: schema.NewDate(2026, 11, 1), Lines: []schema.Line{{ItemID: "x", Amount: schema.NewMoney(5, "USD")}}}
	require.NoError(t, s.RecordInvoices(t.Context(), []schema.Invoice{inv}))
	got, err := s.Invoices(t.Context(), "acme", []schema.InvoiceID{"i-1"})
	require.NoError(t, err)
	require.Equal(t, inv, got["i-1"])
	for p, err := range s.OpenPositions(t.Context(), "acme") {
		require.NoError(t, err)
		require.Equal(t, inv, p.Invoice)
	}
	_, err = s.Backlog(t.Context(), "acme")
	require.NoError(t, err)
	period, _ := schema.ParsePeriod("2026-11")
	n := 0
	for p, err := range s.Positions(t.Context(), "acme", period, time.Time{}) {
		require.NoError(t, err)
		_ = p
		n++
	}
	require.Equal(t, 1, n)
	_, err = s.Intake(t.Context(), "acme", period, time.Time{})
	require.NoError(t, err)
	_, err = s.DueBills(t.Context(), "acme", at, 5)
	require.NoError(t, err)
	_, err = s.Unverified(t.Context(), "acme", 5)
	require.NoError(t, err)
	ok, err := s.TryLease(t.Context(), "l", "a", time.Minute, at)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, s.ResetWatermarks(t.Context()))
}
