package probe

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
)

// name makes a name of ours.
func (l *lab) name(rest string) string { return strings.TrimSpace(prefix + l.run + " " + rest) }

// number makes a document number that was never used; it has 20 of the 21
// characters that QuickBooks takes.
func (l *lab) number() string {
	l.documents++
	return prefix + l.run + base36(int64(l.documents), 2)
}

func (l *lab) today() string { return l.now().UTC().Format(time.DateOnly) }

// payee returns the vendor whom most bills are from.
func (l *lab) payee(ctx context.Context) (string, error) {
	if l.vendor != "" {
		return l.vendor, nil
	}
	var err error
	l.vendor, err = l.newVendor(ctx, "vendor", l.home())
	return l.vendor, err
}

// newVendor creates a vendor for an experiment that is about something else.
func (l *lab) newVendor(ctx context.Context, name, currency string) (string, error) {
	r, err := l.create(ctx, "create vendor "+name, "Vendor", l.requestID(), l.vendorBody(l.name(name), currency))
	if err == nil && !r.ok() {
		err = notTried{"A plain vendor was refused: " + r.key() + "."}
	}
	return r.id, err
}

func (l *lab) vendorBody(display, currency string) []byte {
	body := map[string]any{"DisplayName": display}
	if l.multi() {
		body["CurrencyRef"] = quickbooks.Ref{Value: currency}
	}
	return mustEncode(body)
}

// bill returns a bill as tieout would send it, of 100 in the home currency, with
// the changes made.
func (l *lab) bill(ctx context.Context, changes ...func(*quickbooks.Bill)) (quickbooks.Bill, error) {
	vendor, err := l.payee(ctx)
	b := quickbooks.Bill{
		VendorRef: quickbooks.Ref{Value: vendor}, DocNumber: l.number(), TxnDate: l.today(), DueDate: l.today(),
		APAccountRef: quickbooks.Ref{Value: l.payable}, PrivateNote: l.name(""),
		Line: []quickbooks.BillLine{l.line("100")},
	}
	if l.multi() {
		b.CurrencyRef = quickbooks.Ref{Value: l.home()}
	}
	if !l.us() {
		b.GlobalTaxCalculation = "NotApplicable"
	}
	for _, change := range changes {
		change(&b)
	}
	return b, err
}

// number reads a constant of an experiment.
func number(text string) quickbooks.Decimal {
	parsed, err := quickbooks.ParseDecimal(text)
	if err != nil {
		panic(err)
	}
	return parsed
}

// line is a line of a bill on an expense account.
func (l *lab) line(amount string) quickbooks.BillLine {
	return quickbooks.BillLine{
		Amount: number(amount), DetailType: quickbooks.AccountLine, Description: prefix + l.run,
		Account: &quickbooks.AccountDetail{AccountRef: quickbooks.Ref{Value: l.account}},
	}
}

// post sends a bill with the changes under a request id of its own.
func (l *lab) post(ctx context.Context, step string, changes ...func(*quickbooks.Bill)) (reply, quickbooks.Bill, error) {
	b, err := l.bill(ctx, changes...)
	if err != nil {
		return reply{}, b, err
	}
	r, err := l.create(ctx, step, "Bill", l.requestID(), mustEncode(b))
	return r, b, err
}

// posted is post for a bill that is only a means.
func (l *lab) posted(ctx context.Context, changes ...func(*quickbooks.Bill)) (reply, quickbooks.Bill, error) {
	r, b, err := l.post(ctx, "post a bill", changes...)
	if err == nil && !r.ok() {
		err = notTried{"A plain bill was refused: " + r.key() + "."}
	}
	return r, b, err
}

// fetch reads a record as it is.
func (l *lab) fetch(ctx context.Context, entity, id string) (map[string]json.RawMessage, reply, error) {
	raw, err := l.client.Raw(ctx, quickbooks.RawRequest{Method: http.MethodGet, Path: strings.ToLower(entity) + "/" + url.PathEscape(id)})
	r, err := l.note(ctx, "read "+strings.ToLower(entity), raw, err)
	if err != nil || !r.ok() {
		return nil, r, err
	}
	var envelope, fields map[string]json.RawMessage
	if json.Unmarshal(raw.Body, &envelope) != nil || json.Unmarshal(envelope[entity], &fields) != nil {
		return nil, r, errors.New("the record cannot be read")
	}
	return fields, r, nil
}

// amend changes some fields of a record of ours.
func (l *lab) amend(ctx context.Context, step, entity, id string, fields map[string]any) (reply, error) {
	now, r, err := l.fetch(ctx, entity, id)
	if err != nil || !r.ok() {
		return r, err
	}
	body := map[string]any{"Id": id, "SyncToken": now["SyncToken"], "sparse": true}
	maps.Copy(body, fields)
	return l.write(ctx, step, entity, url.Values{}, mustEncode(body))
}

// deactivate makes a record of ours inactive.
func (l *lab) deactivate(ctx context.Context, entity, id string) (reply, error) {
	return l.amend(ctx, "make "+strings.ToLower(entity)+" inactive", entity, id, map[string]any{"Active": false})
}

// remove deletes a bill of ours.
func (l *lab) remove(ctx context.Context, id string) (reply, error) {
	now, r, err := l.fetch(ctx, "Bill", id)
	if err != nil || !r.ok() {
		return r, err
	}
	body := mustEncode(map[string]any{"Id": id, "SyncToken": now["SyncToken"]})
	return l.write(ctx, "delete bill", "Bill", url.Values{"operation": {"delete"}}, body)
}

// ask sends a statement of the query language, and returns the rows.
func (l *lab) ask(ctx context.Context, step, entity, statement string) ([]json.RawMessage, reply, error) {
	raw, err := l.client.Raw(ctx, quickbooks.RawRequest{
		Method: http.MethodGet, Path: "query", Query: url.Values{"query": {statement}},
	})
	r, err := l.note(ctx, step, raw, err)
	if err != nil || !r.ok() {
		return nil, r, err
	}
	var envelope struct {
		QueryResponse map[string]json.RawMessage `json:"QueryResponse"`
	}
	var rows []json.RawMessage
	if json.Unmarshal(raw.Body, &envelope) != nil {
		return nil, r, errors.New(step + ": the answer cannot be read")
	}
	if listed := envelope.QueryResponse[entity]; listed != nil && json.Unmarshal(listed, &rows) != nil {
		return nil, r, errors.New(step + ": the answer cannot be read")
	}
	return rows, r, nil
}

// has reports whether one of the rows is the record.
func has(rows []json.RawMessage, id string) bool {
	for _, row := range rows {
		if idOf(row) == id {
			return true
		}
	}
	return false
}

// textOf reads a text of a record.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// mustEncode writes a body that this package made up, which cannot fail.
func mustEncode(body any) []byte {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return raw
}
