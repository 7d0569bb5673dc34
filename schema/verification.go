package schema

import "time"

// VerificationResult is what reading a document back showed.
type VerificationResult string

// The results.
const (
	VerifiedExact     VerificationResult = "exact"     // every field as drafted
	VerifiedDivergent VerificationResult = "divergent" // some field differs
	VerifiedMissing   VerificationResult = "missing"   // it is not there any more
)

// Field is a field of a document that is compared.
type Field string

// The fields that are compared.
const (
	FieldVendor    Field = "vendor"
	FieldTotal     Field = "amount"
	FieldLine      Field = "line"
	FieldAccount   Field = "account"
	FieldDate      Field = "date"
	FieldDueDate   Field = "due_date"
	FieldCurrency  Field = "currency"
	FieldRate      Field = "rate"
	FieldDocNumber Field = "doc_number"
	FieldPayable   Field = "payable_account"
	FieldClass     Field = "class"
	FieldLocation  Field = "location"
	FieldFile      Field = "file"         // of an attachment: name, type or size
	FieldLink      Field = "link"         // what an attachment or a payment belongs to
	FieldAccountTo Field = "to_account"   // of a transfer
	FieldBank      Field = "bank_account" // of a payment, or that a transfer comes from
)

// Difference is one field of a document that is not as it was drafted.
type Difference struct {
	Field    Field
	Expected string
	Found    string
}

// Verification records that a posted document was read back from QuickBooks and
// compared field by field. The newest of a posting's kind, subject and document
// holds.
type Verification struct {
	Company     CompanyID
	Kind        PostingKind // of the posting; the zero value means PostBill
	Subject     string      // of the posting: the invoice, when it is a PostBill
	Draft       DraftID
	Document    DocumentID
	Result      VerificationResult
	Differences []Difference
	Total       Money // what QuickBooks holds, with the document's sign; zero when missing
	SyncToken   string
	RecordedAt  time.Time
}
