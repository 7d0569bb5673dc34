package load

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// finding is a document that a look-up found.
type finding struct {
	kind schema.DocumentKind
	quickbooks.Bill
}

// among returns the kinds of document among which a job's may be: its own, and
// both where another draft of the invoice went before, which may have been of the
// other kind.
func (j *job) among() []schema.DocumentKind {
	if j.redrafted {
		return documentKinds()
	}
	return []schema.DocumentKind{formOf(j.posting)}
}

// findDocuments looks for the bills and vendor credits of jobs in QuickBooks, by
// document number, all of a kind in one query. Where that query is refused, each
// is looked for by itself, so that one odd number does not keep the others in the
// dark.
func findDocuments(ctx context.Context, r *round, jobs []*job) {
	var numbered []*job
	bodies := make(map[*job]quickbooks.Bill, len(jobs))
	for _, j := range jobs {
		var body quickbooks.Bill
		if json.Unmarshal(j.posting.Body, &body) != nil {
			r.feed(j, event{kind: eventLookFailed})
			continue
		}
		bodies[j] = body
		if body.DocNumber == "" {
			r.findAlone(ctx, j, body)
			continue
		}
		numbered = append(numbered, j)
	}
	if len(numbered) == 0 || r.halted(numbered) {
		return
	}
	found, err := r.findNumbers(ctx, numbered, bodies)
	var missing []*job
	for _, j := range numbered {
		switch {
		case err == nil && j.track.unheard && !carried(bodies[j], found):
			missing = append(missing, j)
		case err == nil:
			r.recognise(j, bodies[j], found)
		case r.stop(err) || len(numbered) == 1:
			r.lookFailed(ctx, j, err)
		default:
			r.findAlone(ctx, j, bodies[j])
		}
	}
	r.findRenumbered(ctx, missing, bodies, found)
}

// carried reports whether the mark of a document is among those found.
func carried(body quickbooks.Bill, found []finding) bool {
	want, _ := readMark(body.PrivateNote)
	return slices.ContainsFunc(found, func(b finding) bool {
		got, marked := readMark(b.PrivateNote)
		return marked && got.draft == want.draft
	})
}

// findRenumbered looks for what was sent, never answered and is not there under its
// number: a bookkeeper may have given it another. Whatever was made or changed since
// it was named is looked at. What an earlier attempt made was there to be seen by
// the look before this one. Where nothing is missing, it asks nothing.
func (r *round) findRenumbered(ctx context.Context, missing []*job, bodies map[*job]quickbooks.Bill, found []finding) {
	if len(missing) == 0 || r.halted(missing) {
		return
	}
	since := missing[0].posting.RecordedAt
	for _, j := range missing {
		if j.posting.RecordedAt.Before(since) {
			since = j.posting.RecordedAt
		}
	}
	changed, err := r.changedSince(ctx, since.Add(-mirrorOverlap))
	r.stop(err)
	for _, j := range missing {
		switch {
		case err != nil:
			r.lookFailed(ctx, j, err)
		case carried(bodies[j], changed):
			r.recognise(j, bodies[j], changed)
		default:
			r.recognise(j, bodies[j], found)
		}
	}
}

// changedSince returns the bills and vendor credits that were made or changed since
// a moment: in one read, unless that is too much for it or too long ago.
func (r *round) changedSince(ctx context.Context, since time.Time) ([]finding, error) {
	var found []finding
	if r.now().Sub(since) < quickbooks.ChangesReach {
		changes, err := r.books.Changes(ctx, since, quickbooks.Bill{}, quickbooks.VendorCredit{})
		if err != nil {
			return nil, err
		}
		if !changes.Cut {
			seen, err := bookChanges{bills: changes, credits: changes}.sightings()
			for _, s := range seen {
				found = append(found, finding{s.kind, s.bill})
			}
			return found, err
		}
	}
	for _, kind := range documentKinds() {
		bills, err := documents(ctx, r.books, kind, quickbooks.AtLeast("MetaData.LastUpdatedTime", since.Format(time.RFC3339)))
		if err != nil {
			return nil, err
		}
		for _, b := range bills {
			found = append(found, finding{kind, b})
		}
	}
	return found, nil
}

// findNumbers looks for the numbers of jobs, in one query for each kind of
// document among which any of them may be.
func (r *round) findNumbers(ctx context.Context, jobs []*job, bodies map[*job]quickbooks.Bill) ([]finding, error) {
	var found []finding
	for _, kind := range documentKinds() {
		var numbers []string
		for _, j := range jobs {
			if number := bodies[j].DocNumber; slices.Contains(j.among(), kind) && !slices.Contains(numbers, number) {
				numbers = append(numbers, number)
			}
		}
		if len(numbers) == 0 {
			continue
		}
		bills, err := documents(ctx, r.books, kind, quickbooks.OneOf("DocNumber", numbers...))
		if err != nil {
			return nil, err
		}
		for _, b := range bills {
			found = append(found, finding{kind, b})
		}
	}
	return found, nil
}

// findAlone looks for one document: by vendor and number, or by vendor and day.
func (r *round) findAlone(ctx context.Context, j *job, body quickbooks.Bill) {
	if r.halted([]*job{j}) {
		return
	}
	conditions := []quickbooks.Condition{quickbooks.Equal("VendorRef", body.VendorRef.Value)}
	if body.DocNumber != "" {
		conditions = append(conditions, quickbooks.Equal("DocNumber", body.DocNumber))
	} else {
		conditions = append(conditions, quickbooks.AtLeast("TxnDate", body.TxnDate), quickbooks.AtMost("TxnDate", body.TxnDate))
	}
	var found []finding
	for _, kind := range j.among() {
		bills, err := documents(ctx, r.books, kind, conditions...)
		if err != nil {
			r.stop(err)
			r.lookFailed(ctx, j, err)
			return
		}
		for _, b := range bills {
			found = append(found, finding{kind, b})
		}
	}
	r.recognise(j, body, found)
}

// halted lets go of jobs once nothing more can be asked.
func (r *round) halted(jobs []*job) bool {
	if r.halt == nil {
		return false
	}
	r.feedAll(jobs, event{kind: eventLookFailed})
	return true
}

// lookFailed leaves a job open. That one record cannot be looked up stops nobody
// else: it stays uncertain, and is counted and shown as that.
func (r *round) lookFailed(ctx context.Context, j *job, err error) {
	if r.halt == nil {
		r.log.WarnContext(ctx, "posting cannot be looked up",
			slog.String("kind", string(r.kind)), slog.String("draft", string(j.posting.Draft)), slog.Any("error", err))
	}
	r.feed(j, event{kind: eventLookFailed})
}

// recognise tells ours from everything else that was found. Ours carries the
// draft's id, even if a person has edited it since: that the two differ is for
// verification to say. A document that carries the id of another subject's draft
// is accounted for there, unless it says just what ours does: then a person may
// have copied that note onto ours. Anything else of our kind with our vendor and
// number is alike, and where another draft of the invoice went before, an unmarked one
// of the other kind as well: it may be what that made, with its note rewritten.
func (r *round) recognise(j *job, body quickbooks.Bill, found []finding) {
	want, _ := readMark(body.PrivateNote)
	var ours, alike []finding
	for _, b := range found {
		got, marked := readMark(b.PrivateNote)
		switch {
		case marked && got.draft == want.draft:
			ours = append(ours, b)
		case marked && got.subject == want.subject:
			alike = append(alike, b)
		case body.DocNumber == "", b.kind != formOf(j.posting) && (marked || !j.redrafted), marked && !twins(body, b.Bill):
		case b.VendorRef.Value == body.VendorRef.Value && strings.EqualFold(b.DocNumber, body.DocNumber):
			alike = append(alike, b)
		}
	}
	switch {
	case len(ours) == 1:
		j.found = document{id: schema.DocumentID(ours[0].ID), token: ours[0].SyncToken}
		r.feed(j, event{kind: eventIdentical})
	case len(ours)+len(alike) > 0:
		other := append(ours, alike...)[0]
		j.alike = duplicateDocument(other.kind, other.ID, other.DocNumber)
		r.feed(j, event{kind: eventDifferent})
	default:
		r.feed(j, event{kind: eventNothing})
	}
}

// twins reports whether two documents have the same day and the same amounts.
func twins(a, b quickbooks.Bill) bool {
	return a.TxnDate == b.TxnDate && slices.EqualFunc(a.Line, b.Line, func(x, y quickbooks.BillLine) bool { return x.Amount == y.Amount })
}

// syncToken reads the version of a record as QuickBooks answered it.
func syncToken(record json.RawMessage) string {
	var versioned struct {
		SyncToken string `json:"SyncToken"`
	}
	if json.Unmarshal(record, &versioned) != nil {
		return ""
	}
	return versioned.SyncToken
}
