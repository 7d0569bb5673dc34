package store

import (
	"strconv"
	"strings"
)

// Lists of texts are read as one text, each element preceded by its length and a
// colon. The client takes a list from a row by reflection, which for the many
// lists of a position, most of them empty, cost more than all else together.
const (
	pack   = `arrayStringConcat(arrayMap(x -> concat(toString(length(x)), ':', x), `
	unpack = `))`
	packed = unpack + `, ` + pack // between two lists
)

// packedTexts is a list that was read as one text.
type packedTexts string

// list returns the elements. They share the memory of the whole.
func (p packedTexts) list() []string {
	var texts []string
	for rest := string(p); rest != ""; {
		digits, after, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 || n > len(after) {
			return texts // the query wrote it: this cannot happen
		}
		texts, rest = append(texts, after[:n]), after[n:]
	}
	return texts
}
