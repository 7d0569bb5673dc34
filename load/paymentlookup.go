package load

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// findPayments looks for the payments of jobs in QuickBooks: by number, all in one
// query, and what is not there by the bills that they pay, whatever number they
// have. Where that is refused, each is looked for by itself.
func findPayments(ctx context.Context, r *round, jobs []*job) {
	if r.halted(jobs) {
		return
	}
	bodies := make(map[*job]quickbooks.BillPayment, len(jobs))
	var readable []*job
	for _, j := range jobs {
		var body quickbooks.BillPayment
		if json.Unmarshal(j.posting.Body, &body) != nil || len(paysFor(body)) != 1 {
			r.feed(j, event{kind: eventLookFailed})
			continue
		}
		bodies[j] = body
		readable = append(readable, j)
	}
	if len(readable) == 0 {
		return
	}
	found, err := r.paymentsFor(ctx, readable, bodies)
	if err != nil && !r.stop(err) && len(readable) > 1 {
		for _, j := range readable {
			findPayments(ctx, r, []*job{j})
		}
		return
	}
	for _, j := range readable {
		if err != nil {
			r.lookFailed(ctx, j, err)
			continue
		}
		r.recognisePayment(j, bodies[j], found)
	}
}

// paymentsFor reads the payments that may be those of jobs.
func (r *round) paymentsFor(
	ctx context.Context, jobs []*job, bodies map[*job]quickbooks.BillPayment,
) ([]quickbooks.BillPayment, error) {
	var numbers []string
	for _, j := range jobs {
		if number := bodies[j].DocNumber; number != "" {
			numbers = append(numbers, number)
		}
	}
	var found []quickbooks.BillPayment
	var err error
	if len(numbers) > 0 {
		found, err = quickbooks.Collect(quickbooks.Query[quickbooks.BillPayment](ctx, r.books, quickbooks.OneOf("DocNumber", numbers...)))
		if err != nil {
			return nil, err
		}
	}
	var bills []string
	for _, j := range jobs {
		if !slices.ContainsFunc(found, func(p quickbooks.BillPayment) bool { return sameMark(p.PrivateNote, bodies[j].PrivateNote) }) {
			bills = append(bills, paysFor(bodies[j])[0].TxnID)
		}
	}
	linked, err := r.paymentsOf(ctx, bills, found)
	return append(found, linked...), err
}

// paymentsOf reads the payments that bills say they are linked to, but for those
// that are known.
func (r *round) paymentsOf(ctx context.Context, bills []string, known []quickbooks.BillPayment) ([]quickbooks.BillPayment, error) {
	if len(bills) == 0 {
		return nil, nil
	}
	owed, err := documents(ctx, r.books, schema.DocumentBill, quickbooks.OneOf("Id", bills...))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, bill := range owed {
		for _, link := range bill.LinkedTxn {
			isKnown := func(p quickbooks.BillPayment) bool { return p.ID == link.TxnID }
			if isPayment(link) && !slices.ContainsFunc(known, isKnown) && !slices.Contains(ids, link.TxnID) {
				ids = append(ids, link.TxnID)
			}
		}
	}
	var found []quickbooks.BillPayment
	for part := range slices.Chunk(ids, idsTogether) {
		some, err := quickbooks.Collect(quickbooks.Query[quickbooks.BillPayment](ctx, r.books, quickbooks.OneOf("Id", part...)))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// isPayment reports whether a bill names a payment, by bank or by card.
func isPayment(link quickbooks.LinkedTxn) bool {
	return slices.Contains([]string{"BillPayment", "BillPaymentCheck", "BillPaymentCreditCard"}, link.TxnType)
}

// paysFor returns what a payment pays.
func paysFor(p quickbooks.BillPayment) []quickbooks.LinkedTxn {
	var all []quickbooks.LinkedTxn
	for _, line := range p.Line {
		all = append(all, line.LinkedTxn...)
	}
	return all
}

// sameMark reports whether two notes end with the mark of the same draft.
func sameMark(a, b string) bool {
	m, marked := readMark(a)
	n, also := readMark(b)
	return marked && also && m.draft == n.draft
}

// recognisePayment tells ours from what others recorded. Ours carries the id of the
// task. Any other payment of the bill means that it is paid for already, as far as
// we can know.
func (r *round) recognisePayment(j *job, body quickbooks.BillPayment, found []quickbooks.BillPayment) {
	want, _ := readMark(body.PrivateNote)
	var ours, alike []quickbooks.BillPayment
	for _, p := range found {
		got, marked := readMark(p.PrivateNote)
		pays := slices.ContainsFunc(paysFor(p), func(link quickbooks.LinkedTxn) bool {
			return link.TxnType == linkToBill && link.TxnID == paysFor(body)[0].TxnID
		})
		switch {
		case marked && got.draft == want.draft:
			ours = append(ours, p)
		case pays, marked && got.subject == want.subject:
			alike = append(alike, p)
		}
	}
	switch {
	case len(ours) == 1:
		j.found = document{id: schema.DocumentID(ours[0].ID), token: ours[0].SyncToken}
		r.feed(j, event{kind: eventIdentical})
	case len(ours)+len(alike) > 0:
		other := append(ours, alike...)[0]
		j.alike = paidAlready(j.posting.Subject, other, paysFor(body)[0].TxnID)
		r.feed(j, event{kind: eventDifferent})
	default:
		r.feed(j, event{kind: eventNothing})
	}
}

func paidAlready(subject string, p quickbooks.BillPayment, bill string) schema.Fault {
	return schema.Fault{
		Code:    codeDuplicate,
		Detail:  fmt.Sprintf("bill payment %s of %s over %s", p.ID, p.TxnDate, p.TotalAmt),
		Meaning: fmt.Sprintf("QuickBooks has a payment of bill %s that tieout did not record for this task.", bill),
		Next:    "Compare both. If it is the same payment, " + skip(subject) + " If it is not, remove it from the bill, " + retry(subject),
		Owner:   schema.OwnerFinance,
	}
}
