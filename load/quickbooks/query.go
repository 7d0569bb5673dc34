package quickbooks

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	// pageSize is the most rows that QuickBooks answers at once.
	pageSize = 1000

	// pageOverlap is how many rows of a page are read again with the next.
	// Pages are not a snapshot: a record that somebody deletes meanwhile moves
	// all later ones forward, and some would be passed over.
	pageOverlap = 10

	// longStatement is where a query goes into the body instead of the address.
	longStatement = 1500
)

// Condition is one condition of a query. Conditions are joined by AND; there is
// no other way to join them.
type Condition struct{ text string }

// fieldPattern is what a field may be called, so that a condition can hold no
// second one.
var fieldPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]{0,60}$`)

// Equal holds where the field has the value; QuickBooks ignores case.
func Equal(field, value string) Condition { return condition(field, "=", Quote(value)) }

// AtLeast holds where the field is the value or greater.
func AtLeast(field, value string) Condition { return condition(field, ">=", Quote(value)) }

// AtMost holds where the field is the value or less.
func AtMost(field, value string) Condition { return condition(field, "<=", Quote(value)) }

// OneOf holds where the field has one of the values. Without values nothing is
// found.
func OneOf(field string, values ...string) Condition {
	if len(values) == 0 {
		values = []string{""}
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = Quote(v)
	}
	return condition(field, "IN", "("+strings.Join(quoted, ", ")+")")
}

// ActiveOrNot includes inactive records, which queries leave out by themselves.
func ActiveOrNot() Condition { return condition("Active", "IN", "(true, false)") }

func condition(field, operator, literal string) Condition {
	if !fieldPattern.MatchString(field) {
		return Condition{}
	}
	return Condition{text: field + " " + operator + " " + literal}
}

// Quote makes any text a literal of the query language: the one place where that
// is done. QuickBooks documents a backslash before a quote; the backslash itself
// is escaped as well, because otherwise text that ends in one would end the
// literal too late.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// Statement is a whole query for records of one kind, ordered by Id. It counts
// rows from 1.
func Statement[T Entity](start, rows int, conditions ...Condition) (string, error) {
	var kind T
	var b strings.Builder
	b.WriteString("SELECT * FROM " + kind.entity())
	for i, c := range conditions {
		if c.text == "" {
			return "", fmt.Errorf("query %s: %w: condition %d names no field", kind.entity(), ErrRefused, i+1)
		}
		b.WriteString([]string{" WHERE ", " AND "}[min(i, 1)] + c.text)
	}
	b.WriteString(" ORDERBY Id STARTPOSITION " + strconv.Itoa(start) + " MAXRESULTS " + strconv.Itoa(rows))
	return b.String(), nil
}

// Query reads every record of one kind that fits all conditions, page by page,
// in the order of their ids, each once. It ends at the first error. Records that
// are added meanwhile may be missing.
func Query[T Entity](ctx context.Context, c *Client, conditions ...Condition) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen := map[string]struct{}{}
		start, steppedBack := 1, 0
		for {
			page, err := queryPage[T](ctx, c, start, conditions)
			if err != nil {
				yield(none, err)
				return
			}
			before := len(seen)
			known := 0
			for _, row := range page {
				if _, ok := seen[row.key()]; ok {
					known++
					continue
				}
				seen[row.key()] = struct{}{}
				if !yield(row, nil) {
					return
				}
			}
			switch {
			case before > 0 && known == 0 && len(page) > 0 && steppedBack < maxStepsBack:
				// Nothing on this page was on the last: more rows vanished
				// than the overlap covers.
				steppedBack++
				start = max(1, start-pageSize/2)
			case len(page) < pageSize:
				return
			default:
				start += pageSize - pageOverlap
			}
		}
	}
}

// maxStepsBack bounds how often a query goes back for rows that moved.
const maxStepsBack = 8

func queryPage[T Entity](ctx context.Context, c *Client, start int, conditions []Condition) ([]T, error) {
	statement, err := Statement[T](start, pageSize, conditions...)
	if err != nil {
		return nil, err
	}
	ca := call{
		operation: opQuery, class: classCorePlus, method: "GET", path: "query", query: url.Values{"query": {statement}},
	}
	if len(statement) > longStatement {
		ca.method, ca.query = "POST", nil
		ca.body, ca.contentType = []byte(statement), "application/text"
	}
	ans, err := c.read(ctx, ca)
	if err != nil {
		return nil, err
	}
	incomplete := &NoAnswer{Operation: opQuery, HTTPStatus: ans.status, TID: ans.tid, Err: errIncomplete}
	var envelope struct {
		QueryResponse *QueryResponse `json:"QueryResponse"`
	}
	if json.Unmarshal(ans.body, &envelope) != nil || envelope.QueryResponse == nil {
		return nil, incomplete
	}
	rows, err := Rows[T](*envelope.QueryResponse)
	if err != nil {
		return nil, incomplete
	}
	return rows, nil
}

// QueryResponse is what a query found, before its kind is known. See [Rows].
type QueryResponse map[string]json.RawMessage

// Rows returns the records of one kind; none when there are none. The error is a
// [*NoAnswer] when they cannot be read.
func Rows[T Entity](r QueryResponse) ([]T, error) {
	var kind T
	var rows []T
	raw, ok := r[kind.entity()]
	if ok && json.Unmarshal(raw, &rows) != nil {
		return nil, &NoAnswer{Operation: opQuery, Err: errUnreadable}
	}
	return rows, nil
}
