package quickbookstest

import (
	"strings"
	"unicode/utf8"
)

type wordKind int

const (
	endWord wordKind = iota
	nameWord
	numberWord
	quotedWord
	symbolWord
)

// word is one token of a statement. A quoted word is without its quotes and
// escapes.
type word struct {
	kind wordKind
	text string
}

func lex(statement string) ([]word, error) {
	if !utf8.ValidString(statement) {
		return nil, &QueryError{Code: "4000", Detail: "QueryParserError: the statement is not UTF-8"}
	}
	var words []word
	for rest := strings.TrimLeft(statement, blanks); rest != ""; rest = strings.TrimLeft(rest, blanks) {
		w, size, err := lexWord(rest)
		if err != nil {
			return nil, err
		}
		words = append(words, w)
		rest = rest[size:]
	}
	return words, nil
}

const (
	blanks  = " \t\r\n"
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
)

// lexWord takes the first word off s, which does not begin with a blank, and
// says how many bytes it took.
func lexWord(s string) (word, int, error) {
	switch {
	case s[0] == '\'':
		return lexQuoted(s)
	case strings.IndexByte(letters, s[0]) >= 0:
		n := span(s, letters+digits+".")
		return word{nameWord, s[:n]}, n, nil
	case strings.IndexByte(digits, s[0]) >= 0 || (s[0] == '-' && len(s) > 1 && strings.IndexByte(digits, s[1]) >= 0):
		n := 1 + span(s[1:], digits+".")
		return word{numberWord, s[:n]}, n, nil
	case strings.HasPrefix(s, "<=") || strings.HasPrefix(s, ">="):
		return word{symbolWord, s[:2]}, 2, nil
	case strings.IndexByte("=<>(),*;", s[0]) >= 0:
		return word{symbolWord, s[:1]}, 1, nil
	}
	_, size := utf8.DecodeRuneInString(s)
	return word{}, 0, &QueryError{Code: "4000", Detail: "QueryParserError: Lexical error at " + s[:size]}
}

// lexQuoted takes a value in single quotes. A backslash escapes the quote and
// itself; before anything else it stands for itself (assumed).
func lexQuoted(s string) (word, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			return word{quotedWord, b.String()}, i + 1, nil
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\'' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return word{}, 0, &QueryError{Code: "4000", Detail: "QueryParserError: Lexical error: a quote is not closed"}
}

func span(s, set string) int {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return i
		}
	}
	return len(s)
}
