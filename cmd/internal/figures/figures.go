// Package figures writes numbers for people to read, the same in every program that
// measures. It rounds: what it writes is not read back.
package figures

import (
	"fmt"
	"time"
)

// Number writes a count with commas between the thousands.
func Number[T ~int | ~int64 | ~uint64](n T) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Short writes a duration with as many digits as are worth reading.
func Short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
	case d < 2*time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Mebibytes writes a number of bytes.
func Mebibytes(bytes int64) string { return Number(bytes>>20) + " MiB" }
