package transform

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/vendors"
)

// draft gives every open invoice the draft that follows from what is known now,
// a chunk at a time, and then sees to what waits for a person or for its invoice.
func (r *round) draft(ctx context.Context) error {
	b, err := r.open(ctx)
	if err != nil {
		return err
	}
	chunk := make([]schema.Position, 0, min(r.cfg.Chunk, 1024))
	for position, err := range r.store.OpenPositions(ctx, r.cfg.CompanyID) {
		if err != nil {
			return fmt.Errorf("read open invoices: %w", err)
		}
		if chunk = append(chunk, position); len(chunk) == r.cfg.Chunk {
			if err := b.draft(ctx, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	if err := b.draft(ctx, chunk); err != nil {
		return err
	}
	waiting, err := r.store.WaitingTasks(ctx, r.cfg.CompanyID)
	if err != nil {
		return fmt.Errorf("read waiting tasks: %w", err)
	}
	for _, step := range []func(context.Context, []schema.TaskPosition) error{b.amend, b.match, b.settleHeld, b.settleTransfers} {
		if err := step(ctx, waiting); err != nil {
			return err
		}
	}
	return nil
}

// bench is what all drafts of a round share.
type bench struct {
	*round
	drafter  *Drafter
	resolver *vendors.Resolver
	numbers  map[docKey]schema.InvoiceID // who has a number in this round
	met      map[schema.WorkerID][]schema.Contract
}

// docKey is a document number among those of a payee.
type docKey struct {
	payee  schema.PayeeKey
	number string
}

func (r *round) open(ctx context.Context) (*bench, error) {
	set, err := r.store.Rules(ctx, r.cfg.CompanyID, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	books, err := r.chart(ctx)
	if err != nil {
		return nil, err
	}
	payees, err := r.store.Payees(ctx, r.cfg.CompanyID)
	if err != nil {
		return nil, fmt.Errorf("read payees: %w", err)
	}
	return &bench{
		round:    r,
		drafter:  NewDrafter(r.cfg.Policy, set, books),
		resolver: vendors.NewResolver(r.cfg.CompanyID, books, r.cfg.Policy, payees),
		numbers:  map[docKey]schema.InvoiceID{},
		met:      map[schema.WorkerID][]schema.Contract{},
	}, nil
}

// job is a position on its way to its draft.
type job struct {
	position schema.Position
	drafted  Case
	wanted   vendors.Wanted // its Key is empty when no payee is needed, or none can be named
}

func (b *bench) draft(ctx context.Context, positions []schema.Position) error {
	if len(positions) == 0 {
		return nil
	}
	if err := b.redate(ctx, positions); err != nil {
		return err
	}
	jobs, err := b.jobs(ctx, positions)
	if err != nil {
		return err
	}
	payees := b.payees(jobs)
	if err := b.number(ctx, jobs); err != nil {
		return err
	}
	var drafts []schema.Draft
	at := b.stamp()
	for i := range jobs {
		draft := b.drafter.Draft(jobs[i].drafted)
		b.count(draft)
		if draft.ID != jobs[i].position.Draft.ID {
			draft.RecordedAt = later(at, jobs[i].position.Draft.RecordedAt)
			drafts = append(drafts, draft)
		}
	}
	if err := b.record(ctx, payees, drafts); err != nil {
		return err
	}
	return b.followOpen(ctx, positions)
}

func (b *bench) count(draft schema.Draft) {
	b.result.States[draft.State]++
	if len(draft.Holds) > 0 {
		b.result.Held[draft.Holds[0].Reason]++
	}
}

// record stores payees before the drafts that speak of them.
func (b *bench) record(ctx context.Context, payees []schema.Payee, drafts []schema.Draft) error {
	if len(payees) > 0 {
		if err := b.store.RecordPayees(ctx, payees); err != nil {
			return fmt.Errorf("record %d payees: %w", len(payees), err)
		}
		b.result.Payees += len(payees)
	}
	if len(drafts) > 0 {
		if err := b.store.RecordDrafts(ctx, drafts); err != nil {
			return fmt.Errorf("record %d drafts: %w", len(drafts), err)
		}
		b.result.Drafted += len(drafts)
	}
	return nil
}

// redate records invoices whose day of booking follows from a policy that was
// changed since, so that they are reported in the period that they are booked in.
func (b *bench) redate(ctx context.Context, positions []schema.Position) error {
	var moved []schema.Invoice
	at := b.stamp()
	for i := range positions {
		invoice := &positions[i].Invoice
		if day := b.cfg.Policy.BillDateOf(*invoice); day != invoice.BillDate {
			invoice.BillDate, invoice.RecordedAt = day, later(at, invoice.RecordedAt)
			moved = append(moved, *invoice)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	if err := b.store.RecordInvoices(ctx, moved); err != nil {
		return fmt.Errorf("record %d invoices: %w", len(moved), err)
	}
	b.result.Invoices += len(moved)
	return nil
}

// jobs joins positions with their contracts. What is skipped stays as it is,
// unless it was cancelled.
func (b *bench) jobs(ctx context.Context, positions []schema.Position) ([]job, error) {
	contracts, err := b.contracts(ctx, positions)
	if err != nil {
		return nil, err
	}
	jobs := make([]job, 0, len(positions))
	for _, position := range positions {
		invoice := position.Invoice
		if position.Decision.Kind == schema.DecideSkip && invoice.Status != schema.StatusCancelled {
			continue
		}
		jobs = append(jobs, b.job(position, contracts))
	}
	return jobs, nil
}

// job joins a position with its contracts.
func (b *bench) job(position schema.Position, contracts map[schema.ContractID]schema.Contract) job {
	invoice := position.Invoice
	j := job{position: position, drafted: Case{Invoice: invoice, Decision: position.Decision}}
	if contract, known := contracts[invoice.Contract]; known {
		j.drafted.Contracts = []schema.Contract{contract}
	} else if invoice.Contract == "" {
		j.drafted.Contracts = b.met[invoice.Worker]
	}
	return j
}

// contracts reads the contracts that positions name, and those of the workers
// of positions that name none.
func (b *bench) contracts(ctx context.Context, positions []schema.Position) (map[schema.ContractID]schema.Contract, error) {
	var ids []schema.ContractID
	var workers []schema.WorkerID
	for _, position := range positions {
		switch invoice := position.Invoice; {
		case invoice.Contract != "":
			ids = append(ids, invoice.Contract)
		case invoice.Worker != "":
			workers = append(workers, invoice.Worker)
		}
	}
	found := map[schema.ContractID]schema.Contract{}
	var err error
	if ids = unique(ids); len(ids) > 0 {
		if found, err = b.store.Contracts(ctx, b.cfg.CompanyID, ids); err != nil {
			return nil, fmt.Errorf("read %d contracts: %w", len(ids), err)
		}
	}
	if workers = unique(workers); len(workers) > 0 {
		if b.met, err = b.store.WorkerContracts(ctx, b.cfg.CompanyID, workers); err != nil {
			return nil, fmt.Errorf("read contracts of %d workers: %w", len(workers), err)
		}
	}
	return found, nil
}

// payees resolves whom the jobs make the company owe, and returns what has to be
// recorded about them. All are announced first, so that payees of one name are
// told apart whichever comes first.
func (b *bench) payees(jobs []job) []schema.Payee {
	for i := range jobs {
		j := &jobs[i]
		if b.drafter.State(j.drafted) != "" {
			continue
		}
		wanted, holds := b.drafter.Payee(j.drafted)
		if len(holds) == 0 && wanted.Key.Currency() != "" {
			j.wanted = wanted
			b.resolver.Expect(wanted)
		}
	}
	var changed []schema.Payee
	at := b.stamp()
	for i := range jobs {
		j := &jobs[i]
		if j.wanted.Key == "" {
			continue
		}
		j.drafted.Payee = b.resolver.Resolve(j.wanted)
		if j.drafted.Payee.Changed {
			payee := j.drafted.Payee.Payee
			payee.RecordedAt = later(at, payee.RecordedAt)
			changed = append(changed, payee)
		}
	}
	return changed
}

// number gives every bill a number that no other bill of its payee has. Whoever
// was drafted under a number first keeps it; of those that are new, the one with
// the first id has it.
func (b *bench) number(ctx context.Context, jobs []job) error {
	var numbers []string
	for i := range jobs {
		j := &jobs[i]
		if b.drafter.State(j.drafted) != "" {
			continue
		}
		number := DocNumber(j.drafted.Invoice)
		drafted := j.position.Draft
		if drafted.Payee == j.wanted.Key && (drafted.DocNumber == number || drafted.DocNumber == DistinctDocNumber(j.drafted.Invoice)) &&
			b.claim(j, drafted.DocNumber) {
			continue
		}
		numbers = append(numbers, number)
	}
	if len(numbers) == 0 {
		return nil
	}
	taken, err := b.store.DocNumbers(ctx, b.cfg.CompanyID, unique(slices.Clone(numbers)))
	if err != nil {
		return fmt.Errorf("read who has %d document numbers: %w", len(numbers), err)
	}
	for i := range jobs {
		j := &jobs[i]
		if j.drafted.DocNumber != "" || b.drafter.State(j.drafted) != "" {
			continue
		}
		number := DocNumber(j.drafted.Invoice)
		owner, owned := taken[j.wanted.Key][number]
		if (owned && owner != j.drafted.Invoice.ID) || !b.claim(j, number) {
			b.claim(j, DistinctDocNumber(j.drafted.Invoice))
		}
	}
	return nil
}

// claim takes a number for a job, unless another invoice of the payee has it.
func (b *bench) claim(j *job, number string) bool {
	key := docKey{payee: j.wanted.Key, number: number}
	if owner, taken := b.numbers[key]; taken && owner != j.drafted.Invoice.ID {
		return false
	}
	b.numbers[key] = j.drafted.Invoice.ID
	j.drafted.DocNumber = number
	return true
}
