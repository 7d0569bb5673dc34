package load_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// marks reports whether the note of a document carries the draft.
func (d document) marks(id schema.DraftID) bool {
	return strings.Contains(d.PrivateNote, "[tieout "+string(id)+" ")
}

// deed is what a bookkeeper does in QuickBooks.
func (o *office) deed(what string, n int) {
	switch what {
	case "type the bill in", "type it in under the number":
		o.typeIn(n, what == "type it in under the number")
	case "merge the vendor", "rename the vendor", "deactivate the vendor":
		o.changeVendor(what, n)
	case "deactivate the account":
		require.NoError(o.t, o.sim.Deactivate("", "Account", string(travel)))
	case "close the books":
		o.closeBooks("2000-01-02")
	default:
		o.changeDocument(what, n)
	}
}

func (o *office) closeBooks(until string) {
	require.NoError(o.t, o.sim.Prefer("", func(p *quickbookstest.Preferences) { p.BookCloseDate = until }))
}

// changeDocument changes or deletes a document of ours. As long as we do not know
// that it is there, nobody takes both our mark from it and what else would tell
// that it is ours: that document would be nobody's, and could be posted again.
func (o *office) changeDocument(what string, n int) {
	var ours []document
	for _, d := range o.documents() {
		if o.ours(d) != nil {
			ours = append(ours, d)
		}
	}
	if len(ours) == 0 {
		return
	}
	d := ours[n%len(ours)]
	invoice := o.ours(d)
	note := what == "rewrite the note" || what == "copy the note"
	if what != "delete" && !o.known(invoice) && (o.unmarked[d.entry] || note && len(o.touched[d.entry]) > 0) {
		return
	}
	o.origin[d.entry] = invoice
	o.unmarked[d.entry] = o.unmarked[d.entry] || note
	set := map[string]any{}
	switch what {
	case "delete":
		require.NoError(o.t, o.sim.Delete("", d.entity(), string(d.id)))
		o.removed[d.entry] = invoice
		return
	case "amount":
		var whole map[string]any
		require.NoError(o.t, json.Unmarshal(d.raw, &whole))
		lines, _ := whole["Line"].([]any)
		first, _ := lines[0].(map[string]any)
		first["Amount"] = "4321.09"
		set["Line"] = lines
		o.touch(d.entry, schema.FieldTotal, schema.FieldLine)
	case "date":
		set["TxnDate"] = "2000-01-14"
		o.touch(d.entry, schema.FieldDate)
	case "number":
		set["DocNumber"] = fmt.Sprintf("edited %d", n)
		o.touch(d.entry, schema.FieldDocNumber)
	case "rewrite the note":
		set["PrivateNote"] = "paid by card?"
	case "copy the note":
		set["PrivateNote"] = ours[(n+1)%len(ours)].PrivateNote
	}
	require.NoError(o.t, o.sim.Edit("", d.entity(), string(d.id), set))
}

// known reports whether we know the document of an invoice.
func (o *office) known(i *owed) bool {
	state := o.postingOf(i).State
	return state == schema.PostingPosted || state == schema.PostingAdopted
}

func (o *office) touch(e entry, fields ...schema.Field) {
	if o.touched[e] == nil {
		o.touched[e] = map[schema.Field]bool{}
	}
	for _, f := range fields {
		o.touched[e][f] = true
	}
}

// typeIn enters by hand what looks like a draft of ours.
func (o *office) typeIn(n int, sameNumber bool) {
	if len(o.invoices) == 0 {
		return
	}
	d := o.invoices[n%len(o.invoices)].draft
	if d.ID == "" {
		return
	}
	set := map[string]any{"DocNumber": fmt.Sprintf("typed %d", n), "CurrencyRef": map[string]any{"value": string(d.Currency)}}
	if sameNumber {
		delete(set, "DocNumber")
	}
	if d.Currency != "USD" {
		set["ExchangeRate"] = "1.0831"
	}
	e := entry{kind: d.Kind}
	if e.kind == "" {
		e.kind = schema.DocumentBill
	}
	fields := map[string]any{
		"VendorRef": map[string]any{"value": string(d.Vendor)}, "DocNumber": d.DocNumber, "TxnDate": d.TxnDate.String(),
		"APAccountRef": map[string]any{"value": string(d.Payable)},
		"Line": []any{map[string]any{
			"Amount": d.Total.Decimal(), "DetailType": "AccountBasedExpenseLineDetail",
			"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
		}},
	}
	maps.Copy(fields, set)
	// QuickBooks may refuse it: the vendor is inactive, or the number taken.
	if id, err := o.sim.Create("", e.entity(), fields); err == nil {
		e.id = schema.DocumentID(id)
		o.typed[e] = true
	}
}

// changeVendor merges, renames or deactivates the vendor of a worker who has one.
func (o *office) changeVendor(what string, n int) {
	w := o.workers[n%len(o.workers)]
	vendor := o.payeeNow(w.key).Vendor
	if _, gone := o.merged[vendor]; vendor == "" || gone {
		return
	}
	switch what {
	case "rename the vendor":
		require.NoError(o.t, o.sim.Edit("", "Vendor", string(vendor), map[string]any{"DisplayName": fmt.Sprintf("Renamed %s %d", vendor, n)}))
	case "deactivate the vendor":
		require.NoError(o.t, o.sim.Deactivate("", "Vendor", string(vendor)))
	case "merge the vendor":
		var there []document
		for _, d := range o.documents() {
			if d.VendorRef.Value != string(vendor) {
				continue
			}
			if o.unmarked[d.entry] && !o.known(o.origin[d.entry]) {
				return
			}
			there = append(there, d)
		}
		into, err := o.sim.Create("", "Vendor", map[string]any{
			"DisplayName": fmt.Sprintf("Merged %d", len(o.merged)), "CurrencyRef": map[string]any{"value": string(w.key.Currency())},
		})
		require.NoError(o.t, err)
		for _, d := range there {
			o.touch(d.entry, schema.FieldVendor)
		}
		require.NoError(o.t, o.sim.Merge("", "Vendor", string(vendor), into))
		o.merged[vendor] = schema.VendorID(into)
	}
}
