package engine

import "strings"

// outline is what the engine has to know about a statement before it hands it
// over: which kind it is, so that rows can be streamed in or out, and where an
// INSERT's text ends and its data begins. The SQL itself is the engine's to
// understand.
type outline struct {
	verb   string // the first keyword, in capitals
	second string // the second one
	format string // what the FORMAT clause names, if there is one
	head   string // an INSERT up to its FORMAT or VALUES
	data   string // what follows, if the statement carries its rows
	insert bool   // an INSERT of data, as opposed to one of a SELECT
	many   bool   // more than one statement
}

// reads reports whether the statement can give rows one block at a time.
func (o outline) reads() bool { return o.verb == "SELECT" || o.verb == "WITH" || o.verb == "(" }

// session reports whether the statement changes the connection it runs on
// rather than the database.
func (o outline) session() bool {
	return o.verb == "SET" || o.verb == "USE" || o.second == "TEMPORARY" || o.second == "TEMP"
}

// sketch finds the outline of sql.
func sketch(sql string) outline {
	o := outline{head: sql}
	s := scanner{text: sql}
	words := 0
	for s.next() {
		word := strings.ToUpper(s.token())
		switch words {
		case 0:
			o.verb = word
			o.insert = word == "INSERT"
		case 1:
			o.second = word
		}
		words++
		if s.depth > 0 {
			continue
		}
		if word == ";" {
			o.many = s.next()
			return o
		}
		if words > 2 && o.clause(&s, word) {
			return o
		}
	}
	return o
}

// clause looks at a word outside all brackets. It reports whether the rest of
// the statement is data.
func (o *outline) clause(s *scanner, word string) bool {
	switch {
	case word == "FORMAT":
		start := s.start
		if !s.next() {
			return true
		}
		o.format = s.token()
		if !o.insert {
			return false
		}
		o.head, o.data = s.text[:start], s.rest()
		return true
	case o.insert && word == "VALUES":
		o.head, o.format, o.data = s.text[:s.start], "Values", s.rest()
		return true
	case o.insert && (word == "SELECT" || word == "WITH" || word == "WATCH"):
		o.insert = false
	}
	return false
}

// A scanner splits SQL into words, brackets and other single characters,
// leaving out blanks, comments and the insides of quotes.
type scanner struct {
	text       string
	start, end int
	depth      int // of brackets, after the current token
}

func (s *scanner) token() string { return s.text[s.start:s.end] }

// rest returns what follows the current token, without the blanks between.
func (s *scanner) rest() string { return strings.TrimLeft(s.text[s.end:], " \t\r\n") }

// next moves to the next token, and reports whether there is one.
func (s *scanner) next() bool {
	s.skip()
	if s.end >= len(s.text) {
		return false
	}
	s.start = s.end
	switch c := s.text[s.start]; {
	case c == '\'' || c == '"' || c == '`':
		s.quoted(c)
	case isWord(c):
		for s.end < len(s.text) && isWord(s.text[s.end]) {
			s.end++
		}
	default:
		s.end++
		switch c {
		case '(', '[', '{':
			s.depth++
		case ')', ']', '}':
			s.depth--
		}
	}
	return true
}

// skip moves over blanks and comments.
func (s *scanner) skip() {
	for s.end < len(s.text) {
		rest := s.text[s.end:]
		switch {
		case strings.ContainsRune(" \t\r\n\f\v\x00", rune(rest[0])):
			s.end++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			s.past(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			s.past(rest, "*/")
		default:
			return
		}
	}
}

// past moves behind the first mark in rest, or to the end.
func (s *scanner) past(rest, mark string) {
	at := strings.Index(rest, mark)
	if at < 0 {
		s.end = len(s.text)
		return
	}
	s.end += at + len(mark)
}

// quoted moves behind the closing quote. A backslash escapes; a doubled quote
// reads as two quoted tokens in a row, which comes to the same.
func (s *scanner) quoted(quote byte) {
	for s.end++; s.end < len(s.text); s.end++ {
		switch s.text[s.end] {
		case '\\':
			s.end++
		case quote:
			s.end++
			return
		}
	}
	s.end = len(s.text)
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
