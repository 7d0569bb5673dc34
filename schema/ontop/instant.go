package ontop

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var errNotATime = errors.New("not a time")

// parseInstant reads RFC 3339 or epoch seconds, to the nanosecond, as UTC.
func parseInstant(text string) (time.Time, error) {
	at, err := parseEpoch(text)
	if len(text) > 4 && text[4] == '-' {
		at, err = parseRFC3339(text)
	}
	if err != nil || !inRange(at) {
		return time.Time{}, errNotATime
	}
	return at.UTC(), nil
}

// inRange reports whether at lies within the years that 64 bits of nanoseconds
// hold, 1970 and later. Outside of them no event of ours can have happened, and
// what stores them may wrap around. Milliseconds that pose as seconds fall out
// of this range too.
func inRange(at time.Time) bool {
	const until = 9_214_646_400 // 2262-01-01T00:00:00Z
	return at.Unix() >= 0 && at.Unix() < until
}

// parseRFC3339 is time.Parse without its leniency: more than nine decimals would
// be cut off, and a comma would pass for a point.
func parseRFC3339(text string) (time.Time, error) {
	if _, fraction, ok := strings.Cut(text, "."); ok {
		digits := strings.IndexFunc(fraction, func(c rune) bool { return c < '0' || c > '9' })
		if digits < 0 || digits > 9 {
			return time.Time{}, errNotATime
		}
	}
	if strings.Contains(text, ",") {
		return time.Time{}, errNotATime
	}
	return time.Parse(time.RFC3339, text)
}

// parseEpoch reads seconds since 1970 with at most nine decimals. A float would
// lose the last of them, so the text is taken apart instead.
func parseEpoch(text string) (time.Time, error) {
	whole, fraction, dotted := strings.Cut(text, ".")
	if whole == "" || len(whole) > 11 || !digitsOnly(whole) {
		return time.Time{}, errNotATime
	}
	if dotted && fraction == "" || len(fraction) > 9 || !digitsOnly(fraction) {
		return time.Time{}, errNotATime
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, errNotATime
	}
	nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}, errNotATime
	}
	return time.Unix(seconds, nanos), nil
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
