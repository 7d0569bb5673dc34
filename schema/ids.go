package schema

// CompanyID names one set of books as the operator's configuration does, such
// as "acme". It appears in the webhook's path and in every row that is stored.
type CompanyID string

// DeliveryID identifies one webhook delivery within a company: the sender's
// webhook-id, or "sha256:" and the hash of the body where the sender gives none.
type DeliveryID string

// ContractID is Ontop's agreement_id, unique within a company.
type ContractID string

// InvoiceID is Ontop's invoice_id, unique within a company.
type InvoiceID string

// WorkerID is Ontop's worker_id, unique within a company.
type WorkerID string

// DraftID identifies one bill draft. It is derived from everything that the
// draft says, so that the same inputs always give the same id.
type DraftID string

// RuleID names a mapping rule, as finance wrote it.
type RuleID string

// BatchID identifies one request to QuickBooks that carries several postings.
type BatchID string

// RealmID is QuickBooks' number for a company.
type RealmID string

// AccountID is QuickBooks' id of an account, unique within a realm.
type AccountID string

// ClassID is QuickBooks' id of a class, unique within a realm.
type ClassID string

// LocationID is QuickBooks' id of a location, which its API calls a department,
// unique within a realm.
type LocationID string

// VendorID is QuickBooks' id of a vendor, unique within a realm.
type VendorID string

// DocumentID is QuickBooks' id of a record that we created or found there: a
// bill or a vendor credit, or a vendor when the posting created one.
type DocumentID string
