package load

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tieout/tieout/load/fetch"
	"github.com/tieout/tieout/schema"
)

const (
	// attachNoteLimit is the most characters of an attachment's note.
	attachNoteLimit = 2000

	// fetchTries is how often a file is fetched that cannot be had for a reason that
	// may pass, before it is for a person: after pauses of 5, 15 and 45 minutes, 2,
	// 7 and 20 hours and a day, two days and some hours after the first. By then it
	// is no maintenance at the other end, and a signed address has expired.
	fetchTries = 8
	fetchRetry = 5 * time.Minute
	fetchPause = 24 * time.Hour // the longest
)

// attachment is the body of a posting: all about a file but the bytes.
type attachment struct {
	FileName    string `json:"file_name,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Size        int    `json:"size,omitempty"`
	SHA256      string `json:"sha256,omitempty"`
	Entity      string `json:"entity,omitempty"` // as QuickBooks calls it
	EntityID    string `json:"entity_id,omitempty"`
	Note        string `json:"note,omitempty"`
	// Tries is how often it was fetched in vain, the last time included.
	Tries int `json:"tries,omitempty"`
	// Sent means that something may have been sent for the subject before.
	Sent bool `json:"sent,omitempty"`
}

func attachmentOf(p schema.Posting) (a attachment) {
	if json.Unmarshal(p.Body, &a) != nil {
		return attachment{}
	}
	return a
}

// triesOf returns how often the file of a task was fetched in vain. A task that was
// recorded anew begins anew.
func triesOf(newest schema.Posting, t schema.Task) int {
	if newest.State != schema.PostingDeclined || newest.Draft != t.ID || t.RecordedAt.After(newest.RecordedAt) {
		return 0
	}
	return attachmentOf(newest).Tries
}

// sentBefore reports whether something may have been sent for a subject already.
func sentBefore(newest schema.Posting) bool { return newest.Attempt > 0 || attachmentOf(newest).Sent }

// attachmentNote is what the note of an attachment says, and the mark.
func attachmentNote(about string, m mark) string {
	tail := m.String()
	return clip(strings.TrimSpace(about), attachNoteLimit-len(tail)-1) + "\n" + tail
}

// unfetched says what becomes of the file of a subject that could not be fetched,
// after some tries.
func (r *round) unfetched(p *fetch.Problem, subject string, tries int) *refusal {
	fault := schema.Fault{
		Code: codeFile + string(p.Reason), Detail: p.Error(), Meaning: p.Meaning, Next: p.Next + retryFile(subject) + billStands,
		Owner: ownerOfFile(p.Mender),
	}
	if !p.Temporary() {
		return &refusal{fault: fault}
	}
	if tries >= fetchTries {
		fault.Meaning += " It was tried for more than two days."
		fault.Owner = schema.OwnerFinance
		return &refusal{fault: fault}
	}
	fault.Next = "Nothing has to be done: it is tried again by itself." + billStands
	return &refusal{fault: fault, retryAt: r.now().Add(max(fetchBackOff(tries), p.RetryAfter))}
}

// fetchBackOff is the pause after a number of tries, from 1.
func fetchBackOff(tries int) time.Duration {
	pause := fetchRetry
	for range tries - 1 {
		pause = min(3*pause, fetchPause)
	}
	return pause
}

func ownerOfFile(m fetch.Mender) schema.Owner {
	switch m {
	case fetch.Operator:
		return schema.OwnerOps
	case fetch.Nobody:
		return schema.OwnerNobody
	case fetch.Source:
	}
	return schema.OwnerFinance
}

const (
	// codeFile begins the codes of files that could not be fetched; the reason
	// follows.
	codeFile        = "file_"
	codeFileChanged = codeFile + "changed"
	codeNoDocument  = "no_document"

	billStands = " The invoice's document itself stands."
)

// passing reports whether a code of ours is about something that may pass.
func passing(code string) bool {
	reason, ok := strings.CutPrefix(code, codeFile)
	return code == codeNoDocument || ok && (&fetch.Problem{Reason: fetch.Reason(reason)}).Temporary()
}

// retryFile ends a next step with the commands that decide about a file.
func retryFile(subject string) string {
	return fmt.Sprintf(" To have the same address tried again: tieout attachments retry %s; to do without: tieout attachments skip %s --reason TEXT.",
		subject, subject)
}

func fileChanged(a attachment, subject string) schema.Fault {
	return schema.Fault{
		Code:   codeFileChanged,
		Detail: a.FileName + ", SHA-256 " + a.SHA256 + " when it was first sent",
		Meaning: "QuickBooks did not answer when the file " + a.FileName + " was attached, it is not there, and by now there is " +
			"another file at its address.",
		Next:  "Look whether the document in QuickBooks has the file by now." + retryFile(subject) + billStands,
		Owner: schema.OwnerFinance,
	}
}

func documentless() schema.Fault {
	return schema.Fault{
		Code: codeNoDocument, Detail: "the invoice has no document in QuickBooks",
		Meaning: "There is no document in QuickBooks yet to attach the file to.",
		Next:    "Nothing has to be done: it is tried again by itself.", Owner: schema.OwnerNobody,
	}
}
