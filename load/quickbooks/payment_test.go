package quickbooks_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func itemOf[T quickbooks.Entity](tb testing.TB, bID string, record T) quickbooks.BatchItem {
	tb.Helper()
	item, err := quickbooks.CreateItem(bID, record)
	require.NoError(tb, err)
	return item
}

// euroBooks is a company with several currencies, a vendor in euros and a bill of
// 1234.56 euros.
func euroBooks(t *testing.T) (*quickbooks.Client, *quickbookstest.Server, quickbooks.Bill) {
	t.Helper()
	client, sim, _ := connected(t, quickbookstest.Config{Realms: []quickbookstest.Realm{{
		Preferences: quickbookstest.Preferences{MultiCurrency: true},
	}}})
	made, err := client.Create(t.Context(), "r1", itemOf(t, "v1", quickbooks.Vendor{
		DisplayName: "Ana", CurrencyRef: quickbooks.Ref{Value: "EUR"},
	}))
	require.NoError(t, err)
	payables, err := quickbooks.Collect(quickbooks.Query[quickbooks.Account](t.Context(), client,
		quickbooks.Equal("Name", "Accounts Payable (A/P) - EUR")))
	require.NoError(t, err)
	made, err = client.Create(t.Context(), "r1", itemOf(t, "b1", quickbooks.Bill{
		VendorRef: quickbooks.Ref{Value: made.ID}, TxnDate: "2026-11-02", CurrencyRef: quickbooks.Ref{Value: "EUR"},
		ExchangeRate: decimal(t, "1.0834"), APAccountRef: quickbooks.Ref{Value: payables[0].ID},
		Line: []quickbooks.BillLine{{
			Amount: decimal(t, "1234.56"), DetailType: quickbooks.AccountLine,
			Account: &quickbooks.AccountDetail{AccountRef: quickbooks.Ref{Value: "8"}},
		}},
	}))
	require.NoError(t, err)
	bill, err := client.Bill(t.Context(), made.ID)
	require.NoError(t, err)
	return client, sim, bill
}

func paymentOf(t *testing.T, bill quickbooks.Bill, amount string) quickbooks.BillPayment {
	t.Helper()
	return quickbooks.BillPayment{
		VendorRef: bill.VendorRef, PayType: "Check", TxnDate: "2026-11-05", CurrencyRef: bill.CurrencyRef,
		CheckPayment: &quickbooks.CheckPayment{BankAccountRef: quickbooks.Ref{Value: "3"}},
		ExchangeRate: decimal(t, "1.09"), APAccountRef: bill.APAccountRef, TotalAmt: decimal(t, amount),
		Line: []quickbooks.PaymentLine{{
			Amount: decimal(t, amount), LinkedTxn: []quickbooks.LinkedTxn{{TxnID: bill.ID, TxnType: "Bill"}},
		}},
	}
}

// What load does besides vendors and bills: payments and transfers, in batches
// like anything else.
func TestClient_PaymentsAndTransfers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, bill := euroBooks(t)
		items := []quickbooks.BatchItem{
			itemOf(t, "p1", paymentOf(t, bill, "1000.06")),
			itemOf(t, "p2", paymentOf(t, bill, "9999")),
			itemOf(t, "t1", quickbooks.Transfer{
				FromAccountRef: quickbooks.Ref{Value: "1"}, ToAccountRef: quickbooks.Ref{Value: "3"},
				Amount: decimal(t, "250.75"), TxnDate: "2026-11-05", PrivateNote: "fund the wallet",
			}),
		}
		answers, err := client.Batch(t.Context(), "acme-202611", items)
		require.NoError(t, err)
		paid, err := quickbooks.Created[quickbooks.BillPayment](answers.Items[0])
		require.NoError(t, err)
		var fault *quickbooks.Fault
		require.ErrorAs(t, answers.Items[1].Err, &fault)
		require.Equal(t, quickbooks.Person, fault.Decision(), "nobody pays more than is owed")
		moved, err := quickbooks.Created[quickbooks.Transfer](answers.Items[2])
		require.NoError(t, err)

		again, err := client.Batch(t.Context(), "acme-202611", items)
		require.NoError(t, err)
		require.Equal(t, paid.ID, again.Items[0].ID, "sent twice is paid once")
		require.Equal(t, moved.ID, again.Items[2].ID)
		require.Equal(t, 1, sim.Count("", "BillPayment"))
		require.Equal(t, 1, sim.Count("", "Transfer"))

		readPayment, err := client.BillPayment(t.Context(), paid.ID)
		require.NoError(t, err)
		require.Equal(t, paid, readPayment)
		require.Equal(t, decimal(t, "1.09"), readPayment.ExchangeRate)
		readTransfer, err := client.Transfer(t.Context(), moved.ID)
		require.NoError(t, err)
		require.Equal(t, moved, readTransfer)
		require.Equal(t, "USD", readTransfer.CurrencyRef.Value)
		found, err := quickbooks.Collect(quickbooks.Query[quickbooks.Transfer](t.Context(), client,
			quickbooks.AtLeast("TxnDate", "2026-11-05"), quickbooks.AtMost("TxnDate", "2026-11-05")))
		require.NoError(t, err)
		require.Equal(t, []quickbooks.Transfer{moved}, found)

		after, err := client.Bill(t.Context(), bill.ID)
		require.NoError(t, err)
		require.Equal(t, decimal(t, "234.5"), after.Balance)
		require.Equal(t, []quickbooks.LinkedTxn{{TxnID: paid.ID, TxnType: "BillPaymentCheck"}}, after.LinkedTxn)

		require.NoError(t, sim.Delete("", "BillPayment", paid.ID))
		after, err = client.Bill(t.Context(), bill.ID)
		require.NoError(t, err)
		require.Equal(t, decimal(t, "1234.56"), after.Balance)
		require.Empty(t, after.LinkedTxn)
		_, err = client.BillPayment(t.Context(), paid.ID)
		require.ErrorAs(t, err, &fault)
		require.Equal(t, "610", fault.Code)
		since := bill.MetaData.CreateTime.Time
		changes, err := client.Changes(t.Context(), since, quickbooks.BillPayment{}, quickbooks.Transfer{})
		require.NoError(t, err)
		transfers, _, err := quickbooks.Changed[quickbooks.Transfer](changes)
		require.NoError(t, err)
		require.Equal(t, []quickbooks.Transfer{moved}, transfers)
		_, gone, err := quickbooks.Changed[quickbooks.BillPayment](changes)
		require.NoError(t, err)
		require.Equal(t, paid.ID, gone[0].ID)
	})
}

func TestClient_FindsAttachments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _, bill := euroBooks(t)
		stored, err := client.Upload(t.Context(), "acme-202611-a1", quickbooks.Attachment{
			FileName: "INV-1.pdf", ContentType: "application/pdf", Note: "INV-1 of Ana", Entity: "Bill", EntityID: bill.ID,
			Content: []byte("%PDF-1.7"),
		})
		require.NoError(t, err)
		found, err := quickbooks.Collect(quickbooks.Query[quickbooks.Attachable](t.Context(), client,
			quickbooks.Equal("AttachableRef.EntityRef.type", "bill"), quickbooks.Equal("AttachableRef.EntityRef.value", bill.ID)))
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, stored.ID, found[0].ID)
		require.Equal(t, "INV-1.pdf", found[0].FileName)
		require.Equal(t, "application/pdf", found[0].ContentType)
		require.Equal(t, "INV-1 of Ana", found[0].Note)
		require.Equal(t, decimal(t, "8"), found[0].Size)
		require.Equal(t, []quickbooks.AttachableRef{{EntityRef: quickbooks.EntityRef{Type: "Bill", Value: bill.ID}}}, found[0].AttachableRef)
		require.Contains(t, found[0].TempDownloadURI.Reveal(), stored.ID)

		one, err := client.Attachable(t.Context(), stored.ID)
		require.NoError(t, err)
		require.Equal(t, found[0].MetaData, one.MetaData)
		byID, err := quickbooks.Collect(quickbooks.Query[quickbooks.Attachable](t.Context(), client, quickbooks.Equal("Id", stored.ID)))
		require.NoError(t, err)
		require.Len(t, byID, 1)
		none, err := quickbooks.Collect(quickbooks.Query[quickbooks.Attachable](t.Context(), client,
			quickbooks.Equal("AttachableRef.EntityRef.type", "Bill"), quickbooks.Equal("AttachableRef.EntityRef.value", "1")))
		require.NoError(t, err)
		require.Empty(t, none)
	})
}
