package storetest

import (
	"context"
	"sync"
	"time"

	"github.com/tieout/tieout/schema"
)

// Fault is how a call fails. The zero Fault is none.
type Fault struct {
	// Err is what the call returns.
	Err error
	// After says that the call takes effect before it fails, so that the
	// caller cannot tell whether it did. A call that streams yields all it
	// has and then fails.
	After bool
}

// Memory is a store in memory. It is safe for concurrent use.
type Memory struct {
	mu    sync.Mutex
	fault func(method string) Fault
	seq   int64

	deliveries    map[schema.CompanyID][]schema.Delivery
	blocks        map[string]bool
	outcomes      history[deliveryKey, schema.Outcome]
	reviews       history[deliveryKey, schema.Review]
	contracts     history[contractKey, schema.Contract]
	invoices      history[invoiceKey, schema.Invoice]
	drafts        history[invoiceKey, schema.Draft]
	decisions     history[invoiceKey, schema.Decision]
	postings      history[postingKey, schema.Posting]
	verifications history[postingKey, schema.Verification]
	tasks         history[postingKey, schema.Task]
	about         map[aboutKey][]string // the subjects of tasks that ever named an invoice
	payees        history[payeeKey, schema.Payee]
	rules         history[schema.CompanyID, schema.RuleSet]
	books         history[schema.CompanyID, schema.Books]
	bookBills     history[documentKey, schema.BookBill]
	mirrors       history[realmKey, schema.Mirrored]
	connections   history[schema.CompanyID, schema.Connection]
	secrets       history[secretKey, string]
	claims        history[claimKey, claim]
	metered       history[meterKey, schema.MeteredCalls]
}

type (
	deliveryKey struct {
		company  schema.CompanyID
		delivery schema.DeliveryID
		body     schema.Sum
	}
	contractKey struct {
		company  schema.CompanyID
		contract schema.ContractID
	}
	invoiceKey struct {
		company schema.CompanyID
		invoice schema.InvoiceID
	}
	postingKey struct {
		company schema.CompanyID
		kind    schema.PostingKind
		subject string
	}
	aboutKey struct {
		kind    schema.PostingKind
		invoice invoiceKey
	}
	payeeKey struct {
		company schema.CompanyID
		payee   schema.PayeeKey
	}
	documentKey struct {
		company  schema.CompanyID
		realm    schema.RealmID
		kind     schema.DocumentKind
		document schema.DocumentID
	}
	realmKey struct {
		company schema.CompanyID
		realm   schema.RealmID
	}
	secretKey struct {
		company schema.CompanyID
		name    string
	}
	claimKey struct{ name, holder string }

	// claim is a holder's word that a lease is its own until an instant.
	claim struct {
		holder string
		until  time.Time
	}
)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		deliveries: make(map[schema.CompanyID][]schema.Delivery), blocks: make(map[string]bool), about: make(map[aboutKey][]string),
	}
}

// Inject has fault asked, before every call, how the method of that name fails.
// It is asked by one goroutine at a time, with the store locked, so it must not
// call the store. Nil makes every call succeed again.
func (m *Memory) Inject(fault func(method string) Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// do runs a call: the effect and the faults around it, with the store locked.
func (m *Memory) do(ctx context.Context, method string, effect func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var fault Fault
	if m.fault != nil {
		fault = m.fault(method)
	}
	if fault.Err == nil || fault.After {
		effect()
	}
	return fault.Err
}

// next returns the number of the next record.
func (m *Memory) next() int64 {
	m.seq++
	return m.seq
}
