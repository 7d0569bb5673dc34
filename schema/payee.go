package schema

import (
	"strings"
	"time"
)

// PayeeKey identifies who is owed and in which currency, since a QuickBooks
// vendor has one currency for life: "worker:77:USD", "contract:12:EUR" for a
// worker without an id, "platform:USD".
type PayeeKey string

// NewPayeeKey returns the key of a payee. The id is empty for the platform.
func NewPayeeKey(kind PayeeKind, worker WorkerID, contract ContractID, c Currency) PayeeKey {
	switch {
	case kind == PayeePlatform:
		return PayeeKey(string(PayeePlatform) + ":" + string(c))
	case worker != "":
		return PayeeKey("worker:" + string(worker) + ":" + string(c))
	}
	return PayeeKey("contract:" + string(contract) + ":" + string(c))
}

// Currency returns the currency that the key ends in.
func (k PayeeKey) Currency() Currency {
	return Currency(k[strings.LastIndexByte(string(k), ':')+1:])
}

// PayeeState is how far a payee is from being a vendor in QuickBooks.
type PayeeState string

// The states of a payee.
const (
	// PayeeProposed means that a person must approve creating the vendor, or
	// name an existing one.
	PayeeProposed PayeeState = "proposed"
	// PayeeApproved means that the vendor may be created.
	PayeeApproved PayeeState = "approved"
	// PayeeLinked means that the vendor exists; bills may be posted to it.
	PayeeLinked PayeeState = "linked"
	// PayeeDeclined means that QuickBooks declined to create the vendor.
	PayeeDeclined PayeeState = "declined"
)

// Origin says how a payee came to its vendor.
type Origin string

// The origins of a link.
const (
	OriginEmail   Origin = "email"   // the one active vendor with the worker's e-mail
	OriginName    Origin = "name"    // the one active vendor with the worker's name
	OriginPerson  Origin = "person"  // somebody said so
	OriginCreated Origin = "created" // we created it
	OriginAdopted Origin = "adopted" // we meant to create it and found that we had
)

// Payee is somebody whom the company owes, and the vendor that stands for them
// in QuickBooks. The newest record of a key holds.
type Payee struct {
	Company    CompanyID
	Key        PayeeKey
	State      PayeeState
	Vendor     VendorID // when linked
	Origin     Origin   // when linked
	Name       string   // display name to create, or of the linked vendor
	Email      string
	Country    string // ISO 3166-1 alpha-2 where known
	Business   bool
	Detail     string // why it is proposed or was declined, for a person
	By         string // who decided; "tieout" when no person did
	RecordedAt time.Time
}

// Sum hashes what the record says; not when, nor who.
func (p Payee) Sum() Sum {
	business := ""
	if p.Business {
		business = "business"
	}
	return SumOf(string(p.Company), string(p.Key), string(p.State), string(p.Vendor), string(p.Origin), p.Name, p.Email, p.Country,
		business, p.Detail)
}
