package quickbooks_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
)

func TestClient_ReadsRecordedShapes(t *testing.T) {
	t.Parallel()

	t.Run("Bill", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{"Bill":{"DueDate":"2026-11-30","Balance":0,"domain":"QBO","sparse":false,"Id":"108","SyncToken":"1",
			"MetaData":{"CreateTime":"2026-11-02T09:00:00-08:00","LastUpdatedTime":"2026-11-03T10:11:12-0800"},
			"TxnDate":"2026-11-02","CurrencyRef":{"value":"EUR","name":"Euro"},"ExchangeRate":1.0834567,"HomeBalance":0.0,
			"LinkedTxn":[{"TxnId":"118","TxnType":"BillPaymentCheck"}],
			"Line":[{"Id":"1","LineNum":1,"Description":"Work","Amount":103.55,"LinkedTxn":[],"DetailType":"AccountBasedExpenseLineDetail",
				"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"7","name":"Advertising"},"BillableStatus":"NotBillable","TaxCodeRef":{"value":"NON"}}},
				{"Id":"2","Amount":1e2,"DetailType":"ItemBasedExpenseLineDetail","ItemBasedExpenseLineDetail":{"ItemRef":{"value":"11"},"UnitPrice":12.5,"Qty":8}}],
			"VendorRef":{"value":"46","name":"Norton"},"APAccountRef":{"value":"33"},"TotalAmt":203.55},"time":"2026-11-03T10:11:13.000-08:00"}`))
		got, err := setup(t, api).client.Bill(t.Context(), "108")
		require.NoError(t, err)
		require.Equal(t, decimal(t, "203.55"), got.TotalAmt)
		require.Equal(t, decimal(t, "1.0834567"), got.ExchangeRate)
		require.Equal(t, decimal(t, "0"), got.Balance)
		require.Equal(t, decimal(t, "100"), got.Line[1].Amount)
		require.Equal(t, decimal(t, "12.5"), got.Line[1].Item.UnitPrice)
		require.Equal(t, "BillPaymentCheck", got.LinkedTxn[0].TxnType)
		require.True(t, got.MetaData.LastUpdatedTime.Equal(time.Date(2026, 11, 3, 18, 11, 12, 0, time.UTC)), "an offset without colon")
	})

	t.Run("VendorWithoutActiveIsActive", func(t *testing.T) {
		t.Parallel()
		got, err := setup(t, answers(ok(`{"Vendor":{"Id":"56","DisplayName":"Ana","TaxIdentifier":"XXXXXXX6789",
			"MetaData":{"CreateTime":"soon","LastUpdatedTime":17}}}`))).client.Vendor(t.Context(), "56")
		require.NoError(t, err)
		require.True(t, got.IsActive())
		require.True(t, got.MetaData.CreateTime.IsZero(), "no answer is lost over a clock")
	})

	t.Run("VendorCredit", func(t *testing.T) {
		t.Parallel()
		got, err := setup(t, answers(ok(`{"VendorCredit":{"Id":"5","TotalAmt":90.00}}`))).client.VendorCredit(t.Context(), "5")
		require.NoError(t, err)
		require.Equal(t, decimal(t, "90"), got.TotalAmt)
	})

	t.Run("BillPayment", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{"BillPayment":{"Id":"118","SyncToken":"0","PayType":"Check","TotalAmt":103.55,"VendorRef":{"value":"46"},
			"CheckPayment":{"PrintStatus":"NotSet","BankAccountRef":{"value":"35","name":"Checking"}},"CurrencyRef":{"value":"EUR"},
			"ExchangeRate":1.0834567,"Line":[{"Amount":103.55,"LinkedTxn":[{"TxnId":"108","TxnType":"Bill"}]}],"FromTheFuture":1}}`))
		got, err := setup(t, api).client.BillPayment(t.Context(), "118")
		require.NoError(t, err)
		require.Equal(t, "/v3/company/"+realm+"/billpayment/118", api.requests()[0].path)
		require.Equal(t, decimal(t, "103.55"), got.TotalAmt)
		require.Equal(t, decimal(t, "1.0834567"), got.ExchangeRate)
		require.Equal(t, "35", got.CheckPayment.BankAccountRef.Value)
		require.Equal(t, quickbooks.LinkedTxn{TxnID: "108", TxnType: "Bill"}, got.Line[0].LinkedTxn[0])
	})

	t.Run("Transfer", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{"Transfer":{"Id":"184","SyncToken":"0","Amount":120.00,"TxnDate":"2026-11-02","PrivateNote":"to the wallet",
			"FromAccountRef":{"value":"35"},"ToAccountRef":{"value":"36"},"CurrencyRef":{"value":"USD"}}}`))
		got, err := setup(t, api).client.Transfer(t.Context(), "184")
		require.NoError(t, err)
		require.Equal(t, "/v3/company/"+realm+"/transfer/184", api.requests()[0].path)
		require.Equal(t, decimal(t, "120"), got.Amount)
		require.Equal(t, []string{"35", "36"}, []string{got.FromAccountRef.Value, got.ToAccountRef.Value})
	})

	t.Run("Attachable", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{"Attachable":{"Id":"7","FileName":"inv.pdf","ContentType":"application/pdf","Size":90210,"Note":"INV-1",
			"FileAccessUri":"/v3/company/1/download/7","TempDownloadUri":"https://files.test/7?expires=900",
			"AttachableRef":[{"EntityRef":{"type":"Bill","value":"108"},"IncludeOnSend":false}]}}`))
		got, err := setup(t, api).client.Attachable(t.Context(), "7")
		require.NoError(t, err)
		require.Equal(t, "/v3/company/"+realm+"/attachable/7", api.requests()[0].path)
		require.Equal(t, decimal(t, "90210"), got.Size)
		require.Equal(t, "https://files.test/7?expires=900", got.TempDownloadURI.Reveal())
		require.Equal(t, quickbooks.EntityRef{Type: "Bill", Value: "108"}, got.AttachableRef[0].EntityRef)
	})

	t.Run("PreferencesWithoutTheDuplicateWarning", func(t *testing.T) {
		t.Parallel()
		got, err := setup(t, answers(ok(`{"Preferences":{"Id":"1","OtherPrefs":{"NameValue":[{"Name":"x","Value":"true"}]}}}`))).client.Preferences(t.Context())
		require.NoError(t, err)
		_, known := got.WarnsDuplicateBillNumber()
		require.False(t, known)
	})
}
