package quickbookstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// shape says what kind of value an attribute holds.
type shape int

const (
	textShape shape = iota
	flagShape
	amountShape // 15 digits, 10 before the point and 5 after
	rateShape   // any positive number
	wholeShape
	dateShape
	stampShape
	refShape
	objectShape
	listShape
	anyShape // accepted and kept as sent
)

// trait is what else holds for an attribute.
type trait int

const (
	required   trait = 1 << iota
	filterable       // may stand in WHERE
	sortable         // may stand in ORDERBY
	readOnly         // accepted and ignored: QuickBooks overwrites it silently
	nameLike         // refuses colon, tab and newline
	noQuote          // refuses the double quote and the colon
	emailForm        // must look like an e-mail address
	webForm          // must look like the address of a page
	whole            // cannot be blanked by a sparse update
)

// field is one row of an entity's table.
type field struct {
	name  string
	shape shape
	max   int // characters; 0 means no limit
	trait trait
	enum  []string
	sub   []field
}

func text(name string, limit int, t ...trait) field { return row(name, textShape, limit, t) }
func flag(name string, t ...trait) field            { return row(name, flagShape, 0, t) }
func amount(name string, t ...trait) field          { return row(name, amountShape, 0, t) }
func rate(name string) field                        { return row(name, rateShape, 0, nil) }
func wholeNumber(name string, t ...trait) field     { return row(name, wholeShape, 0, t) }
func date(name string, t ...trait) field            { return row(name, dateShape, 0, t) }
func reference(name string, t ...trait) field       { return row(name, refShape, 0, t) }
func ignored(name string) field                     { return row(name, anyShape, 0, []trait{readOnly}) }

func choice(name string, options ...string) field {
	return field{name: name, shape: textShape, enum: options}
}

func group(name string, sub ...field) field { return field{name: name, shape: objectShape, sub: sub} }
func list(name string, sub ...field) field  { return field{name: name, shape: listShape, sub: sub} }

func row(name string, s shape, limit int, traits []trait) field {
	f := field{name: name, shape: s, max: limit}
	for _, t := range traits {
		f.trait |= t
	}
	return f
}

func (f field) is(t trait) bool { return f.trait&t != 0 }

// commonFields stand on every entity. QuickBooks writes them; what a client
// sends in them is ignored.
func commonFields() []field {
	return []field{
		{name: "Id", shape: textShape, trait: readOnly | filterable | sortable},
		{name: "SyncToken", shape: textShape, trait: readOnly},
		{name: "sparse", shape: anyShape, trait: readOnly},
		{name: "domain", shape: anyShape, trait: readOnly},
		{name: "status", shape: anyShape, trait: readOnly},
		{name: "MetaData", shape: objectShape, trait: readOnly, sub: []field{
			{name: "CreateTime", shape: stampShape, trait: filterable | sortable},
			{name: "LastUpdatedTime", shape: stampShape, trait: filterable | sortable},
		}},
	}
}

// reader takes a client's object apart by an entity's table.
type reader struct {
	latin1  bool // the company keeps to ISO-8859-1
	foreign Foreign
}

// read returns the writable attributes of in, normalised, or the fault of the
// first that is wrong. Attributes outside the table get 2010.
func (rd reader) read(fields []field, in object) (object, *Fault) {
	out := make(object, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v := in[name]
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			return nil, refuse("2010", "Property Name:"+name+" specified is unsupported or invalid", name)
		}
		f := fields[i]
		if f.is(readOnly) {
			continue
		}
		if v == nil {
			out[name] = nil // a null blanks the attribute
			continue
		}
		clean, fault := rd.value(f, v)
		if fault != nil {
			return nil, fault
		}
		out[name] = clean
	}
	return out, nil
}

func (rd reader) value(f field, v any) (any, *Fault) {
	switch f.shape {
	case textShape:
		return rd.text(f, v)
	case flagShape:
		return readFlag(f, v)
	case amountShape, rateShape, wholeShape:
		return readNumber(f, v)
	case dateShape, stampShape:
		return readDate(f, v)
	case refShape:
		return readRef(f, v)
	case objectShape:
		o, ok := v.(object)
		if !ok {
			return nil, malformed(f.name)
		}
		return rd.read(f.sub, o)
	case listShape:
		return rd.list(f, v)
	default:
		return v, nil
	}
}

func (rd reader) list(f field, v any) (any, *Fault) {
	items, ok := v.([]any)
	if !ok {
		return nil, malformed(f.name)
	}
	clean := make([]any, 0, len(items))
	for _, item := range items {
		o, ok := item.(object)
		if !ok {
			return nil, malformed(f.name)
		}
		read, fault := rd.read(f.sub, o)
		if fault != nil {
			return nil, fault
		}
		clean = append(clean, read)
	}
	return clean, nil
}

func (rd reader) text(f field, v any) (any, *Fault) {
	s, ok := v.(string)
	if !ok {
		n, isNumber := v.(json.Number) // the server's reader takes a bare number for text (assumed)
		if !isNumber {
			return nil, malformed(f.name)
		}
		s = n.String()
	}
	if size := utf8.RuneCountInString(s); f.max > 0 && size > f.max {
		detail := fmt.Sprintf("String length specified does not match the supported length. Min:0 Max:%d supported. Supplied length:%d", f.max, size)
		return nil, refuse("2050", detail, f.name)
	}
	if (f.is(nameLike) && strings.ContainsAny(s, ":\t\n\r")) || (f.is(noQuote) && strings.ContainsAny(s, ":\"")) {
		return nil, illegalCharacters(f.name, s)
	}
	if f.is(emailForm) && !emailLike(s) {
		return nil, refuse("2210", "Email Address is not valid : "+s, f.name)
	}
	if f.is(webForm) && !webLike(s) {
		return nil, refuse("2200", "Malformed website address. Supplied value:"+s, f.name)
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, s) {
		return nil, refuse("2170", "Invalid enumeration value "+s, f.name)
	}
	return rd.repertoire(f, s)
}

// repertoire applies the documented ISO-8859-1 rule of US companies. Assumed:
// what happens to a character outside it, hence [Foreign].
func (rd reader) repertoire(f field, s string) (any, *Fault) {
	outside := func(r rune) bool { return r > 0xFF }
	if !rd.latin1 || rd.foreign == ForeignKept || strings.IndexFunc(s, outside) < 0 {
		return s, nil
	}
	if rd.foreign == ForeignRefused {
		return nil, illegalCharacters(f.name, s)
	}
	return strings.Map(func(r rune) rune {
		if outside(r) {
			return '?'
		}
		return r
	}, s), nil
}

func illegalCharacters(name, s string) *Fault {
	return refuse("2040", "Invalid String: "+s+" contains unsupported or illegal chars", name)
}

func malformed(name string) *Fault {
	return refuse("2010", "Property Name:"+name+" has a value that is unsupported or invalid", name)
}

func emailLike(s string) bool {
	if s == "" {
		return true
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s {
		return false
	}
	_, host, _ := strings.Cut(s, "@")
	return strings.Contains(host, ".")
}

// webLike is lenient: what counts as an address is not documented (assumed).
func webLike(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (s == "" || strings.Contains(u.Host+u.Path, ".")) && !strings.ContainsAny(s, " \t\n")
}

func readFlag(f field, v any) (any, *Fault) {
	switch b := v.(type) {
	case bool:
		return b, nil
	case string: // assumed: the server's reader takes the words as well
		if b == "true" || b == "false" {
			return b == "true", nil
		}
	}
	return nil, refuse("2230", "Invalid Boolean value", f.name)
}

// dateForm is a date that may not exist, such as the 30th of February.
var dateForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// readNumber keeps digits exactly as decimals. A whole number and a decimal have
// codes of their own for a wrong form. Assumed: a number inside a string is read
// as well; what is too long or too large is out of range.
func readNumber(f field, v any) (any, *Fault) {
	var written string
	switch n := v.(type) {
	case json.Number:
		written = n.String()
	case string:
		written = n
	default:
		return nil, malformed(f.name)
	}
	if len(written) > 40 || strings.ContainsAny(written, "eE") && len(written) > 24 {
		return nil, refuse(f.outOfRange(), "Number is too long", f.name)
	}
	d, err := decimal.NewFromString(written)
	switch {
	case err != nil && f.shape == wholeShape:
		return nil, refuse("2080", written+" is not a number", f.name)
	case err != nil:
		return nil, refuse("2100", written+" is not a decimal number", f.name)
	case d.Exponent() > 20 || d.Exponent() < -40, f.shape == wholeShape && d.Abs().GreaterThan(decimal.NewFromInt(math.MaxInt32)):
		return nil, refuse(f.outOfRange(), written+" is out of range", f.name)
	case f.shape == wholeShape && !d.IsInteger():
		return nil, refuse("2090", written+" is not a whole number", f.name)
	}
	if f.shape == amountShape && !fits105(d) {
		return nil, refuse("2140", written+" does not fit 10 digits before and 5 after the decimal point", f.name)
	}
	return number(d), nil
}

// outOfRange is the code for a number that is well formed and too large.
func (f field) outOfRange() string {
	if f.shape == wholeShape {
		return "2240"
	}
	return "2110"
}

// fits105 reports whether d fits the documented 15 digits in 10.5 format.
func fits105(d decimal.Decimal) bool {
	return d.Equal(d.Truncate(5)) && d.Abs().LessThan(decimal.New(1, 10))
}

func readDate(f field, v any) (any, *Fault) {
	s, ok := v.(string)
	if !ok {
		return nil, refuse("2060", "Date is not text", f.name)
	}
	if f.shape == stampShape {
		return s, nil
	}
	// Assumed: a time behind the date is cut off.
	day, _, _ := strings.Cut(s, "T")
	if _, err := time.Parse(time.DateOnly, day); err == nil {
		return day, nil
	}
	if dateForm.MatchString(day) {
		return nil, refuse("2070", "Invalid Date : Supplied value:"+s, f.name)
	}
	return nil, refuse("2060", "Invalid date format "+s, f.name)
}

func readRef(f field, v any) (any, *Fault) {
	o, ok := v.(object)
	if !ok {
		return nil, malformed(f.name)
	}
	for name := range o {
		if !slices.Contains([]string{"value", "name", "type"}, name) {
			return nil, refuse("2010", "Property Name:"+name+" specified is unsupported or invalid", f.name)
		}
	}
	var id string
	switch value := o["value"].(type) {
	case string:
		id = value
	case json.Number:
		id = value.String()
	}
	if id == "" {
		return nil, refuse("2020", "Required parameter "+f.name+".value is missing in the request", f.name)
	}
	clean := object{"value": id}
	if kind, ok := o["type"].(string); ok {
		clean["type"] = kind
	}
	return clean, nil
}
