package probe

import (
	"context"

	"github.com/tieout/tieout/load/quickbooks"
)

const nameLater = "replay-later"

func replayEdgeExperiments() []Experiment {
	return []Experiment{
		{
			Name: "replay-after-fault", Question: "Is a fault replayed, too?", Documented: "Nothing.",
			Tried: "Create a vendor whose name is taken, free the name, and send the same request again.",
			ReliesOn: "Nothing: after a fault that may pass, tieout tries a bounded number of times, " +
				"and then puts the bill before a person.",
			Answers: []Answer{
				relied("tried_afresh", "The request is carried out once its obstacle is gone."),
				bearable("fault_replayed", "The old fault comes back although its cause is gone: retrying under the same id cannot help."),
				bearable(refused, "The repeated request is refused for another reason."),
			},
			run: replayAfterFault,
		},
		{
			Name: "replay-changed-body", Question: "What does a known request id answer to another body?", Documented: "Nothing.",
			Tried:    "Post a bill, then another bill with the same request id.",
			ReliesOn: "Nothing: an id is derived from what it carries.",
			Answers: []Answer{
				relied("first_answer", "The first answer comes back, and the new content is dropped."),
				relied("refused_600", "It is refused as a duplicate request id."),
				relied(refused, "It is refused."),
				relied("written", "The second bill is written as well."),
			},
			run: replayChangedBody,
		},
		{
			Name: nameLater, Question: "Is a request id still known hours or days later?",
			Documented: "How long it is kept is not said.",
			Tried:      "Create a vendor; in a later run send the same request again, and see whether it makes the vendor anew.",
			ReliesOn:   "Only that it is known for ten minutes.",
			Answers: []Answer{
				relied("still_known", "The first answer comes back."),
				relied("forgotten", "The request is carried out as a new one."),
				relied(refused, "It is refused: the request id is known, and its answer is not."),
			},
			run: replayLater,
		},
	}
}

func replayAfterFault(ctx context.Context, l *lab) (string, error) {
	name := l.name("taken")
	holder, err := l.newVendor(ctx, "taken", l.home())
	if err != nil {
		return "", err
	}
	id, body := l.requestID(), l.vendorBody(name, l.home())
	first, err := l.create(ctx, "create a vendor with that name", "Vendor", id, body)
	if err != nil {
		return "", err
	}
	if first.fault == nil {
		return "", notTried{"The fault did not come: a name could be used twice."}
	}
	freed, err := l.amend(ctx, "rename the first vendor", "Vendor", holder,
		map[string]any{"DisplayName": l.name("taken no more"), "PrintOnCheckName": l.name("taken no more")})
	if err != nil {
		return "", err
	}
	if !freed.ok() {
		return "", notTried{"The cause of the fault could not be removed: " + freed.key() + "."}
	}
	second, err := l.create(ctx, "send the same request again", "Vendor", id, body)
	switch {
	case err != nil:
		return "", err
	case second.ok():
		return "tried_afresh", nil
	case second.fault != nil && second.fault.Code == first.fault.Code:
		return "fault_replayed", nil
	default:
		return second.key(), nil
	}
}

func replayChangedBody(ctx context.Context, l *lab) (string, error) {
	b, err := l.bill(ctx)
	if err != nil {
		return "", err
	}
	id := l.requestID()
	first, err := l.create(ctx, "post a bill", "Bill", id, mustEncode(b))
	if err != nil || !first.ok() {
		return "", plain(first, err)
	}
	b.DocNumber, b.Line = l.number(), []quickbooks.BillLine{l.line("200")}
	second, err := l.create(ctx, "post another with the same request id", "Bill", id, mustEncode(b))
	switch {
	case err != nil || !second.ok():
		return second.key(), err
	case second.id == first.id:
		return "first_answer", nil
	default:
		return "written", nil
	}
}

// replayLater leaves a request behind for a later run or, in such a run, sends it
// again. It tells a replay from a new vendor by this: the first vendor was made
// inactive when its run ended.
func replayLater(ctx context.Context, l *lab) (string, error) {
	if l.earlier == "" {
		return "", l.leave(ctx)
	}
	r, err := l.create(ctx, "send the request of the earlier run", "Vendor", l.earlier, l.laterBody(l.earlier))
	if err != nil {
		return "", err
	}
	if r.fault != nil && r.fault.Code == codeNameTaken {
		l.remark("the name is still taken by the vendor of the first request")
		return "forgotten", nil
	}
	if !r.ok() {
		return r.key(), nil
	}
	fields, read, err := l.fetch(ctx, "Vendor", r.id)
	if err != nil || !read.ok() {
		return "", plain(read, err)
	}
	if string(fields["Active"]) == "false" {
		return "still_known", nil
	}
	return "forgotten", nil
}

func (l *lab) leave(ctx context.Context) error {
	id := "probe-" + l.stamp + "-again"
	r, err := l.create(ctx, "create a vendor", "Vendor", id, l.laterBody(id))
	if err != nil || !r.ok() {
		return plain(r, err)
	}
	l.later = id
	return notTried{"It takes time: run `tieout quickbooks probe --yes --again " + id + "` after some hours, and after some days."}
}

// laterBody depends on nothing but the id, because it has to be the same bytes
// in another run.
func (l *lab) laterBody(id string) []byte { return l.vendorBody(prefix+"again "+id, l.home()) }
