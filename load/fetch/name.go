package fetch

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// longestName is the most bytes of a name. QuickBooks takes 1,000 characters and
	// most file systems 255 bytes: who downloads the file should be able to store
	// it, also when a browser puts " (1)" behind its name.
	longestName = 200

	// shownName is the most characters of a name in a sentence.
	shownName = 100
)

// Clean makes any text a safe file name: no folders, no characters that control a
// terminal, turn text around or mean something to a system, not hidden, at most 200
// bytes, and with one of the endings; the first, if it has none of them.
// Without endings, any will do. Cleaning twice changes nothing.
func Clean(name string, endings ...string) string {
	name = stripped(stem(name))
	tail := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && (len(endings) == 0 || slices.Contains(endings, strings.ToLower(name[i:]))) && len(name)-i <= 6 {
		name, tail = trimmed(name[:i]), name[i:]
	}
	if tail == "" && len(endings) > 0 {
		tail = endings[0]
	}
	name = trimmed(clipBytes(name, longestName-len(tail)))
	if name == "" {
		name = "file"
	}
	return name + tail
}

// stem returns what comes behind the last slash of either kind.
func stem(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// stripped leaves out and replaces what no name should hold.
func stripped(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			return -1
		case strings.ContainsRune(`<>:"|?*/\`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	return trimmed(name)
}

func trimmed(name string) string { return strings.Trim(name, " .") }

// clip returns the first n characters of s.
func clip(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// clipBytes returns as many whole characters of s as fit into n bytes.
func clipBytes(s string, n int) string {
	for n < len(s) && n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:min(n, len(s))]
}

// printable keeps text of others from doing anything but being read.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}
