package transform_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/transform"
	"github.com/tieout/tieout/transform/vendors"
)

var readAt = time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)

func usd(minor int64) schema.Money { return schema.NewMoney(minor, "USD") }

// setting is all that a draft of one invoice follows from; tests change a part.
type setting struct {
	policy schema.Policy
	rules  schema.RuleSet
	books  schema.Books
	c      transform.Case
}

func (s *setting) draft() schema.Draft {
	return transform.NewDrafter(s.policy, s.rules, s.books).Draft(s.c)
}

func policy() schema.Policy {
	return schema.Policy{
		PostOn: schema.PostOnConfirmed,
		Payee: map[schema.Signing]schema.PayeeKind{
			schema.SigningPaymentAgent: schema.PayeeWorker, schema.SigningServiceProvider: schema.PayeeWorker,
			schema.SigningContractorOfRecord: schema.PayeePlatform, schema.SigningEOR: schema.PayeePlatform,
		},
		PlatformVendor: "Ontop", CreateVendors: schema.CreateAfterReview, ClosedPeriod: schema.ClosedHold, BillDate: schema.BillOnIssueDate,
	}
}

func ruleSet() schema.RuleSet {
	return schema.RuleSet{Company: "acme", Version: 2, Rules: []schema.Rule{
		{ID: "base-pay", Version: 2, Concept: "FIXED_PAYMENT", Account: "70", Name: "Base pay"},
		{ID: "bonus", Version: 1, Concept: "BONUS", Account: "71", Name: "Bonuses"},
		{ID: "fees", Version: 1, Concept: "PLATFORM_FEE", Account: "71", Name: "Bonuses"},
	}}
}

func chart() schema.Books {
	return schema.Books{
		Company: "acme", HomeCurrency: "USD", MultiCurrency: true, ReadAt: readAt,
		Accounts: []schema.Account{
			{ID: "33", Name: "Accounts Payable (A/P)", Type: "Accounts Payable", Currency: "USD", Active: true},
			{ID: "34", Name: "Accounts Payable - EUR", Type: "Accounts Payable", Currency: "EUR", Active: true},
			{ID: "35", Name: "Old payables", Type: "Accounts Payable", Currency: "USD"},
			{ID: "70", Name: "Base pay", Type: "Expense", Active: true},
			{ID: "71", Name: "Bonuses", Type: "Expense", Active: true},
		},
		Vendors: []schema.Vendor{
			{ID: "56", Name: "Jane Doe", Currency: "USD", Active: true},
			{ID: "57", Name: "Jane Doe (EUR)", Currency: "EUR", Active: true},
			{ID: "58", Name: "Ontop", Currency: "USD", Active: true},
		},
	}
}

// ready is a setting whose draft is ready.
func ready() *setting {
	return &setting{
		policy: policy(), rules: ruleSet(), books: chart(),
		c: transform.Case{
			Invoice: schema.Invoice{
				Company: "acme", ID: "555", Number: "INV-1", Status: schema.StatusConfirmed, Contract: "12", Worker: "77",
				IssueDate: schema.NewDate(2026, 1, 31), DueDate: schema.NewDate(2026, 2, 15),
				PeriodStart: schema.NewDate(2026, 1, 1), PeriodEnd: schema.NewDate(2026, 1, 30),
				PaidAt: time.Date(2026, 2, 3, 23, 0, 0, 0, time.UTC), Currency: "USD", Total: usd(110_000),
				Lines: []schema.Line{
					{ItemID: "1", Concept: "FIXED_PAYMENT", Description: "January", Amount: usd(100_000)},
					{ItemID: "2", Concept: "BONUS", Amount: usd(10_000)},
				},
			},
			Contracts: []schema.Contract{{
				Company: "acme", ID: "12", Worker: "77", FirstName: "Jane", LastName: "Doe", Signing: schema.SigningPaymentAgent,
			}},
			Payee:     vendors.Resolution{Payee: schema.Payee{Key: "worker:77:USD", State: schema.PayeeLinked, Vendor: "56", Name: "Jane Doe"}},
			DocNumber: "INV-1",
		},
	}
}

func (s *setting) euro() {
	s.c.Invoice.Currency, s.c.Invoice.Rate = "EUR", "1.0837"
	s.c.Invoice.Total = schema.NewMoney(110_000, "EUR")
	for i, line := range s.c.Invoice.Lines {
		s.c.Invoice.Lines[i].Amount = schema.NewMoney(line.Amount.Minor(), "EUR")
	}
	s.c.Payee.Payee = schema.Payee{Key: "worker:77:EUR", State: schema.PayeeLinked, Vendor: "57", Name: "Jane Doe (EUR)"}
}

func TestDrafter_DraftsABill(t *testing.T) {
	t.Parallel()
	s := ready()
	got := s.draft()
	content := s.c.Invoice.ContentSum()
	want := schema.Draft{
		Company: "acme", Invoice: "555", Content: content, State: schema.DraftReady, Kind: schema.DocumentBill,
		Payee: "worker:77:USD", PayeeName: "Jane Doe", Vendor: "56", DocNumber: "INV-1",
		TxnDate: schema.NewDate(2026, 1, 31), DueDate: schema.NewDate(2026, 2, 15), Currency: "USD", Payable: "33", Total: usd(110_000),
		Lines: []schema.DraftLine{
			{ItemID: "1", Concept: "FIXED_PAYMENT", Description: "January", Amount: usd(100_000), Account: "70", Rule: "base-pay", RuleVersion: 2},
			{ItemID: "2", Concept: "BONUS", Description: "BONUS", Amount: usd(10_000), Account: "71", Rule: "bonus", RuleVersion: 1},
		},
		Memo: "Ontop invoice INV-1 (id 555); worker Jane Doe (77); contract 12; period 2026-01-01 to 2026-01-30; content " +
			content.Short(12) + "; rules base-pay v2, bonus v1",
	}
	require.Equal(t, want.Seal(), got)
}

func TestDrafter_State(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*setting)
		want   schema.DraftState
	}{
		"Cancelled":                       {func(s *setting) { s.c.Invoice.Status = schema.StatusCancelled }, schema.DraftInvoiceCancelled},
		"CancelledWithoutContract":        {func(s *setting) { s.c.Invoice.Status, s.c.Contracts = schema.StatusCancelled, nil }, schema.DraftInvoiceCancelled},
		"WithoutContract":                 {func(s *setting) { s.c.Contracts = nil }, schema.DraftAwaitsContract},
		"WithoutContractNorAgreement":     {func(s *setting) { s.c.Contracts, s.c.Invoice.Contract = nil, "" }, schema.DraftAwaitsContract},
		"WithoutContractBeforeStatus":     {func(s *setting) { s.c.Contracts, s.c.Invoice.Status = nil, schema.StatusCreated }, schema.DraftAwaitsContract},
		"CreatedAndNotYetConfirmed":       {func(s *setting) { s.c.Invoice.Status = schema.StatusCreated }, schema.DraftAwaitsStatus},
		"ConfirmedWherePaidIsAwaited":     {func(s *setting) { s.policy.PostOn = schema.PostOnPaid }, schema.DraftAwaitsStatus},
		"OfNoKnownStatus":                 {func(s *setting) { s.c.Invoice.Status = "DRAFT" }, schema.DraftAwaitsStatus},
		"PaidWhereConfirmedIsEnough":      {func(s *setting) { s.c.Invoice.Status = schema.StatusPaid }, schema.DraftReady},
		"CreatedWhereThatIsEnough":        {func(s *setting) { s.c.Invoice.Status, s.policy.PostOn = schema.StatusCreated, schema.PostOnCreated }, schema.DraftReady},
		"WaitingInSpiteOfADecisionToHold": {func(s *setting) { s.c.Contracts, s.c.Decision.Kind = nil, schema.DecideHold }, schema.DraftAwaitsContract},
		"AFeeNeedsNoContract":             {fee, schema.DraftReady},
		"ReleasedByAPerson":               {func(s *setting) { s.c.Decision.Kind = schema.DecideRelease }, schema.DraftReady},
		"ByWorkerWhenNoContractIsNamed":   {func(s *setting) { s.c.Invoice.Contract = "" }, schema.DraftReady},
		"CancelledInSpiteOfADecisionToSkip": {func(s *setting) {
			s.c.Invoice.Status, s.c.Decision.Kind = schema.StatusCancelled, schema.DecideSkip
		}, schema.DraftInvoiceCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ready()
			test.change(s)
			got := s.draft()
			require.Equal(t, test.want, got.State, "%+v", got.Holds)
			require.Empty(t, got.Holds)
			require.Equal(t, s.c.Invoice.ContentSum(), got.Content)
			require.Equal(t, got.Seal().ID, got.ID)
			if got.State != schema.DraftReady {
				require.Empty(t, got.Lines)
			}
		})
	}
}

func fee(s *setting) {
	s.c.Invoice.PlatformFee, s.c.Invoice.Contract, s.c.Invoice.Worker, s.c.Contracts = true, "", "", nil
	s.c.Invoice.Lines = []schema.Line{{Concept: "PLATFORM_FEE", Amount: s.c.Invoice.Total}}
	s.c.Payee.Payee = schema.Payee{Key: "platform:USD", State: schema.PayeeLinked, Vendor: "58", Name: "Ontop"}
}

// Every way in which an invoice is held: for what, and what finance reads.
func TestDrafter_Holds(t *testing.T) {
	t.Parallel()
	problem := func(field string) func(*setting) {
		return func(s *setting) {
			s.c.Invoice.Problems = append(s.c.Invoice.Problems, schema.Problem{Field: field, Value: "oops", Detail: "is not right"})
		}
	}
	for name, test := range map[string]struct {
		change func(*setting)
		reason schema.HoldReason
		detail string
		owner  schema.Owner
	}{
		"APersonSaidSo": {
			func(s *setting) {
				s.c.Decision = schema.Decision{Kind: schema.DecideHold, By: "ana", Reason: "ask Jane", RecordedAt: readAt}
			},
			schema.HoldByPerson, "held by ana on 2026-01-10: ask Jane", schema.OwnerFinance,
		},
		"LinesDoNotAddUp": {
			func(s *setting) { s.c.Invoice.Total = usd(110_001) },
			schema.HoldTotalMismatch, "total_amount is 1100.01 USD, and the amounts of its 2 items add up to 1100.00 USD: a difference of 0.01 USD", schema.OwnerSource,
		},
		"LinesAddUpToMore": {
			func(s *setting) { s.c.Invoice.Total = usd(100_000) },
			schema.HoldTotalMismatch, "total_amount is 1000.00 USD, and the amounts of its 2 items add up to 1100.00 USD: a difference of -100.00 USD", schema.OwnerSource,
		},
		"NoLines": {
			func(s *setting) { s.c.Invoice.Lines = nil },
			schema.HoldTotalMismatch, "items is empty, and total_amount is 1100.00 USD", schema.OwnerSource,
		},
		"LinesInTwoCurrencies": {
			func(s *setting) { s.c.Invoice.Lines[1].Amount = schema.NewMoney(1, "EUR") },
			schema.HoldTotalMismatch, "items[1].amount is 0.01 EUR, which cannot be added to the items before it: 1000.00 USD", schema.OwnerSource,
		},
		"AnAmountIsUnreadable":     {problem("items[1].amount"), schema.HoldTotalMismatch, "items[1].amount is oops: is not right", schema.OwnerSource},
		"TheTotalIsUnreadable":     {problem("total_amount"), schema.HoldTotalMismatch, "total_amount is oops: is not right", schema.OwnerSource},
		"AnItemIsUnreadable":       {problem("items[1].object"), schema.HoldTotalMismatch, "items[1].object is oops: is not right", schema.OwnerSource},
		"TheStatusIsUnreadable":    {problem("status"), schema.HoldTotalMismatch, "status is oops: is not right", schema.OwnerSource},
		"ADateIsUnreadable":        {problem("issue_date"), schema.HoldClosedPeriod, "issue_date is oops: is not right", schema.OwnerSource},
		"TheDueDateIsUnreadable":   {problem("due_date"), schema.HoldClosedPeriod, "due_date is oops: is not right", schema.OwnerSource},
		"AConceptIsUnreadable":     {problem("items[0].concept"), schema.HoldUnmappedConcept, "items[0].concept is oops: is not right", schema.OwnerSource},
		"TheAgreementIsUnreadable": {problem("agreement_id"), schema.HoldUnresolvedVendor, "agreement_id is oops: is not right", schema.OwnerSource},
		"TheCurrencyIsUnreadable": {
			func(s *setting) {
				problem("currency")(s)
				problem("total_amount")(s) // no amount can be read without it
				problem("items[0].amount")(s)
				s.c.Invoice.Currency, s.c.Payee = "", vendors.Resolution{}
			},
			schema.HoldCurrency, "currency is oops: is not right", schema.OwnerSource,
		},
		"TheCurrencyIsMissing": {
			func(s *setting) { s.c.Invoice.Currency, s.c.Payee = "", vendors.Resolution{} },
			schema.HoldCurrency, "currency is unknown", schema.OwnerSource,
		},
		"ThePeriodEndIsUnreadableWhereItCounts": {
			func(s *setting) { problem("period_end")(s); s.policy.BillDate = schema.BillOnPeriodEnd },
			schema.HoldClosedPeriod, "period_end is oops: is not right", schema.OwnerSource,
		},
		"TheRateIsUnreadableWhereItCounts": {
			func(s *setting) { s.euro(); problem("exchange_rate")(s) },
			schema.HoldCurrency, "exchange_rate is oops: is not right", schema.OwnerSource,
		},
		"CurrencyIsNotTheCompanys": {
			func(s *setting) { s.euro(); s.books.MultiCurrency = false },
			schema.HoldCurrency, "currency is EUR, and the company in QuickBooks keeps books in USD only", schema.OwnerFinance,
		},
		"NoPayablesInTheCurrency": {
			func(s *setting) { s.euro(); s.books.Accounts[1].Active = false },
			schema.HoldCurrency, "QuickBooks has no active accounts payable account in EUR", schema.OwnerFinance,
		},
		"SeveralPayables": {
			func(s *setting) { s.books.Accounts[2].Active = true },
			schema.HoldCurrency, "QuickBooks has 2 active accounts payable accounts in USD: 33 (Accounts Payable (A/P)), 35 (Old payables)", schema.OwnerOps,
		},
		"ThePolicyNamesInactivePayables": {
			func(s *setting) { s.policy.PayableAccounts = map[schema.Currency]schema.AccountID{"USD": "35"} },
			schema.HoldCurrency, `account 35, which policy.payable_accounts names for USD, "Old payables", is inactive in QuickBooks`, schema.OwnerOps,
		},
		"ThePolicyNamesPayablesOfAnotherCompany": {
			func(s *setting) { s.policy.PayableAccounts = map[schema.Currency]schema.AccountID{"USD": "99"} },
			schema.HoldCurrency, "account 99, which policy.payable_accounts names for USD, is not in QuickBooks", schema.OwnerOps,
		},
		"ThePolicyNamesNoPayables": {
			func(s *setting) { s.policy.PayableAccounts = map[schema.Currency]schema.AccountID{"USD": "70"} },
			schema.HoldCurrency, `account 70, which policy.payable_accounts names for USD, "Base pay", is of type Expense in QuickBooks, not Accounts Payable`, schema.OwnerOps,
		},
		"ThePolicyNamesPayablesInAnotherCurrency": {
			func(s *setting) { s.policy.PayableAccounts = map[schema.Currency]schema.AccountID{"USD": "34"} },
			schema.HoldCurrency, `account 34, which policy.payable_accounts names for USD, "Accounts Payable - EUR", is in EUR in QuickBooks, not in USD`, schema.OwnerOps,
		},
		"TheRateIsMissing": {
			func(s *setting) { s.euro(); s.c.Invoice.Rate = "" },
			schema.HoldCurrency, "exchange_rate is missing, and currency is EUR where books are kept in USD", schema.OwnerSource,
		},
		"TheRateIsNotToTheHomeCurrency": {
			func(s *setting) { s.books.HomeCurrency = "EUR" },
			schema.HoldCurrency, "currency is USD, books are kept in EUR, and Ontop gives a rate in USD only", schema.OwnerFinance,
		},
		"TheTotalIsNegative": {
			func(s *setting) {
				s.c.Invoice.Total, s.c.Invoice.Lines = usd(-500), []schema.Line{{Concept: "BONUS", Amount: usd(-500)}}
			},
			schema.HoldNegativeTotal, "total_amount is -5.00 USD, and a bill must be above zero", schema.OwnerFinance,
		},
		"TheTotalIsZero": {
			func(s *setting) {
				s.c.Invoice.Total, s.c.Invoice.Lines = usd(0), []schema.Line{{Concept: "BONUS", Amount: usd(0)}}
			},
			schema.HoldNegativeTotal, "total_amount is 0.00 USD, and a bill must be above zero", schema.OwnerFinance,
		},
		"BooksAreClosed": {
			func(s *setting) { s.books.CloseDate = schema.NewDate(2026, 1, 31) },
			schema.HoldClosedPeriod, "issue_date is 2026-01-31, and books are closed up to 2026-01-31", schema.OwnerFinance,
		},
		"BooksAreClosedOnThePeriodsEnd": {
			func(s *setting) {
				s.books.CloseDate, s.policy.BillDate = schema.NewDate(2026, 1, 30), schema.BillOnPeriodEnd
			},
			schema.HoldClosedPeriod, "period_end is 2026-01-30, and books are closed up to 2026-01-30", schema.OwnerFinance,
		},
		"BooksAreClosedOnTheDayOfPayment": {
			func(s *setting) {
				s.books.CloseDate, s.policy.BillDate = schema.NewDate(2026, 2, 28), schema.BillOnPaidAt
			},
			schema.HoldClosedPeriod, "paid_at is 2026-02-03, and books are closed up to 2026-02-28", schema.OwnerFinance,
		},
		"TheDateIsMissing": {
			func(s *setting) { s.c.Invoice.IssueDate = schema.Date{} },
			schema.HoldClosedPeriod, "issue_date is missing: it is not known in which period to book the invoice", schema.OwnerSource,
		},
		"AConceptIsNotMapped": {
			func(s *setting) { s.c.Invoice.Lines[1].Concept = "bonus" },
			schema.HoldUnmappedConcept, `concept "bonus" in items[1] is mapped to no account`, schema.OwnerFinance,
		},
		"AConceptIsMissing": {
			func(s *setting) { s.c.Invoice.Lines[1].Concept = "" },
			schema.HoldUnmappedConcept, "concept is missing in items[1]", schema.OwnerSource,
		},
		"ManyItemsAreNotMapped": {
			func(s *setting) {
				s.c.Invoice.Total = usd(700)
				s.c.Invoice.Lines = make([]schema.Line, 7)
				for i := range s.c.Invoice.Lines {
					s.c.Invoice.Lines[i] = schema.Line{Concept: "X", Amount: usd(100)}
				}
			},
			schema.HoldUnmappedConcept,
			`concept "X" in items[0], items[1], items[2], items[3], items[4] and 2 more is mapped to no account`, schema.OwnerFinance,
		},
		"AnAccountIsInactive": {
			func(s *setting) { s.books.Accounts[4].Active = false },
			schema.HoldUnmappedConcept, `account 71 "Bonuses", to which rule bonus maps concept "BONUS", is inactive in QuickBooks`, schema.OwnerFinance,
		},
		"AnAccountIsGone": {
			func(s *setting) { s.books.Accounts = s.books.Accounts[:4] },
			schema.HoldUnmappedConcept, `account 71 "Bonuses", to which rule bonus maps concept "BONUS", is no longer in QuickBooks`, schema.OwnerFinance,
		},
		"ThePayeeHasNoVendor": {
			func(s *setting) {
				s.c.Payee.Payee.Vendor = ""
				s.c.Payee.Hold = schema.Hold{Reason: schema.HoldUnresolvedVendor, Detail: "declined: 6240", NextStep: "link it", Owner: schema.OwnerFinance}
			},
			schema.HoldUnresolvedVendor, "declined: 6240", schema.OwnerFinance,
		},
		"NobodyIsNamed": {
			func(s *setting) { s.c.Invoice.Contract, s.c.Invoice.Worker, s.c.Contracts = "", "", nil },
			schema.HoldUnresolvedVendor, "agreement_id is missing and so is worker_id: it is not known who is owed", schema.OwnerSource,
		},
		"TheContractIsAnotherWorkers": {
			func(s *setting) { s.c.Contracts[0].Worker = "78" },
			schema.HoldUnresolvedVendor, "worker_id is 77, and contract 12 is of worker 78", schema.OwnerSource,
		},
		"TheSigningIsMissing": {
			func(s *setting) { s.c.Contracts[0].Signing = "" },
			schema.HoldUnresolvedVendor, "signing of contract 12 is missing: it is not known whether the worker or Ontop is owed", schema.OwnerSource,
		},
		"TheSigningIsNotInThePolicy": {
			func(s *setting) { s.c.Contracts[0].Signing = "BY_PROXY" },
			schema.HoldUnresolvedVendor, "signing of contract 12 is BY_PROXY, and the policy does not say who is owed then", schema.OwnerOps,
		},
		"TheWorkersContractsDisagree": {
			func(s *setting) {
				s.c.Invoice.Contract = ""
				s.c.Contracts = append(s.c.Contracts, schema.Contract{ID: "13", Worker: "77", Signing: schema.SigningEOR})
			},
			schema.HoldUnresolvedVendor,
			"agreement_id is missing, and worker 77 has contracts under which different parties are owed: 12 (PAYMENT_AGENT), 13 (EOR)", schema.OwnerSource,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ready()
			test.change(s)
			got := s.draft()
			require.Equal(t, schema.DraftHeld, got.State)
			require.Len(t, got.Holds, 1, "%+v", got.Holds)
			require.Equal(t, test.reason, got.Holds[0].Reason)
			require.Equal(t, test.detail, got.Holds[0].Detail)
			require.Equal(t, test.owner, got.Holds[0].Owner)
			require.NotEmpty(t, got.Holds[0].NextStep)
		})
	}
}

// What is wrong with a field that no bill carries keeps nothing from being paid.
func TestDrafter_HoldsNothingForFieldsThatDoNotCount(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		"period_start", "period_end", "paid_at", "exchange_rate", "external_id", "payment_group", "pdf_url",
		"items[0].description", "items[0].quantity", "items[0].attachment_url", "items[0].item_id",
		"usd_total_amount", "items[0].usd_amount",
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			s := ready()
			s.c.Invoice.Problems = []schema.Problem{{Field: field, Value: "oops", Detail: "is not right"}}
			require.Equal(t, schema.DraftReady, s.draft().State)
		})
	}

	t.Run("AFeeNeedsNoAgreement", func(t *testing.T) {
		t.Parallel()
		s := ready()
		fee(s)
		s.c.Invoice.Problems = []schema.Problem{{Field: "agreement_id", Detail: "is missing and so is worker_id"}}
		require.Equal(t, schema.DraftReady, s.draft().State)
	})
}

func TestDrafter_ReportsAllHoldsAtOnce(t *testing.T) {
	t.Parallel()
	s := ready()
	s.c.Decision = schema.Decision{Kind: schema.DecideHold, By: "ana", RecordedAt: readAt}
	s.c.Invoice.Total = usd(-1)
	s.c.Invoice.IssueDate = schema.Date{}
	s.c.Invoice.Lines[0].Concept = "NEW"
	s.books.Accounts[0].Active = false
	s.c.Payee.Hold.Reason = schema.HoldUnresolvedVendor

	var reasons []schema.HoldReason
	for _, hold := range s.draft().Holds {
		reasons = append(reasons, hold.Reason)
	}
	require.Equal(t, schema.HoldReasons(), reasons, "in the order in which finance should clear them")

	s.books = schema.Books{}
	for _, hold := range s.draft().Holds {
		require.NotEqual(t, schema.HoldCurrency, hold.Reason, "what the books say is not known before they are read")
	}
}

func TestDrafter_BoundsWhatItSaysOfManyProblems(t *testing.T) {
	t.Parallel()
	s := ready()
	for range 100 {
		s.c.Invoice.Problems = append(s.c.Invoice.Problems, schema.Problem{Field: "items[0].amount", Detail: "is missing"})
	}
	got := s.draft()
	require.Len(t, got.Holds, 1)
	require.Equal(t, strings.Repeat("items[0].amount: is missing; ", 5)+"and 95 more", got.Holds[0].Detail)
}

func TestDrafter_Currencies(t *testing.T) {
	t.Parallel()

	t.Run("ForeignBillsCarryTheirRateAndPayables", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.euro()
		got := s.draft()
		require.Equal(t, schema.DraftReady, got.State, "%+v", got.Holds)
		require.Equal(t, schema.Rate("1.0837"), got.Rate)
		require.Equal(t, schema.AccountID("34"), got.Payable)
		require.Equal(t, schema.PayeeKey("worker:77:EUR"), got.Payee)
	})

	t.Run("BillsInTheHomeCurrencyCarryNoRate", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.c.Invoice.Rate = "1"
		require.Empty(t, s.draft().Rate)
	})

	t.Run("OneCurrencyNeedsNoneOnItsAccounts", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.books.MultiCurrency = false
		for i := range s.books.Accounts {
			s.books.Accounts[i].Currency = ""
		}
		s.books.Accounts[1].Active = false
		got := s.draft()
		require.Equal(t, schema.DraftReady, got.State, "%+v", got.Holds)
		require.Equal(t, schema.AccountID("33"), got.Payable)
	})

	t.Run("ThePolicyChoosesAmongPayables", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.books.Accounts[2].Active = true
		s.policy.PayableAccounts = map[schema.Currency]schema.AccountID{"USD": "35"}
		require.Equal(t, schema.AccountID("35"), s.draft().Payable)
	})
}

func TestDrafter_Dates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule schema.BillDateRule
		want schema.Date
	}{
		"IssueDate": {schema.BillOnIssueDate, schema.NewDate(2026, 1, 31)},
		"PeriodEnd": {schema.BillOnPeriodEnd, schema.NewDate(2026, 1, 30)},
		"PaidAt":    {schema.BillOnPaidAt, schema.NewDate(2026, 2, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ready()
			s.policy.BillDate = test.rule
			require.Equal(t, test.want, s.draft().TxnDate)
		})
	}

	t.Run("MovesToTheNextOpenDayAndSaysSo", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.policy.ClosedPeriod, s.books.CloseDate = schema.ClosedNextOpenDay, schema.NewDate(2026, 2, 28)
		got := s.draft()
		require.Equal(t, schema.DraftReady, got.State)
		require.Equal(t, schema.NewDate(2026, 3, 1), got.TxnDate)
		require.Contains(t, got.Memo, "dated 2026-01-31, booked on the first open day")
	})

	t.Run("StaysWhereBooksAreOpen", func(t *testing.T) {
		t.Parallel()
		s := ready()
		s.policy.ClosedPeriod, s.books.CloseDate = schema.ClosedNextOpenDay, schema.NewDate(2026, 1, 30)
		got := s.draft()
		require.Equal(t, schema.NewDate(2026, 1, 31), got.TxnDate)
		require.NotContains(t, got.Memo, "booked on")
	})
}

func TestDrafter_Payee(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*setting)
		want   vendors.Wanted
	}{
		"TheWorker": {
			func(s *setting) { s.c.Contracts[0].WorkerEmail, s.c.Contracts[0].Country = "jane@x.co", "CO" },
			vendors.Wanted{Key: "worker:77:USD", Name: "Jane Doe", Email: "jane@x.co", Country: "CO", Mark: "77"},
		},
		"ABusiness": {
			func(s *setting) {
				s.c.Contracts[0].WorkerType, s.c.Contracts[0].LegalName = "Business", "Doe SAS"
				s.c.Invoice.WorkerEmail = "billing@doe.co"
			},
			vendors.Wanted{Key: "worker:77:USD", Name: "Doe SAS", Email: "billing@doe.co", Business: true, Mark: "77"},
		},
		"AWorkerWithoutID": {
			func(s *setting) { s.c.Contracts[0].Worker, s.c.Invoice.Worker = "", "" },
			vendors.Wanted{Key: "contract:12:USD", Name: "Jane Doe", Mark: "12"},
		},
		"OntopByContract": {
			func(s *setting) { s.c.Contracts[0].Signing = schema.SigningContractorOfRecord },
			vendors.Wanted{Key: "platform:USD", Name: "Ontop", Business: true},
		},
		"OntopForItsFees": {fee, vendors.Wanted{Key: "platform:USD", Name: "Ontop", Business: true}},
		"OntopUnderAnotherName": {
			func(s *setting) { fee(s); s.policy.PlatformVendor = "Ontop Holdings Inc." },
			vendors.Wanted{Key: "platform:USD", Name: "Ontop Holdings Inc.", Business: true},
		},
		"TheNewestOfSeveralContracts": {
			func(s *setting) {
				s.c.Invoice.Contract = ""
				s.c.Contracts = append(s.c.Contracts, schema.Contract{
					ID: "13", Worker: "77", FirstName: "Jane", LastName: "Roe", Signing: schema.SigningServiceProvider, UpdatedAt: readAt,
				})
			},
			vendors.Wanted{Key: "worker:77:USD", Name: "Jane Roe", Mark: "77"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ready()
			test.change(s)
			got, holds := transform.NewDrafter(s.policy, s.rules, s.books).Payee(s.c)
			require.Empty(t, holds)
			require.Equal(t, test.want, got)
		})
	}
}

func TestDrafter_FitsQuickBooks(t *testing.T) {
	t.Parallel()
	s := ready()
	s.c.Invoice.Lines[0].Description = "a\x00b\n" + strings.Repeat("😀", 3000)
	s.c.Contracts[0].FirstName = strings.Repeat("x", 5000)
	got := s.draft()
	require.LessOrEqual(t, len(utf16.Encode([]rune(got.Lines[0].Description))), 4000)
	require.True(t, strings.HasPrefix(got.Lines[0].Description, "a b 😀"))
	require.Len(t, got.Memo, 4000)
}

func TestDocNumber(t *testing.T) {
	t.Parallel()
	number := func(text string) string {
		return transform.DocNumber(schema.Invoice{Company: "acme", ID: "555", Number: text})
	}
	require.Equal(t, "INV-1", number(" INV-1\n"))
	require.Equal(t, "555", number(" \t"))
	require.Equal(t, strings.Repeat("9", 21), number(strings.Repeat("9", 21)))

	long := number("INV-2026-01-" + strings.Repeat("9", 20))
	require.Len(t, long, 21)
	require.True(t, strings.HasPrefix(long, "INV-2026-01-9-"))
	require.Equal(t, long, number("INV-2026-01-"+strings.Repeat("9", 20)), "it is stable")
	require.NotEqual(t, transform.DistinctDocNumber(schema.Invoice{ID: "1", Number: "7"}), transform.DistinctDocNumber(schema.Invoice{ID: "2", Number: "7"}))
}

func TestDocNumber_FitsAndTellsInvoicesApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "number")
		one, two := schema.Invoice{Company: "acme", ID: "1", Number: text}, schema.Invoice{Company: "acme", ID: "2", Number: text}
		for _, number := range []string{transform.DocNumber(one), transform.DistinctDocNumber(one)} {
			require.NotEmpty(t, number)
			require.LessOrEqual(t, len(utf16.Encode([]rune(number))), 21)
		}
		require.NotEqual(t, transform.DistinctDocNumber(one), transform.DistinctDocNumber(two))
		require.NotEqual(t, transform.DocNumber(one), transform.DistinctDocNumber(two))
	})
}

// A ready draft is whole: whatever is in the invoice, its lines add up to its
// total, every line names a rule and an account, and nothing QuickBooks needs is
// missing.
func TestDrafter_ReadyDraftsAreWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := arbitrary(t)
		got := s.draft()
		require.Equal(t, got, s.draft(), "the same case gives the same draft")
		switch got.State {
		case schema.DraftReady:
			requireWhole(t, got)
			requireFaithful(t, s.c.Invoice, got)
		case schema.DraftHeld:
			require.NotEmpty(t, got.Holds)
			for _, hold := range got.Holds {
				require.NotEmpty(t, hold.Detail)
				require.NotEmpty(t, hold.NextStep)
			}
		default:
			require.Empty(t, got.Holds)
		}
	})
}

type failer interface {
	Errorf(format string, args ...any)
	FailNow()
}

func requireWhole(t failer, d schema.Draft) {
	sum := schema.NewMoney(0, d.Currency)
	for _, line := range d.Lines {
		var err error
		sum, err = sum.Add(line.Amount)
		require.NoError(t, err)
		require.NotEmpty(t, line.Rule)
		require.Positive(t, line.RuleVersion)
		require.NotEmpty(t, line.Account)
		require.NotEmpty(t, line.Description)
	}
	require.Equal(t, d.Total, sum)
	require.Positive(t, d.Total.Sign())
	require.Empty(t, d.Holds)
	require.NotEmpty(t, d.Vendor)
	require.NotEmpty(t, d.Payable)
	require.NotEmpty(t, d.DocNumber)
	require.NotEmpty(t, d.Payee)
	require.Equal(t, d.Currency, d.Payee.Currency())
	require.False(t, d.TxnDate.IsZero())
	require.Equal(t, d.Currency == "USD", d.Rate == "")
}

// arbitrary is a setting with much that may be wrong with it.
func arbitrary(t *rapid.T) *setting {
	s := ready()
	if rapid.Bool().Draw(t, "credits") {
		s.policy.NegativeTotal = schema.NegativeCredit
	}
	if rapid.Bool().Draw(t, "segments") {
		s.segment()
	}
	// The least and the greatest number are drawn more often than others; most
	// of a case should be right.
	maybe := func(name string) bool { return rapid.IntRange(0, 15).Draw(t, name) == 13 }
	i := &s.c.Invoice
	i.Status = rapid.SampledFrom([]schema.InvoiceStatus{schema.StatusConfirmed, schema.StatusPaid, schema.StatusCreated, schema.StatusCancelled}).Draw(t, "status")
	i.Total = usd(0)
	i.Lines = nil
	for range rapid.SampledFrom([]int{1, 2, 3, 4, 0}).Draw(t, "lines") {
		line := schema.Line{
			Concept: rapid.SampledFrom([]string{"FIXED_PAYMENT", "FIXED_PAYMENT", "BONUS", "BONUS", "NEW", ""}).Draw(t, "concept"),
			Amount:  usd(rapid.SampledFrom([]int64{1, 1, 1, -1}).Draw(t, "sign") * rapid.Int64Range(0, 1_000_000).Draw(t, "amount")),
		}
		i.Lines = append(i.Lines, line)
		i.Total, _ = i.Total.Add(line.Amount)
	}
	if maybe("mismatch") {
		i.Total, _ = i.Total.Add(usd(1))
	}
	if rapid.Bool().Draw(t, "euro") {
		minor := i.Total.Minor()
		s.euro()
		i.Total = schema.NewMoney(minor, "EUR")
	}
	for _, wrong := range []struct {
		name   string
		change func()
	}{
		{"no contract", func() { s.c.Contracts = nil }},
		{"no rate", func() { i.Rate = "" }},
		{"no date", func() { i.IssueDate = schema.Date{} }},
		{"no vendor", func() {
			s.c.Payee = vendors.Resolution{Hold: schema.Hold{Reason: schema.HoldUnresolvedVendor, Detail: "d", NextStep: "n"}}
		}},
		{"not looked up", func() { s.c.Payee = vendors.Resolution{} }},
		{"closed", func() { s.books.CloseDate = schema.NewDate(2026, 6, 30) }},
		{"single", func() { s.books.MultiCurrency = false }},
		{"unread", func() { s.books = schema.Books{} }},
		{"problem", func() { i.Problems = []schema.Problem{{Field: "total_amount", Detail: "is missing"}} }},
	} {
		if maybe(wrong.name) {
			wrong.change()
		}
	}
	return s
}

func BenchmarkDrafter_Draft(b *testing.B) {
	s := ready()
	d := transform.NewDrafter(s.policy, s.rules, s.books)
	b.ReportAllocs()
	for b.Loop() {
		d.Draft(s.c)
	}
}

// Whoever has to correct the configuration is told what it may say.
func TestDrafter_NamesPayablesThatThePolicyMayName(t *testing.T) {
	t.Parallel()
	s := ready()
	s.policy.PayableAccounts = map[schema.Currency]schema.AccountID{"USD": "99"}
	next := func() string { return transform.NewDrafter(s.policy, s.rules, s.books).Draft(s.c).Holds[0].NextStep }
	require.Equal(t, "correct policy.payable_accounts in the configuration: QuickBooks has 33 (Accounts Payable (A/P))", next())
	s.books.Accounts[0].Active = false
	require.Equal(t, "correct policy.payable_accounts in the configuration: QuickBooks has no active account of type Accounts Payable in USD, "+
		"so create one there first", next())
}
