package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// fileLeases are claims by locked files in one folder, for processes that share
// an embedded store and with it a machine. The system drops them when their
// holder ends, however it ends, so that the next process goes on at once where a
// killed one stopped; they never run out before.
type fileLeases struct {
	dir string

	mu   sync.Mutex
	held map[string]heldFile // by name
}

type heldFile struct {
	holder string
	file   *os.File
}

func newFileLeases(dir string) (*fileLeases, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of locks: %w", err)
	}
	return &fileLeases{dir: dir, held: map[string]heldFile{}}, nil
}

// TryLease claims name for holder, or confirms its claim, and reports whether it
// holds. The times do not matter here.
func (l *fileLeases) TryLease(_ context.Context, name, holder string, _ time.Duration, _ time.Time) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h, ok := l.held[name]; ok {
		return h.holder == holder, nil
	}
	file, err := os.OpenFile(l.path(name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		l.held[name] = heldFile{holder: holder, file: file}
		return true, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, file.Close()
	}
	return false, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
}

// ReleaseLease ends the holder's claim; one that it does not have stays as it is.
// The file stays too: removing it would let two hold a lock on two files of one
// name.
func (l *fileLeases) ReleaseLease(_ context.Context, name, holder string, _ time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.held[name]
	if !ok || h.holder != holder {
		return nil
	}
	delete(l.held, name)
	return h.file.Close()
}

func (l *fileLeases) path(name string) string {
	return filepath.Join(l.dir, url.PathEscape(name)+".lock")
}
