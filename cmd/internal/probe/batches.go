package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tieout/tieout/load/quickbooks"
)

func batchExperiments() []Experiment {
	return []Experiment{
		{
			Name: "batch-of-30", Question: "Does a batch take 30 items?",
			Documented: "30; an old guide says 10, a tutorial 50.",
			Tried:      "Send a batch of 30 queries.", ReliesOn: "It does, unless batch_size is set lower.",
			Answers: []Answer{
				relied(keyAccepted, "It takes 30 items."),
				harmful(refused, "It takes fewer: every batch of tieout's fails until batch_size is lowered, to 10 for instance."),
			},
			run: func(ctx context.Context, l *lab) (string, error) { return l.queries(ctx, 30) },
		},
		{
			Name: "batch-of-31", Question: "What does a batch of 31 items answer?", Documented: "1040, for the whole batch.",
			Tried: "Send a batch of 31 queries.", ReliesOn: "Nothing: tieout sends 30 at most.",
			Answers: []Answer{
				relied("refused_1040", "The batch is refused with 1040."),
				bearable(keyAccepted, "More than 30 items are taken; tieout goes on sending 30."),
				bearable(refused, "The batch is refused with another code."),
			},
			run: func(ctx context.Context, l *lab) (string, error) { return l.queries(ctx, 31) },
		},
	}
}

// queries sends a batch of that many items, which change nothing.
func (l *lab) queries(ctx context.Context, n int) (string, error) {
	items := make([]map[string]string, n)
	for i := range items {
		items[i] = map[string]string{"bId": fmt.Sprintf("q%d", i+1), "Query": "SELECT * FROM Vendor MAXRESULTS 1"}
	}
	step := fmt.Sprintf("send a batch of %d items", n)
	raw, err := l.client.Raw(ctx, quickbooks.RawRequest{
		Method: http.MethodPost, Path: "batch", Batch: true, Body: mustEncode(map[string]any{"BatchItemRequest": items}),
		ContentType: "application/json",
	})
	r, err := l.note(ctx, step, raw, err)
	if err != nil || !r.ok() {
		return r.key(), err
	}
	var envelope struct {
		Items []struct {
			Query json.RawMessage `json:"QueryResponse"`
		} `json:"BatchItemResponse"`
	}
	if json.Unmarshal(raw.Body, &envelope) != nil {
		return "", errors.New(step + ": the answer cannot be read")
	}
	answered := 0
	for _, item := range envelope.Items {
		if item.Query != nil {
			answered++
		}
	}
	if answered != n {
		l.remark("%d of %d items were answered", answered, n)
		return "answered_in_part", nil
	}
	return keyAccepted, nil
}
