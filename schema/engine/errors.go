package engine

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Conditions that callers branch on. Every one of them reaches the caller
// inside a [Fault], which says what to do about it.
var (
	// ErrLibraryMissing means that libchdb is nowhere it was looked for.
	ErrLibraryMissing = errors.New("the engine's library is missing")
	// ErrChecksum means that a file is not the one this version pins.
	ErrChecksum = errors.New("wrong checksum")
	// ErrNotPinned means that no checksum is known for this platform.
	ErrNotPinned = errors.New("no checksum is pinned for this platform")
	// ErrOwned means that another process, or another Engine of this one,
	// has the data folder open.
	ErrOwned = errors.New("the data folder is in use")
	// ErrOwnerGone means that the process which served the data folder ended
	// while this one was attached to it.
	ErrOwnerGone = errors.New("the process that owned the data folder is gone")
	// ErrSecondFolder means that this process already has another data folder
	// open; the engine serves one folder per process.
	ErrSecondFolder = errors.New("this process has another data folder open")
	// ErrRelativePath means that a path was given which is not absolute.
	ErrRelativePath = errors.New("the path must be absolute")
	// ErrNotWritable means that the data folder cannot be written.
	ErrNotWritable = errors.New("the folder cannot be written")
	// ErrDiskFull means that the disk below the data folder has no room. An
	// [Exception] that the engine raised for want of room matches it too.
	ErrDiskFull = errors.New("the disk is full")
	// ErrNoNPM means that npm, which fetches the library, is not installed.
	ErrNoNPM = errors.New("npm is not installed")
	// ErrStart means that the engine refused to start, for the detail given.
	ErrStart = errors.New("the engine did not start")
	// ErrClosed means that the Engine was closed.
	ErrClosed = errors.New("the engine is closed")
)

// A Fault is something that a person has to put right before the engine can
// work. Kind is one of the errors above, and errors.Is finds it.
type Fault struct {
	Kind   error
	Path   string   // the file or folder concerned, if any
	Detail string   // what was found, fit to show
	Places []string // everywhere that was looked, for a missing library
	PID    int      // the process in the way, or 0 when unknown
	Hint   string   // what to do next
	Cause  error    // the underlying error, if any
}

// Error tells the whole story in one line.
func (f *Fault) Error() string {
	var b strings.Builder
	io := func(parts ...string) {
		for _, part := range parts {
			b.WriteString(part)
		}
	}
	if f.Path != "" {
		io(f.Path, ": ")
	}
	io(f.Kind.Error())
	if f.PID > 0 {
		io(" by process ", strconv.Itoa(f.PID))
	}
	if f.Detail != "" {
		io(": ", f.Detail)
	}
	if f.Cause != nil {
		io(": ", f.Cause.Error())
	}
	if len(f.Places) > 0 {
		io(" (looked at ", strings.Join(f.Places, ", "), ")")
	}
	if f.Hint != "" {
		io("; ", f.Hint)
	}
	return b.String()
}

// Unwrap lets errors.Is find the kind and the cause.
func (f *Fault) Unwrap() []error { return []error{f.Kind, f.Cause} }

// An Exception is the engine declining or failing a statement it received.
type Exception struct {
	Code int    // as ClickHouse numbers it, such as 60 for an unknown table
	Text string // as ClickHouse words it, from "Code:" on
}

// Codes that the handler raises itself, as ClickHouse numbers them.
const (
	codeBadArguments   = 36
	codeNotImplemented = 48
	codeSyntaxError    = 62
	codeAborted        = 236
	codeNotEnoughSpace = 243
	codeUnknown        = 1001
)

var exceptionCode = regexp.MustCompile(`^Code:\s*(\d+)\.`)

// newException reads the engine's text. What carries no code gets 1001, which
// is ClickHouse's own number for an exception of a foreign kind.
func newException(text string) *Exception {
	text = strings.TrimSpace(text)
	match := exceptionCode.FindStringSubmatch(text)
	if match == nil {
		return raise(codeUnknown, "STD_EXCEPTION", text)
	}
	code, err := strconv.Atoi(match[1])
	if err != nil {
		return raise(codeUnknown, "STD_EXCEPTION", text)
	}
	return &Exception{Code: code, Text: text}
}

// raise words an exception of the handler's own as the engine would.
func raise(code int, name, text string) *Exception {
	return &Exception{Code: code, Text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, strings.TrimSuffix(text, "."), name)}
}

// Error returns the engine's text.
func (e *Exception) Error() string { return e.Text }

// Is makes an exception that was raised for want of room match [ErrDiskFull].
func (e *Exception) Is(target error) bool {
	return target == ErrDiskFull && (e.Code == codeNotEnoughSpace || strings.Contains(e.Text, noSpace))
}

// noSpace is how the operating system words a full disk (ENOSPC).
const noSpace = "No space left on device"

// asException turns any error into one that can be answered over HTTP.
func asException(err error) *Exception {
	if ex, ok := errors.AsType[*Exception](err); ok {
		return ex
	}
	return raise(codeAborted, "ABORTED", err.Error())
}
