package load

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tieout/tieout/load/fetch"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// attachFor is how long one cycle goes on beginning with files. What is left is a
// later cycle's, after the bills that came in meanwhile.
const attachFor = 2 * time.Minute

// Fetcher gets files from where somebody else says that they are; [*fetch.Fetcher]
// is one. It is safe for concurrent use.
type Fetcher interface {
	// Fetch gets the file at an address, which is called fallback where nothing
	// better is known. The error is a [*fetch.Problem], or the context's own.
	Fetch(ctx context.Context, address, fallback string) (fetch.File, error)
}

// attachments attaches files to the documents of invoices. A file is fetched before
// anything is named, because its hash is part of what is named, and kept in memory
// until it is sent. Uploads are not metered; what is metered is looking for one
// whose answer was lost, and reading back.
func attachments(cfg Config) craft {
	return craft{
		kind:     schema.PostAttachment,
		day:      func(schema.Task) schema.Date { return schema.Date{} },
		begin:    beginAttachments,
		find:     findAttachments,
		readBack: readAttachments,
		deliver:  func(ctx context.Context, r *round, jobs []*job) { r.sendEach(ctx, jobs, r.upload) },
		together: 1,
		inFlight: cfg.UploadsTogether,
		cycle:    bound{most: cfg.Uploads, longest: attachFor},
	}
}

// beginAttachments fetches the files of tasks. One that cannot be fetched is put
// off or before a person; the document of the invoice stands, and nothing else
// waits for it.
func beginAttachments(ctx context.Context, r *round, due []schema.Task, _ schema.Books) ([]made, error) {
	subjects, invoices := make([]string, len(due)), make([]schema.InvoiceID, len(due))
	for i, t := range due {
		subjects[i], invoices[i] = t.Subject, t.Invoice
	}
	positions, err := r.store.InvoicePositions(ctx, r.cfg.Company, invoices)
	if err != nil {
		return nil, fmt.Errorf("read invoices: %w", err)
	}
	latest, err := r.store.LatestPostings(ctx, r.cfg.Company, r.kind, subjects)
	if err != nil {
		return nil, fmt.Errorf("read postings: %w", err)
	}
	all := make([]made, len(due))
	for i, t := range due {
		if all[i], err = r.attach(ctx, t, positions[t.Invoice], latest[t.Subject]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// attach fetches the file of one task and says how it is to be attached.
func (r *round) attach(ctx context.Context, t schema.Task, p schema.Position, newest schema.Posting) (made, error) {
	m := made{item: itemOf(schema.DraftID(string(t.ID) + t.RecordedAt.UTC().Format(time.RFC3339Nano)))}
	a := attachment{Entity: entityOf(p.Posting), EntityID: string(p.Posting.Document), Tries: triesOf(newest, t) + 1, Sent: sentBefore(newest)}
	if a.EntityID == "" || p.Posting.State != schema.PostingPosted && p.Posting.State != schema.PostingAdopted {
		m.refused = &refusal{fault: documentless(), retryAt: r.now().Add(time.Hour)}
		return m, nil
	}
	number := cmp.Or(p.Invoice.Number, string(t.Invoice))
	fallback := number
	if t.File.Item != "" {
		fallback += "-" + t.File.Item
	}
	file, err := r.cfg.Files.Fetch(ctx, t.File.URL, fallback)
	problem, unfetched := errors.AsType[*fetch.Problem](err)
	switch {
	case unfetched:
		m.refused = r.unfetched(problem, t.Subject, a.Tries)
	case err != nil:
		return made{}, fmt.Errorf("fetch a file of invoice %s: %w", t.Invoice, err)
	default:
		a.FileName, a.ContentType, a.Size, a.SHA256 = file.Name, file.Type, len(file.Content), file.Sum
		a.Note = attachmentNote("Invoice "+number, markOf(t.Company, t.ID, t.Subject))
		a.Tries = 0
		m.file = file.Content
	}
	m.body, err = json.Marshal(a)
	return m, err
}

// upload sends the file of one job. The request id is that of the task, whatever
// the file: two loaders that fetched it, at different times, never attach it twice.
func (r *round) upload(ctx context.Context, j *job) (document, error) {
	var a attachment
	if err := json.Unmarshal(j.posting.Body, &a); err != nil {
		return document{}, &refusal{fault: incomplete(err)}
	}
	if j.file == nil {
		var err error
		if j.file, err = r.fetchAgain(ctx, j, a); err != nil {
			return document{}, err
		}
	}
	stored, err := r.books.Upload(ctx, j.posting.Request+j.posting.Item, quickbooks.Attachment{
		FileName: a.FileName, ContentType: a.ContentType, Note: a.Note, Entity: a.Entity, EntityID: a.EntityID, Content: j.file,
	})
	if err != nil {
		return document{}, err
	}
	j.posting.TraceID = stored.TID
	return document{id: schema.DocumentID(stored.ID), token: stored.SyncToken}, nil
}

// fetchAgain gets the file of a posting that was named before, by this loader or
// another. Only the very bytes that were named are sent under that name.
func (r *round) fetchAgain(ctx context.Context, j *job, a attachment) ([]byte, error) {
	tasks, err := r.store.LatestTasks(ctx, r.cfg.Company, r.kind, []string{j.posting.Subject})
	if err != nil {
		return nil, &quickbooks.NoAnswer{Operation: "upload", Write: true, NeverSent: true, Err: fmt.Errorf("read task: %w", err)}
	}
	task, known := tasks[j.posting.Subject]
	if !known || task.ID != j.posting.Draft {
		return nil, &refusal{fault: fileChanged(a, j.posting.Subject)}
	}
	file, err := r.cfg.Files.Fetch(ctx, task.File.URL, a.FileName)
	if problem, unfetched := errors.AsType[*fetch.Problem](err); unfetched {
		return nil, r.unfetched(problem, j.posting.Subject, j.posting.Attempt)
	}
	if err != nil {
		return nil, err
	}
	if file.Sum != a.SHA256 {
		return nil, &refusal{fault: fileChanged(a, j.posting.Subject)}
	}
	return file.Content, nil
}
