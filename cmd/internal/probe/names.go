package probe

import (
	"context"
)

const codeNameTaken = "6240"

func characterExperiments() []Experiment {
	cleaned := []Answer{
		relied("refused_2040", "It is refused as an illegal character. tieout replaces it before it sends a name."),
		bearable(refused, "It is refused with another code. tieout replaces it before it sends a name."),
		bearable("kept", "It is taken. tieout replaces it all the same."),
		bearable("changed", "The name is taken and changed. tieout replaces the character before it sends a name."),
	}
	foreign := []Answer{
		relied("kept", "The name is taken as it is."),
		relied("refused_2040", "It is refused as an illegal character. Such a vendor is put before a person, who chooses another name."),
		bearable(refused, "It is refused. Such a vendor is put before a person, who chooses another name."),
		harmful("changed", "The name is taken and changed: after a lost answer the vendor is not found under its name, and two "+
			"names may become one. Create such vendors by hand, and set create_vendors to review."),
	}
	return []Experiment{
		nameExperiment("name-colon", "a colon", "2040: colon, tab and newline are illegal.", "colon a:b", cleaned),
		nameExperiment("name-tab", "a tab", "2040: colon, tab and newline are illegal.", "tab a\tb", cleaned),
		nameExperiment("name-emoji", "an emoji", "US companies keep to ISO-8859-1; what they do with more is not said.",
			"emoji \U0001F642", foreign),
		nameExperiment("name-outside-latin-1", "letters outside ISO-8859-1",
			"US companies keep to ISO-8859-1; what they do with more is not said.", "Łukasz Șerban", foreign),
		nameExperiment("name-latin-1", "accents within ISO-8859-1", "They are allowed.", "José Müller", foreign),
	}
}

func lengthExperiments() []Experiment {
	long := nameExperiment("name-of-500", "500 characters", "500 at most.", "", []Answer{
		relied("kept", "500 characters are taken."),
		bearable(refused, "They are refused: a vendor with so long a name is put before a person."),
		harmful("changed", "The name is cut: after a lost answer the vendor is not found under its name."),
	})
	longer := nameExperiment("name-of-600", "600 characters", "2050: 500 at most.", "", []Answer{
		relied("refused_2050", "It is refused as too long. tieout cuts names at 500."),
		bearable(refused, "It is refused with another code. tieout cuts names at 500."),
		bearable("kept", "Longer names are taken. tieout cuts names at 500 all the same."),
		bearable("changed", "A longer name is cut. tieout cuts names at 500 before."),
	})
	long.run = func(ctx context.Context, l *lab) (string, error) { return l.named(ctx, pad(l.name("long "), 500)) }
	longer.run = func(ctx context.Context, l *lab) (string, error) { return l.named(ctx, pad(l.name("longer "), 600)) }
	return []Experiment{long, longer}
}

func nameExperiment(name, what, documented, rest string, answers []Answer) Experiment {
	return Experiment{
		Name: name, Question: "May the name of a vendor have " + what + "?", Documented: documented,
		Tried: "Create a vendor with it in DisplayName, and read it back.", ReliesOn: reliesOn(answers), Answers: answers,
		run: func(ctx context.Context, l *lab) (string, error) { return l.named(ctx, l.name(rest)) },
	}
}

func reliesOn(answers []Answer) string {
	for _, a := range answers {
		if a.Effect == Harmful {
			return "A name is taken as it is, or refused."
		}
	}
	return "Nothing: tieout never sends such a name."
}

// named creates a vendor and compares its name.
func (l *lab) named(ctx context.Context, display string) (string, error) {
	r, err := l.create(ctx, "create the vendor", "Vendor", l.requestID(), l.vendorBody(display, l.home()))
	if err != nil || !r.ok() {
		return r.key(), err
	}
	fields, read, err := l.fetch(ctx, "Vendor", r.id)
	if err != nil || !read.ok() {
		return "", plain(read, err)
	}
	if got := textOf(fields["DisplayName"]); got != display {
		l.remark("%d characters were sent, %d came back", len([]rune(display)), len([]rune(got)))
		return "changed", nil
	}
	return "kept", nil
}

func clashExperiments() []Experiment {
	answers := []Answer{
		relied("refused_naming_holder", "It is refused with 6240, which says whose the name is."),
		relied("refused_naming_nobody", "It is refused with 6240, which does not say whose the name is. tieout looks for a vendor of "+
			"that name, and puts the rest before a person."),
		bearable(refused, "It is refused with another code, and put before a person."),
		bearable(keyAccepted, "Both may have the name. tieout never has two vendors of one name itself."),
		harmful("refused_naming_another", "6240 names a record that does not have the name: tieout might take the wrong vendor."),
	}
	documented := "6240: names are unique over customers, vendors and employees. Two wordings were seen, one with the id of the holder."
	relies := "Nothing: an id that is named is read before it is believed."
	clash := func(name, question, tried string, hold func(context.Context, *lab) (string, string, error)) Experiment {
		return Experiment{
			Name: name, Question: question, Documented: documented, Tried: tried, ReliesOn: relies, Answers: answers,
			run: func(ctx context.Context, l *lab) (string, error) {
				id, display, err := hold(ctx, l)
				if err != nil {
					return "", err
				}
				return l.clash(ctx, id, display)
			},
		}
	}
	return []Experiment{
		clash("name-of-vendor", "What does the name of another vendor answer?", "Create two vendors of one name.", holdVendor),
		clash("name-of-customer", "What does the name of a customer answer?", "Create a customer, and a vendor of that name.", holdCustomer),
		clash("name-of-employee", "What does the name of an employee answer?", "Create an employee, and a vendor of that name.", holdEmployee),
		clash("name-of-inactive-vendor", "Does an inactive vendor keep its name?",
			"Create a vendor, make it inactive, and create another of that name.", holdInactive),
	}
}

func (l *lab) clash(ctx context.Context, holder, display string) (string, error) {
	r, err := l.create(ctx, "create a vendor of that name", "Vendor", l.requestID(), l.vendorBody(display, l.home()))
	if err != nil || r.fault == nil || r.fault.Code != codeNameTaken {
		return r.key(), err
	}
	switch id, named := r.fault.NameHolder(); {
	case !named:
		return "refused_naming_nobody", nil
	case id != holder:
		l.remark("it names %s, the holder is %s", id, holder)
		return "refused_naming_another", nil
	default:
		return "refused_naming_holder", nil
	}
}

func holdVendor(ctx context.Context, l *lab) (id, display string, err error) {
	id, err = l.newVendor(ctx, "namesake", l.home())
	return id, l.name("namesake"), err
}

func holdCustomer(ctx context.Context, l *lab) (id, display string, err error) {
	display = l.name("customer")
	r, err := l.create(ctx, "create a customer", "Customer", l.requestID(), l.vendorBody(display, l.home()))
	if err == nil && !r.ok() {
		err = notTried{"A customer could not be created: " + r.key() + "."}
	}
	return r.id, display, err
}

// holdEmployee creates an employee by the parts of a name, since QuickBooks makes
// the display name of employees itself where payroll is on.
func holdEmployee(ctx context.Context, l *lab) (id, display string, err error) {
	r, err := l.create(ctx, "create an employee", "Employee", l.requestID(),
		mustEncode(map[string]any{"GivenName": l.name(""), "FamilyName": "employee"}))
	if err != nil {
		return "", "", err
	}
	if !r.ok() {
		return "", "", notTried{"An employee could not be created: " + r.key() + "."}
	}
	fields, read, err := l.fetch(ctx, "Employee", r.id)
	if err != nil || !read.ok() {
		return "", "", plain(read, err)
	}
	return r.id, textOf(fields["DisplayName"]), nil
}

func holdInactive(ctx context.Context, l *lab) (id, display string, err error) {
	if id, err = l.newVendor(ctx, "inactive namesake", l.home()); err != nil {
		return "", "", err
	}
	r, err := l.deactivate(ctx, "Vendor", id)
	if err == nil && !r.ok() {
		err = notTried{"A vendor could not be made inactive: " + r.key() + "."}
	}
	return id, l.name("inactive namesake"), err
}
