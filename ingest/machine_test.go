package ingest_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// errDead is what everything answers once the life of a machine has ended.
var errDead = errors.New("the machine is dead")

// ending is how one life of a machine ends.
type ending int

const (
	inOrder  ending = iota // the journal is closed
	powerCut               // what was not synced is there in part, or not at all
	kill                   // the process is gone; what it wrote is there, synced or not
)

// machine is a computer that loses its power, or its process, before the last of
// the operations that it is given to do. Operations that change the disk come one
// at a time, so that each of them is a moment at which it can end.
type machine struct {
	vfs.FS // of mem; reading goes there directly
	mem    *vfs.MemFS
	ends   ending
	last   int           // operation that is not done any more; 0 for none
	odds   int           // one operation in so many fails; 0 for none
	wrong  mistake       // what it does wrong
	died   chan struct{} // closed when it is dead

	mu     sync.Mutex // guards what follows
	random *rand.Rand
	done   int
	dead   bool
	after  *vfs.MemFS        // what is left when it is dead
	inodes map[string]*inode // what its kernel knows of files, by name
}

// inode is what all descriptions of one file share.
type inode struct {
	late   bool // a sync is owed, as the mistake has it
	failed int  // syncs that failed
	dirty  span // was written since the last sync
	forgot span // should have been synced by one that failed
}

// span is a part of a file; it may hold more than it has to.
type span struct{ from, to int64 }

func (s *span) add(from, to int64) {
	if s.from == s.to {
		*s = span{from, to}
		return
	}
	*s = span{min(s.from, from), max(s.to, to)}
}

func (n *inode) written(from, to int64) {
	n.dirty.add(from, to)
	if f := n.forgot; n.dirty.from <= f.from && n.dirty.to >= f.to {
		n.forgot = span{} // it is written again
	}
}

func newMachine(mem *vfs.MemFS, random *rand.Rand, wrong mistake) *machine {
	return &machine{FS: mem, mem: mem, random: random, wrong: wrong, died: make(chan struct{}), after: mem, inodes: make(map[string]*inode)}
}

// do does one operation, unless it fails or is the end. When cut is not nil, it
// is what comes of an operation that was cut off.
func (m *machine) do(cut func(), operation func() error) error { return m.try(cut, nil, operation) }

// try is do for an operation whose failure has consequences.
func (m *machine) try(cut, failed func(), operation func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDead
	}
	if m.done++; m.done == m.last {
		if cut != nil {
			cut()
		}
		m.dead = true
		if m.ends == powerCut {
			m.after = m.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: m.random.IntN(101), RNG: m.random})
		}
		close(m.died)
		return errDead
	}
	if m.odds > 0 && m.random.IntN(m.odds) == 0 {
		if cut != nil && m.random.IntN(2) == 0 {
			cut()
		}
		if failed != nil {
			failed()
		}
		return []error{syscall.EIO, syscall.ENOSPC}[m.random.IntN(2)]
	}
	return operation()
}

// heal ends all faults.
func (m *machine) heal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.odds = 0
}

func (m *machine) MkdirAll(name string, mode os.FileMode) error {
	return m.do(nil, func() error { return m.FS.MkdirAll(name, mode) })
}

func (m *machine) Rename(from, to string) error {
	return m.do(nil, func() error {
		m.moved(from, to)
		return m.FS.Rename(from, to)
	})
}

func (m *machine) Remove(name string) error {
	return m.do(nil, func() error { return m.FS.Remove(name) })
}

// Lock is given back also when the machine is dead, as a kernel does.
func (m *machine) Lock(name string) (lock io.Closer, err error) {
	err = m.do(nil, func() error {
		lock, err = m.FS.Lock(name)
		return err
	})
	return lock, err
}

func (m *machine) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return m.file(name, func() (vfs.File, error) {
		delete(m.inodes, name)
		return m.FS.Create(name, c)
	})
}

func (m *machine) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return m.file(to, func() (vfs.File, error) {
		delete(m.inodes, from) // all of it is written anew, and what failed is forgotten
		delete(m.inodes, to)
		return m.FS.ReuseForWrite(from, to, c)
	})
}

func (m *machine) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return m.file(name, func() (vfs.File, error) { return m.FS.OpenReadWrite(name, c, o...) })
}

func (m *machine) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := m.FS.Open(name, o...)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.describe(f, name), nil
}

func (m *machine) OpenDir(name string) (vfs.File, error) {
	f, err := m.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	file := m.describe(f, name)
	file.folder = true
	return file, nil
}

// moved gives a file another name. It needs mu.
func (m *machine) moved(from, to string) {
	m.inodes[to] = m.inodes[from]
	delete(m.inodes, from)
}

// describe returns a new description of the file. It needs mu.
func (m *machine) describe(f vfs.File, name string) *machineFile {
	if m.inodes[name] == nil {
		m.inodes[name] = &inode{}
	}
	file := &machineFile{File: f, machine: m, name: name, inode: m.inodes[name]}
	file.seen = file.inode.failed
	return file
}

func isSegment(name string) bool { return strings.HasSuffix(name, ".wal") }

func (m *machine) file(name string, make func() (vfs.File, error)) (file vfs.File, err error) {
	err = m.do(nil, func() error {
		f, err := make()
		if err == nil {
			file = m.describe(f, name)
		}
		return err
	})
	return file, err
}

// machineFile is an open description of a file or a folder. Once a sync has failed
// it is like on Linux: what was to be synced is forgotten until it is written again,
// each description says so once, and later syncs say nothing.
type machineFile struct {
	vfs.File
	machine *machine
	name    string
	folder  bool
	inode   *inode
	at      int64 // where the next write goes
	seen    int   // failures of the inode that this description told of
}

func (f *machineFile) Write(p []byte) (int, error) {
	return f.write(p, func(p []byte) (int, error) {
		n, err := f.File.Write(p)
		f.inode.written(f.at, f.at+int64(n))
		f.at += int64(n)
		return n, err
	})
}

func (f *machineFile) WriteAt(p []byte, at int64) (int, error) {
	return f.write(p, func(p []byte) (int, error) {
		n, err := f.File.WriteAt(p, at)
		f.inode.written(at, at+int64(n))
		return n, err
	})
}

func (f *machineFile) write(p []byte, write func(p []byte) (int, error)) (n int, err error) {
	err = f.machine.do(func() {
		f.catchUp()
		n, _ = write(p[:f.machine.random.IntN(len(p)+1)])
	}, func() error {
		f.catchUp()
		n, err = write(p)
		return err
	})
	if err != nil && !errors.Is(err, errDead) && n > 0 {
		return n, nil // short, without a word
	}
	return n, err
}

// catchUp does what an earlier sync said it had done.
func (f *machineFile) catchUp() {
	if f.inode.late {
		f.inode.late = false
		_ = f.File.Sync()
	}
}

func (f *machineFile) Preallocate(offset, length int64) error {
	return f.machine.do(nil, func() error { return f.File.Preallocate(offset, length) })
}

func (f *machineFile) SyncData() error { return f.Sync() }

func (f *machineFile) Sync() error {
	err := f.machine.try(nil, f.fails, func() error {
		segment := isSegment(f.name)
		switch wrong := f.machine.wrong; {
		case f.seen < f.inode.failed:
			f.seen = f.inode.failed
			return syscall.EIO // what was written since stays to be synced
		case f.inode.forgot.to > 0,
			wrong == segmentsAreNotSynced && segment,
			wrong == marksAreNotSynced && path.Base(f.name) == "drained.new",
			wrong == foldersAreNotSynced && f.folder:
			return nil
		case wrong == acknowledgedBeforeTheSync && segment:
			f.inode.late = true
			return nil
		}
		f.inode.dirty = span{}
		return f.File.Sync()
	})
	if err != nil && !errors.Is(err, errDead) && f.machine.wrong == failedSyncsAreTakenForDone {
		return nil
	}
	return err
}

// fails is what comes of a sync that fails, of which this description tells. A
// folder can be synced again.
func (f *machineFile) fails() {
	if f.folder {
		return
	}
	f.inode.failed++
	f.seen = f.inode.failed
	if d := f.inode.dirty; d.to > 0 {
		f.inode.forgot.add(d.from, d.to)
		f.inode.dirty = span{}
	}
}
