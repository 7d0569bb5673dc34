package ontopsim_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// arrival is what one event says of an invoice.
type arrival struct {
	event   ontopsim.Event
	message ontop.Message
	invoice schema.Invoice
}

// arrivals returns what arrives of an invoice, in order.
func arrivals(t *testing.T, h ontopsim.History, id schema.InvoiceID) []arrival {
	t.Helper()
	var of []arrival
	for i, m := range readBack(t, h.Events).messages {
		for _, invoice := range m.Invoices {
			if invoice.ID == id {
				of = append(of, arrival{h.Events[i], m, invoice})
			}
		}
	}
	return of
}

func types(of []arrival) []ontop.EventType {
	var all []ontop.EventType
	for _, a := range of {
		all = append(all, a.message.Type)
	}
	return all
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	closed := schema.NewDate(2026, 5, 31)

	// occurrences makes up a history with one kind of trouble, three times, and
	// calls check with what arrives of each troubled invoice.
	occurrences := func(t *testing.T, trouble ontopsim.Trouble, check func(t *testing.T, of []arrival, h ontopsim.History, e ontopsim.Invoice)) {
		t.Helper()
		h := generate(t, ontopsim.Config{Seed: 11, Each: 3, Troubles: []ontopsim.Trouble{trouble}, CustomerName: "Initech"})
		with := h.Expected.With(trouble)
		require.Len(t, with, 3)
		for _, e := range with {
			check(t, arrivals(t, h, e.ID), h, e)
		}
	}
	usual := []ontop.EventType{ontop.InvoiceCreated, ontop.InvoiceConfirmed, ontop.InvoicePaid}

	for trouble, check := range map[ontopsim.Trouble]func(t *testing.T, of []arrival, h ontopsim.History, e ontopsim.Invoice){
		ontopsim.SameDelivery: func(t *testing.T, of []arrival, h ontopsim.History, _ ontopsim.Invoice) {
			t.Helper()
			require.Len(t, of, 4)
			require.Equal(t, of[1].event.ID, of[2].event.ID)
			require.Equal(t, of[1].event.Body, of[2].event.Body)
			require.Equal(t, 3, h.Expected.Repeated)
		},
		ontopsim.SameContent: func(t *testing.T, of []arrival, h ontopsim.History, _ ontopsim.Invoice) {
			t.Helper()
			require.Len(t, of, 4)
			require.NotEqual(t, of[1].event.ID, of[2].event.ID)
			require.Equal(t, of[1].invoice.Sum(), of[2].invoice.Sum())
			require.Zero(t, h.Expected.Repeated)
		},
		ontopsim.LateDelivery: func(t *testing.T, of []arrival, _ ontopsim.History, _ ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, []ontop.EventType{ontop.InvoiceCreated, ontop.InvoicePaid, ontop.InvoiceConfirmed}, types(of))
			require.Equal(t, of[2].invoice.UpdatedAt.AddDate(0, 0, 10), of[2].event.At.Add(-2e9))
		},
		ontopsim.Reordered: func(t *testing.T, of []arrival, _ ontopsim.History, _ ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, []ontop.EventType{ontop.InvoiceConfirmed, ontop.InvoiceCreated, ontop.InvoicePaid}, types(of))
		},
		ontopsim.Correction: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, []ontop.EventType{ontop.InvoiceCreated, ontop.InvoiceUpdated, ontop.InvoiceConfirmed, ontop.InvoicePaid}, types(of))
			require.NotEqual(t, e.Total, of[0].invoice.Total)
			require.Equal(t, of[0].invoice.Total, sumOf(t, of[0].invoice))
			require.Equal(t, e.Total, of[1].invoice.Total)
		},
		ontopsim.StaleRevision: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, []ontop.EventType{ontop.InvoiceCreated, ontop.InvoiceConfirmed, ontop.InvoiceUpdated, ontop.InvoicePaid}, types(of))
			require.True(t, of[2].invoice.UpdatedAt.Before(of[1].invoice.UpdatedAt))
			require.NotEqual(t, e.Total, of[2].invoice.Total)
		},
		ontopsim.Cancellation: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, []ontop.EventType{ontop.InvoiceCreated, ontop.InvoiceConfirmed, ontop.InvoiceCancelled}, types(of))
			require.Equal(t, schema.StatusCancelled, e.Status)
		},
		ontopsim.NotConfirmed: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Len(t, of, 1)
			require.Equal(t, schema.StatusCreated, e.Status)
		},
		ontopsim.UnmappedConcept: func(t *testing.T, of []arrival, _ ontopsim.History, _ ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, "RELOCATION_ALLOWANCE", of[0].invoice.Lines[1].Concept)
		},
		ontopsim.NameTaken: func(t *testing.T, of []arrival, h ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, usual, types(of))
			require.Equal(t, "Initech", readBack(t, h.Events).contracts[e.Contract].WorkerName())
			require.Equal(t, h.Expected.With(ontopsim.NameTaken)[0].Contract, e.Contract, "one worker bears the name")
		},
		ontopsim.ClosedPeriod: func(t *testing.T, _ []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, closed, e.IssueDate)
		},
		ontopsim.TotalMismatch: func(t *testing.T, of []arrival, _ ontopsim.History, _ ontopsim.Invoice) {
			t.Helper()
			require.NotEqual(t, of[0].invoice.Total, sumOf(t, of[0].invoice))
		},
		ontopsim.NetNegative: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, usual, types(of))
			require.Negative(t, e.Total.Sign())
			require.Equal(t, e.Total, sumOf(t, of[1].invoice))
		},
		ontopsim.ContractMissing: func(t *testing.T, of []arrival, h ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, usual, types(of))
			require.NotContains(t, readBack(t, h.Events).contracts, e.Contract)
		},
		ontopsim.ContractLate: func(t *testing.T, of []arrival, h ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			contract := readBack(t, h.Events).contracts[e.Contract]
			require.True(t, contract.UpdatedAt.After(of[1].event.At))
		},
		ontopsim.UnknownCurrency: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, `"ZZZ"`, of[0].invoice.Problems[0].Value)
			require.Equal(t, schema.NoCurrency, e.Currency)
			require.True(t, e.Total.IsZero())
		},
		ontopsim.TooManyDecimals: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, "total_amount", of[0].invoice.Problems[0].Field)
			require.Contains(t, of[0].invoice.Problems[0].Detail, "more decimals")
			require.True(t, e.Total.IsZero())
		},
		ontopsim.OddForms: func(t *testing.T, of []arrival, _ ontopsim.History, e ontopsim.Invoice) {
			t.Helper()
			require.Equal(t, usual, types(of))
			for _, a := range of {
				require.Contains(t, string(a.event.Body), `"data":[{`)
				require.Contains(t, string(a.event.Body), `"total_amount":"`+e.Total.Decimal()+`"`)
				require.Contains(t, string(a.event.Body), `"invoice_id":"`+string(e.ID)+`"`)
				require.Empty(t, a.invoice.Problems)
			}
		},
	} {
		t.Run(string(trouble), func(t *testing.T) {
			t.Parallel()
			occurrences(t, trouble, check)
		})
	}

	t.Run(string(ontopsim.UnknownEventType), func(t *testing.T) {
		t.Parallel()
		h := generate(t, ontopsim.Config{Each: 3, Troubles: []ontopsim.Trouble{ontopsim.UnknownEventType}})
		require.Equal(t, 3, h.Expected.Unknown)
		unknown := 0
		for _, m := range readBack(t, h.Events).messages {
			if m.Type.Kind() == ontop.KindUnknown {
				unknown++
				require.Equal(t, []string{"999"}, m.Clients)
			}
		}
		require.Equal(t, 3, unknown)
	})

	t.Run(string(ontopsim.PublishedEvents), func(t *testing.T) {
		t.Parallel()
		h := generate(t, ontopsim.Config{Each: 2, Troubles: []ontopsim.Trouble{ontopsim.PublishedEvents}})
		require.Equal(t, 6, h.Expected.Noted)
		seen := map[ontop.EventType]int{}
		for i, m := range readBack(t, h.Events).messages {
			if m.Type.Kind() == ontop.KindNoted {
				seen[m.Type]++
				require.False(t, bytes.Contains(h.Events[i].Body, []byte("event_id")), "published events name themselves not")
			}
		}
		require.Equal(t, map[ontop.EventType]int{ontop.KYC: 2, ontop.PaymentMade: 2, ontop.ClientWalletTopUp: 2}, seen)
	})
}

func TestTroubles_AllOccurByDefaultAndNoneWhenEmpty(t *testing.T) {
	t.Parallel()
	all := generate(t, ontopsim.Config{})
	for _, trouble := range ontopsim.Troubles() {
		if trouble == ontopsim.UnknownEventType || trouble == ontopsim.PublishedEvents {
			continue
		}
		require.Len(t, all.Expected.With(trouble), 2, trouble)
	}
	none := generate(t, ontopsim.Config{Troubles: []ontopsim.Trouble{}})
	require.Len(t, none.Expected.With(ontopsim.NoTrouble), len(none.Expected.Invoices))
}
