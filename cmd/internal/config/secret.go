package config

import (
	"fmt"
	"io"
	"time"

	"go.yaml.in/yaml/v3"
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

// Reveal returns the value.
func (s SigningSecret) Reveal() string { return s.Secret.Reveal() }

// UnmarshalYAML reads a text, or a mapping.
func (s *SigningSecret) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return node.Decode(&s.Secret)
	}
	// What decodes a part of a file takes unknown keys, and says of a time only that
	// it is none, so that both are looked for here.
	var wrong []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch key.Value {
		case "secret", "secret_file":
		case "not_before", "not_after":
			if value.Decode(new(time.Time)) != nil {
				wrong = append(wrong, fmt.Sprintf("line %d: cannot unmarshal !!str `%s` into time.Time", value.Line, value.Value))
			}
		default:
			wrong = append(wrong, fmt.Sprintf("line %d: field %s not found in type SigningSecret", key.Line, key.Value))
		}
	}
	if len(wrong) > 0 {
		return &yaml.TypeError{Errors: wrong}
	}
	type plain SigningSecret
	return node.Decode((*plain)(s))
}

// MarshalYAML writes a text where there is nothing but that.
func (s SigningSecret) MarshalYAML() (any, error) {
	if s == (SigningSecret{Secret: s.Secret}) {
		return s.Secret, nil
	}
	type plain SigningSecret
	return plain(s), nil
}
