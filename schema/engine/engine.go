package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config says which folder to open and how much the engine may take. Only Dir
// has no default.
type Config struct {
	// Dir is the data folder, an absolute path. It is made if need be, and
	// closed to other users.
	Dir string

	// Library is the file of libchdb.
	//
	// Defaults to the first of: the environment's TIEOUT_LIBCHDB, the cache
	// folder that [Fetch] fills, the system's library folders.
	Library string

	// MemoryLimit is the most memory in bytes that the engine takes for
	// statements, merges and caches together; what would pass it fails with
	// ClickHouse's code 241. The library itself needs 200 MB besides.
	//
	// Defaults to 2 GiB, and is never more than nine tenths of the machine.
	MemoryLimit int64

	// Connections is how many statements run at once; others wait. A result
	// that is being read counts as running.
	//
	// Defaults to 8. Each costs a thread and some hundred KB.
	Connections int

	// Threads is the most threads that one statement uses.
	//
	// Defaults to 0, the number of processors.
	Threads int

	// StatementTimeout ends statements that name no max_execution_time.
	//
	// Defaults to one hour, because reading a large result counts too.
	StatementTimeout time.Duration

	// Grace is how long Close lets running statements finish, and how long
	// [Attach] waits for an owner that is starting or stopping.
	//
	// Defaults to 5 seconds.
	Grace time.Duration
}

func (c Config) withDefaults() Config {
	c.MemoryLimit = cmp.Or(c.MemoryLimit, 2<<30)
	c.Connections = cmp.Or(c.Connections, 8)
	c.StatementTimeout = cmp.Or(c.StatementTimeout, time.Hour)
	c.Grace = cmp.Or(c.Grace, 5*time.Second)
	return c
}

// An Engine is an open data folder. It is safe for concurrent use.
type Engine struct {
	cfg     Config
	lib     *library
	lock    *folderLock
	version string

	// control kills statements, and keeps the engine up while other
	// connections are renewed: it stops with its last one.
	control *conn
	pool    chan *conn
	serial  atomic.Uint64
	killers sync.WaitGroup

	closing   chan struct{} // closed when Close begins
	closeOnce sync.Once
	closed    chan struct{} // closed when Close has ended
	running   runs
}

// process is the folder that this process has open. libchdb keeps one engine
// for each process, whoever asks, so the rule cannot live in a value.
//
//nolint:gochecknoglobals // it guards state that the library keeps for the process
var process struct {
	sync.Mutex
	dir string
}

func claimProcess(dir string) error {
	process.Lock()
	defer process.Unlock()
	if process.dir != "" {
		return &Fault{
			Kind: ErrSecondFolder, Path: dir, Detail: "open is " + process.dir, PID: os.Getpid(),
			Hint: "close that Engine first, or use another database in the same folder",
		}
	}
	process.dir = dir
	return nil
}

func leaveProcess() {
	process.Lock()
	defer process.Unlock()
	process.dir = ""
}

// Open opens the data folder for this process alone. Use [Attach] where
// another process may have it open already.
//
// A folder that another Engine owns gives [ErrOwned]; the other faults are
// listed with the errors of this package. The context bounds the start only.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := makeFolder(cfg.Dir); err != nil {
		return nil, err
	}
	lock, err := lockFolder(cfg.Dir)
	if err != nil {
		return nil, err
	}
	e, err := open(ctx, cfg, lock)
	if err != nil {
		lock.release()
		return nil, err
	}
	return e, nil
}

func open(ctx context.Context, cfg Config, lock *folderLock) (*Engine, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := locate(cfg.Library)
	if err != nil {
		return nil, err
	}
	lib, err := load(path)
	if err != nil {
		return nil, &Fault{Kind: ErrStart, Path: path, Cause: err, Hint: "run `tieout engine check`"}
	}
	if err := claimProcess(cfg.Dir); err != nil {
		return nil, err
	}
	e := &Engine{
		cfg: cfg, lib: lib, lock: lock,
		pool:    make(chan *conn, cfg.Connections),
		closing: make(chan struct{}),
		closed:  make(chan struct{}),
	}
	if err := e.boot(ctx); err != nil {
		e.hangUp()
		leaveProcess()
		return nil, err
	}
	return e, nil
}

// boot starts the engine and makes the connections.
func (e *Engine) boot(ctx context.Context) error {
	configFile := filepath.Join(e.cfg.Dir, configName)
	content, err := newServerSettings(e.cfg.MemoryLimit).encode()
	if err != nil {
		return fmt.Errorf("write the engine's configuration: %w", err)
	}
	if err := os.WriteFile(configFile, content, 0o600); err != nil {
		return folderFault(e.cfg.Dir, err)
	}
	settings := baseline(e.cfg.StatementTimeout, e.cfg.Threads)
	args := arguments(e.cfg.Dir, configFile, settings)
	control, ok := dial(e.lib, args, settings)
	if !ok {
		return e.whyNot()
	}
	e.control = control
	if err := e.first(); err != nil {
		return err
	}
	for range e.cfg.Connections {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, ok := dial(e.lib, args, settings)
		if !ok {
			return e.whyNot()
		}
		e.pool <- c
	}
	return nil
}

// first makes the database that statements run in and asks for the version.
func (e *Engine) first() (err error) {
	e.control.do(func() {
		var version []byte
		if _, err = e.control.exec("CREATE DATABASE IF NOT EXISTS "+Database+" ENGINE = Atomic", "Null"); err != nil {
			return
		}
		if version, err = e.control.exec("SELECT version()", "TSV"); err != nil {
			return
		}
		e.version = strings.TrimSpace(string(version))
	})
	if errors.Is(err, ErrDiskFull) {
		return &Fault{Kind: ErrDiskFull, Path: e.cfg.Dir, Cause: err, Hint: "make room below the data folder"}
	}
	if err != nil {
		return &Fault{Kind: ErrStart, Path: e.cfg.Dir, Cause: err, Hint: "run `tieout engine check`"}
	}
	return nil
}

// whyNot words a start that failed. The C interface says only that it did; the
// engine's reason goes to standard error, past this package.
func (e *Engine) whyNot() error {
	if full, err := diskFull(e.cfg.Dir); err == nil && full {
		return &Fault{Kind: ErrDiskFull, Path: e.cfg.Dir, Hint: "make room below the data folder"}
	}
	return &Fault{
		Kind: ErrStart, Path: e.cfg.Dir, Detail: "its reason is on standard error, above",
		Hint: "restore a backup if the folder is damaged",
	}
}

// acquire waits for a connection.
func (e *Engine) acquire(ctx context.Context) (*conn, error) {
	select {
	case <-e.closing:
		return nil, e.closedError()
	default:
	}
	select {
	case c := <-e.pool:
		return c, nil
	case <-e.closing:
		return nil, e.closedError()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *Engine) closedError() error {
	return &Fault{Kind: ErrClosed, Path: e.cfg.Dir}
}

// Version returns the engine's version, such as "26.7.2.1".
func (e *Engine) Version() string { return e.version }

// Close stops the engine and gives the folder back. New statements fail with
// [ErrClosed] at once; running ones have Config.Grace to finish, and are then
// killed. It returns when no thread of this package and no file is left open,
// however often and from wherever it is called.
func (e *Engine) Close() error {
	e.closeOnce.Do(func() {
		close(e.closing)
		grace := time.AfterFunc(e.cfg.Grace, func() { e.running.each(e.giveUp) })
		for range e.cfg.Connections {
			(<-e.pool).close()
		}
		grace.Stop()
		e.killers.Wait()
		e.hangUp()
		leaveProcess()
		e.lock.release()
		close(e.closed)
	})
	<-e.closed
	return nil
}

// hangUp closes what connections there are.
func (e *Engine) hangUp() {
	for {
		select {
		case c := <-e.pool:
			c.close()
		default:
			if e.control != nil {
				e.control.close()
			}
			return
		}
	}
}

// runs are the statements at work, so that Close can end them.
type runs struct {
	sync.Mutex
	set map[*run]struct{}
}

func (r *runs) add(one *run) {
	r.Lock()
	defer r.Unlock()
	if r.set == nil {
		r.set = map[*run]struct{}{}
	}
	r.set[one] = struct{}{}
}

func (r *runs) remove(one *run) {
	r.Lock()
	defer r.Unlock()
	delete(r.set, one)
}

// with calls fn if one still runs, and keeps it from ending meanwhile.
func (r *runs) with(one *run, fn func()) {
	r.Lock()
	defer r.Unlock()
	if _, ok := r.set[one]; ok {
		fn()
	}
}

// each calls fn with every run.
func (r *runs) each(fn func(*run)) {
	r.Lock()
	all := slices.Collect(maps.Keys(r.set))
	r.Unlock()
	for _, one := range all {
		fn(one)
	}
}
