package schema

import (
	"bytes"
	"cmp"
	"strings"
	"time"
)

// Signing says who signed a contract with the worker, which decides who is owed.
type Signing string

// The ways of signing, as Ontop names them.
const (
	SigningPaymentAgent       Signing = "PAYMENT_AGENT"
	SigningServiceProvider    Signing = "SERVICE_PROVIDER"
	SigningContractorOfRecord Signing = "CONTRACTOR_OF_RECORD"
	SigningEOR                Signing = "EOR"
)

// Contract is an agreement between the company and a worker, as of one revision.
// Any text may be empty: Ontop leaves most of them out at times.
type Contract struct {
	Company     CompanyID
	ID          ContractID
	Worker      WorkerID
	WorkerEmail string
	ExternalID  string
	WorkerType  string // "Worker" or "Business"
	FirstName   string
	LastName    string
	LegalName   string
	Country     string // ISO 3166-1 alpha-2, or the English name when that is all we have
	JobTitle    string
	Department  string
	Entity      string
	Type        string // FIXED, PAY_AS_YOU_GO, MILESTONE or EOR
	Signing     Signing
	Currency    Currency
	StartDate   Date
	EndDate     Date
	Status      string
	UpdatedAt   time.Time // orders revisions
	Source      DeliveryID
	RecordedAt  time.Time
}

// WorkerName returns the name that finance knows the worker by: the legal name
// of a business, else first and last name, else the legal name, else the e-mail.
func (c Contract) WorkerName() string {
	person := strings.TrimSpace(c.FirstName + " " + c.LastName)
	if c.WorkerType == "Business" {
		return cmp.Or(c.LegalName, person, c.WorkerEmail)
	}
	return cmp.Or(person, c.LegalName, c.WorkerEmail)
}

// Sum hashes what the contract says; not when it said so, nor which delivery did.
func (c Contract) Sum() Sum {
	return SumOf(string(c.Company), string(c.ID), string(c.Worker), c.WorkerEmail, c.ExternalID, c.WorkerType, c.FirstName,
		c.LastName, c.LegalName, c.Country, c.JobTitle, c.Department, c.Entity, c.Type, string(c.Signing), string(c.Currency),
		c.StartDate.String(), c.EndDate.String(), c.Status)
}

// Fold returns the newer of two revisions of a contract. The order of the
// arguments does not matter: revisions that claim the same instant are told apart
// by their content.
func (c Contract) Fold(d Contract) Contract {
	if newerRevision(d.UpdatedAt, c.UpdatedAt, d.Sum, c.Sum) {
		return d
	}
	return c
}

// newerRevision orders revisions by time and then, arbitrarily but always in the
// same way, by content, which is hashed only when it has to be.
func newerRevision(at, thanAt time.Time, content, thanContent func() Sum) bool {
	if order := at.Compare(thanAt); order != 0 {
		return order > 0
	}
	a, b := content(), thanContent()
	return bytes.Compare(a[:], b[:]) > 0
}
