package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/load"
	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// account is an account of the company by its name.
func (b *bench) account(name string) schema.AccountID {
	b.t.Helper()
	for _, a := range records[quickbooks.Account](b, "Account") {
		if a.Name == name {
			return schema.AccountID(a.ID)
		}
	}
	require.Fail(b.t, "no account", name)
	return ""
}

const wallet = "Payroll Wallet"

// payment pays a draft in full, ten days after its date.
func (b *bench) payment(d schema.Draft, changes ...func(*schema.Payment)) schema.Task {
	t := schema.Task{
		Company: acme, Kind: schema.PostPayment, Subject: schema.PaymentSubject(d.Invoice), Invoice: d.Invoice,
		Payment: schema.Payment{Source: "pay_1", On: d.TxnDate.AddDays(10), Amount: d.Total, Account: b.account(wallet), Worker: "77"},
	}
	for _, change := range changes {
		change(&t.Payment)
	}
	return t.Seal()
}

func (b *bench) payments() []quickbooks.BillPayment {
	return records[quickbooks.BillPayment](b, "BillPayment")
}

// pay is what somebody else pays of a bill.
func (b *bench) pay(d schema.Draft, bill, amount string) string {
	b.t.Helper()
	id, err := b.sim.Create("", "BillPayment", map[string]any{
		"VendorRef": map[string]any{"value": string(d.Vendor)}, "PayType": "Check", "TotalAmt": amount, "DocNumber": "typed in",
		"CheckPayment": map[string]any{"BankAccountRef": map[string]any{"value": string(b.account("Checking"))}},
		"Line":         []any{map[string]any{"Amount": amount, "LinkedTxn": []any{map[string]any{"TxnId": bill, "TxnType": "Bill"}}}},
	})
	require.NoError(b.t, err)
	return id
}

// billed is a company with one bill that was read back and is in the mirror.
func billed(t *testing.T, options ...option) (*bench, schema.Draft) {
	t.Helper()
	b := setup(t, options...)
	d := b.draft(1, today)
	b.record(d)
	b.cycle()
	b.mirror()
	return b, d
}

func TestLoader_Payments(t *testing.T) {
	t.Parallel()

	within(t, "PayTheBillAndAreReadBack", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		task := b.payment(d)
		b.ask(task)

		result := b.cycle()

		require.Equal(t, load.Tally{Posted: 1}, result.Payments)
		require.Equal(t, 1, result.Exact)
		require.Len(t, b.payments(), 1)
		got := b.payments()[0]
		require.Equal(t, string(d.Vendor), got.VendorRef.Value)
		require.Equal(t, "Check", got.PayType)
		require.Equal(t, string(b.account(wallet)), got.CheckPayment.BankAccountRef.Value)
		require.Equal(t, string(payable), got.APAccountRef.Value)
		require.Equal(t, d.TxnDate.AddDays(10).String(), got.TxnDate)
		require.Equal(t, "1020", got.TotalAmt.String())
		require.Equal(t, d.DocNumber, got.DocNumber)
		require.Contains(t, got.PrivateNote, "Paid through Ontop, payment pay_1\n[tieout "+string(task.ID))
		require.Equal(t, []quickbooks.LinkedTxn{{TxnID: string(b.bill(d).Document), TxnType: "Bill"}}, got.Line[0].LinkedTxn)
		require.Equal(t, "0", b.bills()[0].Balance.String())
		v := b.proof(task)
		require.Equal(t, schema.VerifiedExact, v.Result)
		require.Equal(t, schema.PostPayment, v.Kind)
		require.Equal(t, d.Total, v.Total)
		require.Equal(t, load.Result{}, b.cycle(), "and only once")
	})

	within(t, "LeaveTheVerificationOfTheirBillAlone", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		before := b.verificationNow(d)
		b.ask(b.payment(d))
		b.cycle()
		// QuickBooks may move the version of a bill on when it is paid.
		require.NoError(t, b.sim.Edit("", "Bill", string(b.bill(d).Document), map[string]any{"PrivateNote": b.bills()[0].PrivateNote}))
		sleep(hour)

		result := b.mirror()

		require.Equal(t, 2, result.Checked, "the bill and the payment")
		require.Zero(t, result.Drifted)
		require.Equal(t, before, b.verificationNow(d))
		require.True(t, b.mirrored()[b.bill(d).Document].Balance.IsZero())
	})

	within(t, "BodyIsTheSameBytesEachTime", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		task := b.payment(d, func(p *schema.Payment) { p.Source = "" })
		b.ask(task)
		b.cycle()
		requireBytes(t, `{"VendorRef":{"value":"`+string(d.Vendor)+`"},"PayType":"Check","CheckPayment":{"BankAccountRef":{"value":"`+
			string(b.account(wallet))+`"}},"DocNumber":"INV-1","TxnDate":"`+task.Payment.On.String()+
			`","APAccountRef":{"value":"33"},"PrivateNote":"Paid through Ontop\n`+markOfTask(t, b.task(task))+`","TotalAmt":1020,`+
			`"Line":[{"Amount":1020,"LinkedTxn":[{"TxnId":"`+string(b.bill(d).Document)+`","TxnType":"Bill"}]}]}`, b.task(task).Body)
	})

	within(t, "ForeignOnesCarryTheRateOfTheBill", func(t *testing.T) {
		t.Helper()
		b, d := foreign(t)
		task := b.payment(d)
		b.ask(task)

		require.Equal(t, load.Tally{Posted: 1}, b.cycle().Payments, "%+v", b.task(task).Fault)

		got := b.payments()[0]
		require.Equal(t, "EUR", got.CurrencyRef.Value)
		require.Equal(t, "1.0847", got.ExchangeRate.String())
		require.Equal(t, string(d.Payable), got.APAccountRef.Value)
		require.Equal(t, schema.VerifiedExact, b.proof(task).Result, "%+v", b.proof(task))
		require.Equal(t, schema.NewMoney(123_456, "EUR"), b.proof(task).Total)
	})

	within(t, "WaitUntilTheBillWasReadBack", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		b.record(d)
		b.ask(b.payment(d))
		b.failOnce("RecordVerifications", false)
		_, err := b.loader.RunOnce(t.Context())
		require.Error(t, err)
		require.Empty(t, b.payments())

		b.cycle()

		require.Len(t, b.payments(), 1)
	})

	within(t, "AreSentTogether", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		var tasks []schema.Task
		for _, d := range b.due(3) {
			tasks = append(tasks, b.payment(d))
		}
		b.ask(tasks...)
		b.cycle()

		require.Equal(t, b.task(tasks[0]).Batch, b.task(tasks[2]).Batch)
		require.Len(t, b.payments(), 3)
	})

	within(t, "CostNothingWhereThereAreNone", func(t *testing.T) {
		t.Helper()
		b, _ := billed(t)
		b.cycle()
		asked := b.sim.Stats().CorePlus
		var calls []string
		b.store.Inject(observer(&calls))

		b.cycle()

		require.Equal(t, asked, b.sim.Stats().CorePlus)
		require.Equal(t, len(schema.TaskKinds()), count(calls, "DueTasks"))
		require.Zero(t, count(calls, "UnverifiedTasks"))
		require.Equal(t, 2*2, count(calls, "OpenPostings"), "of vendors and bills")
	})
}

// foreign is a company with a bill in euros.
func foreign(t *testing.T) (*bench, schema.Draft) {
	t.Helper()
	b := setup(t, withRealm(func(r *quickbookstest.Realm) { r.MultiCurrency = true }))
	payee := b.payee("Grace Hopper", func(p *schema.Payee) { p.Key = "worker:9:EUR" })
	b.cycle()
	books, err := b.loader.RefreshBooks(t.Context())
	require.NoError(t, err)
	d := b.draft(1, today, func(d *schema.Draft) {
		d.Vendor, d.Currency, d.Rate = b.payeeNow(payee.Key).Vendor, "EUR", "1.0847"
		d.Lines = []schema.DraftLine{{ItemID: "1", Amount: schema.NewMoney(123_456, "EUR"), Account: contractors}}
		for _, account := range books.Accounts {
			if account.SubType == "AccountsPayable" && account.Currency == "EUR" {
				d.Payable = account.ID
			}
		}
	})
	b.record(d)
	b.cycle()
	b.mirror()
	return b, d
}

// What is refused is refused before anything is sent, with the field, the value and
// a way out.
func TestLoader_PaymentsThatAreNotMade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []option
		prepare func(*bench, schema.Draft)
		change  func(*bench, *schema.Payment)
		code    string
		says    string
	}{
		"PartlyPaid": {
			prepare: func(b *bench, d schema.Draft) { b.pay(d, string(b.bill(d).Document), "20.00") },
			code:    "partly_paid", says: "of which 1000.00 USD is owed",
		},
		"AnotherAmountThanTheBill": {
			change: func(_ *bench, p *schema.Payment) { p.Amount = schema.NewMoney(90_000, "USD") },
			code:   "amount_differs", says: "paid 900.00 USD",
		},
		"AnotherCurrencyThanTheBill": {
			change: func(_ *bench, p *schema.Payment) { p.Amount = schema.NewMoney(p.Amount.Minor(), "EUR") },
			code:   "amount_differs", says: "paid 1020.00 EUR",
		},
		"TheBillHasAnotherAmountNow": {
			prepare: func(b *bench, d schema.Draft) {
				require.NoError(b.t, b.sim.Edit("", "Bill", string(b.bill(d).Document), map[string]any{"Line": []any{map[string]any{
					"Amount": "5.00", "DetailType": "AccountBasedExpenseLineDetail",
					"AccountBasedExpenseLineDetail": map[string]any{"AccountRef": map[string]any{"value": "8"}},
				}}}))
			},
			code: "bill_edited", says: "amount is 5.00 USD, was posted as 1020.00 USD",
		},
		"TheBillHasAnotherVendorNow": {
			prepare: func(b *bench, d schema.Draft) {
				other, err := b.sim.Create("", "Vendor", map[string]any{"DisplayName": "Other"})
				require.NoError(b.t, err)
				require.NoError(b.t, b.sim.Edit("", "Bill", string(b.bill(d).Document), map[string]any{"VendorRef": map[string]any{"value": other}}))
			},
			code: "bill_edited", says: "vendor is ",
		},
		"TheInvoiceWasCorrected": {
			prepare: func(b *bench, d schema.Draft) {
				b.ask(b.correction(d, 1, asCredit))
				b.cycle()
				require.Len(b.t, b.credits(), 1)
			},
			code: "corrected", says: "has the correction inv-00001:1.1",
		},
		"NoBankAccount": {
			change: func(_ *bench, p *schema.Payment) { p.Account = "" },
			code:   "account_not_usable", says: "none is set",
		},
		"BankAccountThatIsMissing": {
			change: func(_ *bench, p *schema.Payment) { p.Account = "9999" },
			code:   "account_not_usable", says: `wallet account "9999", which policy.payment_account names: QuickBooks has no such account`,
		},
		"BankAccountThatIsNone": {
			change: func(_ *bench, p *schema.Payment) { p.Account = contractors },
			code:   "account_not_usable", says: "of type Expense, not Bank",
		},
		"BankAccountThatIsInactive": {
			prepare: func(b *bench, _ schema.Draft) {
				require.NoError(b.t, b.sim.Deactivate("", "Account", string(b.account(wallet))))
			},
			code: "account_not_usable", says: " is inactive",
		},
		"BankAccountInAnotherCurrency": {
			options: []option{withRealm(func(r *quickbookstest.Realm) { r.MultiCurrency = true })},
			change: func(b *bench, p *schema.Payment) {
				id, err := b.sim.Create("", "Account", map[string]any{
					"Name": "Euros", "AccountType": "Bank", "AccountSubType": "Checking", "CurrencyRef": map[string]any{"value": "EUR"},
				})
				require.NoError(b.t, err)
				p.Account = schema.AccountID(id)
			},
			code: "account_not_usable", says: "Euros is in EUR, not in USD",
		},
		"NoDate": {
			change: func(_ *bench, p *schema.Payment) { p.On = schema.Date{} },
			code:   "incomplete_draft", says: "no date",
		},
	} {
		within(t, name, func(t *testing.T) {
			t.Helper()
			b, d := billed(t, c.options...)
			task := b.payment(d)
			if c.prepare != nil {
				c.prepare(b, d)
			}
			if c.change != nil {
				task = b.payment(d, func(p *schema.Payment) { c.change(b, p) })
			}
			sleep(hour)
			b.mirror()
			b.ask(task)
			before := len(b.payments())

			require.Equal(t, load.Tally{Declined: 1}, b.cycle().Payments)

			p := b.task(task)
			require.Equal(t, schema.PostingDeclined, p.State)
			require.Equal(t, c.code, p.Fault.Code)
			require.Contains(t, p.Fault.Detail+p.Fault.Meaning, c.says)
			require.NotEmpty(t, p.Fault.Meaning)
			require.NotEmpty(t, p.Fault.Next)
			if c.code != "incomplete_draft" {
				require.Regexp(t, `tieout payments (retry|skip) inv-00001:payment`, p.Fault.Next)
			}
			require.NotEqual(t, schema.OwnerNobody, p.Fault.Owner)
			require.Zero(t, p.Attempt, "nothing was ever named")
			require.Len(t, b.payments(), before)
			b.cycle()
			require.Equal(t, p, b.task(task), "it waits for a person")
		})
	}

	within(t, "WhatSomebodyPaidIsDoneWith", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		b.pay(d, string(b.bill(d).Document), d.Total.Decimal())
		sleep(hour)
		b.mirror()
		task := b.payment(d)
		b.ask(task)

		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Payments)

		p := b.task(task)
		require.Equal(t, "already_paid", p.Fault.Code)
		require.Equal(t, schema.OwnerNobody, p.Fault.Owner)
		require.Len(t, b.payments(), 1)
		latest, err := b.store.LatestTasks(t.Context(), acme, task.Kind, []string{task.Subject})
		require.NoError(t, err)
		require.Equal(t, schema.TaskAccepted, latest[task.Subject].State)
		require.Equal(t, "tieout", latest[task.Subject].By)
		waiting, err := b.store.WaitingTasks(t.Context(), acme)
		require.NoError(t, err)
		require.Empty(t, waiting)
		require.Equal(t, load.Tally{}, b.cycle().Payments)
	})

	within(t, "ACorrectionThatWaitsIsWaitedFor", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		correction, task := b.correction(d, 1), b.payment(d)
		correction.State = schema.TaskProposed
		b.ask(correction)
		b.ask(task)
		b.cycle()
		require.Equal(t, "correction_undecided", b.task(task).Fault.Code)
		require.Empty(t, b.payments())

		correction.State = schema.TaskAccepted
		sleep(time.Second)
		b.ask(correction)
		sleep(hour)
		b.cycle()

		require.Len(t, b.payments(), 1)
		require.Equal(t, schema.PostingPosted, b.task(task).State)
	})

	within(t, "WhatWasPaidSinceTheLastLookIsRefusedByQuickBooks", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		b.pay(d, string(b.bill(d).Document), d.Total.Decimal())
		task := b.payment(d)
		b.ask(task)

		require.Equal(t, load.Tally{Declined: 1}, b.cycle().Payments)

		require.Equal(t, "6000", b.task(task).Fault.Code)
		require.Len(t, b.payments(), 1)
		sleep(hour)
		b.mirror()
		b.again(task)
		b.cycle()
		require.Equal(t, "already_paid", b.task(task).Fault.Code, "looked at again, it is told apart")
	})

	within(t, "ABillThatTheMirrorDoesNotHaveIsWaitedFor", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today)
		b.record(d)
		_, err := b.loader.Bills(t.Context())
		require.NoError(t, err)
		p := b.bill(d)
		require.NoError(t, b.store.RecordVerifications(t.Context(), []schema.Verification{{
			Company: acme, Kind: schema.PostBill, Subject: p.Subject, Draft: p.Draft, Document: p.Document, Result: schema.VerifiedExact,
			Total: d.Total, RecordedAt: time.Now(),
		}}))
		task := b.payment(d)
		b.ask(task)
		b.cycle()
		require.Equal(t, "not_mirrored", b.task(task).Fault.Code)
		require.False(t, b.task(task).RetryAt.IsZero())
		b.mirror()
		sleep(hour)

		b.cycle()

		require.Equal(t, schema.PostingPosted, b.task(task).State)
	})

	within(t, "AVendorCreditIsNotPaid", func(t *testing.T) {
		t.Helper()
		b := setup(t)
		d := b.draft(1, today, credit)
		b.record(d)
		b.cycle()
		task := b.payment(d)
		b.ask(task)

		b.cycle()

		require.Equal(t, "not_payable", b.task(task).Fault.Code)
		require.Contains(t, b.task(task).Fault.Detail, "vendor credit ")
		require.Empty(t, b.payments())
	})

	within(t, "ADeletedBillIsNotPaid", func(t *testing.T) {
		t.Helper()
		b, d := billed(t)
		require.NoError(t, b.sim.Delete("", "Bill", string(b.bill(d).Document)))
		task := b.payment(d)
		b.ask(task)

		// The mirror has not seen it yet: QuickBooks says it.
		b.cycle()
		p := b.task(task)
		require.Equal(t, schema.PostingDeclined, p.State)
		require.Equal(t, "610", p.Fault.Code)
		require.True(t, p.RetryAt.IsZero())
		sleep(hour)
		b.mirror()
		b.again(task)
		b.cycle()
		require.Equal(t, p, b.task(task), "nor is it due when the mirror has seen it")
	})
}
