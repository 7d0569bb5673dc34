package probe

import (
	"context"
	"time"

	"github.com/tieout/tieout/load/quickbooks"
)

func deletionExperiments() []Experiment {
	return []Experiment{
		{
			Name: "deleted-read", Question: "What does a read of a deleted bill answer?",
			Documented: "610: 'Another user has deleted this transaction.'",
			Tried:      "Post a bill, delete it, and read it.", ReliesOn: "A refusal that is about this one record.",
			Answers: []Answer{
				relied("refused_610", "610."),
				bearable(refused, "Another refusal of this record alone: the bill counts as missing."),
				harmful("answered", "The deleted bill is answered as if it were there: tieout would not miss it."),
			},
			run: deletedRead,
		},
		{
			Name: "deleted-change", Question: "Does change data capture show a deleted bill?",
			Documented: "As an entry with the status Deleted.",
			Tried:      "Post a bill, delete it, and ask for the changes of the last hour, for up to 20 seconds.",
			ReliesOn:   "It does.",
			Answers: []Answer{
				relied("shown", "It is shown as deleted."),
				harmful("not_shown", "It is not: a bill that a bookkeeper deletes is noticed only when all bills are read again."),
				harmful(refused, "The changes cannot be read."),
			},
			run: deletedChange,
		},
	}
}

// gone posts a bill and deletes it.
func (l *lab) gone(ctx context.Context) (string, error) {
	r, _, err := l.posted(ctx)
	if err != nil {
		return "", err
	}
	deleted, err := l.remove(ctx, r.id)
	if err == nil && !deleted.ok() {
		err = notTried{"The bill could not be deleted: " + deleted.key() + "."}
	}
	return r.id, err
}

func deletedRead(ctx context.Context, l *lab) (string, error) {
	id, err := l.gone(ctx)
	if err != nil {
		return "", err
	}
	_, r, err := l.fetch(ctx, "Bill", id)
	if err != nil || !r.ok() {
		return r.key(), err
	}
	return "answered", nil
}

func deletedChange(ctx context.Context, l *lab) (string, error) {
	id, err := l.gone(ctx)
	if err != nil {
		return "", err
	}
	const tries, pause = 6, 4 * time.Second
	for try := 1; ; try++ {
		changes, err := l.client.Changes(ctx, l.now().Add(-time.Hour), quickbooks.Bill{})
		r, err := l.note(ctx, "ask for changes", quickbooks.RawAnswer{}, err)
		if err != nil || !r.ok() {
			return r.key(), err
		}
		_, deleted, err := quickbooks.Changed[quickbooks.Bill](changes)
		if err != nil {
			return "", err
		}
		for _, d := range deleted {
			if d.ID == id {
				l.remark("with the time of the deletion: %t", !d.At.IsZero())
				return "shown", nil
			}
		}
		if try == tries {
			return "not_shown", nil
		}
		if err := sleep(ctx, pause); err != nil {
			return "", err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
