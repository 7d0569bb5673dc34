package config

import (
	"fmt"
	"io"
)

const redacted = "<secret>"

// Secret is a setting that must not be seen. Every fmt verb and every encoder
// prints a placeholder; Reveal is the one way to the value, and easy to grep.
type Secret string

// Format prints the placeholder, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// MarshalText encodes the placeholder, for JSON, YAML and slog.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// IsZero reports whether the secret is not set, so that encoders leave it out.
func (s Secret) IsZero() bool { return s == "" }

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }
