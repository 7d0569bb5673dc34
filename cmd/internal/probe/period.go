package probe

import (
	"context"

	"github.com/tieout/tieout/load/quickbooks"
)

// longAgo is a day in a closed period, where there is any.
const longAgo = "1990-01-31"

const howToClose = "Set a closing date under Settings, Advanced, Accounting, and run the probe again."

func periodExperiments() []Experiment {
	return []Experiment{
		{
			Name: "closed-period", Question: "What does a bill in a closed period answer?",
			Documented: "6200 or 6210; the latter is the one usually seen.",
			Tried:      "Post a bill dated on the closing date, or in 1990 where the preferences show none.",
			ReliesOn:   "It is refused with one of the two.",
			Answers: []Answer{
				relied("refused_6210", "It is refused with 6210: tieout holds the bill until a person decides."),
				relied("refused_6200", "It is refused with 6200: tieout holds the bill until a person decides."),
				bearable(refused, "It is refused with another code, and put before a person."),
				bearable(keyAccepted, "The preferences show a closing date, and yet a bill of that day is taken: tieout holds such bills all the same."),
			},
			run: closedPeriod,
		},
		{
			Name: "closing-date-visible", Question: "Do the preferences show the closing date?",
			Documented: "Sources disagree.",
			Tried:      "Read the preferences of a company that refuses a bill dated 1990.",
			ReliesOn:   "Nothing: a date that is shown closes the period, and one that is not proves nothing.",
			Answers: []Answer{
				relied("shown", "They do: tieout holds such bills before it sends them."),
				bearable("hidden", "They do not: each bill in a closed period is sent once, and refused."),
			},
			run: closingDateVisible,
		},
	}
}

// close posts a bill on the last closed day, as far as that is known.
func (l *lab) close(ctx context.Context) (shown string, r reply, err error) {
	shown = l.prefs.AccountingInfoPrefs.BookCloseDate
	r, _, err = l.post(ctx, "post a bill in a closed period", func(b *quickbooks.Bill) {
		b.TxnDate = longAgo
		if shown != "" {
			b.TxnDate = shown
		}
		b.DueDate = b.TxnDate
	})
	if err == nil && r.ok() && shown == "" {
		err = notTried{"The books are open. " + howToClose}
	}
	return shown, r, err
}

func closedPeriod(ctx context.Context, l *lab) (string, error) {
	_, r, err := l.close(ctx)
	return r.key(), err
}

func closingDateVisible(ctx context.Context, l *lab) (string, error) {
	shown, r, err := l.close(ctx)
	switch {
	case err != nil:
		return "", err
	case shown != "":
		return "shown", nil
	case r.fault == nil || (r.fault.Code != "6200" && r.fault.Code != "6210"):
		return "", notTried{"A bill dated 1990 was refused for another reason: " + r.key() + ". " + howToClose}
	default:
		return "hidden", nil
	}
}
