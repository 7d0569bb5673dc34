package load

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// findBills looks for the bills of jobs in QuickBooks, by document number, all
// in one query. Where that query is refused, each is looked for by itself, so
// that one odd number does not keep the others in the dark.
func findBills(ctx context.Context, r *round, jobs []*job) {
	var numbers []string
	var numbered []*job
	bodies := make(map[*job]quickbooks.Bill, len(jobs))
	for _, j := range jobs {
		var body quickbooks.Bill
		if json.Unmarshal(j.posting.Body, &body) != nil {
			r.feed(j, event{kind: eventLookFailed})
			continue
		}
		bodies[j] = body
		if body.DocNumber == "" {
			r.findBillsOf(ctx, j, body)
			continue
		}
		numbered = append(numbered, j)
		if !slices.Contains(numbers, body.DocNumber) {
			numbers = append(numbers, body.DocNumber)
		}
	}
	if len(numbered) == 0 || r.halted(numbered) {
		return
	}
	bills, err := quickbooks.Collect(quickbooks.Query[quickbooks.Bill](ctx, r.books, quickbooks.OneOf("DocNumber", numbers...)))
	for _, j := range numbered {
		switch {
		case err == nil:
			r.recognise(j, bodies[j], bills)
		case r.stop(err) || len(numbered) == 1:
			r.lookFailed(ctx, j, err)
		default:
			r.findBillsOf(ctx, j, bodies[j])
		}
	}
}

// findBillsOf looks for one bill: by its number, or by vendor and day.
func (r *round) findBillsOf(ctx context.Context, j *job, body quickbooks.Bill) {
	if r.halted([]*job{j}) {
		return
	}
	rows := r.books.BillsNumbered(ctx, body.VendorRef.Value, body.DocNumber)
	if body.DocNumber == "" {
		day, _ := schema.ParseDate(body.TxnDate)
		rows = r.books.BillsDated(ctx, body.VendorRef.Value, day.Time(), day.Time())
	}
	bills, err := quickbooks.Collect(rows)
	if err != nil {
		r.stop(err)
		r.lookFailed(ctx, j, err)
		return
	}
	r.recognise(j, body, bills)
}

// halted lets go of jobs once nothing more can be asked.
func (r *round) halted(jobs []*job) bool {
	if r.halt == nil {
		return false
	}
	r.feedAll(jobs, event{kind: eventLookFailed})
	return true
}

// lookFailed leaves a job open. That one record cannot be looked up stops nobody
// else: it stays uncertain, and is counted and shown as that.
func (r *round) lookFailed(ctx context.Context, j *job, err error) {
	if r.halt == nil {
		r.log.WarnContext(ctx, "posting cannot be looked up",
			slog.String("kind", string(r.kind)), slog.String("draft", string(j.posting.Draft)), slog.Any("error", err))
	}
	r.feed(j, event{kind: eventLookFailed})
}

// recognise tells ours from everything else that was found. Ours carries the
// draft's id, even if a person has edited it since: that the two differ is for
// verification to say. A bill that carries the id of another invoice's draft is
// accounted for there. Anything else with our vendor and number is alike.
func (r *round) recognise(j *job, body quickbooks.Bill, bills []quickbooks.Bill) {
	want, _ := readMark(body.PrivateNote)
	var ours, alike []quickbooks.Bill
	for _, b := range bills {
		got, marked := readMark(b.PrivateNote)
		switch {
		case marked && got.draft == want.draft:
			ours = append(ours, b)
		case marked && got.invoice == want.invoice:
			alike = append(alike, b)
		case marked, body.DocNumber == "":
		case b.VendorRef.Value == body.VendorRef.Value && strings.EqualFold(b.DocNumber, body.DocNumber):
			alike = append(alike, b)
		}
	}
	switch {
	case len(ours) == 1:
		j.found = document{id: schema.DocumentID(ours[0].ID), token: ours[0].SyncToken}
		r.feed(j, event{kind: eventIdentical})
	case len(ours)+len(alike) > 0:
		other := append(ours, alike...)[0]
		j.alike = duplicateBill(other.ID, other.DocNumber)
		r.feed(j, event{kind: eventDifferent})
	default:
		r.feed(j, event{kind: eventNothing})
	}
}

// syncToken reads the version of a record as QuickBooks answered it.
func syncToken(record json.RawMessage) string {
	var versioned struct {
		SyncToken string `json:"SyncToken"`
	}
	if json.Unmarshal(record, &versioned) != nil {
		return ""
	}
	return versioned.SyncToken
}
