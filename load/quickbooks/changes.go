package quickbooks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	// maxChanges is the most records that one look at the changes answers, over
	// all kinds. That many may not be all of them.
	maxChanges = 1000

	// ChangesReach is how far back QuickBooks knows changes. What is older needs
	// a full read.
	ChangesReach = 30 * 24 * time.Hour
)

// Changes is what happened in a company since a moment: whole records, and the
// ids of those that were deleted, which nothing else tells. See [Changed].
type Changes struct {
	// Cut reports that there may be more than was answered. Then it is no
	// checkpoint: ask again for fewer kinds, or read everything.
	Cut bool

	rows map[string][]json.RawMessage
}

// Deleted is a record that is gone.
type Deleted struct {
	ID string
	At time.Time // zero when QuickBooks does not say
}

// Changes reads what changed since a moment, up to [ChangesReach] ago, in records
// of the given kinds, such as Bill{} and Vendor{}. QuickBooks also touches records
// by itself, so a change says "look again" and no more.
func (c *Client) Changes(ctx context.Context, since time.Time, kinds ...Entity) (Changes, error) {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = kind.entity()
	}
	if len(names) == 0 || c.now().Sub(since) > ChangesReach {
		return Changes{}, fmt.Errorf("read changes: %w: it needs a kind, and a moment in the last 30 days", ErrRefused)
	}
	ans, err := c.read(ctx, call{
		operation: opChanges, class: classCorePlus, method: "GET", path: "cdc",
		query: url.Values{"entities": {strings.Join(names, ",")}, "changedSince": {since.UTC().Format(time.RFC3339)}},
	})
	if err != nil {
		return Changes{}, err
	}
	changes, ok := decodeChanges(ans.body, names)
	if !ok {
		return Changes{}, &NoAnswer{Operation: opChanges, HTTPStatus: ans.status, TID: ans.tid, Err: errIncomplete}
	}
	return changes, nil
}

// decodeChanges gathers the rows by kind. A kind without changes is an empty
// object somewhere in the list.
func decodeChanges(body []byte, names []string) (Changes, bool) {
	var envelope struct {
		Responses *[]struct {
			QueryResponse []map[string]json.RawMessage `json:"QueryResponse"`
		} `json:"CDCResponse"`
	}
	if !readable(body, &envelope) || envelope.Responses == nil {
		return Changes{}, false
	}
	changes := Changes{rows: map[string][]json.RawMessage{}}
	total := 0
	for _, response := range *envelope.Responses {
		for _, part := range response.QueryResponse {
			for _, name := range names {
				var rows []json.RawMessage
				if raw, ok := part[name]; ok && !readable(raw, &rows) {
					return Changes{}, false
				}
				changes.rows[name] = append(changes.rows[name], rows...)
				total += len(rows)
			}
		}
	}
	changes.Cut = total >= maxChanges
	return changes, true
}

// Changed returns the records of one kind that were added or touched, and those
// that were deleted.
func Changed[T Entity](c Changes) (touched []T, deleted []Deleted, err error) {
	var kind T
	for _, raw := range c.rows[kind.entity()] {
		var row struct {
			Status   string   `json:"status"`
			ID       string   `json:"Id"`
			MetaData MetaData `json:"MetaData"`
		}
		var record T
		if !readable(raw, &row) {
			return nil, nil, &NoAnswer{Operation: opChanges, Err: errUnreadable}
		}
		if strings.EqualFold(row.Status, "Deleted") {
			deleted = append(deleted, Deleted{ID: row.ID, At: row.MetaData.LastUpdatedTime.Time})
			continue
		}
		if !readable(raw, &record) {
			return nil, nil, &NoAnswer{Operation: opChanges, Err: errUnreadable}
		}
		touched = append(touched, record)
	}
	return touched, deleted, nil
}
