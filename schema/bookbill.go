package schema

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// BookBill is what QuickBooks holds of one bill or vendor credit, whoever entered
// it, as it was last seen. Each change that is seen is recorded as a new BookBill;
// of a document the newest holds.
type BookBill struct {
	Company  CompanyID
	Realm    RealmID
	Kind     DocumentKind
	Document DocumentID

	Vendor    VendorID
	DocNumber string
	TxnDate   Date
	DueDate   Date
	Total     Money // positive for a vendor credit, too
	Balance   Money // what is not paid yet, or not used
	Payable   AccountID

	// Draft is the draft that the document's note says it came from; none when
	// the note says nothing. A document that somebody copied says what the
	// original does.
	Draft DraftID
	// Invoice is the invoice for which we posted this very document, which its
	// note alone cannot prove. It stays when somebody rewrites the note.
	Invoice InvoiceID

	SyncToken string
	UpdatedAt time.Time // as QuickBooks says; it also touches documents by itself
	Deleted   bool      // gone from the books; the rest is what it said last
	SeenAt    time.Time
}

// Ours reports whether we posted the document.
func (b BookBill) Ours() bool { return b.Invoice != "" }

// Subject is the id under which a person decides about a document that no invoice
// explains, such as "quickbooks:bill:123". No invoice has such an id.
func (b BookBill) Subject() InvoiceID {
	return InvoiceID(bookSubject + string(b.Kind) + ":" + string(b.Document))
}

const bookSubject = "quickbooks:"

// BookSubject takes a [BookBill.Subject] apart, and reports whether it is one.
func BookSubject(id InvoiceID) (kind DocumentKind, document DocumentID, ok bool) {
	rest, found := strings.CutPrefix(string(id), bookSubject)
	k, d, both := strings.Cut(rest, ":")
	return DocumentKind(k), DocumentID(d), found && both && d != ""
}

// Marked reports whether the document's note names a draft.
func (b BookBill) Marked() bool { return b.Draft != "" }

// Same reports whether b and c say the same, whenever they were seen.
func (b BookBill) Same(c BookBill) bool {
	if !b.UpdatedAt.Equal(c.UpdatedAt) {
		return false
	}
	b.SeenAt, c.SeenAt, b.UpdatedAt, c.UpdatedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return b == c
}

// CompareBookBills orders documents by date, then by id and kind.
func CompareBookBills(a, b BookBill) int {
	return cmp.Or(a.TxnDate.Compare(b.TxnDate), cmp.Compare(a.Document, b.Document), cmp.Compare(a.Kind, b.Kind))
}

// BookQuery asks for mirrored documents of a company in one realm. The zero value
// of a field leaves it open. Documents and Vendors are not asked for together.
type BookQuery struct {
	Company   CompanyID
	Realm     RealmID
	Documents []DocumentID
	Vendors   []VendorID
	First     Date // the earliest TxnDate
	Last      Date // the latest TxnDate
	Deleted   bool // those that are gone, too
	AsOf      time.Time
}

// Covers reports whether the query asks for b, were it the newest of its document.
func (q BookQuery) Covers(b BookBill) bool {
	switch {
	case b.Company != q.Company, q.Realm != "" && b.Realm != q.Realm, b.Deleted && !q.Deleted:
		return false
	case !q.First.IsZero() && b.TxnDate.Compare(q.First) < 0, !q.Last.IsZero() && b.TxnDate.Compare(q.Last) > 0:
		return false
	}
	return (len(q.Documents) == 0 || slices.Contains(q.Documents, b.Document)) && (len(q.Vendors) == 0 || slices.Contains(q.Vendors, b.Vendor))
}

// Mirrored says how far the mirror of a company's books reaches. The newest of a
// company and realm holds.
type Mirrored struct {
	Company CompanyID
	Realm   RealmID
	// Until is the instant up to which every change is known. The next look asks
	// for what changed since.
	Until time.Time
	// SweptAt is when everything from First on was last read, and not only what
	// changed. Bills dated earlier are known if they changed since the first sweep.
	SweptAt    time.Time
	First      Date
	RecordedAt time.Time
}
