package quickbooks

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// decodeBatch gives every item its own end. An item that is left out, answered
// twice or answered with nothing useful has none: what became of it is unknown.
func decodeBatch(items []BatchItem, write bool, ans answer) (BatchAnswers, error) {
	var envelope struct {
		Items *[]map[string]json.RawMessage `json:"BatchItemResponse"`
	}
	if json.Unmarshal(ans.body, &envelope) != nil || envelope.Items == nil {
		return BatchAnswers{TID: ans.tid}, fmt.Errorf("batch of %d: %w", len(items), &NoAnswer{
			Operation: opBatch, Write: write, HTTPStatus: ans.status, TID: ans.tid, Err: errIncomplete,
		})
	}
	byID := make(map[string][]map[string]json.RawMessage, len(items))
	for _, item := range *envelope.Items {
		var id looseText
		if json.Unmarshal(item["bId"], &id) == nil {
			byID[string(id)] = append(byID[string(id)], item)
		}
	}
	answers := BatchAnswers{TID: ans.tid, Items: make([]BatchAnswer, 0, len(items))}
	for _, item := range items {
		answers.Items = append(answers.Items, item.judge(byID[item.BID], ans))
	}
	return answers, nil
}

// judge reads what was answered under the item's id.
func (i BatchItem) judge(answered []map[string]json.RawMessage, ans answer) BatchAnswer {
	a := BatchAnswer{BID: i.BID}
	unknown := &NoAnswer{Operation: opBatch, Write: i.Entity != "", HTTPStatus: ans.status, TID: ans.tid}
	switch {
	case len(answered) == 0:
		unknown.Err = errMissing
		a.Err = unknown
		return a
	case len(answered) > 1:
		unknown.Err = errTwice
		a.Err = unknown
		return a
	}
	item := answered[0]
	for _, name := range []string{"Fault", "fault"} {
		if isObject(item[name]) {
			a.Err = decodeFault(item[name], ans.status, ans.tid)
			return a
		}
	}
	if i.Entity == "" {
		if json.Unmarshal(item["QueryResponse"], &a.Found) != nil || a.Found == nil {
			unknown.Err = errIncomplete
			a.Err = unknown
		}
		return a
	}
	a.Record = bytes.TrimSpace(item[i.Entity])
	if a.ID = recordID(a.Record); a.ID == "" {
		unknown.Err = errIncomplete
		a.Err = unknown
	}
	return a
}

// recordID returns the id of an answered record, or nothing.
func recordID(raw json.RawMessage) string {
	var record struct {
		ID looseText `json:"Id"`
	}
	if json.Unmarshal(raw, &record) != nil {
		return ""
	}
	return string(record.ID)
}
