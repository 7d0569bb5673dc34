// Package seal encrypts what must not lie in the store in the clear: OAuth
// tokens. It owns the keyset file.
//
// # Promises
//
// What was sealed under a context can be opened only with the same keyset and
// the same context, so that a row cannot be moved to another company. The key
// file is readable by its owner alone, and a file that others can read is
// refused. Keys never appear in an error.
//
// # What it does not do
//
// It stores nothing itself, and does not protect against somebody who can read
// both the store and the key file.
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrExposed means that the key file can be read by others than its owner.
var ErrExposed = errors.New("the file can be read by others; run chmod 600 on it")

// Sealer seals and opens. It may be used by several goroutines.
type Sealer struct{ primitive tink.AEAD }

// NewKeyset writes a new keyset, AES-256-GCM, to path. It never overwrites one:
// the error then is fs.ErrExist.
func NewKeyset(path string) error {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make keyset: %w", err)
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return fmt.Errorf("encode keyset: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keyset: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keyset: %w", err)
	}
	_, err = file.Write(text.Bytes())
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("keyset %s: %w", path, err)
	}
	return nil
}

// Open reads the keyset at path.
func Open(path string) (*Sealer, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key_file: %w; `tieout config init` makes one", err)
	}
	if err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key_file %s: %w", path, ErrExposed)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("key_file %s: is not a keyset", path)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("key_file %s: holds no key for sealing", path)
	}
	return &Sealer{primitive: primitive}, nil
}

// Seal encrypts text for the context, such as a company and what the text is.
func (s *Sealer) Seal(text []byte, context string) ([]byte, error) {
	sealed, err := s.primitive.Encrypt(text, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same context.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	text, err := s.primitive.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, errors.New("open sealed text: it was sealed with another key, or for another company")
	}
	return text, nil
}
