package quickbooks_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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

	t.Run("PreferencesWithoutTheDuplicateWarning", func(t *testing.T) {
		t.Parallel()
		got, err := setup(t, answers(ok(`{"Preferences":{"Id":"1","OtherPrefs":{"NameValue":[{"Name":"x","Value":"true"}]}}}`))).client.Preferences(t.Context())
		require.NoError(t, err)
		_, known := got.WarnsDuplicateBillNumber()
		require.False(t, known)
	})
}
