package schema

import "time"

// ConnectionState says whether we may act in a company's QuickBooks.
type ConnectionState string

// The states of a connection.
const (
	Connected    ConnectionState = "connected"
	Disconnected ConnectionState = "disconnected"  // somebody here ended it
	NeedsConsent ConnectionState = "needs_consent" // QuickBooks no longer accepts our tokens
)

// Connection records that a company was connected to a QuickBooks realm, or
// disconnected from it. The newest of a company holds. Tokens are kept
// elsewhere, sealed.
type Connection struct {
	Company    CompanyID
	Realm      RealmID
	Name       string // the company's name in QuickBooks
	State      ConnectionState
	Detail     string // why, when not connected
	By         string
	RecordedAt time.Time
}
