package webhookload

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"
)

// line is a connection to the server.
type line struct {
	conn    net.Conn
	reader  *bufio.Reader
	timeout time.Duration
	renewed time.Time // when the deadline was set last
	release func() bool
}

// dial connects to target. The connection breaks when ctx ends.
func dial(ctx context.Context, target *url.URL, timeout time.Duration) (*line, error) {
	plain := &net.Dialer{Timeout: timeout}
	host := target.Host
	var conn net.Conn
	var err error
	if target.Scheme == "https" {
		if target.Port() == "" {
			host = net.JoinHostPort(host, "443")
		}
		conn, err = (&tls.Dialer{NetDialer: plain}).DialContext(ctx, "tcp", host)
	} else {
		if target.Port() == "" {
			host = net.JoinHostPort(host, "80")
		}
		conn, err = plain.DialContext(ctx, "tcp", host)
	}
	if err != nil {
		return nil, err
	}
	l := &line{conn: conn, reader: bufio.NewReaderSize(conn, 1024), timeout: timeout}
	l.release = context.AfterFunc(ctx, func() { conn.Close() })
	return l, nil
}

func (l *line) close() {
	l.release()
	_ = l.conn.Close() // nothing is waited for any more
}

var errLength = errors.New("the answer has no Content-Length")

// exchange sends one request and returns the status of its answer, and whether the
// server keeps the connection. It works as little as can be: the generator shares
// the processors with what it measures. It gives up after the timeout, or after half
// of it.
func (l *line) exchange(request []byte, now time.Time) (code int, kept bool, err error) {
	if now.Sub(l.renewed) > l.timeout/2 {
		if err := l.conn.SetDeadline(now.Add(l.timeout)); err != nil {
			return 0, false, err
		}
		l.renewed = now
	}
	if _, err := l.conn.Write(request); err != nil {
		return 0, false, err
	}
	kept = true
	for first, length := true, -1; ; first = false {
		text, err := l.reader.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		text = bytes.TrimRight(text, "\r\n")
		if first {
			if len(text) < 12 {
				return 0, false, fmt.Errorf("the answer begins with %q", text)
			}
			if code, err = strconv.Atoi(string(text[9:12])); err != nil {
				return 0, false, err
			}
			continue
		}
		if len(text) == 0 {
			if length < 0 {
				return 0, false, errLength
			}
			_, err := l.reader.Discard(length)
			return code, kept, err
		}
		if value, ok := field(text, "content-length:"); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, err
			}
		} else if value, ok := field(text, "connection:"); ok {
			kept = !bytes.EqualFold(value, []byte("close"))
		}
	}
}

// field returns the value of a header line if it is of the name.
func field(text []byte, name string) ([]byte, bool) {
	if len(text) < len(name) || !bytes.EqualFold(text[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(text[len(name):]), true
}
