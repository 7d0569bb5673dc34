package probe

import (
	"context"

	"github.com/tieout/tieout/load/quickbooks"
)

const codeDuplicateNumber = "6140"

func numberExperiments() []Experiment {
	return []Experiment{
		{
			Name: "duplicate-number", Question: "What does a second bill of a vendor with the same number answer?",
			Documented: "6140 only where the company turned on 'Warn if duplicate bill number is used'; otherwise nothing.",
			Tried:      "Post two bills of one vendor with one DocNumber, and compare with the setting in the preferences.",
			ReliesOn:   "Nothing: tieout looks a number up itself, and never forces a duplicate.",
			Answers: []Answer{
				relied("off_accepted", "The warning is off, and the duplicate is accepted silently."),
				relied("on_refused", "The warning is on, and the duplicate is refused with 6140."),
				bearable("unknown_accepted", "The preferences do not show the setting; the duplicate is accepted."),
				bearable("unknown_refused", "The preferences do not show the setting; the duplicate is refused with 6140."),
				bearable("on_accepted", "The warning is on, but not kept for bills that come through the API. tieout's own look-up is the only guard."),
				bearable("off_refused", "The preferences say that the warning is off, yet it is kept."),
				bearable(refused, "It is refused with another code than 6140: tieout puts the bill before a person."),
			},
			run: duplicateNumber,
		},
		{
			Name: "duplicate-number-scope", Question: "Does 6140 also come for a number that another vendor has?",
			Documented: "For the same vendor.",
			Tried:      "With the warning on, post bills of two vendors with one DocNumber.",
			ReliesOn:   "It does not: two workers may number alike.",
			Answers: []Answer{
				relied("per_vendor", "Another vendor may have the number."),
				bearable("refused_6140", "Numbers are unique in the whole company: a worker whose number another has is put before a person."),
				bearable(refused, "It is refused with another code than 6140."),
			},
			run: duplicateScope,
		},
		{
			Name: "duplicate-number-wording", Question: "Does 6140 name the transaction that has the number?",
			Documented: "Seen for other transactions: '… is assigned to TxnType=… with TxnId=…'; for bills unknown.",
			Tried:      "With the warning on, read the TxnId out of the fault, and compare.",
			ReliesOn:   "Nothing: the bill is looked up by vendor and number as well.",
			Answers: []Answer{
				relied("names_holder", "It names the right transaction."),
				bearable("names_nobody", "It names none: tieout looks the number up."),
				harmful("names_another", "It names another transaction: tieout would point people at the wrong one."),
			},
			run: duplicateWording,
		},
	}
}

// twice posts two bills with one number. The second is of the vendor, or of the
// usual one.
func (l *lab) twice(ctx context.Context, vendor string) (first, second reply, err error) {
	first, b, err := l.posted(ctx)
	if err != nil {
		return first, second, err
	}
	second, _, err = l.post(ctx, "post another with the same number", func(other *quickbooks.Bill) {
		other.DocNumber = b.DocNumber
		if vendor != "" {
			other.VendorRef.Value = vendor
		}
	})
	return first, second, err
}

func duplicateNumber(ctx context.Context, l *lab) (string, error) {
	_, second, err := l.twice(ctx, "")
	if err != nil {
		return "", err
	}
	setting := "unknown"
	if on, known := l.prefs.WarnsDuplicateBillNumber(); known {
		setting = map[bool]string{true: "on", false: "off"}[on]
	}
	l.remark("WarnDuplicateBillNumber in the preferences: %s", setting)
	switch {
	case second.ok():
		return setting + "_accepted", nil
	case second.fault != nil && second.fault.Code == codeDuplicateNumber:
		return setting + "_refused", nil
	default:
		return second.key(), nil
	}
}

// warned makes sure that the company warns about duplicate numbers.
func (l *lab) warned(ctx context.Context) (first, second reply, err error) {
	first, second, err = l.twice(ctx, "")
	if err == nil && (second.fault == nil || second.fault.Code != codeDuplicateNumber) {
		err = notTried{"Duplicates are accepted. Turn on 'Warn if duplicate bill number is used' under Settings, Advanced, " +
			"Other preferences, and run the probe again."}
	}
	return first, second, err
}

func duplicateScope(ctx context.Context, l *lab) (string, error) {
	if _, _, err := l.warned(ctx); err != nil {
		return "", err
	}
	other, err := l.newVendor(ctx, "other vendor", l.home())
	if err != nil {
		return "", err
	}
	_, second, err := l.twice(ctx, other)
	if err != nil || !second.ok() {
		return second.key(), err
	}
	return "per_vendor", nil
}

func duplicateWording(ctx context.Context, l *lab) (string, error) {
	first, second, err := l.warned(ctx)
	if err != nil {
		return "", err
	}
	holder, kind, ok := second.fault.DocNumberHolder()
	switch {
	case !ok:
		return "names_nobody", nil
	case holder != first.id:
		l.remark("it names %s, the first bill is %s", holder, first.id)
		return "names_another", nil
	default:
		l.remark("the transaction is called %q", kind)
		return "names_holder", nil
	}
}
