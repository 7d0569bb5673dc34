package ingest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Survey is what a journal's folder shows from outside, no record read.
type Survey struct {
	Dir        string
	Files      int   // segments, drained ones that are kept to be written again included
	FileBytes  int64 // of those
	AsideFiles int   // segments that were damaged, and are kept

	LimitBytes   int64 // of what waits for the store, where senders are answered 503
	ReserveBytes int64 // what has to be free on the disk for deliveries to be taken
	FreeBytes    int64 // on the disk; -1 when the file system cannot tell
}

// SurveyJournal looks at a journal's folder without reading a record, writing
// anything, or taking a lock. It returns [ErrNoJournal] when there is none.
func SurveyJournal(cfg JournalConfig) (Survey, error) {
	if err := cfg.Validate(); err != nil {
		return Survey{}, err
	}
	cfg = cfg.withDefaults()
	s := Survey{Dir: cfg.Dir, LimitBytes: cfg.MaxBytes, ReserveBytes: cfg.MinFreeBytes, FreeBytes: freeBytes(cfg.FS, cfg.Dir)}
	names, err := cfg.FS.List(cfg.Dir)
	if err != nil && !oserror.IsNotExist(err) {
		return s, fmt.Errorf("look at journal: %w", err)
	}
	begun := false
	for _, name := range names {
		begun = begun || name == identityFile
		if plain, ok := strings.CutSuffix(name, damagedSuffix); ok {
			if _, ok := segmentNumber(plain); ok {
				s.AsideFiles++
			}
		}
		if _, ok := segmentNumber(name); !ok {
			continue
		}
		stat, err := cfg.FS.Stat(filepath.Join(cfg.Dir, name))
		if oserror.IsNotExist(err) {
			continue // given back since it was listed
		}
		if err != nil {
			return s, fmt.Errorf("look at journal: %w", err)
		}
		s.Files++
		s.FileBytes += stat.Size()
	}
	if !begun && s.Files == 0 {
		return s, fmt.Errorf("%s: %w", cfg.Dir, ErrNoJournal)
	}
	return s, nil
}

// freeBytes returns what is free on the disk of a folder, or -1.
func freeBytes(fs vfs.FS, dir string) int64 {
	usage, err := fs.GetDiskUsage(dir)
	if err != nil {
		return -1
	}
	return int64(min(usage.AvailBytes, math.MaxInt64))
}

var errReadOnly = errors.New("the journal is only looked at")

// readOnly is a file system in which nothing can be changed, and in which a segment
// that is given back while it is looked for is empty. Nothing is opened once stopped
// returns an error.
type readOnly struct {
	vfs.FS
	stopped func() error
}

func (r readOnly) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	if err := r.stopped(); err != nil {
		return nil, err
	}
	file, err := r.FS.Open(name, options...)
	if _, ok := segmentNumber(filepath.Base(name)); ok && oserror.IsNotExist(err) {
		return gone{}, nil
	}
	return file, err
}

func (readOnly) Create(string, vfs.DiskWriteCategory) (vfs.File, error) { return nil, errReadOnly }

func (readOnly) OpenReadWrite(string, vfs.DiskWriteCategory, ...vfs.OpenOption) (vfs.File, error) {
	return nil, errReadOnly
}

func (readOnly) ReuseForWrite(string, string, vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, errReadOnly
}

func (readOnly) Link(string, string) error { return errReadOnly }

func (readOnly) Rename(string, string) error { return errReadOnly }

// Remove leaves everything where it is, which is all that reading a journal needs.
func (readOnly) Remove(string) error { return nil }

func (readOnly) RemoveAll(string) error { return errReadOnly }

// gone is an empty file, of which only what reading a segment needs can be called.
type gone struct{ vfs.File }

func (gone) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

func (gone) Close() error { return nil }
