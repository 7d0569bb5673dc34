package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

func sourceChecks() []check {
	return []check{
		{"ReturnsAnInvoiceAsItWasRecorded", func(on trial) {
			t, store := on.T, on.store
			full := invoice("i-1", later(1))
			full.PlatformFee, full.ExternalID, full.PaymentGroup, full.PDFURL = true, "x", "g", "https://example.com/i.pdf"
			full.PeriodStart, full.PeriodEnd, full.PaidAt = schema.NewDate(1, 1, 1), schema.NewDate(9999, 12, 31), later(-60)
			full.Problems = []schema.Problem{{Field: "items[2].amount", Value: "1.999", Detail: "too many decimals"}}
			empty := schema.Invoice{Company: company, ID: "i-2", RecordedAt: later(1)}
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{full, empty}))

			found, err := store.Invoices(t.Context(), company, []schema.InvoiceID{"i-1", "i-2", "i-3"})
			require.NoError(t, err)
			require.Equal(t, map[schema.InvoiceID]schema.Invoice{"i-1": full, "i-2": empty}, found)
		}},
		{"ReturnsAContractAsItWasRecorded", func(on trial) {
			t, store := on.T, on.store
			full := schema.Contract{
				Company: company, ID: "c-1", Worker: "w-1", WorkerEmail: "ana@example.com", ExternalID: "x", WorkerType: "Worker",
				FirstName: "Ana", LastName: "O'Neil \\", LegalName: "ANA", Country: "CO", JobTitle: "dev", Department: "r&d", Entity: "e",
				Type: "FIXED", Signing: schema.SigningEOR, Currency: "COP", StartDate: schema.NewDate(2020, 2, 29), Status: "ACTIVE",
				UpdatedAt: later(0), Source: "d-1", RecordedAt: later(1),
			}
			require.NoError(t, store.RecordContracts(t.Context(), []schema.Contract{full}))
			found, err := store.Contracts(t.Context(), company, []schema.ContractID{"c-1", "c-1", "c-2"})
			require.NoError(t, err)
			require.Equal(t, map[schema.ContractID]schema.Contract{"c-1": full}, found)
		}},
	}
}

func newestChecks() []check {
	return []check{
		{"PrefersTheNewestRecord", func(on trial) {
			t, store := on.T, on.store
			older, newer := invoice("i-1", later(1)), invoice("i-1", later(2))
			newer.Status = schema.StatusPaid
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{newer}))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{older}))
			requireStatus(t, store, schema.StatusPaid)
		}},
		{"PrefersWhatWasRecordedLastAtTheSameInstant", func(on trial) {
			t, store := on.T, on.store
			one, two := invoice("i-1", later(1)), invoice("i-1", later(1))
			two.Status = schema.StatusPaid
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{one, two}))
			requireStatus(t, store, schema.StatusPaid)
			three := one
			three.Status = schema.StatusCancelled
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{three}))
			requireStatus(t, store, schema.StatusCancelled)
		}},
		{"TakesTheSameFactAgainWithoutEffect", func(on trial) {
			t, store := on.T, on.store
			one, two := invoice("i-1", later(1)), invoice("i-1", later(1))
			two.Status = schema.StatusPaid
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{one}))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{two}))
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{one}))
			requireStatus(t, store, schema.StatusPaid)
		}},
		{"TakesNothing", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.RecordInvoices(t.Context(), nil))
			found, err := store.Invoices(t.Context(), company, nil)
			require.NoError(t, err)
			require.Empty(t, found)
		}},
		{"FindsThousandsByID", func(on trial) {
			t, store := on.T, on.store
			var invoices []schema.Invoice
			var ids []schema.InvoiceID
			for _, id := range numbered("i", 2_345) {
				invoices = append(invoices, invoice(schema.InvoiceID(id), later(1)))
				ids = append(ids, schema.InvoiceID(id))
			}
			require.NoError(t, store.RecordInvoices(t.Context(), invoices))
			found, err := store.Invoices(t.Context(), company, ids)
			require.NoError(t, err)
			require.Len(t, found, len(ids))
			require.Equal(t, invoices[777], found[ids[777]])
		}},
		{"FindsIDsWithAnyCharacters", func(on trial) {
			t, store := on.T, on.store
			odd := schema.InvoiceID("a'b\"c\\d\te\nf{x:String}?$1@y é")
			require.NoError(t, store.RecordInvoices(t.Context(), []schema.Invoice{invoice(odd, later(1))}))
			found, err := store.Invoices(t.Context(), company, []schema.InvoiceID{odd, "b"})
			require.NoError(t, err)
			require.Contains(t, found, odd)
		}},
	}
}

func requireStatus(t *testing.T, store Store, want schema.InvoiceStatus) {
	t.Helper()
	found, err := store.Invoices(t.Context(), company, []schema.InvoiceID{"i-1"})
	require.NoError(t, err)
	require.Equal(t, want, found["i-1"].Status)
}

func masterChecks() []check {
	return []check{
		{"ReturnsTheRulesInForce", func(on trial) {
			t, store := on.T, on.store
			none, err := store.Rules(t.Context(), company, time.Time{})
			require.NoError(t, err)
			require.Zero(t, none)
			first := schema.RuleSet{
				Company: company, Version: 1, By: "eva", RecordedAt: later(1),
				Rules: []schema.Rule{{ID: "r-1", Version: 1, Concept: "BONUS", Account: "7", Name: "Bonuses"}, {
					ID: "r-2", Version: 1, Concept: "TAX", Account: "8", Class: "5000", ClassName: "Ops", Location: "2", LocationName: "Remote",
				}},
			}
			second := schema.RuleSet{Company: company, Version: 2, By: "eva", RecordedAt: later(2)}
			require.NoError(t, store.RecordRules(t.Context(), first))
			require.NoError(t, store.RecordRules(t.Context(), second))
			for at, want := range map[time.Time]schema.RuleSet{later(0): {}, later(1): first, later(2): second, {}: second} {
				got, err := store.Rules(t.Context(), company, at)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		}},
		{"ReturnsTheBooksAsLastRead", func(on trial) {
			t, store := on.T, on.store
			first := schema.Books{
				Company: company, Realm: "123", Name: "Acme", Country: "US", HomeCurrency: "USD", MultiCurrency: true,
				CloseDate: schema.NewDate(2026, 9, 30), ReadAt: later(1), ClassPerLine: true, TracksLocations: true,
				Classes:   []schema.Class{{ID: "5000", Name: "Ops:Night", Active: true}, {ID: "5001", Name: "Old"}},
				Locations: []schema.Location{{ID: "2", Name: "Remote", Active: true}, {ID: "3", Name: "Gone"}},
				Accounts:  []schema.Account{{ID: "7", Name: "A:B", Type: "Expense", SubType: "Payroll", Currency: "USD", Active: true}},
				Vendors:   []schema.Vendor{{ID: "55", Name: "Ana", Email: "ana@example.com", Currency: "USD"}, {ID: "56", Active: true}},
			}
			second := schema.Books{Company: company, Realm: "123", ReadAt: later(2)}
			require.NoError(t, store.RecordBooks(t.Context(), first))
			require.NoError(t, store.RecordBooks(t.Context(), second))
			for at, want := range map[time.Time]schema.Books{later(0): {}, later(1): first, {}: second} {
				got, err := store.Books(t.Context(), company, at)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		}},
		{"ReturnsTheNewestOfEachPayee", func(on trial) {
			t, store := on.T, on.store
			ana := schema.Payee{
				Company: company, Key: "worker:1:USD", State: schema.PayeeProposed, Name: "Ana", Email: "ana@example.com", Country: "CO",
				Business: true, Detail: "new", By: "tieout", RecordedAt: later(1),
			}
			linked := ana
			linked.State, linked.Vendor, linked.Origin, linked.RecordedAt = schema.PayeeLinked, "55", schema.OriginPerson, later(2)
			ben := schema.Payee{Company: company, Key: "worker:2:USD", State: schema.PayeeApproved, RecordedAt: later(1)}
			require.NoError(t, store.RecordPayees(t.Context(), []schema.Payee{ana, ben}))
			require.NoError(t, store.RecordPayees(t.Context(), []schema.Payee{linked}))
			found, err := store.Payees(t.Context(), company)
			require.NoError(t, err)
			require.Equal(t, map[schema.PayeeKey]schema.Payee{ana.Key: linked, ben.Key: ben}, found)
		}},
		{"ReturnsTheNewestConnection", func(on trial) {
			t, store := on.T, on.store
			none, err := store.Connection(t.Context(), company)
			require.NoError(t, err)
			require.Zero(t, none)
			connected := schema.Connection{Company: company, Realm: "123", Name: "Acme", State: schema.Connected, By: "eva", RecordedAt: later(1)}
			ended := schema.Connection{Company: company, Realm: "123", State: schema.Disconnected, Detail: "asked", By: "eva", RecordedAt: later(2)}
			require.NoError(t, store.RecordConnection(t.Context(), ended))
			require.NoError(t, store.RecordConnection(t.Context(), connected))
			got, err := store.Connection(t.Context(), company)
			require.NoError(t, err)
			require.Equal(t, ended, got)
		}},
	}
}

func secretChecks() []check {
	return []check{
		{"ReturnsTheNewestUntilItIsForgotten", func(on trial) {
			t, store := on.T, on.store
			none, err := store.Secret(t.Context(), company, "tokens")
			require.NoError(t, err)
			require.Nil(t, none)
			for i, sealed := range []string{"one\x00\xff", "two", ""} {
				require.NoError(t, store.SaveSecret(t.Context(), company, "tokens", []byte(sealed), later(i)))
				got, err := store.Secret(t.Context(), company, "tokens")
				require.NoError(t, err)
				require.Equal(t, sealed, string(got))
			}
			gone, err := store.Secret(t.Context(), company, "tokens")
			require.NoError(t, err)
			require.Nil(t, gone)
		}},
		{"KeepsCompaniesAndNamesApart", func(on trial) {
			t, store := on.T, on.store
			require.NoError(t, store.SaveSecret(t.Context(), company, "tokens", []byte("one"), later(0)))
			for _, other := range []struct {
				company schema.CompanyID
				name    string
			}{{"other", "tokens"}, {company, "other"}} {
				got, err := store.Secret(t.Context(), other.company, other.name)
				require.NoError(t, err)
				require.Nil(t, got)
			}
		}},
	}
}
