package vendors

import (
	"fmt"

	"github.com/tieout/tieout/schema"
)

func hold(owner schema.Owner, next, format string, args ...any) schema.Hold {
	return schema.Hold{Reason: schema.HoldUnresolvedVendor, Detail: fmt.Sprintf(format, args...), NextStep: next, Owner: owner}
}

// Unread returns the hold of every payee before the books were first read.
func Unread() schema.Hold {
	return hold(schema.OwnerOps, "connect QuickBooks (tieout connect), or wait for the first reading of its accounts and vendors",
		"QuickBooks has not been read yet, so no vendor is known")
}

// check says why a linked vendor cannot be used any more.
func (r *Resolver) check(payee schema.Payee) schema.Hold {
	vendor, found := r.directory.byID[payee.Vendor]
	c := payee.Key.Currency()
	switch {
	case !found && payee.RecordedAt.After(r.books.ReadAt.Add(-fresh)):
		return schema.Hold{}
	case !found:
		return hold(schema.OwnerFinance, fmt.Sprintf("link the payee to another vendor (tieout vendors link %s VENDOR-ID)", payee.Key),
			"vendor %s %q, to which payee %s is linked, is no longer in QuickBooks: it was merged or removed", payee.Vendor, payee.Name, payee.Key)
	case !vendor.Active:
		return hold(schema.OwnerFinance, fmt.Sprintf("make the vendor active again in QuickBooks, or link the payee to another one (tieout vendors link %s VENDOR-ID)", payee.Key),
			"vendor %s %q, to which payee %s is linked, is inactive in QuickBooks", payee.Vendor, vendor.Name, payee.Key)
	case vendor.Currency != "" && vendor.Currency != c:
		return hold(schema.OwnerFinance, fmt.Sprintf("link the payee to a vendor in %s (tieout vendors link %s VENDOR-ID)", c, payee.Key),
			"vendor %s %q, to which payee %s is linked, is in %s and the invoice in %s", payee.Vendor, vendor.Name, payee.Key, vendor.Currency, c)
	}
	return schema.Hold{}
}

// waiting says what a payee without a vendor waits for.
func (r *Resolver) waiting(payee schema.Payee) schema.Hold {
	why := ""
	if payee.Detail != "" {
		why = ": " + payee.Detail
	}
	switch payee.State {
	case schema.PayeeApproved:
		return hold(schema.OwnerNobody, "nothing; the next run creates it", "vendor %q for payee %s is about to be created in QuickBooks", payee.Name, payee.Key)
	case schema.PayeeDeclined:
		return hold(schema.OwnerFinance, fmt.Sprintf("link the payee to an existing vendor (tieout vendors link %s VENDOR-ID), or approve it under another name "+
			"(tieout vendors approve %s --name NAME)", payee.Key, payee.Key),
			"QuickBooks declined to create vendor %q for payee %s%s", payee.Name, payee.Key, why)
	case schema.PayeeProposed, schema.PayeeLinked:
	}
	if r.policy.CreateVendors == schema.CreateNever {
		return hold(schema.OwnerFinance, fmt.Sprintf("create the vendor in QuickBooks, or link the payee to an existing one (tieout vendors link %s VENDOR-ID)", payee.Key),
			"payee %s has no vendor, and policy.create_vendors is never%s", payee.Key, why)
	}
	return hold(schema.OwnerFinance, fmt.Sprintf("approve creating %q (tieout vendors approve %s), or link the payee to an existing vendor (tieout vendors link %s VENDOR-ID)",
		payee.Name, payee.Key, payee.Key),
		"payee %s has no vendor%s", payee.Key, why)
}
