package schema

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a calendar day without a time zone. The zero Date stands for none.
// Dates compare with ==, and order with Compare.
type Date struct {
	year       int16
	month, day uint8
}

// NewDate returns the day that time.Date would normalise the arguments to.
// Years outside 1 to 9999 give the zero Date.
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf returns the day of t in t's own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		return Date{}
	}
	return Date{year: int16(year), month: uint8(month), day: uint8(day)}
}

// ParseDate reads YYYY-MM-DD, a day that exists.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("date %q: not a day written YYYY-MM-DD", clip(text))
	}
	return DateOf(t), nil
}

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// Time returns midnight UTC at the beginning of d, or the zero time.
func (d Date) Time() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(int(d.year), time.Month(d.month), int(d.day), 0, 0, 0, 0, time.UTC)
}

// AddDays returns the day n days after d. None plus any number of days is none.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return DateOf(d.Time().AddDate(0, 0, n))
}

// Compare returns -1, 0 or 1 as d is before, on or after e. None is before all.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.year, e.year), cmp.Compare(d.month, e.month), cmp.Compare(d.day, e.day))
}

// Period returns the month that d lies in.
func (d Date) Period() Period { return Period{year: d.year, month: d.month} }

// String writes YYYY-MM-DD, or nothing for none.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

// MarshalText writes the date as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Period is a calendar month, the unit in which finance closes the books. The
// zero Period stands for none.
type Period struct {
	year  int16
	month uint8
}

// ParsePeriod reads YYYY-MM.
func ParsePeriod(text string) (Period, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil || t.Year() < 1 {
		return Period{}, fmt.Errorf("period %q: not a month written YYYY-MM", clip(text))
	}
	return DateOf(t).Period(), nil
}

// IsZero reports whether p is no month.
func (p Period) IsZero() bool { return p == Period{} }

// First returns the first day of the month.
func (p Period) First() Date {
	if p.IsZero() {
		return Date{}
	}
	return Date{year: p.year, month: p.month, day: 1}
}

// Last returns the last day of the month.
func (p Period) Last() Date {
	if p.IsZero() {
		return Date{}
	}
	return NewDate(int(p.year), time.Month(p.month)+1, 0)
}

// Next returns the month after p.
func (p Period) Next() Period {
	if p.IsZero() {
		return p
	}
	return NewDate(int(p.year), time.Month(p.month)+1, 1).Period()
}

// Contains reports whether d lies in the month.
func (p Period) Contains(d Date) bool { return !d.IsZero() && d.Period() == p }

// String writes YYYY-MM, or nothing for none.
func (p Period) String() string {
	if p.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", p.year, p.month)
}

// MarshalText writes the period as String does.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
