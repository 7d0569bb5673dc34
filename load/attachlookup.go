package load

import (
	"context"
	"slices"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// sendAgain is how many files that were not found are fetched and sent again in one
// cycle: bills wait for it.
const sendAgain = 2

// Where an attachment says what it belongs to.
const (
	linkedType = "AttachableRef.EntityRef.Type"
	linkedTo   = "AttachableRef.EntityRef.value"
)

// findAttachments looks for attachments among those of the documents that they
// belong to, all of a kind of document in one query. Where that query is refused,
// each is looked for by itself.
//
// Nothing is looked for while its request may still be on its way. Whether QuickBooks
// recognises the request id of an upload is not documented, so that nothing else may
// be sent before; and a look is metered, so that one that could not be the last is
// not worth it. A file that was put off because it could not be fetched was never
// sent, and needs no look either.
func findAttachments(ctx context.Context, r *round, jobs []*job) {
	var asked []*job
	for _, j := range jobs {
		switch {
		case j.neverSent():
			r.feed(j, event{kind: eventNothing})
		case j.track.unheard && r.now().Sub(j.track.latest.recorded) < conclusiveAfter:
			r.feed(j, event{kind: eventLookFailed}) // a later cycle's
		default:
			asked = append(asked, j)
		}
	}
	if len(asked) == 0 || r.halted(asked) {
		return
	}
	found, err := r.attachedTo(ctx, asked)
	again := 0
	for _, j := range asked {
		own, failure := found, err
		if err != nil && len(asked) > 1 && !r.stop(err) {
			own, failure = r.attachedTo(ctx, []*job{j})
		}
		if failure != nil {
			r.stop(failure)
			r.lookFailed(ctx, j, failure)
			continue
		}
		e := r.attached(j, own)
		if e.kind == eventNothing && j.track.unheard && j.track.refusal != verdictFinal {
			if again++; again > sendAgain {
				e.kind = eventLookFailed // a later cycle's
			}
		}
		r.feed(j, e)
	}
}

// neverSent reports whether what stands against a job was recorded without anything
// having been sent.
func (j *job) neverSent() bool {
	l := j.track.latest
	return !j.track.unheard && l.state == schema.PostingDeclined && l.attempt == 0 && !attachmentOf(j.posting).Sent
}

// attachedTo reads the attachments of the documents of jobs.
func (r *round) attachedTo(ctx context.Context, jobs []*job) ([]quickbooks.Attachable, error) {
	var found []quickbooks.Attachable
	for _, kind := range documentKinds() {
		entity := entityOf(schema.Posting{Kind: schema.PostBill, Form: kind})
		var ids []string
		for _, j := range jobs {
			if a := attachmentOf(j.posting); a.Entity == entity && !slices.Contains(ids, a.EntityID) {
				ids = append(ids, a.EntityID)
			}
		}
		for part := range slices.Chunk(ids, idsTogether) {
			of := quickbooks.OneOf(linkedTo, part...)
			if len(part) == 1 {
				of = quickbooks.Equal(linkedTo, part[0])
			}
			attached, err := quickbooks.Collect(quickbooks.Query[quickbooks.Attachable](ctx, r.books, quickbooks.Equal(linkedType, entity), of))
			if err != nil {
				return nil, err
			}
			found = append(found, attached...)
		}
	}
	return found, nil
}

// attached tells ours by the mark in its note from what others attached. One that
// carries the mark of another task of the same subject is alike.
func (r *round) attached(j *job, found []quickbooks.Attachable) event {
	a := attachmentOf(j.posting)
	want, _ := readMark(a.Note)
	var ours, alike []quickbooks.Attachable
	for _, b := range found {
		got, marked := readMark(b.Note)
		switch {
		case !marked || !linked(b, a):
		case got == want:
			ours = append(ours, b)
		case got.subject == want.subject:
			alike = append(alike, b)
		}
	}
	switch {
	case len(ours) == 1:
		j.found = document{id: schema.DocumentID(ours[0].ID), token: ours[0].SyncToken}
		return event{kind: eventIdentical}
	case len(ours)+len(alike) > 0:
		j.alike = attachedTwice(append(ours, alike...)[0])
		return event{kind: eventDifferent}
	}
	return event{kind: eventNothing}
}

func linked(b quickbooks.Attachable, a attachment) bool {
	return slices.ContainsFunc(b.AttachableRef, func(ref quickbooks.AttachableRef) bool {
		return sameEntity(ref.EntityRef.Type, a.Entity) && ref.EntityRef.Value == a.EntityID
	})
}

func attachedTwice(b quickbooks.Attachable) schema.Fault {
	return schema.Fault{
		Code:    codeDuplicate,
		Detail:  "attachment " + b.ID + ", " + b.FileName,
		Meaning: "The document in QuickBooks already has a file that tieout attached to it: " + b.FileName + ".",
		Next:    "Compare both, and remove in QuickBooks what is not needed." + billStands,
		Owner:   schema.OwnerFinance,
	}
}
