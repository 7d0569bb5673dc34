package quickbookstest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	qbt "github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

func TestAttachable(t *testing.T) {
	t.Parallel()

	// setup is a company with a bill and a vendor of the same id, each with a file.
	setup := func(t *testing.T) (w *world, billID, attached string) {
		t.Helper()
		w = open(t, qbt.Config{})
		vendor := w.vendor("Ana")
		billID = w.made("Bill", bill(vendor))
		meta := `{"FileName":"inv.pdf","ContentType":"application/pdf","Note":"INV-1","AttachableRef":[{"EntityRef":{"type":"bill","value":%q}}]}`
		rep := w.upload(fmt.Sprintf(meta, billID), "inv.pdf", []byte("%PDF-1.7 bytes"))
		attached = rep.at("AttachableResponse.0.Attachable.Id")
		require.NotEmpty(t, attached, string(rep.raw))
		return w, billID, attached
	}
	get := func(t *testing.T, w *world, address string) (int, string, string) {
		t.Helper()
		resp, err := w.http.Get(address)
		require.NoError(t, err)
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, resp.Header.Get("Content-Type"), string(raw)
	}

	t.Run("IsFoundByWhatItIsLinkedTo", func(t *testing.T) {
		t.Parallel()
		w, billID, attached := setup(t)
		for _, where := range []string{
			"AttachableRef.EntityRef.type = 'Bill' and AttachableRef.EntityRef.value = '" + billID + "'",
			"attachableref.entityref.Type = 'BILL' and AttachableRef.EntityRef.Value IN ('7', '" + billID + "')",
			"Id = '" + attached + "'", "FileName = 'inv.pdf'", "Size >= '14'", "Note LIKE 'INV%' AND ContentType = 'application/pdf'",
		} {
			rep := w.query("select * from attachable where " + where)
			require.Equal(t, attached, rep.at("QueryResponse.Attachable.0.Id"), where+string(rep.raw))
			require.Equal(t, "14", rep.at("QueryResponse.Attachable.0.Size"))
			require.Equal(t, "inv.pdf", rep.at("QueryResponse.Attachable.0.FileName"))
			require.Equal(t, "application/pdf", rep.at("QueryResponse.Attachable.0.ContentType"))
			require.Equal(t, "INV-1", rep.at("QueryResponse.Attachable.0.Note"))
			require.Equal(t, "Bill", rep.at("QueryResponse.Attachable.0.AttachableRef.0.EntityRef.type"))
			require.NotEmpty(t, rep.at("QueryResponse.Attachable.0.TempDownloadUri"))
		}
		for _, where := range []string{
			"AttachableRef.EntityRef.type = 'Vendor' and AttachableRef.EntityRef.value = '" + billID + "'",
			"AttachableRef.EntityRef.type = 'Bill' and AttachableRef.EntityRef.value = '7'",
		} {
			require.Equal(t, "map[]", w.query("select * from attachable where "+where).at("QueryResponse"), where)
		}
		ids := w.query("select Id from attachable where AttachableRef.EntityRef.Type = 'bill' and AttachableRef.EntityRef.value = '" + billID + "'")
		require.Equal(t, "[map[Id:"+attached+" sparse:true]]", ids.at("QueryResponse.Attachable"), "as the reference shows")
		refused(t, w.query("select * from attachable where AttachableRef.IncludeOnSend = 'false'"), "4001")
	})

	// Two links of one file must not be mistaken for a third.
	t.Run("TypeAndIdBelongTogether", func(t *testing.T) {
		t.Parallel()
		w, billID, _ := setup(t)
		other := w.made("Bill", bill("1"))
		note := w.made("Attachable", m{"Note": "both", "AttachableRef": []any{
			m{"EntityRef": m{"type": "Bill", "value": other}}, m{"EntityRef": m{"type": "Vendor", "value": "1"}},
		}})
		find := func(kind, id string) reply {
			return w.query("select * from attachable where AttachableRef.EntityRef.type = '" + kind + "' and AttachableRef.EntityRef.value = '" + id + "'")
		}
		require.Equal(t, note, find("bill", other).at("QueryResponse.Attachable.0.Id"))
		require.Equal(t, note, find("vendor", "1").at("QueryResponse.Attachable.0.Id"))
		require.Equal(t, "map[]", find("bill", "1").at("QueryResponse"))
		require.NotEqual(t, note, find("bill", billID).at("QueryResponse.Attachable.0.Id"))
		require.Empty(t, find("vendor", "1").at("QueryResponse.Attachable.0.TempDownloadUri"), "a note has no file")
		refused(t, w.get("/download/"+note), "610")
	})

	t.Run("IsDownloadedFor15Minutes", func(t *testing.T) {
		t.Parallel()
		w, _, attached := setup(t)
		address := w.get("/attachable/" + attached).at("Attachable.TempDownloadUri")
		status, kind, body := get(t, w, address)
		require.Equal(t, 200, status)
		require.Equal(t, "application/pdf", kind)
		require.Equal(t, "%PDF-1.7 bytes", body)
		status, _, body = get(t, w, string(w.get("/download/"+attached).raw))
		require.Equal(t, 200, status, "the other way to an address")
		require.Equal(t, "%PDF-1.7 bytes", body)

		for name, bad := range map[string]string{
			"forged":    address + "0",
			"unsigned":  strings.Split(address, "?")[0],
			"prolonged": strings.Replace(address, "Expires=1", "Expires=2", 1),
		} {
			status, _, _ = get(t, w, bad)
			require.Equal(t, http.StatusForbidden, status, name)
		}
		w.s.Advance(15 * time.Minute)
		status, _, _ = get(t, w, address)
		require.Equal(t, http.StatusForbidden, status)
		status, _, _ = get(t, w, w.get("/attachable/"+attached).at("Attachable.TempDownloadUri"))
		require.Equal(t, 200, status, "each read gives a new one")
		require.Equal(t, 200, w.post("/attachable?operation=delete", m{"Id": attached, "SyncToken": "0"}).status)
		status, _, _ = get(t, w, address)
		require.Equal(t, http.StatusForbidden, status)
	})

	t.Run("IsAskedForInABatch", func(t *testing.T) {
		t.Parallel()
		w, billID, attached := setup(t)
		items := w.post("/batch", batchOf(m{
			"bId":   "q1",
			"Query": "select * from Attachable where AttachableRef.EntityRef.type = 'Bill' and AttachableRef.EntityRef.value = '" + billID + "'",
		})).byID()
		require.Equal(t, attached, pick(items["q1"], "QueryResponse.Attachable.0.Id"))
		require.NotEmpty(t, pick(items["q1"], "QueryResponse.Attachable.0.TempDownloadUri"))
	})
}
