package main

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
)

// answersTake is how long the pretended QuickBooks takes for a batch.
const answersTake = 2 * time.Second

// allowedPerMinute is how many batches QuickBooks lets through in any minute.
const allowedPerMinute = 40

// TestThrottle posts in virtual time, so that what it finds is the waiting and not
// this machine; the load part of the benchmark reads it from the attributes.
func TestThrottle(t *testing.T) {
	t.Parallel()
	for _, c := range throttleCases(measuring()) {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				books := quickbookstest.New(quickbookstest.Config{Now: time.Now, Seed: 7})
				loader := virtualLoader(t, books, c)
				books.Chaos(1, quickbookstest.Odds{quickbookstest.DelayAfter: 1}, quickbookstest.Trouble{On: "batch", Delay: answersTake})
				began := time.Now()

				result, err := loader.Bills(t.Context())

				took := time.Since(began) - answersTake
				stats := books.Stats()
				require.NoError(t, err)
				require.Equal(t, c.bills, result.Bills.Posted)
				require.Equal(t, c.bills, books.Count("", "Bill"))
				require.Zero(t, stats.Throttled)
				batches := stats.Requests["batch"]
				// The first 40 may leave at once, each 40 more a minute later.
				least := time.Duration((batches-1)/allowedPerMinute) * time.Minute
				measured := fmt.Sprintf("%d batches in %s, %d answers of 429", batches, took.Round(100*time.Millisecond), stats.Throttled)
				if least == 0 {
					t.Attr("measured", measured+"; all fit into the first minute")
					t.Attr("share", "–")
					return
				}
				t.Attr("measured", fmt.Sprintf("%s; the limits allow it in %s", measured, least))
				t.Attr("share", ratio(least.Seconds(), took.Seconds()))
			})
		})
	}
}

// virtualLoader returns a loader with that many bills due, that keeps the documented
// limits as in service.
func virtualLoader(t *testing.T, books *quickbookstest.Server, c throttleCase) *load.Loader {
	t.Helper()
	h, err := connectedHistory(books)
	require.NoError(t, err)
	s := storetest.NewMemory()
	var invoices []schema.Invoice
	var drafts []schema.Draft
	for n := range c.bills {
		invoice := h.invoice(n)
		invoices, drafts = append(invoices, invoice), append(drafts, h.draft(invoice, n))
	}
	require.NoError(t, s.RecordInvoices(t.Context(), invoices))
	require.NoError(t, s.RecordDrafts(t.Context(), drafts))
	log := slog.New(slog.DiscardHandler)
	client, err := booksClient(books, quickbooks.Limits{}, log)
	require.NoError(t, err)
	loader := load.New(s, client, load.Config{Company: company, Now: time.Now, BatchSize: c.size}, log, nil)
	_, err = loader.RefreshBooks(t.Context())
	require.NoError(t, err)
	return loader
}
