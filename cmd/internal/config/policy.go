package config

import (
	"fmt"
	"regexp"

	"github.com/tieout/tieout/load/fetch"
	"github.com/tieout/tieout/schema"
)

var accountID = regexp.MustCompile(`^[0-9]{1,20}$`)

func (p Policy) validate(m *mistakes, key string) {
	m.oneOf(key+".post_on", p.PostOn, string(schema.PostOnCreated), string(schema.PostOnConfirmed), string(schema.PostOnPaid))
	m.oneOf(key+".create_vendors", p.CreateVendors,
		string(schema.CreateAfterReview), string(schema.CreateAutomatically), string(schema.CreateNever))
	m.oneOf(key+".closed_period", p.ClosedPeriod, string(schema.ClosedHold), string(schema.ClosedNextOpenDay))
	m.oneOf(key+".negative_total", p.NegativeTotal, string(schema.NegativeHold), string(schema.NegativeCredit))
	m.oneOf(key+".bill_date", p.BillDate,
		string(schema.BillOnIssueDate), string(schema.BillOnPeriodEnd), string(schema.BillOnPaidAt))
	for signing, kind := range p.Payee {
		m.oneOf(key+".payee", signing, string(schema.SigningPaymentAgent), string(schema.SigningServiceProvider),
			string(schema.SigningContractorOfRecord), string(schema.SigningEOR))
		m.oneOf(key+".payee."+signing, kind, string(schema.PayeeWorker), string(schema.PayeePlatform))
	}
	for code, account := range p.PayableAccounts {
		if _, err := schema.ParseCurrency(code); err != nil {
			m.add(key+".payable_accounts", "%w", err)
		}
		if !accountID.MatchString(account) {
			m.add(key+".payable_accounts."+code, "must be the account's id in QuickBooks, which is a number, is %q", account)
		}
	}
	for i, host := range p.FileHosts {
		if _, err := fetch.ParseHosts([]string{host}); err != nil {
			m.add(fmt.Sprintf("%s.file_hosts[%d]", key, i), "%w", err)
		}
	}
	m.between(key+".file_limit_mib", p.FileLimitMiB, 1, 95)
	m.between(key+".files_at_once", p.FilesAtOnce, 1, 10)
	m.between(key+".files_per_load", p.FilesPerLoad, 1, 1000)
	p.validateWallet(m, key)
}

// validateWallet checks that money has an account to come from and one to go to.
func (p Policy) validateWallet(m *mistakes, key string) {
	account := func(name, value, neededBy, what string) {
		switch {
		case value == "" && neededBy != "":
			m.add(key+"."+name, "is missing; %s needs the id in QuickBooks of the bank account that %s", neededBy, what)
		case value != "" && !accountID.MatchString(value):
			m.add(key+"."+name, "must be the account's id in QuickBooks, which is a number, is %q", value)
		}
	}
	wallet, funding := "", ""
	if p.RecordTopUps {
		wallet, funding = "record_top_ups", "record_top_ups"
	}
	if p.RecordPayments {
		wallet = "record_payments"
	}
	account("payment_account", p.PaymentAccount, wallet, "stands for the wallet at Ontop")
	account("top_up_account", p.TopUpAccount, funding, "the wallet is filled from")
	if p.PaymentAccount != "" && p.PaymentAccount == p.TopUpAccount {
		m.add(key+".top_up_account", "must differ from payment_account, is %q too", p.TopUpAccount)
	}
}

// Schema returns the policy in the words of the stages.
func (p Policy) Schema() schema.Policy {
	policy := schema.Policy{
		PostOn:          schema.PostOn(p.PostOn),
		Payee:           map[schema.Signing]schema.PayeeKind{},
		PlatformVendor:  p.PlatformVendor,
		CreateVendors:   schema.VendorCreation(p.CreateVendors),
		ClosedPeriod:    schema.ClosedPeriod(p.ClosedPeriod),
		NegativeTotal:   schema.NegativeTotal(p.NegativeTotal),
		BillDate:        schema.BillDateRule(p.BillDate),
		PayableAccounts: map[schema.Currency]schema.AccountID{},
		AttachFiles:     p.AttachPDF,
		FileHosts:       append([]string(nil), p.FileHosts...),
		RecordPayments:  p.RecordPayments,
		RecordTopUps:    p.RecordTopUps,
		WalletAccount:   schema.AccountID(p.PaymentAccount),
		FundingAccount:  schema.AccountID(p.TopUpAccount),
	}
	for signing, kind := range p.Payee {
		policy.Payee[schema.Signing(signing)] = schema.PayeeKind(kind)
	}
	for code, account := range p.PayableAccounts {
		policy.PayableAccounts[schema.Currency(code)] = schema.AccountID(account)
	}
	return policy
}
