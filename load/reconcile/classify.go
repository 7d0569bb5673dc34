package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tieout/tieout/schema"
)

// A verdict says where one invoice stands. The column is of one that is not in the
// books; what is there may count under several.
type verdict struct {
	state  schema.State
	column column
	cause  string
	owner  schema.Owner
	next   string
}

// column is the term of the equation under which an amount counts.
type column int

const (
	verified column = iota
	postedUnverified
	held
	waiting
	declined
	uncertain
	skipped
	cancelled
	columns // how many there are
)

// classify finds the one state of an invoice that is not in the books. Whether it
// may be there comes first; then what a person said; then the source; then the
// draft. What is in the books is classified by classifyPosted.
func classify(p schema.Position) verdict {
	switch {
	case p.Posting.State == schema.PostingNamed, p.Posting.State == schema.PostingUncertain:
		return verdict{
			schema.StateUncertain, uncertain, "sent to QuickBooks, no answer came", schema.OwnerNobody,
			"none: the next load looks it up before anything is sent again",
		}
	case p.Decision.Kind == schema.DecideSkip:
		return verdict{schema.StateSkipped, skipped, saidBy(p.Decision), schema.OwnerNobody, ""}
	case p.Invoice.Status == schema.StatusCancelled:
		return verdict{schema.StateCancelled, cancelled, "cancelled at Ontop before it was posted", schema.OwnerNobody, ""}
	case p.Posting.State == schema.PostingDeclined && p.Posting.Draft == p.Draft.ID:
		return wayOut(classifyDeclined(p.Posting), p)
	}
	return classifyDraft(p)
}

// divergence names the state for the most serious of the differences.
func divergence(found []schema.Difference) schema.State {
	for _, candidate := range []struct {
		field schema.Field
		state schema.State
	}{
		{schema.FieldCurrency, schema.StateCurrencyDiffers},
		{schema.FieldTotal, schema.StateAmountDiffers},
		{schema.FieldLine, schema.StateAmountDiffers},
		{schema.FieldVendor, schema.StateVendorDiffers},
		{schema.FieldAccount, schema.StateAccountDiffers},
		{schema.FieldPayable, schema.StateAccountDiffers},
		{schema.FieldClass, schema.StateClassDiffers},
		{schema.FieldLocation, schema.StateClassDiffers},
		{schema.FieldRate, schema.StateRateDiffers},
		{schema.FieldDate, schema.StateDateDiffers},
		{schema.FieldDueDate, schema.StateDateDiffers},
		{schema.FieldDocNumber, schema.StateDocNumberDiffers},
	} {
		if slices.ContainsFunc(found, func(d schema.Difference) bool { return d.Field == candidate.field }) {
			return candidate.state
		}
	}
	return schema.StateEdited
}

// edited says that somebody changed the document since we posted it, which moves its
// version on. A merge of vendors or accounts changes it without.
func edited(d document) string {
	if !d.edited {
		return ""
	}
	return fmt.Sprintf("edited in QuickBooks since it was posted, seen on %s: ", schema.DateOf(d.seenAt.UTC()))
}

func differences(found []schema.Difference) string {
	texts := make([]string, len(found))
	for i, d := range found {
		texts[i] = fmt.Sprintf("%s is %s in QuickBooks, posted as %s", d.Field, orNothing(d.Found), orNothing(d.Expected))
	}
	return strings.Join(texts, "; ")
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func classifyDeclined(posting schema.Posting) verdict {
	if posting.Fault.Code == schema.FaultPossibleDuplicate {
		return verdict{schema.StateDuplicateByHand, declined, posting.Fault.Meaning, posting.Fault.Owner, posting.Fault.Next}
	}
	cause := fmt.Sprintf("QuickBooks declined (%s): %s", posting.Fault.Code, posting.Fault.Meaning)
	if !posting.RetryAt.IsZero() {
		return verdict{schema.StateDeclined, declined, cause, posting.Fault.Owner, "none: it is tried again by itself"}
	}
	return verdict{schema.StateDeclined, declined, cause, posting.Fault.Owner, posting.Fault.Next}
}

// Refusal is why an invoice that was ready is not in the books, and what a person does
// about it, in the words of the report.
type Refusal struct {
	State schema.State // StateDeclined or StateDuplicateByHand
	Cause string
	Next  string
	Owner schema.Owner
}

// Refused returns the refusal of an invoice that waits for a person because QuickBooks
// declined it, or because something alike is in the books, and whether it does.
func Refused(p schema.Position) (Refusal, bool) {
	if p.Posting.State != schema.PostingDeclined || !p.Posting.RetryAt.IsZero() {
		return Refusal{}, false
	}
	v := classify(p)
	if v.column != declined {
		return Refusal{}, false
	}
	return Refusal{State: v.state, Cause: v.cause, Next: v.next, Owner: v.owner}, true
}

// wayOut says how an invoice is posted after all that finance has to put right first.
// That somebody did so in QuickBooks is nothing that we would notice, unless it is
// tried again by itself.
func wayOut(v verdict, p schema.Position) verdict {
	fault := p.Posting.Fault
	if v.state != schema.StateDeclined || fault.Owner != schema.OwnerFinance || fault.Next == "" {
		return v
	}
	v.next = fault.Next + fmt.Sprintf(
		" Then release it, unless its invoice, its rules or its vendor changed by that: tieout holds release %s --reason TEXT.", p.Invoice.ID)
	if !p.Posting.RetryAt.IsZero() {
		v.next = fault.Next + " It is tried again by itself."
	}
	return v
}

func classifyDraft(p schema.Position) verdict {
	switch p.Draft.State {
	case schema.DraftHeld:
		return classifyHeld(p.Draft.Holds)
	case schema.DraftAwaitsContract:
		return verdict{
			schema.StateWaitingForContract, waiting, fmt.Sprintf("contract %s has not arrived", orNothing(string(p.Invoice.Contract))),
			schema.OwnerSource, "ask Ontop to send the contract again",
		}
	case schema.DraftAwaitsStatus:
		return verdict{
			schema.StateWaitingForStatus, waiting, fmt.Sprintf("the invoice is %s at Ontop", p.Invoice.Status), schema.OwnerSource,
			"confirm the invoice at Ontop",
		}
	case schema.DraftReady:
		return verdict{
			schema.StateMissingInQuickBooks, waiting, "ready, not posted yet", schema.OwnerNobody, "none: the next load posts it",
		}
	case schema.DraftInvoiceCancelled:
	}
	return verdict{
		schema.StateWaitingForStatus, waiting, "received, not drafted yet", schema.OwnerNobody, "none: the next transform drafts it",
	}
}

// classifyHeld takes the hold that is cleared first, and names all causes.
func classifyHeld(holds []schema.Hold) verdict {
	for _, reason := range schema.HoldReasons() {
		i := slices.IndexFunc(holds, func(h schema.Hold) bool { return h.Reason == reason })
		if i < 0 {
			continue
		}
		causes := []string{holds[i].Detail}
		for j, hold := range holds {
			if j != i && !slices.Contains(causes, hold.Detail) {
				causes = append(causes, hold.Detail)
			}
		}
		return verdict{schema.State(reason), held, strings.Join(causes, "; "), holds[i].Owner, holds[i].NextStep}
	}
	return verdict{schema.StateHeldByPerson, held, "held without a reason", schema.OwnerOps, "report this; a hold always has a reason"}
}

func saidBy(d schema.Decision) string { return fmt.Sprintf("%s (%s)", d.Reason, d.By) }
