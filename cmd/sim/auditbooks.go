package main

import (
	"encoding/json"
	"slices"

	"github.com/tieout/tieout/cmd/internal/ontopsim"
	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
	"github.com/tieout/tieout/schema"
)

// bookedDocument is a bill or, below zero, a vendor credit that QuickBooks holds.
type bookedDocument struct {
	amount schema.Money
	bill   bool
}

// books compares what is in QuickBooks with what was reported and what was sent, and
// looks for what is there twice.
func (a *audit) books(books quickbookstest.Books) {
	held := a.held(books)
	sums := map[schema.Currency]schema.Money{}
	for _, d := range held {
		a.sum(sums, d.amount, d.amount.Currency())
	}
	reported := 0
	for id, documents := range a.documents {
		reported += len(documents)
		for _, document := range documents {
			if _, ok := held[document]; !ok {
				a.wrong("invoice %s: QuickBooks has no document %s", id, document)
			}
		}
	}
	if len(held) != reported {
		a.wrong("QuickBooks holds %d bills and vendor credits, reported are %d", len(held), reported)
	}
	for currency, sum := range a.verified {
		if sums[currency].Minor() != sum.Minor() {
			a.wrong("QuickBooks holds %s %s, reported are %s", sums[currency].Decimal(), currency, sum.Decimal())
		}
	}
	a.changes(held)
	a.attachments(books)
	a.moneyMoved(books, held)
}

// held reads all bills and vendor credits, by id.
func (a *audit) held(books quickbookstest.Books) map[string]bookedDocument {
	held := map[string]bookedDocument{}
	seen := map[string]bool{}
	for _, entity := range []string{"Bill", "VendorCredit"} {
		for _, text := range books.Entities[entity] {
			var bill struct {
				ID                     string `json:"Id"`
				DocNumber              string
				TotalAmt               json.Number
				VendorRef, CurrencyRef struct{ Value string }
			}
			if err := json.Unmarshal(text, &bill); err != nil {
				a.wrong("bill: %v", err)
				continue
			}
			amount, err := schema.ParseMoney(bill.TotalAmt.String(), schema.Currency(bill.CurrencyRef.Value))
			if err != nil {
				a.wrong("bill %s: %v", bill.DocNumber, err)
				continue
			}
			if entity == "VendorCredit" {
				amount = schema.NewMoney(-amount.Minor(), amount.Currency())
			}
			key := bill.VendorRef.Value + "/" + bill.DocNumber
			if seen[key] {
				a.wrong("bill %s is there twice", bill.DocNumber)
			}
			seen[key] = true
			held[bill.ID] = bookedDocument{amount: amount, bill: entity == "Bill"}
		}
	}
	return held
}

// changes looks whether the books hold what was owed first: a correction that
// nobody approved changes nothing.
func (a *audit) changes(held map[string]bookedDocument) {
	for _, change := range ontopsim.Changes() {
		for _, invoice := range a.expected.With(change) {
			if documents := a.documents[invoice.ID]; len(documents) > 0 && held[documents[0]].amount != invoice.Before {
				a.wrong("invoice %s: its own document is over %s, posted for %s", invoice.ID, held[documents[0]].amount, invoice.Before)
			}
		}
	}
}

// decided looks whether what was approved, and nothing else, was corrected to what is
// owed now.
func (a *audit) decided(approved []schema.InvoiceID) {
	for _, change := range ontopsim.Changes() {
		for _, invoice := range a.expected.With(change) {
			corrected := len(a.documents[invoice.ID]) > 1
			if corrected != slices.Contains(approved, invoice.ID) {
				a.wrong("invoice %s: corrected is %t", invoice.ID, corrected)
			}
		}
	}
}

// attachments looks for exactly one attachment of every file that can be had, on the
// document of its invoice.
func (a *audit) attachments(books quickbookstest.Books) {
	attached := map[string]int{}
	for _, text := range books.Entities["Attachable"] {
		var one struct {
			AttachableRef []struct {
				EntityRef struct{ Value string }
			}
		}
		if err := json.Unmarshal(text, &one); err != nil || len(one.AttachableRef) != 1 {
			a.wrong("attachment: belongs to %d documents (%v)", len(one.AttachableRef), err)
			continue
		}
		attached[one.AttachableRef[0].EntityRef.Value]++
		a.files++
	}
	wanted := map[string]int{}
	for _, file := range a.expected.Files {
		if documents := a.documents[file.Invoice]; len(documents) > 0 && file.Broken == "" {
			wanted[documents[0]]++
		}
	}
	for document, n := range wanted {
		if attached[document] != n {
			a.wrong("document %s has %d files, of %d", document, attached[document], n)
		}
		delete(attached, document)
	}
	for document, n := range attached {
		a.wrong("document %s has %d files of no invoice", document, n)
	}
}

// moneyMoved looks for exactly one payment of every bill that is paid, over all of
// it, and one transfer of every top-up.
func (a *audit) moneyMoved(books quickbookstest.Books, held map[string]bookedDocument) {
	paid := map[string]int{}
	for _, text := range books.Entities["BillPayment"] {
		var one struct {
			TotalAmt    json.Number
			CurrencyRef struct{ Value string }
			Line        []struct {
				LinkedTxn []struct {
					ID string `json:"TxnId"`
				}
			}
		}
		if err := json.Unmarshal(text, &one); err != nil || len(one.Line) != 1 || len(one.Line[0].LinkedTxn) != 1 {
			a.wrong("payment: pays %d lines (%v)", len(one.Line), err)
			continue
		}
		id := one.Line[0].LinkedTxn[0].ID
		paid[id]++
		a.payments++
		if amount, err := schema.ParseMoney(one.TotalAmt.String(), held[id].amount.Currency()); err != nil || amount != held[id].amount {
			a.wrong("bill %s: paid are %s of %s", id, one.TotalAmt, held[id].amount)
		}
	}
	a.topUps = len(books.Entities["Transfer"])
	for _, invoice := range a.expected.Invoices {
		documents := a.documents[invoice.ID]
		if len(documents) == 0 || !held[documents[0]].bill || invoice.Status != schema.StatusPaid {
			continue
		}
		if paid[documents[0]] != 1 {
			a.wrong("invoice %s: its bill %s is paid %d times", invoice.ID, documents[0], paid[documents[0]])
		}
		delete(paid, documents[0])
	}
	for document := range paid {
		a.wrong("bill %s: paid, and its invoice is not", document)
	}
	if want := len(a.expected.TopUps); a.topUps != want {
		a.wrong("QuickBooks holds %d transfers, of %d top-ups", a.topUps, want)
	}
}
