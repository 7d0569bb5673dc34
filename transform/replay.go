package transform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// Replay says how deliveries are read again.
type Replay struct {
	// Rehearse says that nothing is recorded. What the deliveries of one call say
	// about each other is taken into account, and what those of another would have
	// changed is not.
	Rehearse bool
	Reason   string // why they are read again
	By       string // who asked for it
}

// ReplayResult says what reading deliveries again changed or, in a rehearsal, would
// change.
type ReplayResult struct {
	Deliveries int               // that were read again; those that wait for their outcome are left to a round
	Reviews    []schema.Review   // of those that stand differently now, in the order of the deliveries
	Contracts  int               // records of contracts that say something new
	Invoices   int               // records of invoices that say something new
	Tasks      map[TaskCount]int // tasks that say something new; nil when there is none
}

var errNoBody = errors.New("it came without its body")

// Replay reads deliveries of one company again, in their order, as today's code and
// policy do. They come with their bodies.
//
// What they say is folded into what is known, and recorded only where it differs, so
// that a replay that finds nothing new records nothing, and one that was interrupted
// is repeated. An outcome stays on record; where the delivery would get another one
// now, that is recorded as a review and holds from then on. An invoice that changed is
// drafted by the next round: what is in QuickBooks stays as it is, and a correction of
// it is proposed to a person. A delivery whose id was used before for another body
// stays a conflict.
func (t *Transformer) Replay(
	ctx context.Context, company schema.CompanyID, receipts []schema.Receipt, how Replay,
) (ReplayResult, error) {
	o, ok := t.offices[company]
	if !ok {
		return ReplayResult{}, fmt.Errorf("replay %q: %w", company, ErrUnknownCompany)
	}
	select {
	case <-ctx.Done():
		return ReplayResult{}, fmt.Errorf("replay %s: %w", company, ctx.Err())
	case <-o.turn:
		defer func() { o.turn <- struct{}{} }()
	}
	again := *t
	if how.Rehearse {
		again.store = rehearsal{t.store}
	}
	r := &round{Transformer: &again, office: o, changes: changes{}}
	r.began = r.stamp()
	result, err := r.replay(ctx, receipts, how)
	if err != nil {
		return result, fmt.Errorf("replay %s: %w", company, err)
	}
	if n := len(result.Reviews) + result.Contracts + result.Invoices + len(result.Tasks); n > 0 && !how.Rehearse {
		t.log.InfoContext(ctx, "deliveries read again", slog.String("company", string(company)),
			slog.Int("deliveries", result.Deliveries), slog.Int("reviews", len(result.Reviews)),
			slog.Int("contracts", result.Contracts), slog.Int("invoices", result.Invoices))
	}
	return result, nil
}

func (r *round) replay(ctx context.Context, receipts []schema.Receipt, how Replay) (ReplayResult, error) {
	var result ReplayResult
	var settled []schema.Receipt
	var messages []message
	for _, receipt := range receipts {
		if receipt.Outcome.Kind == "" {
			continue
		}
		if receipt.RedactedAt.IsZero() && receipt.Sum() != receipt.BodySum {
			return result, fmt.Errorf("delivery %s: %w", receipt.ID, errNoBody)
		}
		settled = append(settled, receipt)
		messages = append(messages, r.read(schema.Staged{
			Delivery: receipt.Delivery, Conflict: receipt.Outcome.Kind == schema.OutcomeConflict,
		}))
	}
	f, err := r.recall(ctx, messages)
	if err != nil {
		return result, err
	}
	result.Deliveries = len(settled)
	at := r.stamp()
	for i, receipt := range settled {
		now := r.settleAgain(receipt, &messages[i], f)
		if !differs(receipt.Stands(), now) {
			continue
		}
		now.RecordedAt = later(at, receipt.Stands().RecordedAt)
		result.Reviews = append(result.Reviews, schema.Review{Outcome: now, Reason: how.Reason, By: how.By})
	}
	// Reviews come last, as outcomes do: an interrupted replay is repeated.
	if err := r.keep(ctx, f); err != nil {
		return result, err
	}
	if err := r.recordTasks(ctx, f.changedTasks()); err != nil {
		return result, err
	}
	if r.follows() {
		if err := r.follow(ctx, f.touched(), func(id schema.InvoiceID) bool { return f.stored[id] }); err != nil {
			return result, err
		}
	}
	result.Contracts, result.Invoices, result.Tasks = r.result.Contracts, r.result.Invoices, r.result.Tasks
	if len(result.Reviews) == 0 {
		return result, nil
	}
	if err := r.store.RecordReviews(ctx, result.Reviews); err != nil {
		return result, fmt.Errorf("record %d reviews: %w", len(result.Reviews), err)
	}
	return result, nil
}

// settleAgain folds one delivery in again, and says what holds of it now.
func (r *round) settleAgain(receipt schema.Receipt, m *message, f *facts) schema.Outcome {
	now := schema.Outcome{
		Company: receipt.Company, Delivery: receipt.ID, Body: receipt.BodySum, Kind: m.kind, EventType: string(m.Type), Detail: m.detail,
		ReceivedAt: receipt.ReceivedAt,
	}
	if m.kind != "" {
		return now
	}
	now.Subjects, now.Kind = m.Subjects(), schema.OutcomeUnchanged
	tasks, changed := len(f.changedTask), false
	contracts, invoices := inOneRevision(m)
	if !receipt.RedactedAt.IsZero() {
		contracts, invoices = f.beyondRedaction(contracts, invoices)
		// Nor can the e-mail that a payment was matched by be read any more.
		m.Payments = slices.DeleteFunc(m.Payments, func(p ontop.Payment) bool {
			_, known := f.tasks[schema.LoosePaymentSubject(p.ID)]
			return known
		})
	}
	for _, contract := range contracts {
		held := f.contracts[contract.ID].Source == contract.Source
		anew := f.contractAgain(contract)
		if changed = changed || anew; anew || held {
			now.Kind = schema.OutcomeApplied
		}
	}
	for _, invoice := range invoices {
		held := f.invoices[invoice.ID].Source == invoice.Source
		anew := f.invoiceAgain(invoice)
		if changed = changed || anew; anew || held {
			now.Kind = schema.OutcomeApplied
		}
	}
	f.money(schema.Staged{Delivery: receipt.Delivery}, m, &now)
	now = misread(now, m)
	before := receipt.Stands()
	if !changed && len(f.changedTask) == tasks && (needsNobody(now.Kind) && needsNobody(before.Kind) || !receipt.RedactedAt.IsZero()) {
		now.Kind, now.Detail = before.Kind, before.Detail // it says no more than when it came
	}
	return now
}

// needsNobody reports whether a delivery was read in full and no more is to be said.
func needsNobody(k schema.OutcomeKind) bool {
	return k == schema.OutcomeApplied || k == schema.OutcomeUnchanged || k == schema.OutcomeNoted
}

// differs reports whether what holds of a delivery now is not what stands.
func differs(stands, now schema.Outcome) bool {
	return stands.Kind != now.Kind || stands.EventType != now.EventType ||
		stands.Detail != now.Detail && !needsNobody(now.Kind)
}

// beyondRedaction leaves of what a redacted delivery says only what is not known yet:
// what it once said more was read when it came, and stays. Statuses and payments, which
// no redaction touches, are folded in as ever.
func (f *facts) beyondRedaction(contracts []schema.Contract, invoices []schema.Invoice) ([]schema.Contract, []schema.Invoice) {
	contracts = slices.DeleteFunc(contracts, func(c schema.Contract) bool {
		before, known := f.contracts[c.ID]
		return known && !storable(c.UpdatedAt).After(before.UpdatedAt)
	})
	for i, read := range invoices {
		before, known := f.invoices[read.ID]
		if !known || storable(read.UpdatedAt).After(before.UpdatedAt) {
			continue
		}
		said := before
		said.Status, said.PaidAt, said.PlatformFee = read.Status, read.PaidAt, read.PlatformFee
		if before.Status.Rank() > said.Status.Rank() {
			said.Status = before.Status
		}
		if before.PaidAt.After(storable(said.PaidAt)) {
			said.PaidAt = before.PaidAt
		}
		invoices[i] = said
	}
	return contracts, invoices
}

// inOneRevision returns what a message says of each contract and invoice, folded: one
// message may carry several revisions.
func inOneRevision(m *message) ([]schema.Contract, []schema.Invoice) {
	var contracts []schema.Contract
	var invoices []schema.Invoice
	contractAt, invoiceAt := map[schema.ContractID]int{}, map[schema.InvoiceID]int{}
	for _, contract := range m.Contracts {
		if at, met := contractAt[contract.ID]; met {
			contracts[at] = contracts[at].Fold(contract)
			continue
		}
		contractAt[contract.ID] = len(contracts)
		contracts = append(contracts, contract)
	}
	for _, invoice := range m.Invoices {
		if at, met := invoiceAt[invoice.ID]; met {
			fee := invoices[at].PlatformFee || invoice.PlatformFee
			invoices[at] = invoices[at].Fold(invoice)
			invoices[at].PlatformFee = fee
			continue
		}
		invoiceAt[invoice.ID] = len(invoices)
		invoices = append(invoices, invoice)
	}
	return contracts, invoices
}

// contractAgain folds in a revision that was folded in before, and reports whether
// that changed anything. Where it is the very revision that holds, it is taken as it
// is read now.
func (f *facts) contractAgain(c schema.Contract) bool {
	c.UpdatedAt = storable(c.UpdatedAt)
	before, known := f.contracts[c.ID]
	folded := c
	if known && !sameRevision(before.Source, c.Source, before.UpdatedAt.Equal(c.UpdatedAt)) {
		folded = before.Fold(c)
	}
	folded.RecordedAt = before.RecordedAt
	if known && folded.Sum() == before.Sum() && folded.UpdatedAt.Equal(before.UpdatedAt) {
		return false
	}
	f.contracts[c.ID], f.changedContract[c.ID] = folded, true
	return !known || folded.Sum() != before.Sum()
}

// invoiceAgain does the same for an invoice. Its day of booking follows the policy
// anew only when something else changed: the policy of today is not that of the day
// on which it was posted.
func (f *facts) invoiceAgain(i schema.Invoice) bool {
	i.UpdatedAt, i.PaidAt = storable(i.UpdatedAt), storable(i.PaidAt)
	before, known := f.invoices[i.ID]
	if !known {
		i.BillDate = f.policy.BillDateOf(i)
		f.invoices[i.ID], f.changedInvoice[i.ID] = i, true
		return true
	}
	folded := before.Fold(i)
	if sameRevision(before.Source, i.Source, before.UpdatedAt.Equal(i.UpdatedAt)) {
		folded = i
		if before.Status.Rank() > folded.Status.Rank() {
			folded.Status = before.Status
		}
		if before.PaidAt.After(folded.PaidAt) {
			folded.PaidAt = before.PaidAt
		}
	}
	folded.PlatformFee = before.PlatformFee || i.PlatformFee
	folded.BillDate, folded.RecordedAt = before.BillDate, before.RecordedAt
	same := folded.PlatformFee == before.PlatformFee && folded.Sum() == before.Sum()
	if same && folded.UpdatedAt.Equal(before.UpdatedAt) {
		return false
	}
	if !same {
		folded.BillDate = f.policy.BillDateOf(folded)
		f.changes.note(before, folded)
	}
	f.invoices[i.ID], f.changedInvoice[i.ID] = folded, true
	return !same
}

// sameRevision reports whether two records are of one revision of one delivery, so
// that they differ only by who read it.
func sameRevision(one, other schema.DeliveryID, sameTime bool) bool {
	return one == other && sameTime
}

// rehearsal is a store in which nothing is recorded.
type rehearsal struct{ Store }

// RecordContracts records nothing.
func (rehearsal) RecordContracts(context.Context, []schema.Contract) error { return nil }

// RecordInvoices records nothing.
func (rehearsal) RecordInvoices(context.Context, []schema.Invoice) error { return nil }

// RecordTasks records nothing.
func (rehearsal) RecordTasks(context.Context, []schema.Task) error { return nil }

// RecordReviews records nothing.
func (rehearsal) RecordReviews(context.Context, []schema.Review) error { return nil }
