package quickbooks

import (
	"encoding/json"
	"time"
)

// Timestamp is a time as QuickBooks writes it, in the company's own offset. One
// that cannot be read is the zero time rather than an error: no answer about
// money is lost over a clock.
type Timestamp struct{ time.Time }

// UnmarshalJSON reads RFC 3339, and the form without a colon in the offset.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	var text string
	*t = Timestamp{}
	if json.Unmarshal(b, &text) != nil {
		return nil //nolint:nilerr // an unreadable time is the zero time, by contract
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", time.DateOnly} {
		if parsed, err := time.Parse(layout, text); err == nil {
			t.Time = parsed
			return nil
		}
	}
	return nil
}
