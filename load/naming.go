package load

import (
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

const (
	// QuickBooks joins request id and item id; 36 and 10 characters are the most
	// of each, 50 of both.
	requestLength = 30
	itemLength    = 10

	noteLimit        = 4000
	descriptionLimit = 4000
)

// requestOf names the requests that carry a company's postings of one kind and
// month. It never changes, so that request and item together name the draft itself,
// whatever batch carries it.
func requestOf(company schema.CompanyID, realm schema.RealmID, kind schema.PostingKind, month schema.Period) string {
	return schema.SumOf("request", string(company), string(realm), string(kind), month.String()).Short(requestLength)
}

// vendorRequest names the requests that carry a company's vendors.
func vendorRequest(company schema.CompanyID, realm schema.RealmID) string {
	return schema.SumOf("request", string(company), string(realm), string(schema.PostVendor)).Short(requestLength)
}

// itemOf names a draft within its request.
func itemOf(draft schema.DraftID) string { return schema.SumOf(string(draft)).Short(itemLength) }

// itemAgain names a draft that a person released after it was declined.
func itemAgain(draft schema.DraftID, released time.Time) string {
	return schema.SumOf(string(draft), released.UTC().Format(time.RFC3339Nano)).Short(itemLength)
}

// taskItem names what a task comes to within its request. What is sent takes part:
// the same name never carries two bodies, even where a task says the same of
// another document. So does when somebody approved it once more, if anybody did.
func taskItem(task schema.DraftID, body []byte, again time.Time) string {
	approved := ""
	if !again.IsZero() {
		approved = again.UTC().Format(time.RFC3339Nano)
	}
	return schema.SumOf(string(task), string(body), approved).Short(itemLength)
}

// vendorDraft names what is to be created for a payee. The time of the approval
// takes part: a person who approves again what was declined means a new attempt.
func vendorDraft(p schema.Payee) schema.DraftID {
	approved := p.RecordedAt.UTC().Format("20060102T150405.000000")
	business := ""
	if p.Business {
		business = "business"
	}
	return schema.DraftID("v_" + schema.SumOf(string(p.Company), string(p.Key), p.Name, p.Email, business, approved).Short(24))
}

// mark is what the note of a record of ours ends with: the draft that it came from
// and, folded, the subject. It is how a look-up tells our own from all others.
type mark struct {
	draft   schema.DraftID
	subject string
}

// markOf returns the mark of what is posted under a subject. That of a bill is its
// invoice; what else belongs to an invoice has another, so that a look-up mistakes
// none of it for the bill.
func markOf(company schema.CompanyID, draft schema.DraftID, subject string) mark {
	return mark{draft: draft, subject: schema.SumOf("invoice", string(company), subject).Short(12)}
}

const markPrefix = "[tieout "

func (m mark) String() string { return markPrefix + string(m.draft) + " " + m.subject + "]" }

// readMark returns the mark in a note, wherever in it a person may have moved it.
func readMark(note string) (mark, bool) {
	i := strings.LastIndex(note, markPrefix)
	if i < 0 {
		return mark{}, false
	}
	inside, _, closed := strings.Cut(note[i+len(markPrefix):], "]")
	draft, subject, both := strings.Cut(inside, " ")
	if !closed || !both {
		return mark{}, false
	}
	return mark{draft: schema.DraftID(draft), subject: subject}, true
}

// note is a bill's memo: what the draft says, cut to fit, and the mark.
func note(memo string, m mark) string {
	tail := m.String()
	memo = clip(strings.TrimSpace(memo), noteLimit-len(tail)-1)
	if memo == "" {
		return tail
	}
	return memo + "\n" + tail
}

// clip returns the first n characters of s.
func clip(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
