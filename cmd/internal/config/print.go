package config

import (
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Print writes the configuration as it is in force, defaults filled in, with a
// placeholder for every secret.
func (c Config) Print(w io.Writer) error {
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return encoder.Close()
}
