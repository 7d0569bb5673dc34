package ingest_test

import (
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is a file system whose files fail or stall as a test says.
type disk struct {
	vfs.FS
	gate    sync.RWMutex // held for writing while syncs stall
	onSync  atomic.Pointer[func() error]
	onWrite atomic.Pointer[func(p []byte) (int, error)] // -1 for: write as usual
	onAlloc atomic.Pointer[func() error]
}

func newDisk(fs vfs.FS) *disk { return &disk{FS: fs} }

// hold stalls every sync until the result is called.
func (d *disk) hold() (release func()) {
	d.gate.Lock()
	return d.gate.Unlock
}

func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, c)
	return diskFile{f, d}, err
}

func (d *disk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.ReuseForWrite(from, to, c)
	return diskFile{f, d}, err
}

func (d *disk) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.Open(name, o...)
	if err != nil {
		return nil, err
	}
	return diskFile{f, d}, nil
}

type diskFile struct {
	vfs.File
	disk *disk
}

func (f diskFile) Preallocate(offset, length int64) error {
	if fail := f.disk.onAlloc.Load(); fail != nil {
		return (*fail)()
	}
	return f.File.Preallocate(offset, length)
}

func (f diskFile) Write(p []byte) (int, error) {
	if fail := f.disk.onWrite.Load(); fail != nil {
		n, err := (*fail)(p)
		if n < 0 {
			return f.File.Write(p)
		}
		m, _ := f.File.Write(p[:n])
		return m, err
	}
	return f.File.Write(p)
}

func (f diskFile) Sync() error { return f.SyncData() }

func (f diskFile) SyncData() error {
	f.disk.gate.RLock()
	defer f.disk.gate.RUnlock()
	if fail := f.disk.onSync.Load(); fail != nil {
		if err := (*fail)(); err != nil {
			return err
		}
	}
	return f.File.Sync()
}
