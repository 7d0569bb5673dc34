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
	after  *vfs.MemFS // what is left when it is dead
}

func newMachine(mem *vfs.MemFS, random *rand.Rand, wrong mistake) *machine {
	return &machine{FS: mem, mem: mem, random: random, wrong: wrong, died: make(chan struct{}), after: mem}
}

// do does one operation, unless it fails or is the end. When cut is not nil, it
// is what comes of an operation that was cut off.
func (m *machine) do(cut func(), operation func() error) error {
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
	return m.do(nil, func() error { return m.FS.Rename(from, to) })
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
	return m.file(name, func() (vfs.File, error) { return m.FS.Create(name, c) })
}

func (m *machine) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return m.file(to, func() (vfs.File, error) { return m.FS.ReuseForWrite(from, to, c) })
}

func (m *machine) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return m.file(name, func() (vfs.File, error) { return m.FS.OpenReadWrite(name, c, o...) })
}

func (m *machine) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := m.FS.Open(name, o...)
	if err != nil {
		return nil, err
	}
	return &machineFile{File: f, machine: m, name: name}, nil
}

func (m *machine) OpenDir(name string) (vfs.File, error) {
	f, err := m.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &machineFile{File: f, machine: m, name: name, folder: true}, nil
}

func (m *machine) file(name string, make func() (vfs.File, error)) (file vfs.File, err error) {
	err = m.do(nil, func() error {
		f, err := make()
		if err == nil {
			file = &machineFile{File: f, machine: m, name: name}
		}
		return err
	})
	return file, err
}

// machineFile is a file or a folder. Once a sync of it has failed it is like on
// Linux: what was to be synced is forgotten, and later syncs do not say so.
type machineFile struct {
	vfs.File
	machine *machine
	name    string
	folder  bool

	late     bool // a sync is owed, as the mistake has it
	poisoned bool
}

func (f *machineFile) Write(p []byte) (n int, err error) {
	err = f.machine.do(func() {
		f.catchUp()
		n, _ = f.File.Write(p[:f.machine.random.IntN(len(p)+1)])
	}, func() error {
		f.catchUp()
		n, err = f.File.Write(p)
		return err
	})
	if err != nil && !errors.Is(err, errDead) && n > 0 {
		return n, nil // short, without a word
	}
	return n, err
}

// catchUp does what an earlier sync said it had done.
func (f *machineFile) catchUp() {
	if f.late {
		f.late = false
		_ = f.File.Sync()
	}
}

func (f *machineFile) Preallocate(offset, length int64) error {
	return f.machine.do(nil, func() error { return f.File.Preallocate(offset, length) })
}

func (f *machineFile) SyncData() error { return f.Sync() }

func (f *machineFile) Sync() error {
	err := f.machine.do(nil, func() error {
		segment := strings.HasSuffix(f.name, ".wal")
		switch wrong := f.machine.wrong; {
		case f.poisoned,
			wrong == segmentsAreNotSynced && segment,
			wrong == marksAreNotSynced && path.Base(f.name) == "drained.new",
			wrong == foldersAreNotSynced && f.folder:
			return nil
		case wrong == acknowledgedBeforeTheSync && segment:
			f.late = true
			return nil
		}
		return f.File.Sync()
	})
	if err != nil && !errors.Is(err, errDead) {
		f.poisoned = !f.folder
		if f.machine.wrong == failedSyncsAreTakenForDone {
			return nil
		}
	}
	return err
}
