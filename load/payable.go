package load

import (
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// Codes of what keeps a payment or a transfer from being recorded.
const (
	codePaid        = "already_paid"
	codePartlyPaid  = "partly_paid"
	codeNotPayable  = "not_payable"
	codeCorrected   = "corrected"
	codeUndecided   = "correction_undecided"
	codeAmount      = "amount_differs"
	codeBillEdited  = "bill_edited"
	codeNotMirrored = "not_mirrored"
	codeAccount     = "account_not_usable"
)

// putOffFor is how long something waits for what is expected to change by itself.
const putOffFor = time.Hour

// retry and skip end a next step with the command that decides about a payment or a
// top-up, as its subject names it.
func retry(subject string) string {
	return "then have it recorded: tieout payments retry " + subject + "."
}

func skip(subject string) string {
	return "then say that the books are right as they are: tieout payments skip " + subject + " --reason TEXT."
}

// unpayable says why a payment is not recorded, or nil. Nothing is sent unless all
// that it rests on is as it was drafted.
func unpayable(t schema.Task, o owed, books schema.Books, now time.Time) *refusal {
	p, d := o.position.Posting, o.position.Draft
	name := formOf(p).Name() + " " + string(p.Document)
	switch {
	case t.Invoice == "" || p.Document == "" || !p.State.Settled() || p.State == schema.PostingDeclined:
		return person(codeNotPayable, "invoice "+string(t.Invoice)+" has no bill in QuickBooks",
			"There is no bill that the payment could pay.", "Post the invoice first, "+retry(t.Subject))
	case t.Payment.On.IsZero():
		return &refusal{fault: incomplete(fmt.Errorf("payment %s: %w: no date", t.Subject, errIncomplete))}
	case formOf(p) == schema.DocumentVendorCredit:
		return person(codeNotPayable, name+" is no bill",
			"The invoice is below zero and became a vendor credit, which nobody pays.",
			"Apply the credit in QuickBooks, "+skip(t.Subject))
	case o.bill.Document == "":
		return later(codeNotMirrored, name+" was not met by the mirror yet", now)
	case o.bill.Deleted:
		return person(codeNotPayable, name+" was deleted in QuickBooks",
			"Somebody deleted the bill that the payment would pay.",
			"Enter the bill and its payment in QuickBooks, "+skip(t.Subject))
	}
	if why := edited(d, o.bill); why != "" {
		return person(codeBillEdited, name+": "+why, "Somebody changed the bill in QuickBooks since it was posted.",
			"Change it back, "+retry(t.Subject))
	}
	if refused := corrected(t.Subject, o.corrections, name, now); refused != nil {
		return refused
	}
	if refused := unequal(t, o, name); refused != nil {
		return refused
	}
	return unusable(t.Subject, walletAccount, t.Payment.Account, books, books.HomeCurrency, d.Currency)
}

// edited says which field of a bill, but for its amounts, is not what a payment
// takes it for.
func edited(d schema.Draft, b schema.BookBill) string {
	switch {
	case b.Vendor != d.Vendor:
		return fmt.Sprintf("vendor is %s, was posted as %s", b.Vendor, d.Vendor)
	case b.Payable != "" && b.Payable != d.Payable:
		return fmt.Sprintf("accounts payable account is %s, was posted as %s", b.Payable, d.Payable)
	case b.Total.Currency() != d.Currency:
		return fmt.Sprintf("currency is %s, was posted as %s", b.Total.Currency(), d.Currency)
	}
	return ""
}

// corrected refuses to pay what a correction changes: it is no longer the bill
// alone that is owed. One that a person still has to decide on is waited for.
func corrected(subject string, corrections []schema.TaskPosition, name string, now time.Time) *refusal {
	for _, c := range corrections {
		what := fmt.Sprintf("%s has the correction %s", name, c.Task.Subject)
		switch {
		case c.Posting.State.Live():
			return person(codeCorrected, what, "The invoice was corrected after its bill was posted, so that the bill alone is not what was paid.",
				"Record the payment in QuickBooks, on the bill and on what corrects it, "+skip(subject))
		case c.Task.State.Waits(), c.Task.State == schema.TaskReady:
			return later(codeUndecided, what+", which is not decided", now)
		}
	}
	return nil
}

// unequal refuses unless exactly what the bill says was paid and is still owed.
func unequal(t schema.Task, o owed, name string) *refusal {
	paid, total, balance := t.Payment.Amount, o.bill.Total, o.bill.Balance
	amounts := fmt.Sprintf("paid %s, %s is over %s, of which %s is owed", paid, name, total, balance)
	switch {
	case balance == schema.NewMoney(0, total.Currency()) && total.Sign() != 0:
		return &refusal{needless: true, fault: schema.Fault{
			Code: codePaid, Detail: amounts,
			Meaning: "Nothing is owed on the bill any more: somebody has recorded the payment in QuickBooks, or used a credit for it.",
			Next:    "Nothing is left to do.", Owner: schema.OwnerNobody,
		}}
	case total != o.position.Draft.Total:
		return person(codeBillEdited, fmt.Sprintf("amount is %s, was posted as %s", total, o.position.Draft.Total),
			"Somebody changed the amount of the bill in QuickBooks since it was posted.", "Change it back, "+retry(t.Subject))
	case balance != total:
		return person(codePartlyPaid, amounts, "Part of the bill is paid in QuickBooks already.",
			"Record the rest in QuickBooks, "+skip(t.Subject)+" Or remove the other payment there, "+retry(t.Subject))
	case paid != total:
		return person(codeAmount, amounts, "What was paid is not what the bill says.",
			"Find out which is right and record the payment in QuickBooks, "+skip(t.Subject))
	}
	return nil
}

// accountSetting is the setting that names an account.
type accountSetting string

const (
	walletAccount  accountSetting = "policy.payment_account"
	fundingAccount accountSetting = "policy.top_up_account"
)

// role is what the account is for.
func (s accountSetting) role() string {
	if s == fundingAccount {
		return "funding account"
	}
	return "wallet account"
}

// unusable says why money cannot come from or go to an account of the company, or
// nil. The account has one of the currencies.
func unusable(subject string, named accountSetting, id schema.AccountID, books schema.Books, currencies ...schema.Currency) *refusal {
	refuse := func(why string) *refusal {
		return person(codeAccount, fmt.Sprintf("%s %q, which %s names: %s", named.role(), id, named, why),
			"The "+named.role()+" cannot be used: "+why+".",
			fmt.Sprintf("Name another active bank account under %s in the configuration, which is then followed by itself. "+
				"Or put this one right in QuickBooks, %s", named, retry(subject)))
	}
	if id == "" {
		return refuse("none is set")
	}
	for _, a := range books.Accounts {
		if a.ID != id {
			continue
		}
		allowed := false
		for _, c := range currencies {
			allowed = allowed || a.Currency == c
		}
		switch {
		case !a.Active:
			return refuse(a.Name + " is inactive")
		case a.Type != accountBank:
			return refuse(fmt.Sprintf("%s is of type %s, not %s", a.Name, a.Type, accountBank))
		case !allowed:
			return refuse(fmt.Sprintf("%s is in %s, not in %s", a.Name, a.Currency, currencies[len(currencies)-1]))
		}
		return nil
	}
	return refuse("QuickBooks has no such account")
}

// accountBank is the type of accounts that money is paid from.
const accountBank = "Bank"

func person(code, detail, meaning, next string) *refusal {
	return &refusal{fault: schema.Fault{Code: code, Detail: detail, Meaning: meaning, Next: next, Owner: schema.OwnerFinance}}
}

func later(code, detail string, now time.Time) *refusal {
	return &refusal{retryAt: now.Add(putOffFor), fault: schema.Fault{
		Code: code, Detail: detail, Meaning: "It waits until that is settled.", Next: "Nothing; it is tried again by itself.",
		Owner: schema.OwnerNobody,
	}}
}
