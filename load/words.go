package load

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// Codes of our own, beside those of QuickBooks.
const (
	codeDuplicate  = schema.FaultPossibleDuplicate
	codeSilence    = "no_answer"
	codeIncomplete = "incomplete_draft"
	codeConnection = "not_connected"
)

// saysItExists are the faults that refuse because something alike is there. What
// they answer created nothing, unlike the other faults that are to be looked up.
func saysItExists(code string) bool { return slices.Contains([]string{"630", "6140", "6240"}, code) }

// verdictOf reduces a fault to what the protocol does about it.
func verdictOf(f *quickbooks.Fault) verdict {
	decision := f.Decision()
	switch {
	case decision == quickbooks.LookUp && saysItExists(f.Code):
		return verdictExists
	case decision == quickbooks.LookUp:
		return verdictUnclear
	case decision == quickbooks.Reauthorise:
		return verdictConnect
	case decision == quickbooks.Wait, f.Scope() == quickbooks.WholeCompany:
		return verdictPause
	case decision == quickbooks.Retry:
		return verdictRetry
	}
	return verdictFinal
}

// storedVerdict is the verdict of a fault as it was stored.
func storedVerdict(f schema.Fault) verdict {
	switch {
	case slices.Contains([]string{"", codeDuplicate, codeSilence, codeIncomplete}, f.Code):
		return verdictNone
	case f.Code == codeConnection:
		return verdictConnect
	case passing(f.Code):
		return verdictRetry
	case ownCode(f.Code):
		return verdictFinal
	}
	return verdictOf(storedFault(f))
}

// ownCode reports whether a code is ours: a word, where QuickBooks has numbers.
func ownCode(code string) bool { return strings.ContainsFunc(code, unicode.IsLower) }

func storedFault(f schema.Fault) *quickbooks.Fault {
	return &quickbooks.Fault{Code: f.Code, Detail: f.Detail}
}

// wordsOf is a fault as it is stored and shown. A next step that asks for Intuit's
// reference of the answer has it.
func wordsOf(f *quickbooks.Fault) schema.Fault {
	next := f.Entry().NextStep
	if f.TID != "" {
		next = strings.Replace(next, "with the reference", "with Intuit's reference "+f.TID, 1)
	}
	return schema.Fault{
		Code:    cmp.Or(f.Code, f.Entry().Code),
		Detail:  cmp.Or(f.Detail, f.Message),
		Meaning: f.Sentence(),
		Next:    next,
		Owner:   ownerOf(f.Decision()),
	}
}

// namedWords are wordsOf, with the value that the fault complains of: QuickBooks
// tells a record by its number, which nobody knows by heart, and a closed period not
// at all.
func (r *round) namedWords(ctx context.Context, j *job, f *quickbooks.Fault) schema.Fault {
	words, about := wordsOf(f), ""
	if kind, id, ok := f.MissingReference(); ok {
		about = r.recordName(ctx, kind, id)
	}
	var body quickbooks.Bill
	if slices.Contains([]string{"6200", "6210"}, f.Code) && json.Unmarshal(j.posting.Body, &body) == nil {
		about = body.TxnDate
	}
	if about != "" {
		words.Meaning = strings.TrimSuffix(words.Meaning, ".") + ": " + about + "."
	}
	return words
}

// recordName is a record as finance knows it: by the chart, or, where that was read
// before a vendor was made, by the payee. The kind is QuickBooks' own word. Where the
// store does not tell, the number has to do.
func (r *round) recordName(ctx context.Context, kind, id string) string {
	b, err := r.store.Books(ctx, r.cfg.Company, time.Time{})
	if err != nil {
		b = schema.Books{}
	}
	var name string
	switch kind {
	case "Accounts":
		kind, name = "account", nameIn(b.Accounts, func(a schema.Account) (string, string) { return string(a.ID), a.Name }, id)
	case "Names":
		kind, name = "vendor", nameIn(b.Vendors, func(v schema.Vendor) (string, string) { return string(v.ID), v.Name }, id)
		if payees, err := r.store.Payees(ctx, r.cfg.Company); name == "" && err == nil {
			linked := slices.Collect(maps.Values(payees))
			name = nameIn(linked, func(p schema.Payee) (string, string) { return string(p.Vendor), p.Name }, id)
		}
	case "Klasses":
		kind, name = "class", nameIn(b.Classes, func(c schema.Class) (string, string) { return string(c.ID), c.Name }, id)
	case "Depts":
		kind, name = "location", nameIn(b.Locations, func(l schema.Location) (string, string) { return string(l.ID), l.Name }, id)
	}
	if name == "" {
		return kind + " " + id
	}
	return fmt.Sprintf("%s %s %q", kind, id, name)
}

func nameIn[T any](all []T, read func(T) (id, name string), wanted string) string {
	for _, one := range all {
		if id, name := read(one); id == wanted {
			return name
		}
	}
	return ""
}

func ownerOf(d quickbooks.Decision) schema.Owner {
	switch d {
	case quickbooks.Person, quickbooks.Reauthorise, quickbooks.LookUp:
		return schema.OwnerFinance
	case quickbooks.Fix:
		return schema.OwnerOps
	case quickbooks.Retry, quickbooks.Wait:
	}
	return schema.OwnerNobody
}

func notConnected() schema.Fault {
	return schema.Fault{
		Code:    codeConnection,
		Meaning: "QuickBooks does not let tieout in any more.",
		Next:    "Connect QuickBooks again; this is then sent by itself.",
		Owner:   schema.OwnerFinance,
	}
}

func silence() schema.Fault {
	return schema.Fault{
		Code:    codeSilence,
		Meaning: "QuickBooks never answered, and it is not in the books.",
		Next:    "Check that it is not in QuickBooks under another number, then release it or enter it by hand and skip it here.",
		Owner:   schema.OwnerFinance,
	}
}

// unsure is a refusal that came after a request which was never answered. That one was
// not carried out as far as can be seen, which a person has to know.
func unsure(refused schema.Fault) schema.Fault {
	refused.Meaning += " An earlier request for it was never answered; later it was looked for in QuickBooks and not found."
	refused.Next = strings.TrimSpace(refused.Next + " Look for it in QuickBooks before you enter it by hand; once released, tieout looks again before it sends.")
	return refused
}

func duplicateDocument(kind schema.DocumentKind, id, number string) schema.Fault {
	word := kind.Name()
	return schema.Fault{
		Code:    codeDuplicate,
		Detail:  word + " " + id + " with number " + number,
		Meaning: "The vendor already has a " + word + " with this number in QuickBooks, which tieout did not post for this draft.",
		Next:    "Compare both. If it is the same invoice, skip it here; if not, change the number of the other " + word + ".",
		Owner:   schema.OwnerFinance,
	}
}

func vendorClash(who, why string) schema.Fault {
	return schema.Fault{
		Code:    codeDuplicate,
		Detail:  who,
		Meaning: "The name is taken in QuickBooks by " + who + ", " + why + ".",
		Next:    "Link the payee to that vendor if it is the same, or approve it under another name.",
		Owner:   schema.OwnerFinance,
	}
}

// byHand explains a draft that is not posted because somebody entered a bill that
// may be the same invoice.
func byHand(d schema.Draft, b schema.BookBill, days int) schema.Fault {
	number := b.DocNumber
	if number == "" {
		number = "no number"
	}
	what := fmt.Sprintf("%s %s (%s) of %s over %s", b.Kind.Name(), b.Document, number, b.TxnDate, b.Total)
	return schema.Fault{
		Code:   codeDuplicate,
		Detail: what,
		Meaning: fmt.Sprintf("Somebody else entered a %s for the same vendor over the same amount, dated within %d days: %s.",
			b.Kind.Name(), days, what),
		Next: fmt.Sprintf("Compare both. If it is the same invoice, skip it: tieout holds skip %s --reason TEXT. "+
			"If it is not, let it be posted although alike: tieout holds release %s --reason TEXT.", d.Invoice, d.Invoice),
		Owner: schema.OwnerFinance,
	}
}

// correctedByHand explains a correction that is not posted because somebody
// entered a document that may be the same.
func correctedByHand(d schema.Draft, b schema.BookBill, days int) schema.Fault {
	fault := byHand(d, b, days)
	fault.Next = fmt.Sprintf("Compare both. If it corrects the same, say that the books are right as they are: "+
		"tieout corrections accept %s --reason TEXT. If it does not, let the correction be posted although alike: "+
		"tieout corrections approve %s.", d.Invoice, d.Invoice)
	return fault
}

// transferredByHand explains a top-up that is not recorded because somebody entered
// a transfer that may be the same.
func transferredByHand(subject string, t quickbooks.Transfer, days int) schema.Fault {
	what := fmt.Sprintf("transfer %s of %s over %s", t.ID, t.TxnDate, t.Amount)
	return schema.Fault{
		Code: codeDuplicate, Detail: what,
		Meaning: fmt.Sprintf("QuickBooks has a transfer between the same accounts over the same amount, dated within %d days, "+
			"that tieout did not record for this top-up: %s.", days, what),
		Next:  "Compare both. If it is the same, " + skip(subject) + " If it is not, " + retry(subject),
		Owner: schema.OwnerFinance,
	}
}
