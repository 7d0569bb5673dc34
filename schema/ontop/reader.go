package ontop

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tieout/tieout/schema"
)

// maxID is the longest id that is taken, in bytes. Real ones have some twenty characters;
// the bound keeps a hostile one out of every key and log line.
const maxID = 255

// maxProblems is how many problems are named of one object, and how many troubles
// of one message. Nobody reads more, and a body of a million noughts must not
// become a million sentences.
const maxProblems = 100

// reader turns values into what they mean, and collects a problem for each that
// it cannot. It answers the zero value for those, and for absent values.
type reader struct {
	problems []schema.Problem
	item     int // place in items, for the names of fields; below zero outside
}

func newReader() *reader { return &reader{item: -1} }

func (r *reader) problem(field string, v value, detail string) {
	if r.item >= 0 {
		field = "items[" + strconv.Itoa(r.item) + "]." + field
	}
	shown := ""
	switch {
	case len(r.problems) > maxProblems:
		return
	case len(r.problems) == maxProblems:
		// Only items can be so many.
		field, detail = "items", "have more problems than the ones before; correct those, and send the invoice again"
	case !v.absent():
		shown = clip(v)
	}
	r.problems = append(r.problems, schema.Problem{Field: field, Value: shown, Detail: detail})
}

func (r *reader) text(field string, v value) string {
	if v.absent() {
		return ""
	}
	text, ok := v.scalar()
	if !ok {
		r.problem(field, v, "is not text; send a string or null")
	}
	return text
}

// id reads an id. The number 7 and the string "7" are the same id; 7.0 is none,
// because whoever writes ids with decimals rounds the large ones.
func (r *reader) id(field string, v value) string {
	if v.absent() {
		return ""
	}
	text, ok := v.scalar()
	text = strings.TrimSpace(text)
	switch {
	case !ok, v.isNumber() && strings.ContainsAny(text, ".eE"):
		r.problem(field, v, "is not an id; send a whole number or a string")
		return ""
	case len(text) > maxID:
		r.problem(field, v, "is longer than 255 bytes; send the id that Ontop shows")
		return ""
	case strings.ContainsFunc(text, noIDCharacter):
		r.problem(field, v, "has characters that no id has; send the id that Ontop shows")
		return ""
	}
	return text
}

// noIDCharacter reports control characters, and what stands for bytes that were
// no UTF-8: two different ids must not become one.
func noIDCharacter(c rune) bool { return c < ' ' || c == 0x7f || c == utf8.RuneError }

func (r *reader) currency(field string, v value) schema.Currency {
	if v.absent() {
		r.problem(field, v, "is missing; send the contract's ISO 4217 code, such as USD")
		return ""
	}
	var currency schema.Currency
	err := schema.ErrUnknownCurrency
	if v.isString() {
		currency, err = schema.ParseCurrency(v.unquoted())
	}
	if err != nil || currency == schema.NoCurrency {
		r.problem(field, v, "is not a currency; send an ISO 4217 code in upper case, such as USD")
		return ""
	}
	return currency
}

// money reads an amount that has to be there.
func (r *reader) money(field string, v value, c schema.Currency) schema.Money {
	if v.absent() {
		r.problem(field, v, "is missing; send the amount, 0 when there is none")
		return schema.NewMoney(0, c)
	}
	return r.optionalMoney(field, v, c)
}

// optionalMoney reads an amount in c, zero when it is absent or unreadable.
func (r *reader) optionalMoney(field string, v value, c schema.Currency) schema.Money {
	zero := schema.NewMoney(0, c)
	if v.absent() {
		return zero
	}
	if c == "" {
		r.problem(field, v, "cannot be read without a currency; correct the currency and send the invoice again")
		return zero
	}
	text, ok := v.scalar()
	if !ok {
		r.problem(field, v, "is not an amount; send a decimal number")
		return zero
	}
	amount, err := schema.ParseMoney(text, c)
	switch {
	case errors.Is(err, schema.ErrPrecision):
		r.problem(field, v, "has more decimals than "+string(c)+" has; send it with at most "+strconv.Itoa(c.Exponent()))
	case errors.Is(err, schema.ErrOverflow):
		r.problem(field, v, "is larger than any amount in "+string(c)+" that can be booked; correct it at Ontop")
	case err != nil:
		r.problem(field, v, "is not an amount; send a decimal number")
	default:
		return amount
	}
	return zero
}

func (r *reader) rate(field string, v value) schema.Rate {
	if v.absent() {
		return ""
	}
	text, ok := v.scalar()
	rate, err := schema.ParseRate(text)
	if !ok || err != nil {
		r.problem(field, v, "is not an exchange rate; send a positive decimal number of at most 30 characters")
		return ""
	}
	return rate
}

// decimal checks an amount whose currency the wire does not say, and returns it
// as it was written.
func (r *reader) decimal(field string, v value) string {
	if v.absent() {
		return ""
	}
	text, ok := v.scalar()
	// The currency is of no account: only the form is checked.
	if _, err := schema.ParseMoney(text, "USD"); !ok || errors.Is(err, schema.ErrNotANumber) {
		r.problem(field, v, "is not an amount; send a decimal number")
		return ""
	}
	return text
}

func (r *reader) date(field string, v value) schema.Date {
	if v.absent() {
		return schema.Date{}
	}
	if v.isString() {
		text := v.unquoted()
		if text == "" {
			return schema.Date{}
		}
		if day, err := schema.ParseDate(text); err == nil && inRange(day.Time()) {
			return day
		}
	}
	r.problem(field, v, "is not a day; send YYYY-MM-DD between 1970 and 2261")
	return schema.Date{}
}

func (r *reader) instant(field string, v value) time.Time {
	if v.absent() {
		return time.Time{}
	}
	text, ok := v.scalar()
	if ok && text == "" {
		return time.Time{}
	}
	at, err := parseInstant(text)
	if !ok || err != nil {
		r.problem(field, v, "is not a time; send RFC 3339 or epoch seconds, with at most 9 decimals, between 1970 and 2261")
		return time.Time{}
	}
	return at
}

// dayOrInstant reads a time that may be sent as a day, which stands for its
// midnight in UTC.
func (r *reader) dayOrInstant(field string, v value) time.Time {
	if v.isString() {
		if day, err := schema.ParseDate(v.unquoted()); err == nil && inRange(day.Time()) {
			return day.Time()
		}
	}
	return r.instant(field, v)
}
