package quickbookstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strconv"

	"github.com/shopspring/decimal"
)

// object is one JSON object, numbers kept as they were written. A stored object
// is never changed in place: a new one takes its place.
type object = map[string]any

var errTrailing = errors.New("data after the object")

// decode reads exactly one JSON object.
func decode(raw []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	if o == nil {
		return nil, errors.New("no object")
	}
	return o, nil
}

// at follows path through nested objects.
func at(o object, path ...string) any {
	var v any = o
	for _, name := range path {
		inner, ok := v.(object)
		if !ok {
			return nil
		}
		v = inner[name]
	}
	return v
}

// textAt is the text at path, or "".
func textAt(o object, path ...string) string {
	s, _ := at(o, path...).(string)
	return s
}

// refAt is the id that the reference called name carries, or "".
func refAt(o object, name string) string { return textAt(o, name, "value") }

// amountAt is the amount called name, or zero.
func amountAt(o object, name string) decimal.Decimal {
	n, ok := o[name].(json.Number)
	if !ok {
		return decimal.Zero
	}
	d, err := decimal.NewFromString(n.String())
	if err != nil {
		return decimal.Zero
	}
	return d
}

// linesOf are the objects under Line.
func linesOf(o object) []object {
	list, _ := o["Line"].([]any)
	lines := make([]object, 0, len(list))
	for _, item := range list {
		if line, ok := item.(object); ok {
			lines = append(lines, line)
		}
	}
	return lines
}

func listOf(lines []object) []any {
	list := make([]any, 0, len(lines))
	for _, line := range lines {
		list = append(list, line)
	}
	return list
}

func number(d decimal.Decimal) json.Number { return json.Number(d.String()) }

func count(n int) json.Number { return json.Number(strconv.Itoa(n)) }

func ref(id, name string) object {
	o := object{"value": id}
	if name != "" {
		o["name"] = name
	}
	return o
}

// with is o with one more attribute, o itself unchanged.
func with(o object, name string, v any) object {
	changed := make(object, len(o)+1)
	maps.Copy(changed, o)
	changed[name] = v
	return changed
}
