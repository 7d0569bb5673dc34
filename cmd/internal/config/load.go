package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a configuration file, so that a wrong path cannot fill memory.
const maxFile = 1 << 20

// Source is where settings outside the file come from. The zero Source reads
// the process's environment and the file system.
type Source struct {
	// Env looks up a variable. Defaults to os.LookupEnv.
	Env func(string) (string, bool)
	// ReadFile reads a secret's file. Defaults to os.ReadFile.
	ReadFile func(string) ([]byte, error)
}

func (s Source) withDefaults() Source {
	if s.Env == nil {
		s.Env = os.LookupEnv
	}
	if s.ReadFile == nil {
		s.ReadFile = os.ReadFile
	}
	return s
}

// Load reads and checks the file at path. The error names every mistake, one a
// line, each by its key.
func Load(path string, from Source) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w; write one with `tieout config init`", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	if len(data) > maxFile {
		return Config{}, fmt.Errorf("configuration %s: larger than 1 MiB", path)
	}
	c, err := Parse(data, from)
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s:\n%w", path, err)
	}
	return c, nil
}

// Parse reads and checks the text of a file. It answers every mistake at once,
// as joined errors.
func Parse(data []byte, from Source) (Config, error) {
	from = from.withDefaults()
	var c Config
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	mistakes := decodeMistakes(decoder.Decode(&c), data)
	mistakes = append(mistakes, c.resolve(from)...)
	c = c.withDefaults(from)
	mistakes = append(mistakes, c.validate()...)
	if len(mistakes) > 0 {
		return Config{}, errors.Join(mistakes...)
	}
	return c, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// resolve replaces ${VARIABLE} in secrets and reads the files that hold them.
func (c *Config) resolve(from Source) []error {
	var mistakes []error
	note := func(err error) {
		if err != nil {
			mistakes = append(mistakes, err)
		}
	}
	note(c.Store.DSN.resolve(from, "store.dsn", c.Store.DSNFile))
	for i := range c.Companies {
		company, key := &c.Companies[i], companyKey(i, c.Companies[i].ID)
		note(company.QuickBooks.ClientSecret.resolve(from, key+".quickbooks.client_secret", company.QuickBooks.ClientSecretFile))
		note(company.Ontop.resolve(from, key+".ontop"))
	}
	return mistakes
}

func (s *Secret) resolve(from Source, key, file string) error {
	if file != "" {
		if *s != "" {
			return fmt.Errorf("%s: given twice, in place and as %s_file; keep one", key, key)
		}
		data, err := from.ReadFile(file)
		if err != nil {
			*s = unresolved
			return fmt.Errorf("%s_file: %w", key, err)
		}
		*s = Secret(strings.TrimSpace(string(data)))
		return nil
	}
	var missing []string
	resolved := Secret(variable.ReplaceAllStringFunc(string(*s), func(reference string) string {
		name := reference[2 : len(reference)-1]
		value, ok := from.Env(name)
		if !ok {
			missing = append(missing, name)
		}
		return value
	}))
	if len(missing) > 0 {
		if *s == Secret(variable.FindString(string(*s))) {
			*s = unresolved
		}
		return fmt.Errorf("%s: the environment has no variable %s", key, strings.Join(missing, ", "))
	}
	*s = resolved
	return nil
}

// unresolved stands for a secret that could not be had, which is one mistake and
// not also a secret that is missing or malformed.
const unresolved Secret = "${}"

func (o *Ontop) resolve(from Source, key string) error {
	var errs []error
	for i := range o.Secrets {
		secret, at := &o.Secrets[i], fmt.Sprintf("%s.secrets[%d]", key, i)
		if secret.SecretFile != "" {
			at += ".secret" // a mapping, whose file is called secret_file
		}
		errs = append(errs, secret.Secret.resolve(from, at, secret.SecretFile))
	}
	if o.SecretsFile != "" {
		data, err := from.ReadFile(o.SecretsFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s.secrets_file: %w", key, err))
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" {
				o.Secrets = append(o.Secrets, SigningSecret{Secret: Secret(line)})
			}
		}
	}
	return errors.Join(errs...)
}

// DataDir returns the folder that data is kept in when nothing else is said:
// $XDG_DATA_HOME/tieout, or ~/.local/share/tieout.
func DataDir(env func(string) (string, bool)) string {
	if dir, ok := env("XDG_DATA_HOME"); ok && filepath.IsAbs(dir) {
		return filepath.Join(dir, "tieout")
	}
	home, _ := env("HOME")
	return filepath.Join(home, ".local", "share", "tieout")
}
