package load

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// findTransfers looks for the transfers of jobs: by their days, all in one query,
// and what is not there among whatever was made or changed since it was named, for
// somebody may have given it another day.
func findTransfers(ctx context.Context, r *round, jobs []*job) {
	if r.halted(jobs) {
		return
	}
	bodies := make(map[*job]quickbooks.Transfer, len(jobs))
	var readable []*job
	for _, j := range jobs {
		var body quickbooks.Transfer
		if json.Unmarshal(j.posting.Body, &body) != nil || dateOf(body.TxnDate).IsZero() {
			r.feed(j, event{kind: eventLookFailed})
			continue
		}
		bodies[j] = body
		readable = append(readable, j)
	}
	if len(readable) == 0 {
		return
	}
	found, err := r.transfersFor(ctx, readable, bodies)
	r.stop(err)
	for _, j := range readable {
		if err != nil {
			r.lookFailed(ctx, j, err)
			continue
		}
		r.recogniseTransfer(j, bodies[j], found)
	}
}

func (r *round) transfersFor(ctx context.Context, jobs []*job, bodies map[*job]quickbooks.Transfer) ([]quickbooks.Transfer, error) {
	first, last := dateOf(bodies[jobs[0]].TxnDate), dateOf(bodies[jobs[0]].TxnDate)
	since := jobs[0].posting.RecordedAt
	for _, j := range jobs {
		day := dateOf(bodies[j].TxnDate)
		if day.Compare(first) < 0 {
			first = day
		}
		if day.Compare(last) > 0 {
			last = day
		}
		if j.posting.RecordedAt.Before(since) {
			since = j.posting.RecordedAt
		}
	}
	found, err := r.transfersDated(ctx, first, last)
	if err != nil {
		return nil, err
	}
	missing := slices.ContainsFunc(jobs, func(j *job) bool {
		return j.track.unheard && !slices.ContainsFunc(found, func(t quickbooks.Transfer) bool {
			return sameMark(t.PrivateNote, bodies[j].PrivateNote)
		})
	})
	if !missing {
		return found, nil
	}
	changed, err := quickbooks.Collect(quickbooks.Query[quickbooks.Transfer](ctx, r.books,
		quickbooks.AtLeast("MetaData.LastUpdatedTime", since.Add(-mirrorOverlap).Format(time.RFC3339))))
	for _, t := range changed {
		if !slices.ContainsFunc(found, func(known quickbooks.Transfer) bool { return known.ID == t.ID }) {
			found = append(found, t)
		}
	}
	return found, err
}

// recogniseTransfer tells ours from what others entered. Ours carries the id of the
// task, whatever somebody made of the rest.
func (r *round) recogniseTransfer(j *job, body quickbooks.Transfer, found []quickbooks.Transfer) {
	want, _ := readMark(body.PrivateNote)
	var ours, alike []quickbooks.Transfer
	for _, t := range found {
		got, marked := readMark(t.PrivateNote)
		switch {
		case marked && got.draft == want.draft:
			ours = append(ours, t)
		case marked && got.subject == want.subject:
			alike = append(alike, t)
		case !marked && t.TxnDate == body.TxnDate && t.Amount.Cmp(body.Amount) == 0 &&
			t.FromAccountRef.Value == body.FromAccountRef.Value && t.ToAccountRef.Value == body.ToAccountRef.Value:
			alike = append(alike, t)
		}
	}
	switch {
	case len(ours) == 1:
		j.found = document{id: schema.DocumentID(ours[0].ID), token: ours[0].SyncToken}
		r.feed(j, event{kind: eventIdentical})
	case len(ours)+len(alike) > 0:
		j.alike = transferredByHand(j.posting.Subject, append(ours, alike...)[0], 0)
		r.feed(j, event{kind: eventDifferent})
	default:
		r.feed(j, event{kind: eventNothing})
	}
}
