package load

import (
	"context"
	"fmt"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// transfers records in QuickBooks the money that came into the wallet, as transfers
// between two bank accounts of the company. A transfer has no number: it is looked
// for by its day, and told by its note.
func transfers() craft {
	return craft{
		kind:     schema.PostTransfer,
		day:      func(t schema.Task) schema.Date { return t.Transfer.On },
		begin:    beginTransfers,
		find:     findTransfers,
		readBack: readTransfers,
	}
}

// beginTransfers asks QuickBooks once for what people entered around the same days:
// a bookkeeper may have recorded a top-up from the bank's statement.
func beginTransfers(ctx context.Context, r *round, due []schema.Task, books schema.Books) ([]made, error) {
	all := make([]made, len(due))
	var sound []schema.Task
	for i, t := range due {
		all[i] = makeTransfer(t, books)
		if all[i].refused == nil {
			sound = append(sound, t)
		}
	}
	alike, err := r.transfersByHand(ctx, sound)
	if err != nil {
		return nil, err
	}
	for i, t := range due {
		if other, found := alike[t.ID]; found && all[i].refused == nil {
			all[i].refused = &refusal{fault: transferredByHand(t.Subject, other, r.cfg.DuplicateDays)}
		}
	}
	return all, nil
}

func makeTransfer(t schema.Task, books schema.Books) made {
	body, err := encodeTransfer(t, books)
	if err != nil {
		return made{refused: &refusal{fault: incomplete(err)}}
	}
	m, currency := made{body: body}, t.Transfer.Amount.Currency()
	if currency != books.HomeCurrency {
		// Without a rate it could be booked at one to one, and nobody says the rate.
		m.refused = person(codeAmount, fmt.Sprintf("%s is not in %s", t.Transfer.Amount, books.HomeCurrency),
			"The top-up is in a foreign currency, and its exchange rate is not known.",
			"Record the transfer in QuickBooks, "+skip(t.Subject))
		return m
	}
	if m.refused = unusable(t.Subject, fundingAccount, t.Transfer.From, books, currency); m.refused == nil {
		m.refused = unusable(t.Subject, walletAccount, t.Transfer.To, books, currency)
	}
	if m.refused == nil && t.Transfer.From == t.Transfer.To {
		m.refused = person(codeAccount, fmt.Sprintf("account %q on both sides", t.Transfer.From),
			"The funding account is the wallet account itself.",
			"Name two accounts under policy.payment_account and policy.top_up_account in the configuration, which are then followed by themselves.")
	}
	return m
}

// encodeTransfer writes a transfer. The same task always gives the same bytes.
func encodeTransfer(t schema.Task, b schema.Books) ([]byte, error) {
	if t.Transfer.On.IsZero() || t.Transfer.Amount.Sign() <= 0 {
		return nil, fmt.Errorf("transfer %s: %w: of %s on %q", t.Subject, errIncomplete, t.Transfer.Amount, t.Transfer.On)
	}
	amount, err := quickbooks.ParseDecimal(t.Transfer.Amount.Decimal())
	if err != nil {
		return nil, fmt.Errorf("transfer %s: %w", t.Subject, err)
	}
	memo := "Top-up at Ontop"
	if t.Transfer.Reference != "" {
		memo += ", reference " + t.Transfer.Reference
	}
	body := quickbooks.Transfer{
		FromAccountRef: quickbooks.Ref{Value: string(t.Transfer.From)},
		ToAccountRef:   quickbooks.Ref{Value: string(t.Transfer.To)},
		Amount:         amount,
		TxnDate:        t.Transfer.On.String(),
		PrivateNote:    note(memo, markOf(t.Company, t.ID, t.Subject)),
	}
	if b.MultiCurrency {
		body.CurrencyRef.Value = string(t.Transfer.Amount.Currency())
	}
	return quickbooks.Encode(body)
}

// transfersByHand finds transfers that others entered between the same accounts,
// over the same amount and dated within Config.DuplicateDays, but for those that a
// person has seen and approved the task again.
func (r *round) transfersByHand(ctx context.Context, due []schema.Task) (map[schema.DraftID]quickbooks.Transfer, error) {
	unseen, err := r.unseen(ctx, due)
	if err != nil || len(unseen) == 0 {
		return nil, err
	}
	first, last := unseen[0].Transfer.On, unseen[0].Transfer.On
	for _, t := range unseen {
		if t.Transfer.On.Compare(first) < 0 {
			first = t.Transfer.On
		}
		if t.Transfer.On.Compare(last) > 0 {
			last = t.Transfer.On
		}
	}
	entered, err := r.transfersDated(ctx, first.AddDays(-r.cfg.DuplicateDays), last.AddDays(r.cfg.DuplicateDays))
	if err != nil {
		return nil, err
	}
	alike := map[schema.DraftID]quickbooks.Transfer{}
	for _, t := range unseen {
		for _, other := range entered {
			_, marked := readMark(other.PrivateNote)
			day := dateOf(other.TxnDate)
			if !marked && !day.IsZero() && daysApart(day, t.Transfer.On) <= r.cfg.DuplicateDays && sameTransfer(t.Transfer, other) {
				alike[t.ID] = other
			}
		}
	}
	return alike, nil
}

// sameTransfer reports whether a transfer in QuickBooks moves the same money.
func sameTransfer(t schema.Transfer, other quickbooks.Transfer) bool {
	return other.FromAccountRef.Value == string(t.From) && other.ToAccountRef.Value == string(t.To) &&
		moneyOf(other.Amount, t.Amount.Currency()) == t.Amount
}

// transfersDated reads the transfers of some days.
func (r *round) transfersDated(ctx context.Context, first, last schema.Date) ([]quickbooks.Transfer, error) {
	return quickbooks.Collect(quickbooks.Query[quickbooks.Transfer](ctx, r.books,
		quickbooks.AtLeast("TxnDate", first.String()), quickbooks.AtMost("TxnDate", last.String())))
}

func readTransfers(ctx context.Context, l *Loader, tasks []schema.TaskPosition) ([]schema.Verification, error) {
	found, err := readRecords(ctx, l, tasks, func(t quickbooks.Transfer) string { return t.ID }, l.books.Transfer)
	if err != nil {
		return nil, err
	}
	verifications := make([]schema.Verification, len(tasks))
	for i, p := range tasks {
		transfer, there := found[p.Posting.Document]
		verifications[i] = compareTransfer(p, transfer, there)
		verifications[i].RecordedAt = l.now()
	}
	return verifications, nil
}

// compareTransfer says how a transfer in QuickBooks differs from its task.
func compareTransfer(p schema.TaskPosition, found quickbooks.Transfer, there bool) schema.Verification {
	v, want := proofOf(p), p.Task.Transfer
	if !there {
		return v
	}
	c := comparison{currency: want.Amount.Currency()}
	v.SyncToken, v.Total = found.SyncToken, c.amount(schema.FieldTotal, want.Amount, found.Amount)
	c.text(schema.FieldBank, string(want.From), found.FromAccountRef.Value)
	c.text(schema.FieldAccountTo, string(want.To), found.ToAccountRef.Value)
	c.text(schema.FieldDate, want.On.String(), found.TxnDate)
	if found.CurrencyRef.Value != "" {
		c.text(schema.FieldCurrency, string(c.currency), found.CurrencyRef.Value)
	}
	return c.conclude(v)
}
