package transform

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform/payments"
)

// maxURL is the longest address that is taken, in bytes: what browsers take, too.
const maxURL = 2048

// attachment is a file that an invoice names.
type attachment struct {
	schema.File
	field string // as the sender names it
}

func hasFiles(i schema.Invoice) bool { return len(attachments(i)) > 0 }

// attachments returns the files that an invoice names, each with a name of its own:
// the ItemID of its line, or the line's place where it has none, or where another line
// has the same.
func attachments(i schema.Invoice) []attachment {
	var all []attachment
	if address := strings.TrimSpace(i.PDFURL); address != "" {
		all = append(all, attachment{File: schema.File{URL: address}, field: "pdf_url"})
	}
	ids := make(map[string]int, len(i.Lines))
	for _, line := range i.Lines {
		ids[line.ItemID]++
	}
	for n, line := range i.Lines {
		address := strings.TrimSpace(line.AttachmentURL)
		if address == "" {
			continue
		}
		item := line.ItemID
		if item == "" || ids[item] > 1 {
			for item = "#" + strconv.Itoa(n+1); ids[item] > 0; {
				item += "#" // a line that is called like the place of another one
			}
		}
		all = append(all, attachment{File: schema.File{URL: address, Item: item}, field: fmt.Sprintf("items[%d].attachment_url", n)})
	}
	return all
}

// files returns what has to be recorded so that every file of an invoice is attached
// and nothing else is. An invoice that was cancelled needs none. What is attached
// already stays as it is, wherever it is by now: such addresses change by themselves.
func files(i schema.Invoice, stored []schema.TaskPosition) []schema.Task {
	before := make(map[string]schema.TaskPosition, len(stored))
	for _, p := range stored {
		before[p.Task.Subject] = p
	}
	var changed []schema.Task
	if i.Status != schema.StatusCancelled {
		for _, a := range attachments(i) {
			task := attachTask(i, a)
			known := before[task.Subject]
			delete(before, task.Subject)
			settled := known.Posting.State.Live() || known.Task.State == schema.TaskAccepted && known.Task.ID == task.ID
			if !settled && !payments.Same(task, known.Task) {
				task.RecordedAt = known.Task.RecordedAt
				changed = append(changed, task)
			}
		}
	}
	for _, p := range stored {
		task, left := before[p.Task.Subject]
		if !left || task.Posting.State.Live() || p.Task.State == schema.TaskWithdrawn || p.Task.State == schema.TaskAccepted {
			continue
		}
		gone := p.Task
		gone.State, gone.Hold, gone.By, gone.Reason = schema.TaskWithdrawn, schema.Hold{}, payments.By, "the invoice names no such file any more"
		if i.Status == schema.StatusCancelled {
			gone.Reason = "the invoice was cancelled"
		}
		changed = append(changed, gone)
	}
	return changed
}

func attachTask(i schema.Invoice, a attachment) schema.Task {
	task := schema.Task{
		Company: i.Company, Kind: schema.PostAttachment, Subject: schema.FileSubject(i.ID, a.Item), Invoice: i.ID, State: schema.TaskReady,
		By: payments.By, File: a.File,
	}
	if wrong := misaddressed(a.URL); wrong != "" {
		task.State = schema.TaskHeld
		task.Hold = hold("", schema.OwnerSource, fmt.Sprintf("have Ontop send the invoice again with an address that begins with https://; or attach the file by hand, and skip it (tieout attachments skip %s --reason TEXT)", task.Subject),
			"%s is %s: %s", a.field, strconv.Quote(clip(a.URL, 200)), wrong)
	}
	return task.Seal()
}

// misaddressed says why nothing can be fetched from an address; nothing when it is
// well formed. What may be fetched is for the load stage to say.
func misaddressed(address string) string {
	if len(address) > maxURL {
		return fmt.Sprintf("it is longer than %d bytes", maxURL)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "it is no address of a file"
	case u.Scheme != "https" && u.Scheme != "http":
		return "it is no address on the web"
	case u.Hostname() == "":
		return "it names no host"
	case u.User != nil:
		return "it carries a password"
	}
	return ""
}
