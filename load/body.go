package load

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tieout/tieout/load/quickbooks"
	"github.com/tieout/tieout/schema"
)

// encodeDocument writes a draft as QuickBooks takes a bill or a vendor credit, with
// a mark in its note. The same draft always gives the same bytes.
//
// In a company with several currencies the currency is always said, and so is
// the rate of a foreign bill: one that leaves it out can be booked at 1. A bill
// in the home currency has no rate to say. Companies outside the US require a
// choice about tax, and imported invoices have none to compute.
func encodeDocument(d schema.Draft, m mark, b schema.Books) ([]byte, error) {
	bill := quickbooks.Bill{
		VendorRef:    quickbooks.Ref{Value: string(d.Vendor)},
		DocNumber:    d.DocNumber,
		TxnDate:      d.TxnDate.String(),
		DueDate:      d.DueDate.String(),
		APAccountRef: quickbooks.Ref{Value: string(d.Payable)},
		PrivateNote:  note(textFor(b, d.Memo), m),

		DepartmentRef: quickbooks.Ref{Value: string(d.Location)},
	}
	if b.MultiCurrency {
		bill.CurrencyRef.Value = string(d.Currency)
	}
	if b.MultiCurrency && d.Currency != b.HomeCurrency {
		rate, err := quickbooks.ParseDecimal(d.Rate.String())
		if err != nil {
			return nil, fmt.Errorf("draft %s in %s: exchange rate: %w", d.ID, d.Currency, err)
		}
		bill.ExchangeRate = rate
	}
	if !inUS(b.Country) {
		bill.GlobalTaxCalculation = "NotApplicable"
	}
	for _, line := range d.Lines {
		amount, err := quickbooks.ParseDecimal(line.Amount.Decimal())
		if err != nil {
			return nil, fmt.Errorf("draft %s: line %s: %w", d.ID, line.ItemID, err)
		}
		bill.Line = append(bill.Line, quickbooks.BillLine{
			Description: clip(textFor(b, line.Description), descriptionLimit),
			Amount:      amount,
			DetailType:  quickbooks.AccountLine,
			Account: &quickbooks.AccountDetail{
				AccountRef: quickbooks.Ref{Value: string(line.Account)}, ClassRef: quickbooks.Ref{Value: string(line.Class)},
			},
		})
	}
	if err := complete(d); err != nil {
		return nil, fmt.Errorf("draft %s: %w", d.ID, err)
	}
	if d.Kind == schema.DocumentVendorCredit {
		return quickbooks.Encode(creditOf(bill))
	}
	return quickbooks.Encode(bill)
}

// complete reports what keeps a draft from being a document at all. A ready draft
// lacks none of it.
func complete(d schema.Draft) error {
	switch {
	case d.Vendor == "":
		return fmt.Errorf("%w: no vendor", errIncomplete)
	case d.TxnDate.IsZero():
		return fmt.Errorf("%w: no date", errIncomplete)
	case len(d.Lines) == 0:
		return fmt.Errorf("%w: no lines", errIncomplete)
	case d.Payable == "":
		return fmt.Errorf("%w: no accounts payable account", errIncomplete)
	}
	sum := schema.NewMoney(0, d.Currency)
	for _, line := range d.Lines {
		if line.Account == "" {
			return fmt.Errorf("%w: line %s has no account", errIncomplete, line.ItemID)
		}
		var err error
		if sum, err = sum.Add(line.Amount); err != nil {
			return fmt.Errorf("%w: line %s: %w", errIncomplete, line.ItemID, err)
		}
	}
	if sum != d.Total {
		return fmt.Errorf("%w: lines add up to %s, not %s", errIncomplete, sum, d.Total)
	}
	if d.Kind == schema.DocumentVendorCredit && d.Total.Sign() <= 0 {
		return fmt.Errorf("%w: a vendor credit of %s", errIncomplete, d.Total)
	}
	return nil
}

// inUS reports whether a company is in the US. QuickBooks answers two letters or
// three.
func inUS(country string) bool {
	return country == "" || strings.EqualFold(country, "US") || strings.EqualFold(country, "USA")
}

// textFor returns what a memo or a description may say in a company. In the US those
// are the characters of ISO-8859-1: others lose their accent where that helps, and
// become a question mark where it does not, because a bill is not worth losing for
// a letter that nothing depends on. Names are left alone: people decide about those.
func textFor(b schema.Books, text string) string {
	if !inUS(b.Country) {
		return text
	}
	var plain strings.Builder
	for _, r := range norm.NFC.String(text) {
		if r <= unicode.MaxLatin1 {
			plain.WriteRune(r)
			continue
		}
		before := plain.Len()
		for _, part := range norm.NFKD.String(string(r)) {
			if part <= unicode.MaxLatin1 {
				plain.WriteRune(part)
			}
		}
		if plain.Len() == before && !unicode.Is(unicode.Mn, r) {
			plain.WriteByte('?')
		}
	}
	return plain.String()
}

// encodeVendor writes a payee as QuickBooks takes a vendor. It sends no tax id:
// that comes back masked and could never be checked.
func encodeVendor(p schema.Payee, b schema.Books) ([]byte, error) {
	vendor := quickbooks.Vendor{DisplayName: p.Name}
	if p.Business {
		vendor.CompanyName = clip(p.Name, 100)
	}
	if p.Email != "" {
		vendor.PrimaryEmailAddr = &quickbooks.Email{Address: p.Email}
	}
	if b.MultiCurrency {
		vendor.CurrencyRef.Value = string(p.Key.Currency())
	}
	return quickbooks.Encode(vendor)
}
