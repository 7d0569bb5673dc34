package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func declinedPosting() schema.Posting {
	return schema.Posting{State: schema.PostingDeclined, RecordedAt: noon.Add(time.Hour), Fault: schema.Fault{
		Code: "6210", Meaning: "The books are closed.", Next: "Reopen them.", Owner: schema.OwnerFinance,
	}}
}

func proposedCredit() schema.TaskPosition {
	return schema.TaskPosition{Task: schema.Task{
		Kind: schema.PostCorrection, Subject: "880012:1.1", Invoice: "880012", State: schema.TaskProposed, RecordedAt: noon,
		Hold: schema.Hold{Detail: "total was 120.00 USD, is now 100.00 USD: line BONUS of 20.00 is gone", NextStep: "approve it", Owner: schema.OwnerFinance},
		Correction: schema.Correction{Document: schema.Draft{
			Kind: schema.DocumentVendorCredit, DocNumber: "INV-12-C1", TxnDate: schema.NewDate(2026, 9, 1), PayeeName: "Ana", Vendor: "55",
			Currency: "USD", Total: schema.NewMoney(2_000, "USD"),
			Lines: []schema.DraftLine{{Concept: "BONUS", Description: "Project\nbonus", Amount: schema.NewMoney(2_000, "USD"), Account: "64"}},
		}},
	}}
}

func knownBooks() schema.Books {
	return schema.Books{
		Vendors: []schema.Vendor{{ID: "55", Name: "Ana Rojas"}}, Accounts: []schema.Account{{ID: "64", Name: "Contractors:Bonuses"}},
	}
}

// shownCredit is what is written about one correction.
func shownCredit(current bool, parts ...schema.TaskPosition) proposedCorrection {
	shown := proposedCorrection{
		Invoice: "880012", Number: "INV-12", Worker: "Ana Rojas", Proposal: "3f2a90c1d2e4", Current: current, Since: instant(noon),
	}
	for _, part := range parts {
		shown.Documents = append(shown.Documents, newProposedDocument(part, knownBooks()))
	}
	return shown
}

func TestWriteCorrections(t *testing.T) {
	t.Parallel()
	page := func(t *testing.T, all ...proposedCorrection) string {
		t.Helper()
		var out bytes.Buffer
		require.NoError(t, (&root{streams: streams{out: &out}}).writeCorrections(all))
		return out.String()
	}

	t.Run("ShowsWhatWouldBePosted", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, `880012  INV-12  Ana Rojas  since 2026-09-01 12:00 UTC  proposal 3f2a90c1d2e4
    total was 120.00 USD, is now 100.00 USD: line BONUS of 20.00 is gone
    vendor credit INV-12-C1 of 2026-09-01 over 20.00 USD to Ana Rojas (vendor 55)
               20.00  BONUS  Contractors:Bonuses  Project·bonus
      next: tieout corrections approve 880012, or tieout corrections accept 880012 --reason TEXT
`, page(t, shownCredit(true, proposedCredit())))
	})

	t.Run("SaysWhatKeepsItFromBeingPosted", func(t *testing.T) {
		t.Parallel()
		held := proposedCredit()
		held.Task.State, held.Task.Correction.Document = schema.TaskHeld, schema.Draft{}
		held.Task.Hold = schema.Hold{Detail: "no rule maps X", NextStep: "map X"}
		require.Equal(t, `880012  INV-12  Ana Rojas  since 2026-09-01 12:00 UTC  proposal 3f2a90c1d2e4
    the invoice changed again; run `+"`tieout sync`"+`, which proposes what is right now
    no rule maps X
      next: map X; if the books are right then: tieout corrections accept 880012 --reason TEXT
`, page(t, shownCredit(false, held)))
	})

	t.Run("SaysWhyItWasDeclined", func(t *testing.T) {
		t.Parallel()
		declined := proposedCredit()
		declined.Task.State, declined.Posting = schema.TaskReady, declinedPosting()
		text := page(t, shownCredit(true, declined))
		require.Contains(t, text, "    declined (6210): The books are closed.\n")
		require.Contains(t, text, "next: tieout corrections approve 880012, or")
	})

	t.Run("SaysThatNoneWaits", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "no correction waits for a person\n", page(t))
	})
}

func TestCorrections_JSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(shownCredit(true, proposedCredit()))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"invoice_id": "880012", "invoice_number": "INV-12", "worker": "Ana Rojas", "proposal": "3f2a90c1d2e4", "current": true,
		"since": "2026-09-01 12:00 UTC", "documents": [{
			"subject": "880012:1.1", "state": "proposed", "cause": "total was 120.00 USD, is now 100.00 USD: line BONUS of 20.00 is gone",
			"next_step": "approve it", "owner": "finance", "code": "", "kind": "vendor_credit", "number": "INV-12-C1", "date": "2026-09-01",
			"vendor": "Ana Rojas", "vendor_id": "55", "currency": "USD", "total": "20.00", "lines": [{
				"concept": "BONUS", "description": "Project\nbonus", "amount": "20.00", "account": "64",
				"account_name": "Contractors:Bonuses", "class": ""
			}]
		}]
	}`, string(text))
}

func TestWriteTasks(t *testing.T) {
	t.Parallel()
	page := func(t *testing.T, command string, positions ...schema.TaskPosition) string {
		t.Helper()
		var all []waitingTask
		for _, p := range positions {
			all = append(all, newWaitingTask(p, command))
		}
		var out bytes.Buffer
		require.NoError(t, (&root{streams: streams{out: &out}}).writeTasks(all, "none waits"))
		return out.String()
	}
	loose := schema.TaskPosition{Task: schema.Task{
		Kind: schema.PostPayment, Subject: "payment:60001", State: schema.TaskHeld, RecordedAt: noon,
		Hold:    schema.Hold{Detail: "it fits no invoice", NextStep: "say which it pays", Owner: schema.OwnerFinance},
		Payment: schema.Payment{Source: "60001", On: schema.NewDate(2026, 8, 30), Worker: "7000", Amount: schema.NewMoney(123_450, schema.NoCurrency)},
	}}
	topUp := schema.TaskPosition{Posting: declinedPosting(), Task: schema.Task{
		Kind: schema.PostTransfer, Subject: "top_up:51001", State: schema.TaskReady, RecordedAt: noon,
		Transfer: schema.Transfer{TopUp: "51001", On: schema.NewDate(2026, 8, 3), Amount: schema.NewMoney(2_500_000, "USD")},
	}}
	file := schema.TaskPosition{Posting: declinedPosting(), Task: schema.Task{
		Kind: schema.PostAttachment, Subject: "880012:file:3", Invoice: "880012", State: schema.TaskReady, RecordedAt: noon,
		File: schema.File{URL: "https://eva:secret@files.example.com/3.pdf\x1b?signature=secret#secret", Item: "3"},
	}}
	require.Equal(t, `payment:60001  payment  2026-08-30  1234.50 USD  worker 7000  since 2026-09-01 12:00 UTC
    held: it fits no invoice
      next: say which it pays
      then: tieout payments skip payment:60001 --reason TEXT
top_up:51001  top_up  2026-08-03  25000.00 USD  since 2026-09-01 13:00 UTC
    declined (6210): The books are closed.
      next: Reopen them.
      then: tieout payments retry top_up:51001, or tieout payments skip top_up:51001 --reason TEXT
`, page(t, "payments", loose, topUp))
	require.Equal(t, `880012:file:3  file  https://files.example.com/3.pdf·  since 2026-09-01 13:00 UTC
    declined (6210): The books are closed.
      next: Reopen them.
      then: tieout attachments retry 880012:file:3, or tieout attachments skip 880012:file:3 --reason TEXT
`, page(t, "attachments", file))
	told := file
	told.Posting.Fault.Next = "Look at it; then: tieout attachments retry 880012:file:3."
	require.NotContains(t, page(t, "attachments", told), "      then: ", "the commands are named once")
	require.Equal(t, "none waits\n", page(t, "attachments"))

	text, err := json.Marshal(newWaitingTask(topUp, "payments"))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"subject": "top_up:51001", "kind": "top_up", "invoice_id": "", "since": "2026-09-01 13:00 UTC", "state": "declined",
		"code": "6210", "cause": "The books are closed.", "next_step": "Reopen them.", "owner": "finance",
		"commands": ["tieout payments retry top_up:51001", "tieout payments skip top_up:51001 --reason TEXT"],
		"source": "51001", "date": "2026-08-03", "amount": "25000.00", "currency": "USD"
	}`, string(text))
}

func TestWrapped(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 40)
	lines := strings.Split(strings.TrimSuffix(wrapped(4, "next", long), "\n"), "\n")
	require.Len(t, lines, 2)
	require.True(t, strings.HasPrefix(lines[0], "    next: word"))
	require.True(t, strings.HasPrefix(lines[1], "          word"))
	for _, line := range lines {
		require.LessOrEqual(t, len(line), 112)
	}
	require.Equal(t, "  a·b\n", wrapped(2, "", "a\x1bb"))
}

func TestWriteElsewhere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &root{streams: streams{out: &out}}
	one := func(kind schema.PostingKind, invoice schema.InvoiceID) schema.TaskPosition {
		return schema.TaskPosition{Task: schema.Task{Kind: kind, Invoice: invoice}}
	}
	require.NoError(t, r.writeElsewhere([]schema.TaskPosition{
		one(schema.PostCorrection, "1"), one(schema.PostCorrection, "1"), one(schema.PostPayment, ""), one(schema.PostTransfer, ""),
		one(schema.PostAttachment, "1"),
	}))
	require.Equal(t, "1 correction to decide about: see `tieout corrections`\n2 payments or top-ups to decide about: see `tieout payments`\n"+
		"1 file to decide about: see `tieout attachments`\n", out.String())
	out.Reset()
	require.NoError(t, r.writeElsewhere(nil))
	require.Empty(t, out.String())
}
