package store

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/tieout/tieout/schema"
)

// documentBody is the document of a correction.
type documentBody struct {
	Company    exactText   `json:"company,omitzero"`
	ID         exactText   `json:"id,omitzero"`
	Invoice    exactText   `json:"invoice,omitzero"`
	Content    string      `json:"content,omitzero"`
	State      exactText   `json:"state,omitzero"`
	Holds      []holdBody  `json:"holds,omitempty"`
	Kind       exactText   `json:"kind,omitzero"`
	Payee      exactText   `json:"payee,omitzero"`
	PayeeName  exactText   `json:"payee_name,omitzero"`
	Vendor     exactText   `json:"vendor,omitzero"`
	DocNumber  exactText   `json:"doc_number,omitzero"`
	TxnDate    schema.Date `json:"txn_date,omitzero"`
	DueDate    schema.Date `json:"due_date,omitzero"`
	Currency   exactText   `json:"currency,omitzero"`
	Rate       exactText   `json:"rate,omitzero"`
	Payable    exactText   `json:"payable,omitzero"`
	Location   exactText   `json:"location,omitzero"`
	Total      amountBody  `json:"total,omitzero"`
	Lines      []lineBody  `json:"lines,omitempty"`
	Memo       exactText   `json:"memo,omitzero"`
	RecordedAt time.Time   `json:"recorded_at,omitzero"`
}

type holdBody struct {
	Reason   exactText `json:"reason,omitzero"`
	Detail   exactText `json:"detail,omitzero"`
	NextStep exactText `json:"next_step,omitzero"`
	Owner    exactText `json:"owner,omitzero"`
}

type lineBody struct {
	ItemID      exactText  `json:"item_id,omitzero"`
	Concept     exactText  `json:"concept,omitzero"`
	Description exactText  `json:"description,omitzero"`
	Amount      amountBody `json:"amount,omitzero"`
	Account     exactText  `json:"account,omitzero"`
	Class       exactText  `json:"class,omitzero"`
	Rule        exactText  `json:"rule,omitzero"`
	RuleVersion int        `json:"rule_version,omitzero"`
}

func documentBodyOf(d schema.Draft) documentBody {
	body := documentBody{
		Company: exactText(d.Company), ID: exactText(d.ID), Invoice: exactText(d.Invoice), State: exactText(d.State),
		Kind: exactText(d.Kind), Payee: exactText(d.Payee), PayeeName: exactText(d.PayeeName), Vendor: exactText(d.Vendor),
		DocNumber: exactText(d.DocNumber), TxnDate: d.TxnDate, DueDate: d.DueDate, Currency: exactText(d.Currency),
		Rate: exactText(d.Rate), Payable: exactText(d.Payable), Location: exactText(d.Location), Total: amountBodyOf(d.Total),
		Memo: exactText(d.Memo),
	}
	if !d.Content.IsZero() {
		body.Content = d.Content.String()
	}
	if !d.RecordedAt.IsZero() {
		body.RecordedAt = stored(d.RecordedAt)
	}
	for _, h := range d.Holds {
		body.Holds = append(body.Holds, holdBody{
			Reason: exactText(h.Reason), Detail: exactText(h.Detail), NextStep: exactText(h.NextStep), Owner: exactText(h.Owner),
		})
	}
	for _, l := range d.Lines {
		body.Lines = append(body.Lines, lineBody{
			ItemID: exactText(l.ItemID), Concept: exactText(l.Concept), Description: exactText(l.Description),
			Amount: amountBodyOf(l.Amount), Account: exactText(l.Account), Class: exactText(l.Class), Rule: exactText(l.Rule),
			RuleVersion: l.RuleVersion,
		})
	}
	return body
}

func (b documentBody) draft() (schema.Draft, error) {
	d := schema.Draft{
		Company: schema.CompanyID(b.Company), ID: schema.DraftID(b.ID), Invoice: schema.InvoiceID(b.Invoice),
		State: schema.DraftState(b.State), Kind: schema.DocumentKind(b.Kind), Payee: schema.PayeeKey(b.Payee),
		PayeeName: string(b.PayeeName), Vendor: schema.VendorID(b.Vendor), DocNumber: string(b.DocNumber), TxnDate: b.TxnDate,
		DueDate: b.DueDate, Currency: schema.Currency(b.Currency), Rate: schema.Rate(b.Rate), Payable: schema.AccountID(b.Payable),
		Location: schema.LocationID(b.Location), Memo: string(b.Memo), RecordedAt: b.RecordedAt.UTC(),
	}
	content, err := hex.DecodeString(b.Content)
	if err != nil {
		return schema.Draft{}, fmt.Errorf("content: %w", err)
	}
	d.Content = sumOf(string(content))
	if d.Total, err = b.Total.money(); err != nil {
		return schema.Draft{}, fmt.Errorf("total: %w", err)
	}
	for _, h := range b.Holds {
		d.Holds = append(d.Holds, schema.Hold{
			Reason: schema.HoldReason(h.Reason), Detail: string(h.Detail), NextStep: string(h.NextStep), Owner: schema.Owner(h.Owner),
		})
	}
	for n, l := range b.Lines {
		amount, err := l.Amount.money()
		if err != nil {
			return schema.Draft{}, fmt.Errorf("line %d: %w", n+1, err)
		}
		d.Lines = append(d.Lines, schema.DraftLine{
			ItemID: string(l.ItemID), Concept: string(l.Concept), Description: string(l.Description), Amount: amount,
			Account: schema.AccountID(l.Account), Class: schema.ClassID(l.Class), Rule: schema.RuleID(l.Rule), RuleVersion: l.RuleVersion,
		})
	}
	return d, nil
}
