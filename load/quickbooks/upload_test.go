package quickbooks_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func invoicePDF() quickbooks.Attachment {
	return quickbooks.Attachment{
		FileName: `invoice "1".pdf`, ContentType: "application/pdf", Entity: "Bill", EntityID: "108", Content: []byte("%PDF-1.7\r\n--x\r\n"),
	}
}

func TestClient_Upload(t *testing.T) {
	t.Parallel()

	t.Run("SendsTheFileAndItsLinkAtOnce", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{"AttachableResponse":[{"Attachable":{"Id":"5","Size":"15","FileName":"x"}}]}`))
		b := setup(t, api)
		got, err := b.client.Upload(t.Context(), "acme-a-1", invoicePDF())
		require.NoError(t, err)
		require.Equal(t, "5", got.ID)

		sent := api.requests()[0]
		require.Equal(t, []string{"acme-a-1"}, sent.query["requestid"])
		_, params, err := mime.ParseMediaType(sent.contentType)
		require.NoError(t, err)
		parts := multipart.NewReader(strings.NewReader(sent.body), params["boundary"])
		metadata, err := parts.NextPart()
		require.NoError(t, err)
		require.Equal(t, "file_metadata_01", metadata.FormName())
		body, _ := io.ReadAll(metadata)
		require.JSONEq(t, `{"FileName":"invoice \"1\".pdf","ContentType":"application/pdf",
			"AttachableRef":[{"EntityRef":{"type":"Bill","value":"108"}}]}`, string(body))
		content, err := parts.NextPart()
		require.NoError(t, err)
		require.Equal(t, "file_content_01", content.FormName())
		require.Equal(t, `invoice "1".pdf`, content.FileName())
		body, _ = io.ReadAll(content)
		require.Equal(t, invoicePDF().Content, body)

		_, err = b.client.Upload(t.Context(), "acme-a-1", invoicePDF())
		require.NoError(t, err)
		require.Equal(t, sent.body, api.requests()[1].body, "the same bytes each time")
	})

	t.Run("ReturnsTheFaultOfTheFile", func(t *testing.T) {
		t.Parallel()
		b := setup(t, answers(ok(`{"AttachableResponse":[{"Fault":{"Error":[{"code":"6041"}]}}]}`)))
		_, err := b.client.Upload(t.Context(), "r", invoicePDF())
		require.Equal(t, quickbooks.Fix, quickbooks.DecisionOf(err))
	})

	for name, body := range map[string]string{
		"NothingAnswered": `{}`, "TwoAnswered": `{"AttachableResponse":[{},{}]}`, "NoID": `{"AttachableResponse":[{"Attachable":{}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := setup(t, answers(ok(body))).client.Upload(t.Context(), "r", invoicePDF())
			require.Equal(t, quickbooks.LookUp, quickbooks.DecisionOf(err))
		})
	}

	t.Run("RefusesWhatCannotBeRight", func(t *testing.T) {
		t.Parallel()
		api := answers(ok(`{}`))
		b := setup(t, api)
		empty, odd, large := invoicePDF(), invoicePDF(), invoicePDF()
		empty.Content, large.Content = nil, bytes.Repeat([]byte("x"), 100<<20)
		odd.ContentType = "text/plain\r\nX-Forged: 1"
		for _, a := range []quickbooks.Attachment{empty, odd, large} {
			_, err := b.client.Upload(t.Context(), "r", a)
			require.ErrorIs(t, err, quickbooks.ErrRefused)
		}
		_, err := b.client.Upload(t.Context(), "", invoicePDF())
		require.ErrorIs(t, err, quickbooks.ErrRefused)
		require.Empty(t, api.requests())
	})
}

func TestSimulator_CreditsPaymentsAndFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, sim, _ := connected(t, quickbookstest.Config{})
		made, err := client.Batch(t.Context(), "r1", []quickbooks.BatchItem{vendor(t, "v1", "Ana")})
		require.NoError(t, err)
		ana := made.Items[0].ID
		posted, err := client.Batch(t.Context(), "r2", []quickbooks.BatchItem{simulatedBill(t, "b1", ana, "1")})
		require.NoError(t, err)
		billID := posted.Items[0].ID

		credit, err := quickbooks.CreateItem("c1", quickbooks.VendorCredit{
			VendorRef: quickbooks.Ref{Value: ana}, Line: []quickbooks.BillLine{{
				Amount: decimal(t, "10.01"), DetailType: quickbooks.AccountLine,
				Account: &quickbooks.AccountDetail{AccountRef: quickbooks.Ref{Value: "8"}},
			}},
		})
		require.NoError(t, err)
		payment, err := quickbooks.CreateItem("p1", quickbooks.BillPayment{
			VendorRef: quickbooks.Ref{Value: ana}, PayType: "Check", TotalAmt: decimal(t, "1234.56"),
			CheckPayment: &quickbooks.CheckPayment{BankAccountRef: quickbooks.Ref{Value: "1"}},
			Line:         []quickbooks.PaymentLine{{Amount: decimal(t, "1234.56"), LinkedTxn: []quickbooks.LinkedTxn{{TxnID: billID, TxnType: "Bill"}}}},
		})
		require.NoError(t, err)
		got, err := client.Batch(t.Context(), "r3", []quickbooks.BatchItem{credit, payment})
		require.NoError(t, err)
		require.NoError(t, got.Items[0].Err)
		require.NoError(t, got.Items[1].Err)
		stored, err := client.VendorCredit(t.Context(), got.Items[0].ID)
		require.NoError(t, err)
		require.Equal(t, decimal(t, "10.01"), stored.TotalAmt)
		paid, err := client.Bill(t.Context(), billID)
		require.NoError(t, err)
		require.Equal(t, decimal(t, "0"), paid.Balance)
		require.Equal(t, got.Items[1].ID, paid.LinkedTxn[0].TxnID)

		file := invoicePDF()
		file.EntityID = billID
		kept, err := client.Upload(t.Context(), "acme-a-1", file)
		require.NoError(t, err)
		require.Equal(t, billID, kept.AttachableRef[0].EntityRef.Value)
		require.Equal(t, quickbooks.FromMinor(int64(len(file.Content)), 0), kept.Size)
		sum := sha256.Sum256(file.Content)
		books, err := sim.Books(client.Realm())
		require.NoError(t, err)
		require.Contains(t, strings.ToLower(dump(t, books)), hex.EncodeToString(sum[:]))
	})
}

func dump(t *testing.T, books any) string {
	t.Helper()
	text, err := json.Marshal(books)
	require.NoError(t, err)
	return string(text)
}
