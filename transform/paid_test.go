package transform_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema"
	"github.com/tieout/tieout/schema/store/storetest"
	"github.com/tieout/tieout/transform"
)

// banking records payments and top-ups, between accounts that the books have.
func banking(c *transform.Config) {
	c.Policy.RecordPayments, c.Policy.RecordTopUps = true, true
	c.Policy.WalletAccount, c.Policy.FundingAccount = "40", "41"
}

func bankChart() schema.Books {
	books := chart()
	books.Accounts = append(books.Accounts,
		schema.Account{ID: "40", Name: "Ontop wallet", Type: "Bank", Currency: "USD", Active: true},
		schema.Account{ID: "41", Name: "Checking", Type: "Bank", Active: true},
		schema.Account{ID: "42", Name: "Euro account", Type: "Bank", Currency: "EUR", Active: true},
		schema.Account{ID: "43", Name: "Old wallet", Type: "Bank", Currency: "USD"},
		schema.Account{ID: "44", Name: "Dinars", Type: "Bank", Currency: "KWD", Active: true},
		schema.Account{ID: "45", Name: "More dinars", Type: "Bank", Currency: "KWD", Active: true},
	)
	books.ReadAt = readAt.Add(time.Second)
	return books
}

func bankWorld(t *testing.T, change ...func(*transform.Config)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*transform.Config){banking}, change...)...)
	require.NoError(t, w.store.RecordBooks(t.Context(), bankChart()))
	w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract().with(object{"worker_email": "Jane@example.com"})))
	w.run(t)
	return w
}

func paidInvoice(at string) object {
	return invoice().with(object{"status": "PAID", "paid_at": at, "updated_at": "2026-02-03T00:00:00Z"})
}

func payment() object {
	return object{
		"payment_id": 71, "client_id": 999, "worker_id": 77, "paylist_id": 4, "email": "jane@example.com", "transaction_status": "SUCCESS",
		"transaction_amount": 1100.00, "transaction_date_time": 1770076800.5, // 2026-02-03T00:00:00.5Z
	}
}

// task returns the newest task of a kind and subject.
func (w *world) task(t *testing.T, kind schema.PostingKind, subject string) schema.Task {
	t.Helper()
	found, err := w.store.LatestTasks(t.Context(), "acme", kind, []string{subject})
	require.NoError(t, err)
	return found[subject]
}

func TestTransformer_RecordsPayments(t *testing.T) {
	t.Parallel()

	t.Run("OfInvoicesThatArePaid", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02T23:30:00-05:00")))
		w.run(t)
		require.Equal(t, schema.Task{
			Company: "acme", Kind: schema.PostPayment, Subject: "555:payment", Invoice: "555", State: schema.TaskReady, By: "tieout",
			Payment: schema.Payment{On: schema.NewDate(2026, 2, 3), Amount: usd(110_000), Account: "40"},
		}.Seal(), unstamped(w.task(t, schema.PostPayment, "555:payment")))
		require.False(t, w.run(t).Changed())
	})

	t.Run("NotBelowZeroNorUnpaidNorAgainstThePolicy", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t,
			deliver("i", 2, "INVOICE_CONFIRMED", invoice()),
			deliver("j", 3, "INVOICE_PAID", paidInvoice("2026-02-02").with(object{"invoice_id": 556, "total_amount": -5, "items": []object{}})))
		require.Empty(t, w.run(t).Tasks)
		off := newWorld(t)
		off.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02")))
		require.Empty(t, off.run(t).Tasks)
	})

	t.Run("HeldUntilTheDayIsKnown", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("i", 2, "INVOICE_PAID", invoice()))
		w.run(t)
		task := w.task(t, schema.PostPayment, "555:payment")
		require.Equal(t, schema.TaskHeld, task.State)
		require.Equal(t, "status is PAID and paid_at is missing: it is not known on which day invoice 555 was paid", task.Hold.Detail)
		w.stage(t, deliver("p", 3, "PAYMENT", payment()))
		w.run(t)
		require.Equal(t, schema.TaskReady, w.task(t, schema.PostPayment, "555:payment").State)
	})

	t.Run("HeldUntilTheWalletCanBeUsed", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t, func(c *transform.Config) { c.Policy.WalletAccount = "43" })
		w.stage(t, deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02")))
		w.run(t)
		require.Equal(t, `account 43 "Old wallet", which policy.payment_account names, is inactive in QuickBooks`,
			w.task(t, schema.PostPayment, "555:payment").Hold.Detail)
		w.post(t)
		books := bankChart()
		books.Accounts[8].Active, books.ReadAt = true, readAt.Add(time.Hour)
		require.NoError(t, w.store.RecordBooks(t.Context(), books))
		w.run(t)
		require.Equal(t, schema.TaskReady, w.task(t, schema.PostPayment, "555:payment").State)
	})

	t.Run("HeldWhereTheWalletIsNoneThatMoneyMovesThrough", func(t *testing.T) {
		t.Parallel()
		for account, says := range map[schema.AccountID]string{
			"70": `account 70 "Base pay", which policy.payment_account names, is of type Expense, and money moves through accounts of type Bank`,
			"99": "account 99, which policy.payment_account names, is not in QuickBooks",
			"42": `account 42 "Euro account", which policy.payment_account names, is in EUR, and a bill in USD is paid from an account in USD`,
		} {
			w := bankWorld(t, func(c *transform.Config) { c.Policy.WalletAccount = account })
			w.stage(t, deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02")))
			w.run(t)
			task := w.task(t, schema.PostPayment, "555:payment")
			require.Equal(t, schema.TaskHeld, task.State)
			require.Equal(t, says, task.Hold.Detail)
			if account != "42" {
				require.Equal(t, "correct policy.payment_account in the configuration: QuickBooks has "+
					"40 (Ontop wallet), 41 (Checking), 42 (Euro account), 44 (Dinars), 45 (More dinars)", task.Hold.NextStep)
			}
			w.post(t)
			w.restart(t, banking)
			w.run(t)
			task = w.task(t, schema.PostPayment, "555:payment")
			require.Equal(t, schema.TaskReady, task.State)
			require.Equal(t, schema.AccountID("40"), task.Payment.Account)
			require.False(t, w.run(t).Changed())
		}
	})

	t.Run("FromTheAccountOfTodayOnceItWasDeclined", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02")), deliver("t", 3, "CLIENT_WALLET_TOP_UP", topUp()))
		w.run(t)
		w.post(t)
		w.decline(t, schema.PostPayment, "555:payment")
		w.decline(t, schema.PostTransfer, "top_up:51")
		require.False(t, w.run(t).Changed(), "what is recorded again is tried again")
		w.restart(t, banking, func(c *transform.Config) { c.Policy.WalletAccount = "46" })
		books := bankChart()
		books.Accounts = append(books.Accounts, schema.Account{ID: "46", Name: "New wallet", Type: "Bank", Currency: "USD", Active: true})
		books.ReadAt = readAt.Add(time.Hour)
		require.NoError(t, w.store.RecordBooks(t.Context(), books))
		w.run(t)
		require.Equal(t, schema.AccountID("46"), w.task(t, schema.PostPayment, "555:payment").Payment.Account)
		require.Equal(t, schema.AccountID("46"), w.task(t, schema.PostTransfer, "top_up:51").Transfer.To)
		for _, kind := range []schema.PostingKind{schema.PostPayment, schema.PostTransfer} {
			due, err := w.store.DueTasks(t.Context(), "acme", kind, start.Add(48*time.Hour), 10)
			require.NoError(t, err)
			require.Len(t, due, 1, "%s", kind)
		}
		require.False(t, w.run(t).Changed())
	})

	t.Run("CancelledAfterwardsIsForAPerson", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02")))
		w.run(t)
		w.stage(t, deliver("j", 3, "INVOICE_CANCELLED", invoice().with(object{"updated_at": second})))
		w.run(t)
		require.Equal(t, "invoice 555 was cancelled after it was paid on 2026-02-02: it is not known whether the money came back",
			w.task(t, schema.PostPayment, "555:payment").Hold.Detail)
		require.False(t, w.run(t).Changed())
	})
}

// decline records that the newest task of a subject was declined for a person.
func (w *world) decline(t *testing.T, kind schema.PostingKind, subject string) {
	t.Helper()
	task := w.task(t, kind, subject)
	require.NoError(t, w.store.RecordPostings(t.Context(), []schema.Posting{{
		Company: "acme", Kind: kind, Subject: subject, Draft: task.ID, State: schema.PostingDeclined, RecordedAt: start.Add(time.Hour),
		Fault: schema.Fault{Code: "account_not_usable", Detail: "is inactive", Owner: schema.OwnerFinance},
	}}))
}

func unstamped(task schema.Task) schema.Task {
	task.RecordedAt = time.Time{}
	return task
}

func TestTransformer_MatchesPayments(t *testing.T) {
	t.Parallel()

	t.Run("ByWorkerAndAmount", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("i", 2, "INVOICE_CONFIRMED", invoice()), deliver("p", 3, "PAYMENT", payment()))
		result := w.run(t)
		require.Equal(t, 2, result.Outcomes[schema.OutcomeApplied])
		task := w.task(t, schema.PostPayment, "555:payment")
		require.Equal(t, schema.TaskReady, task.State)
		require.Equal(t, schema.Payment{
			Source: "71", On: schema.NewDate(2026, 2, 3), Amount: usd(110_000), Account: "40", Worker: "77",
		}, task.Payment)
		require.False(t, w.run(t).Changed())
	})

	t.Run("ByAnEMailThatIsOneWorkers", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("i", 2, "INVOICE_CONFIRMED", invoice()),
			deliver("p", 3, "PAYMENT", payment().with(object{"worker_id": nil, "email": " JANE@example.com"})))
		w.run(t)
		require.Equal(t, "71", w.task(t, schema.PostPayment, "555:payment").Payment.Source)
	})

	t.Run("NotByAnEMailThatTwoHave", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		other := contract().with(object{"agreement_id": 13, "worker_id": 78, "first_name": "Joan", "worker_email": "jane@example.com"})
		w.stage(t, deliver("d", 2, "CONTRACT_CREATED", other), deliver("i", 3, "INVOICE_CONFIRMED", invoice()),
			deliver("j", 4, "INVOICE_CONFIRMED", invoice().with(object{"invoice_id": 556, "agreement_id": 13, "worker_id": 78, "total_amount": 1})),
			deliver("p", 5, "PAYMENT", payment().with(object{"worker_id": nil})))
		w.run(t)
		require.Equal(t, schema.TaskHeld, w.task(t, schema.PostPayment, "payment:71").State)
		require.Contains(t, w.task(t, schema.PostPayment, "payment:71").Hold.Detail, "no worker has that e-mail, or several have")
	})

	t.Run("OnceTheInvoiceIsThere", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("p", 2, "PAYMENT", payment()))
		w.run(t)
		require.Contains(t, w.task(t, schema.PostPayment, "payment:71").Hold.Detail, "payment 71, 1100.00 USD on 2026-02-03 to worker 77, fits no unpaid invoice")
		require.False(t, w.run(t).Changed())
		w.stage(t, deliver("i", 3, "INVOICE_CONFIRMED", invoice()))
		w.run(t)
		require.Equal(t, schema.TaskAccepted, w.task(t, schema.PostPayment, "payment:71").State)
		require.Equal(t, schema.TaskReady, w.task(t, schema.PostPayment, "555:payment").State)
	})

	t.Run("NothingIsPaidTwiceInWhateverOrder", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) {
			deliveries := rapid.Permutation([]schema.Delivery{
				deliver("i", 2, "INVOICE_CONFIRMED", invoice()), deliver("j", 3, "INVOICE_PAID", paidInvoice("2026-02-02T12:00:00Z")),
				deliver("p", 4, "PAYMENT", payment()), deliver("q", 5, "PAYMENT", payment()),
			}).Draw(rt, "order")
			w := bankWorld(t)
			for _, delivery := range deliveries {
				w.stage(t, delivery)
				if rapid.Bool().Draw(rt, "round") {
					w.run(t)
				}
			}
			w.run(t)
			require.False(t, w.run(t).Changed())
			require.Equal(rt, map[string]schema.TaskState{"555:payment": schema.TaskReady, "payment:71": schema.TaskAccepted},
				states(w.tasks(t, schema.PostPayment)))
			task := w.task(t, schema.PostPayment, "555:payment")
			require.Equal(rt, "71", task.Payment.Source)
			require.Equal(rt, schema.NewDate(2026, 2, 3), task.Payment.On)
		})
	})

	t.Run("NotedWithoutThePolicy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("p", 1, "PAYMENT", payment()), deliver("t", 2, "CLIENT_WALLET_TOP_UP", topUp()))
		require.Equal(t, 2, w.run(t).Outcomes[schema.OutcomeNoted])
		require.Empty(t, w.task(t, schema.PostPayment, "payment:71").State)
		require.Empty(t, w.task(t, schema.PostTransfer, "top_up:51").State)
		require.Contains(t, w.store.lastDetail, "policy.record_payments is off, so that nothing is recorded; "+
			"once it is on, tieout replay --type PAYMENT --from TIME --to TIME brings in what came before\n")
		require.Contains(t, w.store.lastDetail, "policy.record_top_ups is off, so that nothing is recorded; "+
			"once it is on, tieout replay --type CLIENT_WALLET_TOP_UP --from TIME --to TIME brings in what came before\n")
	})

	t.Run("ByAReplayOnceThePolicyIsOn", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.stage(t, deliver("c", 1, "CONTRACT_CREATED", contract()), deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02")),
			deliver("p", 3, "PAYMENT", payment()), deliver("t", 4, "CLIENT_WALLET_TOP_UP", topUp()))
		w.run(t)
		w.post(t)
		w.restart(t, banking)
		require.NoError(t, w.store.RecordBooks(t.Context(), bankChart()))
		w.run(t)
		require.Empty(t, w.tasks(t, schema.PostPayment), "nothing is done by itself about what is in the books")
		w.replay(t, transform.Replay{})
		w.run(t)
		require.Equal(t, "71", w.task(t, schema.PostPayment, "555:payment").Payment.Source)
		require.Equal(t, schema.TaskReady, w.task(t, schema.PostPayment, "555:payment").State)
		require.Equal(t, schema.TaskReady, w.task(t, schema.PostTransfer, "top_up:51").State)
		require.Zero(t, w.replay(t, transform.Replay{}).Tasks)
	})

	t.Run("OutcomesAreTruthful", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]struct {
			change object
			kind   schema.OutcomeKind
			detail string
		}{
			"failed":            {object{"transaction_status": "FAILED"}, schema.OutcomeNoted, `payment 72 has transaction_status "FAILED" and not SUCCESS`},
			"without a status":  {object{"transaction_status": nil}, schema.OutcomeNoted, `transaction_status ""`},
			"no amount":         {object{"transaction_amount": nil}, schema.OutcomeUnreadable, `transaction_amount is ""`},
			"no money":          {object{"transaction_amount": 0}, schema.OutcomeUnreadable, `send an amount in USD above zero`},
			"too many decimals": {object{"transaction_amount": "1.001"}, schema.OutcomeUnreadable, `transaction_amount is "1.001"`},
			"no number":         {object{"transaction_amount": "much"}, schema.OutcomeUnreadable, `transaction_amount is "much"`},
			"another client":    {object{"client_id": 1}, schema.OutcomeForeign, "client_id 1"},
			"without an id":     {object{"payment_id": nil}, schema.OutcomeUnreadable, "payment_id: is missing"},
			"contradiction":     {object{"payment_id": 71, "transaction_amount": 5}, schema.OutcomeUnreadable, "payment 71 was 1100.00 USD on 2026-02-03 to worker 77 before, and is 5.00 USD"},
			"repetition":        {object{"payment_id": 71}, schema.OutcomeUnchanged, ""},
			"good":              {object{}, schema.OutcomeApplied, ""},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := bankWorld(t)
				w.stage(t, deliver("p", 2, "PAYMENT", payment()))
				w.run(t)
				w.stage(t, deliver("q", 3, "PAYMENT", payment().with(object{"payment_id": 72}).with(c.change)))
				require.Equal(t, map[schema.OutcomeKind]int{c.kind: 1}, w.run(t).Outcomes)
				require.Contains(t, w.details(t), c.detail)
				require.False(t, w.run(t).Changed())
			})
		}
	})
}

// details is what all outcomes say that are listed for a person, and what the store
// recorded last.
func (w *world) details(t *testing.T) string {
	t.Helper()
	text := w.store.lastDetail
	for _, trouble := range w.intake(t).Troubles {
		text += trouble.Detail + "\n"
	}
	return text
}

func topUp() object {
	return object{"transaction_id": 51, "transaction_type": "TRANSFER", "amount": 25000.5, "reference_id": "WIRE-0042"}
}

func TestTransformer_RecordsTopUps(t *testing.T) {
	t.Parallel()

	t.Run("AsTransfersOfTheDayOfReceipt", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("t", 2, "CLIENT_WALLET_TOP_UP", topUp()))
		result := w.run(t)
		require.Equal(t, 1, result.Outcomes[schema.OutcomeApplied])
		require.Equal(t, schema.Task{
			Company: "acme", Kind: schema.PostTransfer, Subject: "top_up:51", State: schema.TaskReady, By: "tieout",
			Transfer: schema.Transfer{
				TopUp: "51", Reference: "WIRE-0042", On: schema.DateOf(start), Amount: usd(2_500_050), From: "41", To: "40",
			},
		}.Seal(), unstamped(w.task(t, schema.PostTransfer, "top_up:51")))
		require.False(t, w.run(t).Changed())
	})

	t.Run("OnceHoweverOftenItComes", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("t", 2, "CLIENT_WALLET_TOP_UP", []object{topUp(), topUp()}), deliver("u", 3, "CLIENT_WALLET_TOP_UP", topUp()))
		result := w.run(t)
		require.Equal(t, map[schema.OutcomeKind]int{schema.OutcomeApplied: 1, schema.OutcomeUnchanged: 1}, result.Outcomes)
		require.Equal(t, map[transform.TaskCount]int{{Kind: schema.PostTransfer, State: schema.TaskReady}: 1}, result.Tasks)
	})

	t.Run("HeldWhereItSaysAnotherAmountNow", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t)
		w.stage(t, deliver("t", 2, "CLIENT_WALLET_TOP_UP", topUp()))
		w.run(t)
		w.stage(t, deliver("u", 3, "CLIENT_WALLET_TOP_UP", topUp().with(object{"amount": "26000"})))
		require.Equal(t, 1, w.run(t).Outcomes[schema.OutcomeUnreadable])
		task := w.task(t, schema.PostTransfer, "top_up:51")
		require.Equal(t, schema.TaskHeld, task.State)
		require.Equal(t, "amount of top-up 51 was 25000.50 before, and is 26000 now", task.Hold.Detail)
		require.Contains(t, w.details(t), task.Hold.Detail)
		require.False(t, w.run(t).Changed(), "looking again does not say which of them is right")
		w.stage(t, deliver("v", 4, "CLIENT_WALLET_TOP_UP", topUp()))
		w.run(t)
		require.Equal(t, schema.TaskHeld, w.task(t, schema.PostTransfer, "top_up:51").State)
	})

	t.Run("HeldUntilItFitsTheAccounts", func(t *testing.T) {
		t.Parallel()
		for detail, c := range map[string]struct {
			change func(*transform.Config)
			data   object
		}{
			"account 99, which policy.payment_account names, is not in QuickBooks":     {func(c *transform.Config) { c.Policy.WalletAccount = "99" }, nil},
			`account 43 "Old wallet", which policy.top_up_account names, is inactive`:  {func(c *transform.Config) { c.Policy.FundingAccount = "43" }, nil},
			`account 42 "Euro account" is in EUR and account 40 "Ontop wallet" in USD`: {func(c *transform.Config) { c.Policy.FundingAccount = "42" }, nil},
			"both name account 40": {func(c *transform.Config) { c.Policy.FundingAccount = "40" }, nil},
			`account 71 "Bonuses", which policy.top_up_account names, is of type Expense`: {func(c *transform.Config) { c.Policy.FundingAccount = "71" }, nil},
			"policy.top_up_account is missing":                                            {func(c *transform.Config) { c.Policy.FundingAccount = "" }, nil},
			"amount of top-up 51 is 0.00, and a transfer must be above zero":              {nil, object{"amount": 0}},
			"amount of top-up 51 is -5.00, and a transfer must be above zero":             {nil, object{"amount": -5}},
			`transaction_type of top-up 51 is "REVERSAL", and only TRANSFER is known`:     {nil, object{"transaction_type": "REVERSAL"}},
		} {
			w := bankWorld(t, func(cfg *transform.Config) {
				if c.change != nil {
					c.change(cfg)
				}
			})
			w.stage(t, deliver("t", 2, "CLIENT_WALLET_TOP_UP", topUp().with(c.data)))
			require.Equal(t, 1, w.run(t).Outcomes[schema.OutcomeApplied])
			task := w.task(t, schema.PostTransfer, "top_up:51")
			require.Equal(t, schema.TaskHeld, task.State)
			require.Contains(t, task.Hold.Detail, detail)
			require.NotEmpty(t, task.Hold.NextStep)
			require.NotEmpty(t, task.Hold.Owner)
			require.False(t, w.run(t).Changed())
			w.restart(t, banking)
			if c.change != nil {
				w.run(t)
				require.Equal(t, schema.TaskReady, w.task(t, schema.PostTransfer, "top_up:51").State, detail)
			}
			require.False(t, w.run(t).Changed())
		}
	})

	t.Run("AlsoBeforeQuickBooksWasRead", func(t *testing.T) {
		t.Parallel()
		empty := &world{store: newArchive(), logs: &bytes.Buffer{}}
		empty.restart(t, banking)
		empty.stage(t, deliver("t", 2, "CLIENT_WALLET_TOP_UP", topUp()))
		empty.run(t)
		require.Contains(t, empty.task(t, schema.PostTransfer, "top_up:51").Hold.Detail, "QuickBooks has not been read yet")
		require.NoError(t, empty.store.RecordBooks(t.Context(), bankChart()))
		empty.run(t)
		require.Equal(t, usd(2_500_050), empty.task(t, schema.PostTransfer, "top_up:51").Transfer.Amount)
	})

	t.Run("WithTheDecimalsOfTheWallet", func(t *testing.T) {
		t.Parallel()
		w := bankWorld(t, func(c *transform.Config) { c.Policy.WalletAccount, c.Policy.FundingAccount = "44", "45" })
		w.stage(t, deliver("t", 2, "CLIENT_WALLET_TOP_UP", topUp().with(object{"amount": "10.125"})),
			deliver("u", 3, "CLIENT_WALLET_TOP_UP", topUp().with(object{"transaction_id": 52, "amount": "10.1255"})))
		require.Equal(t, 1, w.run(t).Outcomes[schema.OutcomeUnreadable])
		require.Equal(t, schema.NewMoney(10_125, "KWD"), w.task(t, schema.PostTransfer, "top_up:51").Transfer.Amount)
		require.Contains(t, w.details(t), `amount is "10.1255"`)
	})
}

func TestTransformer_CountsTasks(t *testing.T) {
	t.Parallel()
	w := bankWorld(t, attaching)
	w.stage(t, deliver("i", 2, "INVOICE_PAID", paidInvoice("2026-02-02").with(object{"pdf_url": "https://files.example/1"})),
		deliver("t", 3, "CLIENT_WALLET_TOP_UP", topUp()))
	require.Equal(t, map[transform.TaskCount]int{
		{Kind: schema.PostAttachment, State: schema.TaskReady}: 1, {Kind: schema.PostPayment, State: schema.TaskReady}: 1,
		{Kind: schema.PostTransfer, State: schema.TaskReady}: 1,
	}, w.run(t).Tasks)
	metrics, err := w.registry.Gather()
	require.NoError(t, err)
	total, series := 0.0, 0
	for _, family := range metrics {
		if family.GetName() == "tieout_transform_tasks_total" {
			for _, metric := range family.GetMetric() {
				series++
				total += metric.GetCounter().GetValue()
			}
		}
	}
	require.InDelta(t, 3, total, 0)
	require.Equal(t, len(schema.TaskKinds())*5, series, "every series exists from the start")
}

// Every call of rounds that make all kinds of task is made to fail in turn; each time,
// the next round arrives where one without failures does.
func TestTransformer_EveryCallForATaskMayFail(t *testing.T) {
	t.Parallel()
	prepare := func() *world {
		w := bankWorld(t, attaching)
		w.stage(t, deliver("i", 2, "INVOICE_CONFIRMED", filed().with(object{"total_amount": 1110})))
		w.run(t)
		w.post(t)
		w.stage(t,
			deliver("j", 3, "INVOICE_PAID", filed().with(object{"updated_at": second, "total_amount": 1210, "paid_at": second, "items": []object{
				{"item_id": 1, "concept": "FIXED_PAYMENT", "amount": 1210, "attachment_url": "https://files.example/a"},
			}})),
			deliver("p", 4, "PAYMENT", payment().with(object{"transaction_amount": 1210})),
			deliver("q", 5, "PAYMENT", payment().with(object{"payment_id": 72, "worker_id": nil})),
			deliver("t", 6, "CLIENT_WALLET_TOP_UP", topUp()))
		return w
	}
	all := func(w *world) map[string]schema.Task {
		found := map[string]schema.Task{}
		for _, kind := range schema.TaskKinds() {
			for _, subject := range []string{"top_up:51", "payment:71", "payment:72", "555:payment", "555:pdf", "555:file:1", "555:file:#2", "555:1.1"} {
				if task := w.task(t, kind, subject); task.State != "" {
					found[subject] = unstamped(task)
				}
			}
		}
		return found
	}
	reference := prepare()
	var methods []string
	reference.store.Inject(func(method string) storetest.Fault {
		methods = append(methods, method)
		return storetest.Fault{}
	})
	reference.run(t)
	reference.store.Inject(nil)
	require.Subset(t, methods, []string{
		"LatestTasks", "InvoiceTasks", "RecordTasks", "WaitingTasks", "Amended", "WorkerInvoices", "Payees", "DocNumbers",
	})
	want := all(reference)
	require.Len(t, want, 8)
	for n, method := range methods {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s%dAfter%t", method, n, after), func(t *testing.T) {
				t.Parallel()
				w, calls := prepare(), 0
				away := errors.New("away")
				w.store.Inject(func(string) storetest.Fault {
					calls++
					if calls-1 == n {
						return storetest.Fault{Err: away, After: after}
					}
					return storetest.Fault{}
				})
				_, err := w.transformer.RunOnce(t.Context(), "acme")
				require.ErrorIs(t, err, away)
				w.store.Inject(nil)
				w.run(t)
				require.Equal(t, want, all(w))
				require.False(t, w.run(t).Changed())
			})
		}
	}
}
