package probe

import (
	"context"
	"strings"

	"github.com/tieout/tieout/load/quickbooks"
)

func inactiveAnswers(what string) []Answer {
	return []Answer{
		relied("refused_2500", "It is refused with 2500, an invalid reference: tieout puts the bill before a person."),
		relied("refused_610", "It is refused with 610, an object not found: tieout puts the bill before a person."),
		bearable(refused, "It is refused with another code, and put before a person."),
		bearable(keyAccepted, "It is taken. tieout checks by itself whether "+what+" is active, as of its last look at QuickBooks."),
	}
}

func referenceExperiments() []Experiment {
	return []Experiment{
		{
			Name: "inactive-vendor", Question: "What does a bill of an inactive vendor answer?", Documented: "610 or 2500.",
			Tried: "Make a vendor inactive, and post a bill of it.", ReliesOn: "It is refused.",
			Answers: inactiveAnswers("the vendor"), run: inactiveVendor,
		},
		{
			Name: "inactive-vendor-name", Question: "How is an inactive vendor called?", Documented: "' (deleted)' is appended to its name.",
			Tried:    "Make a vendor inactive, and read its name.",
			ReliesOn: "Nothing: tieout knows such a vendor with and without.",
			Answers: []Answer{
				relied("suffixed", "' (deleted)' is appended."),
				relied("unchanged", "Its name stays."),
				bearable("renamed", "It is renamed in another way: tieout does not see that the name is taken before QuickBooks says so."),
			},
			run: inactiveName,
		},
	}
}

func inactiveVendor(ctx context.Context, l *lab) (string, error) {
	id, err := l.inactiveVendor(ctx, "soon inactive")
	if err != nil {
		return "", err
	}
	r, _, err := l.post(ctx, "post the bill", func(b *quickbooks.Bill) { b.VendorRef.Value = id })
	return r.key(), err
}

func (l *lab) inactiveVendor(ctx context.Context, name string) (string, error) {
	id, err := l.newVendor(ctx, name, l.home())
	if err != nil {
		return "", err
	}
	r, err := l.deactivate(ctx, "Vendor", id)
	if err == nil && !r.ok() {
		err = notTried{"A vendor could not be made inactive: " + r.key() + "."}
	}
	return id, err
}

func inactiveName(ctx context.Context, l *lab) (string, error) {
	id, err := l.inactiveVendor(ctx, "renamed when inactive")
	if err != nil {
		return "", err
	}
	fields, r, err := l.fetch(ctx, "Vendor", id)
	if err != nil || !r.ok() {
		return "", plain(r, err)
	}
	switch name := l.name("renamed when inactive"); textOf(fields["DisplayName"]) {
	case name + " (deleted)":
		return "suffixed", nil
	case name:
		return "unchanged", nil
	default:
		return "renamed", nil
	}
}

func accountExperiments() []Experiment {
	return []Experiment{
		{
			Name: "inactive-account", Question: "What does a bill to an inactive account answer?", Documented: "610 or 2500.",
			Tried: "Make an expense account inactive, and post a bill to it.", ReliesOn: "It is refused.",
			Answers: inactiveAnswers("the account"), run: inactiveAccount,
		},
		{
			Name: "asset-account", Question: "May a bill be posted to an account that is no expense?",
			Documented: "The reference asks for expense accounts; others post to more.",
			Tried:      "Post a bill to an asset account.",
			ReliesOn:   "Nothing: which accounts rules may name is the company's choice, and a refusal is put before a person.",
			Answers: []Answer{
				relied(keyAccepted, "It may."),
				relied("refused_6430", "It is refused with 6430."),
				bearable(refused, "It is refused with another code."),
			},
			run: assetAccount,
		},
	}
}

// inactiveAccount uses the account of an earlier run, if there is one: accounts
// are never deleted, and each run would leave another.
func inactiveAccount(ctx context.Context, l *lab) (string, error) {
	account := ""
	for _, a := range l.accounts {
		if strings.HasPrefix(a.Name, prefix) && !a.IsActive() {
			account = a.ID
		}
	}
	if account == "" {
		r, err := l.create(ctx, "create an account", "Account", l.requestID(),
			mustEncode(map[string]any{"Name": l.name("account"), "AccountType": "Expense"}))
		if err != nil || !r.ok() {
			return "", plain(r, err)
		}
		account = r.id
		if r, err = l.deactivate(ctx, "Account", account); err != nil || !r.ok() {
			return "", plain(r, err)
		}
	}
	return l.postTo(ctx, account)
}

func assetAccount(ctx context.Context, l *lab) (string, error) {
	for _, kind := range []string{"Other Current Asset", "Fixed Asset", "Other Asset"} {
		if account := l.accountOf(kind); account != "" {
			return l.postTo(ctx, account)
		}
	}
	return "", notTried{"The company has no active asset account."}
}

func (l *lab) postTo(ctx context.Context, account string) (string, error) {
	r, _, err := l.post(ctx, "post the bill", func(b *quickbooks.Bill) { b.Line[0].Account.AccountRef.Value = account })
	return r.key(), err
}
