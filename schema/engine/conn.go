package engine

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// A conn is one connection to the engine. All of its calls into C are made by
// one goroutine that is bound to one thread, one call at a time, which is what
// the C interface asks for.
type conn struct {
	lib  *library
	args []string
	jobs chan func()
	gone chan struct{}

	// The rest belongs to the goroutine.
	handle   unsafe.Pointer    // what chdb_connect gave, for chdb_close_conn
	raw      unsafe.Pointer    // the connection itself
	baseline map[string]string // what a fresh connection runs with
	applied  map[string]string // what differs from the baseline now
	database string            // the current database
}

// dial makes a connection, and reports whether the engine agreed.
func dial(lib *library, args []string, baseline map[string]string) (*conn, bool) {
	c := &conn{lib: lib, args: args, baseline: baseline, jobs: make(chan func()), gone: make(chan struct{})}
	opened := make(chan bool)
	go c.loop(opened)
	return c, <-opened
}

func (c *conn) loop(opened chan<- bool) {
	defer close(c.gone)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ok := c.connect()
	opened <- ok
	if !ok {
		return
	}
	for job := range c.jobs {
		job()
	}
	c.lib.closeConn(c.handle)
}

func (c *conn) connect() bool {
	handle, ok := c.lib.open(c.args)
	if !ok {
		return false
	}
	c.handle, c.raw = handle, *(*unsafe.Pointer)(handle)
	c.applied, c.database = map[string]string{}, "default"
	return true
}

// close ends the goroutine and the connection. The conn must be idle.
func (c *conn) close() {
	close(c.jobs)
	<-c.gone
}

// do runs fn on the connection's thread and waits for it.
func (c *conn) do(fn func()) {
	done := make(chan struct{})
	c.jobs <- func() {
		defer close(done)
		fn()
	}
	<-done
}

// prepare brings the connection to the database and the settings that a
// statement asks for. It costs nothing when the last statement asked for the
// same, which is the usual case.
func (c *conn) prepare(database string, want map[string]string) error {
	if database != c.database {
		if _, err := c.exec("USE "+quoteName(database), ""); err != nil {
			return err
		}
		c.database = database
	}
	if maps.Equal(want, c.applied) {
		return nil
	}
	var changes []string
	for name, value := range want {
		if c.applied[name] != value {
			changes = append(changes, name+" = "+quoteText(value))
		}
	}
	for name := range c.applied {
		if _, ok := want[name]; ok {
			continue
		}
		if value, ok := c.baseline[name]; ok {
			changes = append(changes, name+" = "+quoteText(value))
		} else {
			changes = append(changes, name+" = DEFAULT")
		}
	}
	slices.Sort(changes)
	if len(changes) > 0 {
		if _, err := c.exec("SET "+strings.Join(changes, ", "), ""); err != nil {
			// Some of the changes may have been made; a fresh connection is
			// the one state that is certain.
			c.renew()
			return err
		}
	}
	c.applied = maps.Clone(want)
	return nil
}

// renew replaces the connection by a fresh one, so that nothing that a
// statement left behind (a setting, a temporary table) reaches the next.
func (c *conn) renew() {
	old := c.handle
	if c.connect() {
		c.lib.closeConn(old)
	}
}

// exec runs one statement without parameters, whole result in memory.
func (c *conn) exec(sql, format string) ([]byte, error) {
	return c.lib.take(c.lib.start(c.lib.query, c.raw, sql, format, nil))
}

// quoteName quotes an identifier for SQL.
func quoteName(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}

// quoteText quotes a string literal for SQL.
func quoteText(value string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'", "\x00", "\\0").Replace(value) + "'"
}
