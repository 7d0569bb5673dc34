package ontopsim_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/load/fetch"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

func TestGenerate_ChangesWhatWasPosted(t *testing.T) {
	t.Parallel()
	h := generate(t, ontopsim.Config{Seed: 3, Workers: 5, Troubles: []ontopsim.Trouble{}, Afterwards: 2})
	require.Len(t, h.Afterwards, 2*len(ontopsim.Changes()))
	require.Equal(t, h.Expected.Deliveries, len(h.Events)+len(h.Afterwards))
	before := readBack(t, h.Events)
	after := readBack(t, slices.Concat(h.Events, h.Afterwards))
	for _, change := range ontopsim.Changes() {
		of := h.Expected.With(change)
		require.Len(t, of, 2, change)
		for _, want := range of {
			was, is := before.invoices[want.ID], after.invoices[want.ID]
			require.Equal(t, schema.StatusConfirmed, was.Status, "it is posted first")
			require.Equal(t, want.Status, is.Status)
			require.Equal(t, want.Total, is.Total)
			require.Equal(t, want.Before, was.Total)
			require.Equal(t, is.Total, sumOf(t, is))
			require.Equal(t, change != ontopsim.Withdrawn, was.ContentSum() != is.ContentSum())
		}
	}
	sign := func(change ontopsim.Trouble) int {
		more, err := h.Expected.With(change)[0].Total.Sub(h.Expected.With(change)[0].Before)
		require.NoError(t, err)
		return more.Sign()
	}
	require.Equal(t, []int{1, -1, 0, 0, 0}, []int{
		sign(ontopsim.Raised), sign(ontopsim.Lowered), sign(ontopsim.Withdrawn), sign(ontopsim.Renamed), sign(ontopsim.Recoded),
	})
	require.Empty(t, generate(t, ontopsim.Config{}).Afterwards)
}

func TestGenerate_TellsOfMoney(t *testing.T) {
	t.Parallel()
	h := generate(t, ontopsim.Config{Seed: 4, Workers: 6, Money: true, Troubles: []ontopsim.Trouble{ontopsim.PublishedEvents}})
	got := readBack(t, h.Events)
	payments, topUps := map[string]ontop.Payment{}, map[string]string{}
	for _, m := range got.messages {
		for _, p := range m.Payments {
			payments[p.ID] = p
		}
		for _, u := range m.TopUps {
			topUps[u.ID] = u.Amount
		}
	}
	require.Len(t, payments, len(h.Expected.Payments)+len(h.Expected.Loose))
	require.NotEmpty(t, h.Expected.Payments)
	for _, want := range h.Expected.Payments {
		paid, invoice := payments[want.ID], got.invoices[want.Invoice]
		require.Equal(t, "SUCCESS", paid.Status)
		require.Equal(t, invoice.USDTotal.Decimal(), paid.Amount)
		require.Equal(t, string(invoice.Worker), string(paid.Worker))
		require.Equal(t, schema.DateOf(invoice.PaidAt), schema.DateOf(paid.At), "both say the same day")
	}
	require.Len(t, h.Expected.Loose, 2)
	for _, id := range h.Expected.Loose {
		for _, invoice := range got.invoices {
			require.NotEqual(t, invoice.USDTotal.Decimal(), payments[id].Amount, "it pays no invoice")
		}
	}
	require.Len(t, topUps, len(h.Expected.TopUps))
	require.Len(t, topUps, 3+2, "one a month, and those that are published")
	for _, want := range h.Expected.TopUps {
		require.Equal(t, want.USD.Decimal(), topUps[want.ID])
	}
	require.Empty(t, generate(t, ontopsim.Config{}).Expected.Payments)
}

// The files are what a fetcher takes for files, and the broken ones what it tells
// apart.
func TestFiles(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(ontopsim.Files{})
	t.Cleanup(server.Close)
	hosts, err := fetch.ParseHosts([]string{server.URL})
	require.NoError(t, err)
	fetcher := fetch.New(fetch.Config{Hosts: hosts})
	h := generate(t, ontopsim.Config{Workers: 9, FilesURL: server.URL + "/", BrokenFiles: 1, Troubles: []ontopsim.Trouble{}})
	got := readBack(t, h.Events)

	reasons := map[ontopsim.BrokenFile]fetch.Reason{
		ontopsim.FileGone: fetch.Gone, ontopsim.FileIsPage: fetch.HTMLPage, ontopsim.FileTooLarge: fetch.TooLarge,
	}
	sums, types := map[string]bool{}, map[string]int{}
	for _, want := range h.Expected.Files {
		require.True(t, names(got.invoices[want.Invoice], want), "%+v", want)
		file, err := fetcher.Fetch(t.Context(), want.URL, "file")
		if want.Broken != "" {
			problem, ok := errors.AsType[*fetch.Problem](err)
			require.True(t, ok, "%s: %v", want.URL, err)
			require.Equal(t, reasons[want.Broken], problem.Reason)
			types[string(want.Broken)]++
			continue
		}
		require.NoError(t, err, want.URL)
		require.False(t, sums[file.Sum], "each has a content of its own")
		sums[file.Sum] = true
		types[file.Type]++
	}
	require.Equal(t, []int{1, 1, 1}, []int{types["gone"], types["page"], types["large"]})
	require.Positive(t, types["image/png"])
	require.Equal(t, len(h.Expected.Invoices)-3, types["application/pdf"]-receipts(h, ".pdf"))

	few := generate(t, ontopsim.Config{Workers: 9, PDFEvery: 3, BrokenFiles: 1, Troubles: []ontopsim.Trouble{}}).Expected
	broken := 0
	for _, file := range few.Files {
		if file.Broken != "" {
			broken++
		}
	}
	require.Equal(t, 3, broken, "also where few invoices have a PDF")
	require.Less(t, len(few.Files), len(few.Invoices))
}

// names reports whether an invoice names a file, on the line that it should prove.
func names(i schema.Invoice, f ontopsim.File) bool {
	if f.Item == "" {
		return i.PDFURL == f.URL
	}
	return slices.ContainsFunc(i.Lines, func(l schema.Line) bool { return l.ItemID == f.Item && l.AttachmentURL == f.URL })
}

func receipts(h ontopsim.History, suffix string) int {
	n := 0
	for _, f := range h.Expected.Files {
		if f.Item != "" && strings.HasSuffix(f.URL, suffix) {
			n++
		}
	}
	return n
}
