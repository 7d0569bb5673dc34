package probe

import (
	"context"
	"errors"

	"github.com/tieout/tieout/load/quickbooks"
)

func replayExperiments() []Experiment {
	answers := func(costs Effect) []Answer {
		return []Answer{
			relied("replayed", "The first answer comes back, and nothing is written again."),
			{Key: "written_again", Effect: costs, Meaning: "The request is carried out again. What keeps a bill from being posted twice is the look-up " +
				"alone, and a request that arrives late may be doubled: the loader needs its Patience of eight minutes."},
			bearable(refused, "The repeated request is refused: tieout looks up what became of the first."),
		}
	}
	documented := "The same request id and content give the first answer, without a second write."
	return []Experiment{
		{
			Name: "replay-single", Question: "Is a single write recognised by its request id?", Documented: documented,
			Tried:    "Post one bill twice with one request id and the same bytes.",
			ReliesOn: "It is, for at least ten minutes.", Answers: answers(Harmful), run: replaySingle,
		},
		{
			Name: "replay-batch", Question: "Are the items of a batch recognised by its request id?",
			Documented: documented + " In a batch it is joined with the bId.",
			Tried:      "Send a batch of three bills twice, with ids as long as tieout's.",
			ReliesOn:   "They are, for at least ten minutes.", Answers: answers(Harmful), run: replayBatch,
		},
		{
			Name: "replay-other-batch", Question: "Is an item recognised in a batch of other items?",
			Documented: "A replay is said to need the same request id and bIds; that a part of them is enough follows only from the join.",
			Tried:      "Send a batch of three bills, then one of the three beside a new one, with the same request id.",
			ReliesOn:   "It is: request id and bId together name the bill, whatever batch carries it.",
			Answers:    answers(Harmful), run: replayOtherBatch,
		},
		{
			Name: "replay-alone", Question: "Is an item of a batch recognised when it is sent by itself?",
			Documented: "Not said; it follows from the join of request id and bId.",
			Tried:      "Send a batch of one bill, then the bill by itself with request id and bId joined.",
			ReliesOn:   "Nothing: tieout sends in batches whatever it sent in a batch.",
			Answers:    answers(Bearable), run: replayAlone,
		},
	}
}

// again compares two answers to one request id.
func (l *lab) again(first, second reply) string {
	switch {
	case !second.ok():
		return second.key()
	case first.id == second.id:
		return "replayed"
	default:
		l.remark("it made %s and then %s", first.id, second.id)
		return "written_again"
	}
}

func replaySingle(ctx context.Context, l *lab) (string, error) {
	b, err := l.bill(ctx)
	if err != nil {
		return "", err
	}
	id, body := l.requestID(), mustEncode(b)
	first, err := l.create(ctx, "post a bill", "Bill", id, body)
	if err != nil || !first.ok() {
		return "", plain(first, err)
	}
	second, err := l.create(ctx, "post it again", "Bill", id, body)
	if err != nil {
		return "", err
	}
	return l.again(first, second), nil
}

// plain explains why the first step of an experiment failed.
func plain(r reply, err error) error {
	if err != nil {
		return err
	}
	return notTried{"A plain bill was refused: " + r.key() + "."}
}

// The ids of items have ten characters, as tieout's.
const (
	itemA = "probe-it-a"
	itemB = "probe-it-b"
	itemC = "probe-it-c"
	itemD = "probe-it-d"
)

func replayBatch(ctx context.Context, l *lab) (string, error) {
	items, first, id, err := l.firstBatch(ctx, itemA, itemB, itemC)
	if err != nil {
		return "", err
	}
	second, err := l.batch(ctx, "send the batch again", id, items)
	if err != nil {
		return "", err
	}
	for _, item := range items {
		if key := l.again(first[item.BID], second[item.BID]); key != "replayed" {
			return key, nil
		}
	}
	return "replayed", nil
}

func replayOtherBatch(ctx context.Context, l *lab) (string, error) {
	items, first, id, err := l.firstBatch(ctx, itemA, itemB, itemC)
	if err != nil {
		return "", err
	}
	fresh, err := l.items(ctx, itemD)
	if err != nil {
		return "", err
	}
	second, err := l.batch(ctx, "send one of them beside a new one", id, []quickbooks.BatchItem{fresh[0], items[1]})
	if err != nil {
		return "", err
	}
	return l.again(first[itemB], second[itemB]), nil
}

func replayAlone(ctx context.Context, l *lab) (string, error) {
	items, first, id, err := l.firstBatch(ctx, itemA)
	if err != nil {
		return "", err
	}
	second, err := l.create(ctx, "send it by itself", "Bill", id+itemA, items[0].Body)
	if err != nil {
		return "", err
	}
	return l.again(first[itemA], second), nil
}

// firstBatch sends bills in a batch that has to succeed.
func (l *lab) firstBatch(ctx context.Context, bIDs ...string) ([]quickbooks.BatchItem, map[string]reply, string, error) {
	items, err := l.items(ctx, bIDs...)
	if err != nil {
		return nil, nil, "", err
	}
	id := l.requestID()
	first, err := l.batch(ctx, "send a batch of bills", id, items)
	for _, r := range first {
		if err == nil && !r.ok() {
			err = plain(r, nil)
		}
	}
	return items, first, id, err
}

func (l *lab) items(ctx context.Context, bIDs ...string) ([]quickbooks.BatchItem, error) {
	var items []quickbooks.BatchItem
	for _, bID := range bIDs {
		b, err := l.bill(ctx)
		if err != nil {
			return nil, err
		}
		item, err := quickbooks.CreateItem(bID, b)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// batch sends items as tieout does.
func (l *lab) batch(ctx context.Context, step, requestID string, items []quickbooks.BatchItem) (map[string]reply, error) {
	answers, err := l.client.Batch(ctx, requestID, items)
	if err != nil {
		_, err = l.note(ctx, step, quickbooks.RawAnswer{TID: answers.TID}, err)
		if err == nil {
			err = notTried{"The batch as a whole was refused."}
		}
		return nil, err
	}
	replies := make(map[string]reply, len(items))
	for _, a := range answers.Items {
		r := reply{record: a.Record, id: a.ID}
		e := Evidence{Step: step + ", item " + a.BID, Status: 200, TID: answers.TID}
		if a.Err != nil && !errors.As(a.Err, &r.fault) {
			return nil, a.Err
		}
		if r.fault != nil {
			e.Code, e.Words = r.fault.Code, words(r.fault)
		}
		l.keep("Bill", r.id)
		l.evidence = append(l.evidence, e)
		replies[a.BID] = r
	}
	return replies, nil
}
