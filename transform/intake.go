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
	case decoded.Type.Kind() == ontop.KindNoted:
		m.kind = schema.OutcomeNoted
	case decoded.Type.Kind() == ontop.KindUnknown:
		m.kind = schema.OutcomeUnknown
	}
	if m.kind != "" {
		m.Contracts, m.Invoices = nil, nil
	}
	return m
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
	// The envelope's own fields are of no account: everything was applied.
	if slices.ContainsFunc(m.Troubles, func(t ontop.Trouble) bool { return t.Object != "" }) {
		outcome.Kind = schema.OutcomeUnreadable
	}
	return outcome
}

// recall reads what is stored of all that the messages speak of.
func (r *round) recall(ctx context.Context, messages []message) (*facts, error) {
	f := newFacts(r.cfg.Policy)
	var contracts []schema.ContractID
	var invoices []schema.InvoiceID
	for _, m := range messages {
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
	}
	return f, nil
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
