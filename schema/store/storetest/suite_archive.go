package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func archiveChecks() []check {
	return []check{
		{"FindsContractsByTheirWorker", func(on trial) {
			t, store := on.T, on.store
			one, two := contractOf("c-1", "w-1", 1), contractOf("c-2", "w-1", 1)
			other := contractOf("c-3", "w-2", 1)
			require.NoError(t, store.RecordContracts(t.Context(), []schema.Contract{two, one, other}))
			found, err := store.WorkerContracts(t.Context(), company, []schema.WorkerID{"w-1", "w-9", "w-1"})
			require.NoError(t, err)
			require.Equal(t, map[schema.WorkerID][]schema.Contract{"w-1": {one, two}}, found)
		}},
		{"FindsAContractByTheWorkerThatItNamesNow", func(on trial) {
			t, store := on.T, on.store
			before, after := contractOf("c-1", "w-1", 1), contractOf("c-1", "w-2", 2)
			require.NoError(t, store.RecordContracts(t.Context(), []schema.Contract{before}))
			require.NoError(t, store.RecordContracts(t.Context(), []schema.Contract{after}))
			found, err := store.WorkerContracts(t.Context(), company, []schema.WorkerID{"w-1", "w-2"})
			require.NoError(t, err)
			require.Equal(t, map[schema.WorkerID][]schema.Contract{"w-2": {after}}, found)
		}},
		{"FindsInvoicesByTheWorkerThatTheyNameNow", findsWorkerInvoices},
		{"KeepsCompaniesApartInTheArchive", func(on trial) {
			t, store := on.T, on.store
			foreign := contractOf("c-1", "w-1", 1)
			foreign.Company = "globex"
			require.NoError(t, store.RecordContracts(t.Context(), []schema.Contract{foreign}))
			numbered := numberedDraft("i-1", "worker:1:USD", "INV-1", 1)
			numbered.Company = "globex"
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{numbered}))
			contracts, err := store.WorkerContracts(t.Context(), company, []schema.WorkerID{"w-1"})
			require.NoError(t, err)
			require.Empty(t, contracts)
			requireNumbers(t, store, map[schema.PayeeKey]map[string]schema.InvoiceID{}, "INV-1")
		}},
		{"KnowsWhoWasDraftedUnderANumberFirst", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{
				numberedDraft("i-2", "worker:1:USD", "INV-1", 2),
				numberedDraft("i-1", "worker:1:USD", "INV-1", 1),
				numberedDraft("i-1", "worker:1:USD", "INV-1-x", 3),
				numberedDraft("i-3", "worker:2:USD", "INV-1", 3),
				numberedDraft("i-4", "", "INV-1", 0),
			}))
			requireNumbers(t, store, map[schema.PayeeKey]map[string]schema.InvoiceID{
				"worker:1:USD": {"INV-1": "i-1"}, "worker:2:USD": {"INV-1": "i-3"},
			}, "INV-1", "INV-9", "INV-1")
		}},
		{"PrefersWhatWasDraftedFirstAtTheSameInstant", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{numberedDraft("i-2", "worker:1:USD", "INV-1", 1)}))
			require.NoError(t, store.RecordDrafts(t.Context(), []schema.Draft{numberedDraft("i-1", "worker:1:USD", "INV-1", 1)}))
			requireNumbers(t, store, map[schema.PayeeKey]map[string]schema.InvoiceID{"worker:1:USD": {"INV-1": "i-2"}}, "INV-1")
		}},
		{"AsksTheArchiveForNothing", func(on trial) {
			t, store := on.T, on.store
			requireNumbers(t, store, map[schema.PayeeKey]map[string]schema.InvoiceID{})
			contracts, err := store.WorkerContracts(t.Context(), company, nil)
			require.NoError(t, err)
			require.Empty(t, contracts)
		}},
	}
}

func findsWorkerInvoices(on trial) {
	t, store := on.T, on.store
	workerInvoice := func(id schema.InvoiceID, worker schema.WorkerID, at int) schema.Invoice {
		i := invoice(id, later(at))
		i.Worker = worker
		require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{i}))
		i.Lines = nil
		return i
	}
	two, one := workerInvoice("i-2", "w-1", 1), workerInvoice("i-1", "w-1", 1)
	workerInvoice("i-3", "w-1", 1)
	moved, other := workerInvoice("i-3", "w-2", 2), workerInvoice("i-4", "w-3", 1)
	workerInvoice("i-1", "w-2", 0)
	foreign := invoice("i-5", later(1))
	foreign.Company = "globex"
	require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{foreign}))

	for _, c := range []struct {
		workers []schema.WorkerID
		want    map[schema.WorkerID][]schema.Invoice
	}{
		{[]schema.WorkerID{"w-1", "w-9", "w-1"}, map[schema.WorkerID][]schema.Invoice{"w-1": {one, two}}},
		{[]schema.WorkerID{"w-2", "w-3"}, map[schema.WorkerID][]schema.Invoice{"w-2": {moved}, "w-3": {other}}},
		{nil, map[schema.WorkerID][]schema.Invoice{}},
	} {
		found, err := store.WorkerInvoices(t.Context(), company, c.workers)
		require.NoError(t, err)
		require.Equal(t, c.want, found)
	}
}

func contractOf(id schema.ContractID, worker schema.WorkerID, minute int) schema.Contract {
	return schema.Contract{Company: company, ID: id, Worker: worker, Status: "ACTIVE", RecordedAt: later(minute)}
}

func numberedDraft(invoice schema.InvoiceID, payee schema.PayeeKey, number string, minute int) schema.Draft {
	return schema.Draft{
		Company: company, Invoice: invoice, State: schema.DraftHeld, Payee: payee, DocNumber: number, RecordedAt: later(minute),
	}.Seal()
}

func requireNumbers(t *testing.T, store Store, want map[schema.PayeeKey]map[string]schema.InvoiceID, numbers ...string) {
	t.Helper()
	found, err := store.DocNumbers(t.Context(), company, numbers)
	require.NoError(t, err)
	require.Equal(t, want, found)
}
