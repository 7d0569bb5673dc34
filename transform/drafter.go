package transform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/rules"
	"github.com/tieout/tieout/transform/vendors"
)

// Case is one invoice with all that its draft depends on.
type Case struct {
	Invoice schema.Invoice

	// Contracts are the one that the invoice names or, where it names none,
	// all of its worker's. None are needed for the platform's own fees.
	Contracts []schema.Contract

	// Decision is the newest one about the invoice.
	Decision schema.Decision

	// Payee is what became of the payee that [Drafter.Payee] asks for.
	Payee vendors.Resolution

	// DocNumber is the bill's number, unique among the payee's bills: see
	// [DocNumber].
	DocNumber string

	// On is the day of a correction: the invoice's document is in the books, so
	// that neither its status nor the sign of its total matters any more. There is
	// none where the document itself is drafted.
	On schema.Date
}

// Drafter makes drafts under one policy, one set of rules and one reading of the
// books. It is pure: a Case always gives the same draft. It may be used by
// several goroutines.
type Drafter struct {
	policy schema.Policy
	rules  rules.Index
	books  schema.Books
	chart  chart
}

// NewDrafter returns a Drafter.
func NewDrafter(policy schema.Policy, set schema.RuleSet, books schema.Books) *Drafter {
	return &Drafter{policy: policy, rules: rules.NewIndex(set), books: books, chart: newChart(books)}
}

// State returns why a case needs no further look: its invoice is cancelled, its
// contract has not arrived, or it is not far enough along. It is empty when the
// invoice is to be posted, if nothing holds it.
func (d *Drafter) State(c Case) schema.DraftState {
	i := c.Invoice
	switch {
	case i.Status == schema.StatusCancelled:
		return schema.DraftInvoiceCancelled
	case !i.PlatformFee && (i.Contract != "" || i.Worker != "") && len(c.Contracts) == 0:
		return schema.DraftAwaitsContract
	case c.On.IsZero() && !d.policy.PostOn.Reached(i.Status):
		return schema.DraftAwaitsStatus
	}
	return ""
}

// Draft returns the sealed draft of a case, with every reason why it cannot be
// posted, the one to clear first leading. RecordedAt is left to whoever records
// it.
func (d *Drafter) Draft(c Case) schema.Draft {
	i := c.Invoice
	draft := schema.Draft{
		Company: i.Company, Invoice: i.ID, Content: i.ContentSum(), State: d.State(c),
		Currency: i.Currency, Total: i.Total, TxnDate: cmp.Or(c.On, d.policy.BillDateOf(i)), DueDate: i.DueDate,
	}
	if draft.State != "" {
		if !i.PlatformFee && len(c.Contracts) > 0 {
			draft.PayeeName = c.Contracts[0].WorkerName() // for whoever reads the report
		}
		return draft.Seal()
	}
	draft.DocNumber = c.DocNumber
	draft.State, draft.Kind = schema.DraftReady, schema.DocumentBill
	var holds []schema.Hold
	holds = append(holds, decided(c.Decision)...)
	holds = append(holds, d.misread(i)...)
	holds = append(holds, d.totals(c)...)
	holds = append(holds, d.money(&draft, i)...)
	holds = append(holds, d.date(&draft, c)...)
	holds = append(holds, d.code(&draft, i)...)
	holds = append(holds, d.assign(&draft, c)...)
	holds = append(holds, d.credit(&draft)...)
	draft.Memo = d.memo(draft, c)
	if len(holds) > 0 {
		draft.State, draft.Holds = schema.DraftHeld, inOrder(holds)
	}
	return draft.Seal()
}

// inOrder sorts holds so that the one that finance should clear first leads, and
// drops those that repeat another.
func inOrder(holds []schema.Hold) []schema.Hold {
	order := schema.HoldReasons()
	slices.SortStableFunc(holds, func(a, b schema.Hold) int {
		return cmp.Compare(slices.Index(order, a.Reason), slices.Index(order, b.Reason))
	})
	return slices.Compact(holds)
}

func hold(reason schema.HoldReason, owner schema.Owner, next, format string, args ...any) schema.Hold {
	return schema.Hold{Reason: reason, Detail: fmt.Sprintf(format, args...), NextStep: next, Owner: owner}
}

// decided is the hold that a person put on the invoice.
func decided(decision schema.Decision) []schema.Hold {
	if decision.Kind != schema.DecideHold {
		return nil
	}
	detail := fmt.Sprintf("held by %s on %s", cmp.Or(decision.By, "somebody"), schema.DateOf(decision.RecordedAt.UTC()))
	if decision.Reason != "" {
		detail += ": " + decision.Reason
	}
	return []schema.Hold{hold(schema.HoldByPerson, schema.OwnerFinance, "release it when that is settled (tieout holds)", "%s", detail)}
}

// Payee returns whom the invoice of a case makes the company owe, or why that
// cannot be said. It is for cases whose [Drafter.State] is empty.
func (d *Drafter) Payee(c Case) (vendors.Wanted, []schema.Hold) {
	i := c.Invoice
	if i.PlatformFee {
		return d.platform(i), nil
	}
	contract, holds := d.contract(c)
	if len(holds) > 0 {
		return vendors.Wanted{}, holds
	}
	if d.policy.Payee[contract.Signing] == schema.PayeePlatform {
		return d.platform(i), nil
	}
	worker := cmp.Or(contract.Worker, i.Worker)
	return vendors.Wanted{
		Key:      schema.NewPayeeKey(schema.PayeeWorker, worker, contract.ID, i.Currency),
		Name:     contract.WorkerName(),
		Email:    cmp.Or(contract.WorkerEmail, i.WorkerEmail),
		Country:  contract.Country,
		Business: contract.WorkerType == "Business",
		Mark:     cmp.Or(string(worker), string(contract.ID)),
	}, nil
}

func (d *Drafter) platform(i schema.Invoice) vendors.Wanted {
	return vendors.Wanted{
		Key:      schema.NewPayeeKey(schema.PayeePlatform, "", "", i.Currency),
		Name:     cmp.Or(d.policy.PlatformVendor, "Ontop"),
		Business: true,
	}
}

// contract returns the contract that says who is owed: the newest, where there
// are several and all of them say the same.
func (d *Drafter) contract(c Case) (schema.Contract, []schema.Hold) {
	i := c.Invoice
	if len(c.Contracts) == 0 {
		return schema.Contract{}, []schema.Hold{hold(schema.HoldUnresolvedVendor, schema.OwnerSource,
			"add the contract to the invoice at Ontop", "agreement_id is missing and so is worker_id: it is not known who is owed")}
	}
	contract := c.Contracts[0]
	for _, other := range c.Contracts[1:] {
		contract = contract.Fold(other)
	}
	if i.Worker != "" && contract.Worker != "" && i.Worker != contract.Worker {
		return contract, []schema.Hold{hold(schema.HoldUnresolvedVendor, schema.OwnerSource, "correct the invoice or the contract at Ontop",
			"worker_id is %s, and contract %s is of worker %s", i.Worker, contract.ID, contract.Worker)}
	}
	if contract.Signing == "" {
		return contract, []schema.Hold{hold(schema.HoldUnresolvedVendor, schema.OwnerSource, "have Ontop send the contract with its signing",
			"signing of contract %s is missing: it is not known whether the worker or Ontop is owed", contract.ID)}
	}
	kind, named := d.policy.Payee[contract.Signing]
	if !named {
		return contract, []schema.Hold{hold(schema.HoldUnresolvedVendor, schema.OwnerOps,
			fmt.Sprintf("add %s: worker or %s: platform to policy.payee in the configuration", contract.Signing, contract.Signing),
			"signing of contract %s is %s, and the policy does not say who is owed then", contract.ID, contract.Signing)}
	}
	for _, other := range c.Contracts {
		if d.policy.Payee[other.Signing] != kind {
			return contract, []schema.Hold{hold(schema.HoldUnresolvedVendor, schema.OwnerSource, "add the contract to the invoice at Ontop",
				"agreement_id is missing, and worker %s has contracts under which different parties are owed: %s", i.Worker, signings(c.Contracts))}
		}
	}
	return contract, nil
}

func signings(contracts []schema.Contract) string {
	texts := make([]string, len(contracts))
	for i, contract := range contracts {
		texts[i] = fmt.Sprintf("%s (%s)", contract.ID, contract.Signing)
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// assign fills in payee and vendor.
func (d *Drafter) assign(draft *schema.Draft, c Case) []schema.Hold {
	wanted, holds := d.Payee(c)
	if d.books.IsZero() {
		holds = append(holds, vendors.Unread())
	}
	draft.PayeeName = cmp.Or(c.Payee.Payee.Name, wanted.Name)
	if c.Invoice.Currency == "" {
		return holds // a payee is one in a currency; that it is unknown is a hold already
	}
	draft.Payee = wanted.Key
	if len(holds) > 0 {
		return holds
	}
	if c.Payee.Hold.Reason != "" {
		return []schema.Hold{c.Payee.Hold}
	}
	draft.Vendor = c.Payee.Payee.Vendor
	if draft.Vendor == "" {
		return []schema.Hold{hold(schema.HoldUnresolvedVendor, schema.OwnerOps, "run the transform again", "payee %s was not looked up", wanted.Key)}
	}
	return nil
}
