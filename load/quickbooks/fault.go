package quickbooks

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// ErrReauthorise means that QuickBooks no longer lets us in, and only a person
// connecting the company again changes that. Nothing was written.
var ErrReauthorise = errors.New("quickbooks must be connected again")

// ErrQuota means that QuickBooks goes on throttling reads after several pauses
// of a minute, which is how it blocks an app whose monthly quota is used up. It
// comes together with the [*Fault], and a person has to know.
var ErrQuota = errors.New("quickbooks goes on throttling reads; the app's quota may be used up")

// Fault is QuickBooks declining a request that it understood. Nothing was
// written, unless the decision is [LookUp]: then the books may hold it already.
// Ask its methods what to do; compare no codes.
type Fault struct {
	// Code is QuickBooks' number for it, without leading zeros; OAuth's word for
	// it, such as invalid_grant; or empty where only a status was answered.
	Code string

	// Type is QuickBooks' own class of faults, as spelt by it.
	Type string

	// Message and Detail are QuickBooks' words, in the language of the company.
	// They may name vendors and are fit to show to its people, not to log.
	Message, Detail string

	// Element is the field that it is about, when QuickBooks says so.
	Element string

	// HTTPStatus is the status that carried it; 200 is common.
	HTTPStatus int

	// TID is what Intuit's support needs to find the request. It is the answer's,
	// so the items of one batch share it.
	TID string

	// All lists every complaint when there are several. The first is the one
	// above.
	All []Complaint

	// retryAfter is how long QuickBooks asks to be left alone, if it says so.
	retryAfter time.Duration
}

// Complaint is one error of a fault that holds several.
type Complaint struct{ Code, Message, Detail, Element string }

// Error says which fault it is in our own words, without QuickBooks' text, which
// may hold personal data.
func (f *Fault) Error() string {
	var b strings.Builder
	code := f.Code
	if code == "" {
		code = "without code"
	}
	fmt.Fprintf(&b, "quickbooks fault %s (%s), status %d", code, f.Entry().Name, f.HTTPStatus)
	if f.Element != "" {
		fmt.Fprintf(&b, ", element %s", f.Element)
	}
	if f.TID != "" {
		fmt.Fprintf(&b, ", intuit_tid %s", f.TID)
	}
	return b.String()
}

// Entry returns what the catalogue knows about the fault. One that it does not
// know is for a person.
func (f *Fault) Entry() Entry { return lookUpEntry(f.Code, f.Message+" "+f.Detail, f.HTTPStatus) }

// Decision says what to do about it.
func (f *Fault) Decision() Decision { return f.Entry().Decision }

// Scope says how much it stops: the one record, or the whole company.
func (f *Fault) Scope() FaultScope { return f.Entry().Scope }

// Sentence is what finance is told. A fault that the catalogue does not know
// carries the number that Intuit's support asks for.
func (f *Fault) Sentence() string {
	entry := f.Entry()
	if entry.Known || f.TID == "" {
		return entry.Sentence
	}
	return entry.Sentence + " Intuit's reference is " + f.TID + "."
}

// Throttled reports whether QuickBooks only asks for a pause.
func (f *Fault) Throttled() bool {
	return f.HTTPStatus == http.StatusTooManyRequests || f.Code == codeThrottled
}

// unauthorised reports whether a new access token may help. QuickBooks uses the
// status also for people who lost their rights, whom no token helps.
func (f *Fault) unauthorised() bool {
	return f.HTTPStatus == http.StatusUnauthorized && f.Decision() == Reauthorise || f.Code == codeUnauthenticated
}

const (
	codeThrottled       = "3001"
	codeUnauthenticated = "3200"
	codeFailed          = "1000"
	codeInside          = "10000"
	codeDuplicateName   = "6240"
	codeDuplicateDocNum = "6140"
	codeBadReference    = "2500"
	codeInvalidGrant    = "invalid_grant"
	codeInvalidClient   = "invalid_client"
)

var (
	nameHolderPattern = regexp.MustCompile(`\bId\s*=\s*(\d+)`)
	docHolderPattern  = regexp.MustCompile(`\bTxnId\s*=\s*(\d+)`)
	docTypePattern    = regexp.MustCompile(`\bTxnType\s*=\s*(.+?)\s+(?:\pL+\s+)?TxnId\s*=`)
	referencePattern  = regexp.MustCompile(`(\pL+) element id (\d+)\b`)
)

// NameHolder returns the id of the record that has the name already. It may be a
// customer, an employee or an inactive vendor, so it has to be read before it is
// taken for anything. QuickBooks often names none.
func (f *Fault) NameHolder() (id string, ok bool) {
	if f.Code != codeDuplicateName {
		return "", false
	}
	return firstMatch(nameHolderPattern, f.Detail)
}

// DocNumberHolder returns the id of the transaction that has the document number
// already, and its type in the language of the company.
func (f *Fault) DocNumberHolder() (txnID, txnType string, ok bool) {
	if f.Code != codeDuplicateDocNum {
		return "", "", false
	}
	txnID, ok = firstMatch(docHolderPattern, f.Detail)
	txnType, _ = firstMatch(docTypePattern, f.Detail)
	return txnID, txnType, ok
}

// MissingReference returns what kind of record is missing or inactive, as
// QuickBooks calls it (Accounts, Klasses, Depts, Names), and its id.
func (f *Fault) MissingReference() (kind, id string, ok bool) {
	if f.Code != codeBadReference {
		return "", "", false
	}
	m := referencePattern.FindStringSubmatch(f.Detail)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

func firstMatch(p *regexp.Regexp, s string) (string, bool) {
	if m := p.FindStringSubmatch(s); m != nil {
		return m[1], true
	}
	return "", false
}
