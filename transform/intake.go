package transform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/ontop"
)

// maxDetail bounds what an outcome says, in bytes: a report lists a hundred.
const maxDetail = 2000

// intake gives every pending delivery its outcome, a chunk at a time.
func (r *round) intake(ctx context.Context) error {
	var last schema.Outcome
	for {
		staged, err := r.store.Pending(ctx, r.cfg.CompanyID, r.cfg.Chunk)
		if err != nil {
			return fmt.Errorf("read pending deliveries: %w", err)
		}
		if len(staged) == 0 {
			return nil
		}
		if first := staged[0]; first.ID == last.Delivery && first.Sum() == last.Body {
			return fmt.Errorf("delivery %s: %w", first.ID, ErrNotRecorded)
		}
		outcomes, err := r.apply(ctx, staged)
		if err != nil {
			return err
		}
		last = outcomes[0]
		if len(staged) < r.cfg.Chunk {
			return nil
		}
	}
}

// apply folds a chunk of deliveries into the facts. Outcomes are recorded last:
// a delivery whose outcome is missing is folded again, which changes nothing.
func (r *round) apply(ctx context.Context, staged []schema.Staged) ([]schema.Outcome, error) {
	messages := make([]message, len(staged))
	for i, s := range staged {
		messages[i] = r.read(s)
	}
	f, err := r.recall(ctx, messages)
	if err != nil {
		return nil, err
	}
	outcomes := make([]schema.Outcome, len(staged))
	for i := range messages {
		outcomes[i] = r.settle(staged[i], &messages[i], f)
	}
	if err := r.keep(ctx, f); err != nil {
		return nil, err
	}
	if err := r.recordTasks(ctx, f.changedTasks()); err != nil {
		return nil, err
	}
	if r.follows() {
		if err := r.follow(ctx, f.touched(), func(id schema.InvoiceID) bool { return f.stored[id] }); err != nil {
			return nil, err
		}
	}
	at := r.stamp()
	for i := range outcomes {
		outcomes[i].RecordedAt = at
	}
	if err := r.store.RecordOutcomes(ctx, outcomes); err != nil {
		return nil, fmt.Errorf("record %d outcomes: %w", len(outcomes), err)
	}
	r.result.Deliveries += len(outcomes)
	for _, outcome := range outcomes {
		r.result.Outcomes[outcome.Kind]++
	}
	return outcomes, nil
}

// message is a delivery as it was read. Its kind is empty when its contracts and
// invoices are to be applied.
type message struct {
	ontop.Message
	kind   schema.OutcomeKind
	detail string
}

// read decodes one delivery, and takes from it what must not be applied.
func (r *round) read(s schema.Staged) message {
	decoded, err := ontop.Decode(s.Delivery)
	m := message{Message: decoded, detail: describe(decoded.Troubles)}
	switch foreign := r.foreign(decoded.Clients); {
	case s.Conflict:
		m.kind = schema.OutcomeConflict
		m.detail = fmt.Sprintf("delivery id %s was used before for another body; this one is kept and not applied: ask Ontop which of them is right", s.ID)
	case err != nil:
		m.kind, m.detail = schema.OutcomeUnreadable, unreadable(err)
	case foreign != "":
		m.kind = schema.OutcomeForeign
		m.detail = fmt.Sprintf("client_id %s is not one of the company's (%s): add it to ontop.client_ids if it is, or have Ontop send it elsewhere",
			foreign, strings.Join(r.cfg.ClientIDs, ", "))
	case decoded.Type.Kind() == ontop.KindNoted && !r.records(decoded.Type):
		m.kind, m.detail = schema.OutcomeNoted, unasked(decoded.Type)
	case decoded.Type == schema.TestEvent:
		m.kind = schema.OutcomeTest
	case decoded.Type.Kind() == ontop.KindUnknown:
		m.kind = schema.OutcomeUnknown
	}
	if m.kind != "" {
		m.Contracts, m.Invoices, m.Payments, m.TopUps = nil, nil, nil, nil
	}
	return m
}

// records reports whether the policy has work for events of a type that needs none
// otherwise.
func (r *round) records(t ontop.EventType) bool {
	return t == ontop.PaymentMade && r.cfg.Policy.RecordPayments || t == ontop.ClientWalletTopUp && r.cfg.Policy.RecordTopUps
}

// unasked says how an event for which the policy has no work is brought in once it has.
func unasked(t ontop.EventType) string {
	setting := ""
	switch t {
	case ontop.PaymentMade:
		setting = "record_payments"
	case ontop.ClientWalletTopUp:
		setting = "record_top_ups"
	default:
		return ""
	}
	return fmt.Sprintf("policy.%s is off, so that nothing is recorded; once it is on, tieout replay --type %s --from TIME --to TIME brings in what came before", setting, t)
}

// foreign returns the first client that is not the company's.
func (r *round) foreign(clients []string) string {
	if len(r.clients) == 0 {
		return ""
	}
	for _, client := range clients {
		if !r.clients[client] {
			return client
		}
	}
	return ""
}

func unreadable(err error) string {
	if u, ok := errors.AsType[*ontop.Unreadable](err); ok {
		return u.Problem.String()
	}
	return err.Error()
}

func describe(troubles []ontop.Trouble) string {
	var b strings.Builder
	for i, trouble := range troubles {
		if b.Len() > maxDetail {
			fmt.Fprintf(&b, "; and %d more", len(troubles)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(trouble.String())
	}
	return b.String()
}

// settle applies one delivery to the facts and says what became of it.
func (r *round) settle(s schema.Staged, m *message, f *facts) schema.Outcome {
	outcome := schema.Outcome{
		Company: s.Company, Delivery: s.ID, Body: s.Sum(), Kind: m.kind, EventType: string(m.Type), Detail: m.detail,
		ReceivedAt: s.ReceivedAt,
	}
	if m.kind != "" {
		return outcome
	}
	outcome.Subjects = m.Subjects()
	outcome.Kind = schema.OutcomeUnchanged
	for _, contract := range m.Contracts {
		if f.contract(contract) {
			outcome.Kind = schema.OutcomeApplied
		}
	}
	for _, invoice := range m.Invoices {
		if f.invoice(invoice) {
			outcome.Kind = schema.OutcomeApplied
		}
	}
	f.money(s, m, &outcome)
	return misread(outcome, m)
}

// misread says of an outcome whether some of the delivery could not be understood.
// The envelope's own fields are of no account: everything was applied.
func misread(outcome schema.Outcome, m *message) schema.Outcome {
	if slices.ContainsFunc(m.Troubles, func(t ontop.Trouble) bool { return t.Object != "" }) {
		outcome.Kind = schema.OutcomeUnreadable
	}
	return outcome
}

// recall reads what is stored of all that the messages speak of.
func (r *round) recall(ctx context.Context, messages []message) (*facts, error) {
	f := newFacts(r.cfg.Policy, r.changes)
	var contracts []schema.ContractID
	var invoices []schema.InvoiceID
	var paid, moved []string
	for _, m := range messages {
		for _, payment := range m.Payments {
			paid = append(paid, schema.LoosePaymentSubject(payment.ID))
		}
		for _, topUp := range m.TopUps {
			moved = append(moved, schema.TopUpSubject(topUp.ID))
		}
		for _, contract := range m.Contracts {
			contracts = append(contracts, contract.ID)
		}
		for _, invoice := range m.Invoices {
			invoices = append(invoices, invoice.ID)
		}
	}
	if contracts = unique(contracts); len(contracts) > 0 {
		stored, err := r.store.Contracts(ctx, r.cfg.CompanyID, contracts)
		if err != nil {
			return nil, fmt.Errorf("read %d contracts: %w", len(contracts), err)
		}
		maps.Copy(f.contracts, stored)
	}
	if invoices = unique(invoices); len(invoices) > 0 {
		stored, err := r.store.Invoices(ctx, r.cfg.CompanyID, invoices)
		if err != nil {
			return nil, fmt.Errorf("read %d invoices: %w", len(invoices), err)
		}
		maps.Copy(f.invoices, stored)
		for id := range stored {
			f.stored[id] = true
		}
	}
	if err := r.recallTasks(ctx, f, schema.PostPayment, paid); err != nil {
		return nil, err
	}
	return f, r.recallTasks(ctx, f, schema.PostTransfer, moved)
}

// recallTasks reads the newest tasks of subjects, and the books that new ones go by.
func (r *round) recallTasks(ctx context.Context, f *facts, kind schema.PostingKind, subjects []string) error {
	if subjects = unique(subjects); len(subjects) == 0 {
		return nil
	}
	stored, err := r.store.LatestTasks(ctx, r.cfg.CompanyID, kind, subjects)
	if err != nil {
		return fmt.Errorf("read %d %s tasks: %w", len(subjects), kind, err)
	}
	maps.Copy(f.tasks, stored)
	f.books, err = r.chart(ctx)
	return err
}

// money applies the payments and top-ups of a delivery. What came of several is what
// a person has to see, or else that something was new.
func (f *facts) money(s schema.Staged, m *message, outcome *schema.Outcome) {
	became := func(kind schema.OutcomeKind, detail string) {
		rank := func(k schema.OutcomeKind) int {
			return slices.Index([]schema.OutcomeKind{
				schema.OutcomeUnchanged, schema.OutcomeNoted, schema.OutcomeApplied, schema.OutcomeUnreadable,
			}, k)
		}
		if rank(kind) > rank(outcome.Kind) {
			outcome.Kind = kind
		}
		if detail != "" && len(outcome.Detail) < maxDetail {
			outcome.Detail = strings.TrimPrefix(outcome.Detail+"; "+detail, "; ")
		}
	}
	for _, payment := range m.Payments {
		became(f.payment(s.Company, payment))
	}
	for _, topUp := range m.TopUps {
		became(f.topUp(s.Company, topUp, schema.DateOf(s.ReceivedAt.UTC())))
	}
}

// keep records the facts that changed, contracts first: an invoice may be
// drafted as soon as it is there.
func (r *round) keep(ctx context.Context, f *facts) error {
	contracts, invoices := f.changed(r.stamp())
	if len(contracts) > 0 {
		if err := r.store.RecordContracts(ctx, contracts); err != nil {
			return fmt.Errorf("record %d contracts: %w", len(contracts), err)
		}
		r.result.Contracts += len(contracts)
	}
	if len(invoices) > 0 {
		if err := r.store.RecordInvoices(ctx, invoices); err != nil {
			return fmt.Errorf("record %d invoices: %w", len(invoices), err)
		}
		r.result.Invoices += len(invoices)
	}
	return nil
}

// unique sorts ids and drops repetitions.
func unique[T ~string](ids []T) []T {
	slices.Sort(ids)
	return slices.Compact(ids)
}
