package main

import (
	"fmt"
	"strings"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/schema"
)

// becameOf is one element of `became` in `deliveries show --json`: where a contract or
// an invoice of which the delivery spoke stands now.
type becameOf struct {
	Contract string `json:"contract_id,omitempty"`
	Invoice  string `json:"invoice_id,omitempty"`
	Number   string `json:"invoice_number,omitempty"`
	Worker   string `json:"worker,omitempty"`
	Status   string `json:"status"`
	// Holds says whether what stands is what this delivery said, and not a later one.
	Holds bool `json:"holds"`

	// Of an invoice alone.
	Amount   string      `json:"amount,omitempty"`
	Currency string      `json:"currency,omitempty"`
	Draft    string      `json:"draft,omitempty"` // its state
	Reasons  []draftHold `json:"held_for,omitempty"`
	Posting  string      `json:"posting,omitempty"` // its state
	Document string      `json:"quickbooks_id,omitempty"`
	Fault    string      `json:"fault,omitempty"`
	Verified string      `json:"verified,omitempty"` // exact, divergent or missing

	lines []string // for people
}

type draftHold struct {
	Reason   string `json:"reason"`
	Detail   string `json:"detail"`
	NextStep string `json:"next_step"`
	Owner    string `json:"owner"`
}

// becameOfAll writes down where the subjects of a delivery stand.
func becameOfAll(delivery schema.DeliveryID, eventType string, fates []app.Fate) []becameOf {
	all := []becameOf{}
	for _, fate := range fates {
		if c := fate.Contract; c.ID != "" && !strings.HasPrefix(eventType, "INVOICE") {
			all = append(all, contractFate(delivery, c))
			continue
		}
		if fate.Position.Invoice.ID != "" {
			all = append(all, invoiceFate(delivery, fate.Position))
		}
	}
	return all
}

func contractFate(delivery schema.DeliveryID, c schema.Contract) becameOf {
	b := becameOf{Contract: string(c.ID), Worker: c.WorkerName(), Status: c.Status, Holds: c.Source == delivery}
	b.lines = []string{fmt.Sprintf("contract %s of %s: %s%s", c.ID, orDash(b.Worker), orDash(c.Status), b.later())}
	return b
}

func invoiceFate(delivery schema.DeliveryID, p schema.Position) becameOf {
	i := p.Invoice
	b := becameOf{
		Invoice: string(i.ID), Number: i.Number, Worker: p.Draft.PayeeName, Status: string(i.Status), Holds: i.Source == delivery,
		Amount: i.Total.Decimal(), Currency: string(i.Currency),
	}
	b.say("invoice %s %s: %s, %s%s", i.ID, orDash(i.Number), i.Status, i.Total, b.later())
	b.drafted(p.Draft)
	b.posted(p)
	return b
}

func (b *becameOf) say(format string, args ...any) {
	b.lines = append(b.lines, fmt.Sprintf(format, args...))
}

func (b *becameOf) later() string {
	if b.Holds {
		return ""
	}
	return " (a later delivery says so)"
}

func (b *becameOf) drafted(d schema.Draft) {
	b.Draft = string(d.State)
	switch d.State {
	case "":
		b.say("not drafted yet")
	case schema.DraftReady:
		b.say("drafted as %s %s of %s over %s to %s", d.Kind.Name(), orDash(d.DocNumber), d.TxnDate, d.Total, orDash(d.PayeeName))
	case schema.DraftAwaitsContract:
		b.say("waits for its contract")
	case schema.DraftAwaitsStatus:
		b.say("waits until it is far enough along to be posted")
	case schema.DraftInvoiceCancelled:
		b.say("is cancelled: nothing is posted")
	case schema.DraftHeld:
	}
	for _, h := range d.Holds {
		b.Reasons = append(b.Reasons, draftHold{
			Reason: string(h.Reason), Detail: h.Detail, NextStep: h.NextStep, Owner: string(h.Owner),
		})
		b.say("%s: %s; next, for %s: %s", h.Reason, h.Detail, h.Owner, h.NextStep)
	}
}

func (b *becameOf) posted(p schema.Position) {
	posting := p.Posting
	b.Posting, b.Document = string(posting.State), string(posting.Document)
	word := posting.Form.Name()
	switch posting.State {
	case schema.PostingPosted, schema.PostingAdopted:
		verb := "posted as"
		if posting.State == schema.PostingAdopted {
			verb = "found in QuickBooks as"
		}
		b.say("%s %s %s on %s", verb, word, posting.Document, instant(posting.RecordedAt))
	case schema.PostingDeclined:
		b.Fault = strings.TrimSpace(posting.Fault.Code + " " + posting.Fault.Detail)
		b.say("declined by QuickBooks on %s: %s", instant(posting.RecordedAt), b.Fault)
	case schema.PostingNamed, schema.PostingUncertain:
		b.say("sent to QuickBooks; no answer yet")
	}
	if b.Document == "" {
		return
	}
	b.Verified = string(p.Verification.Result)
	switch p.Verification.Result {
	case schema.VerifiedExact:
		b.say("read back on %s: every field as drafted", instant(p.Verification.RecordedAt))
	case schema.VerifiedDivergent:
		b.say("read back on %s: not as drafted, %s", instant(p.Verification.RecordedAt), counted(len(p.Verification.Differences), "difference"))
	case schema.VerifiedMissing:
		b.say("read back on %s: it is not there any more", instant(p.Verification.RecordedAt))
	default:
		b.say("not read back yet")
	}
}
