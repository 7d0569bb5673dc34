package ingest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tieout/tieout/schema"
)

// Names in the journal's folder, beside LOCK and the segments.
const (
	identityFile = "identity"
	marksFile    = "drained"
	category     = vfs.WriteCategoryUnspecified
)

// marks is what the journal knows of the store, written before and after each
// block. Beside notes of losses, it is the only thing in the folder that is ever written
// again.
type marks struct {
	// Drained is the last delivery that the store has confirmed.
	Drained uint64 `json:"drained"`
	// Block is the block that was, or is about to be, offered to the store.
	Block *intent `json:"block,omitempty"`
}

// intent fixes a block before it is offered, so that after a crash the very same
// block is offered again.
type intent struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	Sum  string `json:"sum"`
}

var errMarks = errors.New("the drained mark is damaged")

// openIdentity reads the journal's identity, or makes one for a folder that holds
// nothing yet: under a new one, no record of the old could be read.
func openIdentity(fs vfs.FS, dir string) (identity, error) {
	var id identity
	text, err := readSmall(fs, filepath.Join(dir, identityFile))
	if oserror.IsNotExist(err) {
		if err := noSegments(fs, dir); err != nil {
			return id, err
		}
		rand.Read(id[:])
		return id, writeDurably(fs, dir, identityFile, []byte(hex.EncodeToString(id[:])+"\n"))
	}
	if err != nil {
		return id, err
	}
	raw, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(raw) != len(id) {
		return id, fmt.Errorf("%s: must be 32 hexadecimal digits; restore it from a backup of this folder", identityFile)
	}
	copy(id[:], raw)
	return id, nil
}

// noSegments reports it when the folder holds segments.
func noSegments(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := segmentNumber(name); ok {
			return fmt.Errorf("%s: is missing, and %s cannot be read without it; restore it from a backup of this folder", identityFile, name)
		}
	}
	return nil
}

// readMarks returns zero marks when there are none, and errMarks when what is
// there cannot be trusted.
func readMarks(fs vfs.FS, dir string) (marks, error) {
	text, err := readSmall(fs, filepath.Join(dir, marksFile))
	if oserror.IsNotExist(err) {
		return marks{}, nil
	}
	if err != nil {
		return marks{}, err
	}
	sum, rest, _ := bytes.Cut(text, []byte("\n"))
	var m marks
	if string(sum) != markSum(rest) || json.Unmarshal(rest, &m) != nil {
		return marks{}, errMarks
	}
	return m, nil
}

func (m marks) write(fs vfs.FS, dir string) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return writeDurably(fs, dir, marksFile, append([]byte(markSum(text)+"\n"), text...))
}

func markSum(text []byte) string { return fmt.Sprintf("%08x", crc32.Checksum(text, castagnoli)) }

// readSmall reads a whole file that is small: a few hundred bytes, or some more for the
// note of a segment that has lost many deliveries.
func readSmall(fs vfs.FS, path string) ([]byte, error) {
	file, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 16<<20))
	return text, errors.Join(err, file.Close())
}

// writeDurably replaces the file by text: after a crash it holds either all of
// the old or all of the new.
func writeDurably(fs vfs.FS, dir, name string, text []byte) error {
	path := filepath.Join(dir, name)
	file, err := fs.Create(path+".new", category)
	if err != nil {
		return err
	}
	n, err := file.Write(bytes.Clone(text)) // a vfs may change what it is given
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fs.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(fs, dir)
}

func syncDir(fs vfs.FS, dir string) error {
	file, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// blockID names a block for its place and its content.
func (i identity) blockID(from, to uint64, sum schema.Sum) string {
	return fmt.Sprintf("journal:%s:%d-%d:%s", hex.EncodeToString(i[:8]), from, to, sum)
}
