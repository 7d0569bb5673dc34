package ontop

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// value is one JSON value as it was sent, checked to be well formed, or nothing
// when the field was missing.
type value []byte

// absent reports whether there is nothing: the field is missing, or null.
func (v value) absent() bool { return len(v) == 0 || v[0] == 'n' }

func (v value) isString() bool { return len(v) > 0 && v[0] == '"' }

func (v value) isNumber() bool { return len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') }

// unquoted returns what a JSON string says. Bytes that are not UTF-8 become
// U+FFFD, so that whatever is made of the text can be stored and shown.
func (v value) unquoted() string {
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return shared(inner)
	}
	text, err := jx.DecodeBytes(v).Str()
	if err != nil {
		return "" // cannot be: the value was checked when the envelope was read
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// scalar returns the text of a string, or a number exactly as it was written.
func (v value) scalar() (text string, ok bool) {
	switch {
	case v.isString():
		return v.unquoted(), true
	case v.isNumber():
		return string(v), true
	}
	return "", false
}

// shared returns text as a string, without a copy of its own for the words that
// most invoices repeat.
func shared(text []byte) string {
	switch string(text) {
	case "":
		return ""
	case "USD":
		return "USD"
	case "EUR":
		return "EUR"
	case "COP":
		return "COP"
	case "BRL":
		return "BRL"
	case "MXN":
		return "MXN"
	case "CREATED":
		return "CREATED"
	case "CONFIRMED":
		return "CONFIRMED"
	case "PAID":
		return "PAID"
	case "CANCELLED":
		return "CANCELLED"
	case "INVOICE_CREATED":
		return "INVOICE_CREATED"
	case "INVOICE_CONFIRMED":
		return "INVOICE_CONFIRMED"
	case "INVOICE_PAID":
		return "INVOICE_PAID"
	case "FIXED_PAYMENT":
		return "FIXED_PAYMENT"
	case "HOURLY_PAYMENT":
		return "HOURLY_PAYMENT"
	case "PRORATED_PAYMENT":
		return "PRORATED_PAYMENT"
	case "BONUS":
		return "BONUS"
	case "REIMBURSEMENT":
		return "REIMBURSEMENT"
	case "DEDUCTION":
		return "DEDUCTION"
	case "1":
		return "1"
	}
	return string(text)
}

// clip bounds what a problem repeats of a foreign text.
func clip(text []byte) string {
	const most = 60
	clipped := text
	if len(text) > most {
		clipped = text[:most]
	}
	shown := strings.ToValidUTF8(string(clipped), "\uFFFD")
	if len(text) > most {
		shown += "…"
	}
	return shown
}
