package engine

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the part of libchdb's C interface that the engine uses. Handles
// are opaque; a connection serves one call at a time, which [conn] sees to.
// Nothing in here knows SQL.
type library struct {
	path string

	version        func() string
	signalHandlers func(enabled int32)
	connect        func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn      func(conn unsafe.Pointer)

	query        func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	streamQuery  func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	streamFetch  func(conn, stream unsafe.Pointer) unsafe.Pointer
	streamCancel func(conn, stream unsafe.Pointer)

	insertOpen    func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	insertAppend  func(stream, data unsafe.Pointer, n uintptr) int32
	insertDone    func(stream unsafe.Pointer) unsafe.Pointer
	insertCancel  func(stream unsafe.Pointer)
	insertError   func(stream unsafe.Pointer) string
	insertDestroy func(stream unsafe.Pointer)

	resultBuffer  func(result unsafe.Pointer) unsafe.Pointer
	resultLength  func(result unsafe.Pointer) uintptr
	resultError   func(result unsafe.Pointer) string
	resultWritten func(result unsafe.Pointer) uint64
	resultDestroy func(result unsafe.Pointer)
}

// load opens the shared library and binds every function. The library is
// never unloaded: it keeps threads of its own for as long as the process lives.
func load(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_LAZY|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	lib := &library{path: path}
	for name, fn := range lib.symbols() {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("load %s: function %s: %w", path, name, err)
		}
		purego.RegisterFunc(fn, symbol)
	}
	// Go's runtime owns the signals; a handler of the engine's would turn
	// every nil dereference that Go recovers from into a crash report.
	lib.signalHandlers(0)
	return lib, nil
}

func (l *library) symbols() map[string]any {
	return map[string]any{
		"chdb_version":                     &l.version,
		"chdb_set_signal_handlers_enabled": &l.signalHandlers,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_query_with_params_n":  &l.streamQuery,
		"chdb_stream_fetch_result":         &l.streamFetch,
		"chdb_stream_cancel_query":         &l.streamCancel,
		"chdb_stream_insert_with_params_n": &l.insertOpen,
		"chdb_stream_append":               &l.insertAppend,
		"chdb_stream_done":                 &l.insertDone,
		"chdb_stream_cancel_insert":        &l.insertCancel,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.insertDestroy,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_written":         &l.resultWritten,
		"chdb_destroy_query_result":        &l.resultDestroy,
	}
}

// errNoResult is an answer that the C interface rules out.
var errNoResult = errors.New("the engine gave no result")

// open makes one connection; args is a command line without the program name.
// The C interface says only that it failed, never why.
func (l *library) open(args []string) (unsafe.Pointer, bool) {
	line := make([]*byte, 0, len(args)+2)
	for _, arg := range append([]string{"clickhouse"}, args...) {
		line = append(line, unsafe.StringData(arg+"\x00"))
	}
	line = append(line, nil)
	handle := l.connect(int32(len(line)-1), unsafe.Pointer(unsafe.SliceData(line)))
	runtime.KeepAlive(line)
	return handle, handle != nil
}

// starter is one of the three calls that start a statement; they differ only
// in what they start.
type starter func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer

// start hands a statement over. C copies everything before it returns.
func (l *library) start(call starter, conn unsafe.Pointer, sql, format string, values map[string]string) unsafe.Pointer {
	p := newParams(values)
	names, nameLens, contents, contentLens, count := p.pointers()
	query, output := pointer(sql), pointer(format)
	handle := call(conn, unsafe.Pointer(query), uintptr(len(sql)), unsafe.Pointer(output), uintptr(len(format)),
		names, nameLens, contents, contentLens, count)
	runtime.KeepAlive(p)
	runtime.KeepAlive(query)
	runtime.KeepAlive(output)
	return handle
}

// take copies what a result holds and frees it.
func (l *library) take(result unsafe.Pointer) ([]byte, error) {
	if result == nil {
		return nil, errNoResult
	}
	defer l.resultDestroy(result)
	if text := l.resultError(result); text != "" {
		return nil, newException(text)
	}
	n := l.resultLength(result)
	if n == 0 {
		return nil, nil
	}
	out := make([]byte, n)
	copy(out, unsafe.Slice((*byte)(l.resultBuffer(result)), n))
	return out, nil
}

// params is a set of query parameters in the shape that C wants: parallel
// arrays of pointers and lengths. The strings stay alive as long as it does.
type params struct {
	names, values       []*byte
	nameLens, valueLens []uintptr
}

func newParams(in map[string]string) *params {
	p := &params{}
	for name, value := range in {
		p.names = append(p.names, pointer(name))
		p.nameLens = append(p.nameLens, uintptr(len(name)))
		p.values = append(p.values, pointer(value))
		p.valueLens = append(p.valueLens, uintptr(len(value)))
	}
	return p
}

// pointer returns the first byte of s, and never nil, which the C interface
// refuses even for an empty value.
func pointer(s string) *byte {
	if s == "" {
		s = "\x00"
	}
	return unsafe.StringData(s)
}

func (p *params) pointers() (names, nameLens, values, valueLens unsafe.Pointer, count uintptr) {
	return unsafe.Pointer(unsafe.SliceData(p.names)), unsafe.Pointer(unsafe.SliceData(p.nameLens)),
		unsafe.Pointer(unsafe.SliceData(p.values)), unsafe.Pointer(unsafe.SliceData(p.valueLens)),
		uintptr(len(p.names))
}
