package load

import (
	"cmp"
	"context"
	"errors"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// readAttachments reads attachments back: all in one query, and by itself only what
// that does not show.
func readAttachments(ctx context.Context, l *Loader, tasks []schema.TaskPosition) ([]schema.Verification, error) {
	found := make(map[string]quickbooks.Attachable, len(tasks))
	for part := range slices.Chunk(tasks, idsTogether) {
		ids := make([]string, len(part))
		for i, p := range part {
			ids[i] = string(p.Posting.Document)
		}
		for b, err := range quickbooks.Query[quickbooks.Attachable](ctx, l.books, quickbooks.OneOf("Id", ids...)) {
			if err != nil {
				return nil, err
			}
			found[b.ID] = b
		}
	}
	verifications := make([]schema.Verification, len(tasks))
	for i, p := range tasks {
		b, there := found[string(p.Posting.Document)]
		if !there {
			var err error
			if b, there, err = l.reallyAttached(ctx, string(p.Posting.Document)); err != nil {
				return nil, err
			}
		}
		verifications[i] = compareAttachment(p.Posting, b, there)
		verifications[i].RecordedAt = l.now()
	}
	return verifications, nil
}

// reallyAttached reads one attachment that a query did not show. Only QuickBooks
// saying that it is gone makes it missing.
func (l *Loader) reallyAttached(ctx context.Context, id string) (quickbooks.Attachable, bool, error) {
	b, err := l.books.Attachable(ctx, id)
	if err == nil {
		return b, true, nil
	}
	if fault, ok := errors.AsType[*quickbooks.Fault](err); ok && fault.Scope() == quickbooks.OneRecord {
		return b, false, nil
	}
	return b, false, err
}

// compareAttachment says how an attachment differs from what was posted. The note
// does not count: people write there.
func compareAttachment(p schema.Posting, b quickbooks.Attachable, there bool) schema.Verification {
	v := schema.Verification{
		Company: p.Company, Kind: p.Kind, Subject: p.Subject, Draft: p.Draft, Document: p.Document, Result: schema.VerifiedMissing,
	}
	if !there {
		return v
	}
	v.SyncToken = b.SyncToken
	a := attachmentOf(p)
	var c comparison
	c.text(schema.FieldFile, a.FileName, b.FileName)
	c.text(schema.FieldFile, a.ContentType, mediaType(b.ContentType))
	if size, err := b.Size.Minor(0); err != nil || size != int64(a.Size) {
		c.differ(schema.FieldFile, strconv.Itoa(a.Size)+" bytes", cmp.Or(b.Size.String(), "unknown")+" bytes")
	}
	if !linked(b, a) {
		c.differ(schema.FieldLink, a.Entity+" "+a.EntityID, links(b))
	}
	return c.conclude(v)
}

// mediaType is a content type as we write it, without what may follow.
func mediaType(s string) string {
	if bare, _, err := mime.ParseMediaType(s); err == nil {
		return bare
	}
	return s
}

func links(b quickbooks.Attachable) string {
	var all []string
	for _, ref := range b.AttachableRef {
		all = append(all, strings.TrimSpace(ref.EntityRef.Type+" "+ref.EntityRef.Value))
	}
	return strings.Join(all, ", ")
}

// sameEntity compares kinds of record, which QuickBooks writes in several ways:
// VendorCredit, vendorcredit and "Vendor Credit".
func sameEntity(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}
