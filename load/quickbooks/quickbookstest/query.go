package quickbookstest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Query is one statement of the query language, taken apart.
type Query struct {
	Count  bool        // SELECT count(*) rather than *
	IDs    bool        // SELECT Id rather than *
	Entity string      // as written
	Where  []Condition // all must hold
	Order  []Order
	Start  int // STARTPOSITION, from 1
	Max    int // MAXRESULTS; 100 when left out
}

// Condition is one comparison of a WHERE clause.
type Condition struct {
	Attribute string   // dotted, as written
	Operator  string   // =, <, >, <=, >=, IN or LIKE
	Values    []string // one, or the list of IN
}

// Order is one attribute of an ORDERBY clause.
type Order struct {
	Attribute  string
	Descending bool
}

// The documented page sizes.
const (
	defaultPage = 100
	maxPage     = 1000
)

// ErrQuery is a statement that cannot be parsed, which QuickBooks answers with
// fault 4000, or whose numbers are out of range, which it answers with 4001:
// see [QueryError].
var ErrQuery = errors.New("query")

// QueryError says what is wrong with a statement. It is an [ErrQuery].
type QueryError struct {
	Code   string // "4000" or "4001"
	Detail string
}

func (e *QueryError) Error() string { return "query: " + e.Detail }

// Is makes every QueryError an [ErrQuery].
func (e *QueryError) Is(target error) bool { return target == ErrQuery }

// ParseQuery takes a statement apart. It knows the documented language and no
// more: no OR, JOIN, GROUP BY, !=, or list of attributes but for Id alone, which
// the reference of attachments shows.
func ParseQuery(statement string) (Query, error) {
	words, err := lex(statement)
	if err != nil {
		return Query{}, err
	}
	p := &parser{words: words}
	q := Query{Start: 1, Max: defaultPage}
	for _, clause := range []func(*Query) error{p.selection, p.where, p.order, p.page, p.end} {
		if err := clause(&q); err != nil {
			return Query{}, err
		}
	}
	return q, nil
}

type parser struct {
	words []word
	at    int
}

func (p *parser) peek() word {
	if p.at < len(p.words) {
		return p.words[p.at]
	}
	return word{kind: endWord}
}

func (p *parser) next() word {
	w := p.peek()
	p.at++
	return w
}

// keyword takes the next word if it is k, whatever its case.
func (p *parser) keyword(k string) bool {
	if w := p.peek(); w.kind == nameWord && strings.EqualFold(w.text, k) {
		p.at++
		return true
	}
	return false
}

func (p *parser) symbol(s string) bool {
	if w := p.peek(); w.kind == symbolWord && w.text == s {
		p.at++
		return true
	}
	return false
}

func (p *parser) unexpected(wanted string) error {
	got := p.peek().text
	if p.peek().kind == endWord {
		got = "<EOF>"
	}
	return &QueryError{Code: "4000", Detail: fmt.Sprintf("QueryParserError: Encountered %q where %s was expected", got, wanted)}
}

func (p *parser) selection(q *Query) error {
	if !p.keyword("select") {
		return p.unexpected("SELECT")
	}
	switch {
	case p.symbol("*"):
	case p.keyword("id"):
		q.IDs = true
	case p.keyword("count"):
		if !p.symbol("(") || !p.symbol("*") || !p.symbol(")") {
			return p.unexpected("(*)")
		}
		q.Count = true
	default:
		return p.unexpected("* or count(*)")
	}
	if !p.keyword("from") {
		return p.unexpected("FROM")
	}
	w := p.peek()
	if w.kind != nameWord || strings.Contains(w.text, ".") {
		return p.unexpected("an entity")
	}
	q.Entity = p.next().text
	return nil
}

func (p *parser) where(q *Query) error {
	if !p.keyword("where") {
		return nil
	}
	for {
		c, err := p.condition()
		if err != nil {
			return err
		}
		q.Where = append(q.Where, c)
		if !p.keyword("and") {
			return nil
		}
	}
}

func (p *parser) condition() (Condition, error) {
	if p.peek().kind != nameWord {
		return Condition{}, p.unexpected("an attribute")
	}
	c := Condition{Attribute: p.next().text}
	switch {
	case p.keyword("in"):
		c.Operator = "IN"
		return p.values(c)
	case p.keyword("like"):
		c.Operator = "LIKE"
	default:
		w := p.peek()
		if w.kind != symbolWord || !strings.Contains(" = < > <= >= ", " "+w.text+" ") {
			return c, p.unexpected("an operator")
		}
		c.Operator = p.next().text
	}
	v, err := p.value()
	c.Values = []string{v}
	return c, err
}

func (p *parser) values(c Condition) (Condition, error) {
	if !p.symbol("(") {
		return c, p.unexpected("(")
	}
	for {
		v, err := p.value()
		if err != nil {
			return c, err
		}
		c.Values = append(c.Values, v)
		if p.symbol(")") {
			return c, nil
		}
		if !p.symbol(",") {
			return c, p.unexpected(", or )")
		}
	}
}

// value takes a quoted value, or a bare number or true or false.
func (p *parser) value() (string, error) {
	w := p.peek()
	bare := w.kind == numberWord || (w.kind == nameWord && (strings.EqualFold(w.text, "true") || strings.EqualFold(w.text, "false")))
	if w.kind != quotedWord && !bare {
		return "", p.unexpected("a value")
	}
	p.at++
	return w.text, nil
}

// order takes ORDERBY, which the reference writes as one word, or ORDER BY,
// which works as well.
func (p *parser) order(q *Query) error {
	if p.keyword("order") {
		if !p.keyword("by") {
			return p.unexpected("BY")
		}
	} else if !p.keyword("orderby") {
		return nil
	}
	for {
		if p.peek().kind != nameWord {
			return p.unexpected("an attribute")
		}
		o := Order{Attribute: p.next().text}
		if p.keyword("desc") {
			o.Descending = true
		} else {
			p.keyword("asc")
		}
		q.Order = append(q.Order, o)
		if !p.symbol(",") {
			return nil
		}
	}
}

// page takes STARTPOSITION and MAXRESULTS. Assumed: in this order only.
func (p *parser) page(q *Query) error {
	if p.keyword("startposition") {
		n, err := p.positive("STARTPOSITION")
		if err != nil {
			return err
		}
		q.Start = n
	}
	if p.keyword("maxresults") {
		n, err := p.positive("MAXRESULTS")
		if err != nil {
			return err
		}
		if n > maxPage { // assumed: refused rather than cut
			return &QueryError{Code: "4001", Detail: fmt.Sprintf("QueryValidationError: value %d is too large. Max allowed value is %d", n, maxPage)}
		}
		q.Max = n
	}
	return nil
}

func (p *parser) positive(clause string) (int, error) {
	w := p.peek()
	n, err := strconv.Atoi(w.text)
	if w.kind != numberWord || err != nil {
		return 0, p.unexpected("a number after " + clause)
	}
	p.at++
	if n < 1 {
		return 0, &QueryError{Code: "4001", Detail: fmt.Sprintf("QueryValidationError: value %d is too small. Min allowed value is 1", n)}
	}
	return n, nil
}

func (p *parser) end(*Query) error {
	p.symbol(";") // assumed: a closing semicolon is taken
	if p.peek().kind != endWord {
		return p.unexpected("the end")
	}
	return nil
}
