package quickbooks

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "<secret>"

// Secret is a value that must not be seen: a token, a client secret. Every fmt
// verb and every encoder prints a placeholder; [Secret.Reveal] is the one way to
// the value.
type Secret string

// Format prints the placeholder, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) {
	if s != "" {
		io.WriteString(f, redacted)
	}
}

// MarshalText encodes the placeholder, so that no encoder carries the value.
func (s Secret) MarshalText() ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	return []byte(redacted), nil
}

// LogValue logs the placeholder.
func (s Secret) LogValue() slog.Value {
	if s == "" {
		return slog.StringValue("")
	}
	return slog.StringValue(redacted)
}

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }
