package vendors

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/tieout/tieout/schema"
)

// maxName is what QuickBooks takes as a display name, in UTF-16 units, which is
// the strictest way to count.
const maxName = 500

// deletedMark is what QuickBooks appends to the name of an inactive vendor,
// which still occupies the name without it.
const deletedMark = " (deleted)"

// Fold returns text as names are compared: compatibility forms unified, case
// folded, runs of spaces made one and trimmed.
func Fold(text string) string {
	if folded, ok := foldASCII(text); ok {
		return folded
	}
	// Folding swaps the two cases of Cherokee rather than joining them, which
	// lower case mends; and it may undo the normal form, which is taken again.
	folded := norm.NFKC.String(strings.ToLower(cases.Fold().String(norm.NFKC.String(text))))
	return strings.Join(strings.Fields(folded), " ")
}

// foldASCII does the same for the many names that need no tables.
func foldASCII(text string) (string, bool) {
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 0x80:
			return "", false
		case c == ' ' || (c >= '\t' && c <= '\r'):
			space = b.Len() > 0
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// DisplayName returns text as QuickBooks takes it for a vendor's name, with
// suffixes such as "EUR", each added in parentheses and never cut off. Colons,
// tabs, line breaks and other control characters become spaces.
func DisplayName(text string, suffixes ...string) string {
	clean := strings.Map(func(r rune) rune {
		if r == ':' || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	clean = strings.Join(strings.Fields(clean), " ")
	var tail strings.Builder
	for _, suffix := range suffixes {
		if suffix != "" {
			tail.WriteString(" (" + suffix + ")")
		}
	}
	name := strings.TrimSpace(clipUnits(clean, maxName-units(tail.String())))
	return strings.TrimSpace(name + tail.String())
}

func units(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// clipUnits cuts text to at most n UTF-16 units, between characters.
func clipUnits(text string, n int) string {
	for i, r := range text {
		if n -= utf16.RuneLen(r); n < 0 {
			return text[:i]
		}
	}
	return text
}

// currencySuffix tells vendors of one name in several currencies apart: the
// home currency needs none.
func currencySuffix(c schema.Currency, books schema.Books) string {
	if c == books.HomeCurrency {
		return ""
	}
	return string(c)
}
