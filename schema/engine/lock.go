package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Files that the engine keeps in the data folder beside ClickHouse's own.
const (
	lockName   = "engine.lock" // held while a process owns the folder
	configName = "engine.xml"  // what the engine was started with
	socketName = "engine.sock" // where the owner serves others
)

// ownerNote is what the owner writes into the lock file. It is only a note:
// who owns the folder is decided by the lock, which the kernel drops when the
// process ends, however it ends.
type ownerNote struct {
	PID    int    `json:"pid"`
	Socket string `json:"socket,omitempty"`
}

// A folderLock is the right to open a data folder.
type folderLock struct {
	file *os.File
	dir  string
}

// makeFolder makes dir if need be, and closes it to everyone else: the socket
// in it has no password.
func makeFolder(dir string) error {
	if !filepath.IsAbs(dir) {
		return &Fault{Kind: ErrRelativePath, Path: dir, Hint: "give the data folder as a path that begins with /"}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return folderFault(dir, err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return folderFault(dir, err)
	}
	return nil
}

// folderFault words what the operating system said about the data folder.
func folderFault(dir string, err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return &Fault{Kind: ErrDiskFull, Path: dir, Cause: err, Hint: "make room below the data folder"}
	}
	return &Fault{Kind: ErrNotWritable, Path: dir, Cause: err, Hint: "give the user that runs tieout the folder, or choose another"}
}

// lockFolder takes dir for this process, or fails with [ErrOwned] at once.
func lockFolder(dir string) (*folderLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, folderFault(dir, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, folderFault(dir, err)
		}
		note, _ := readNote(dir)
		return nil, &Fault{
			Kind: ErrOwned, Path: dir, PID: note.PID,
			Hint: "stop that process, or attach to it instead of opening the folder",
		}
	}
	l := &folderLock{file: file, dir: dir}
	if err := l.note(""); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

// note says who owns the folder and where it can be reached.
func (l *folderLock) note(socket string) error {
	content, err := json.Marshal(ownerNote{PID: os.Getpid(), Socket: socket})
	if err != nil {
		return fmt.Errorf("note the owner: %w", err)
	}
	if err := l.file.Truncate(0); err != nil {
		return folderFault(l.dir, err)
	}
	if _, err := l.file.WriteAt(append(content, '\n'), 0); err != nil {
		return folderFault(l.dir, err)
	}
	return nil
}

// release gives the folder back. The file stays: to remove it would let two
// processes lock two files of the same name.
func (l *folderLock) release() {
	_ = l.file.Truncate(0)
	_ = l.file.Close()
}

// readNote reads who owns dir. The note is empty while the owner is starting.
func readNote(dir string) (ownerNote, error) {
	file, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return ownerNote{}, fmt.Errorf("read the owner's note: %w", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return ownerNote{}, fmt.Errorf("read the owner's note: %w", err)
	}
	var note ownerNote
	if err := json.Unmarshal(content, &note); err != nil {
		return ownerNote{}, fmt.Errorf("read the owner's note: %w", err)
	}
	return note, nil
}

// leastSpace is what the engine needs to start at all, in bytes.
const leastSpace = 1 << 20

// diskFull reports whether the disk below dir has no room left for this user.
func diskFull(dir string) (bool, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return false, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return uint64(disk.Bavail)*uint64(disk.Bsize) < leastSpace, nil //nolint:unconvert // the types differ by platform
}
