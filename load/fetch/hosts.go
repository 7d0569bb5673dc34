package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"

	portHTTP  = 80
	portHTTPS = 443
)

// Hosts are the hosts that files may be fetched from. The zero Hosts are all that
// have a public address. Make others with [ParseHosts].
type Hosts struct{ entries []entry }

// entry is one line of an allow-list.
type entry struct {
	any    bool   // every host
	below  bool   // every host below name, and not name itself
	name   string // as hostname writes it
	port   uint16
	scheme string
	vouch  bool // it may have a private address
}

// errHost says what an entry of an allow-list may look like.
var errHost = errors.New("must be a host such as files.example.com, *.example.com or files.example.com:8443 for public addresses, " +
	"* for all of them, or https://files.internal or http://10.0.0.5:8080 for a host of your own")

// namePattern is what a host may be called; other alphabets have an ASCII form.
var namePattern = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// numberPattern is how the last part of a name begins that some systems take for an
// address, such as 127.1 or 0x7f000001.
var numberPattern = regexp.MustCompile(`(^|\.)(0[xX][0-9a-fA-F]*|[0-9]+)$`)

// ParseHosts reads an allow-list. Without entries, every host with a public address
// is allowed, by https and on port 443. With entries, nothing else is, and no
// redirect leads elsewhere:
//
//	files.example.com        that host, by https on port 443, at a public address
//	files.example.com:8443   the same on another port
//	*.example.com            every host below example.com, but not example.com
//	*                        every host, as if there were no list
//	https://files.internal   that host, also at a private address
//	http://10.0.0.5:8080     the same without encryption, and on that port
//
// An entry with a scheme is the operator's word for one host, which is why it takes
// no asterisk. It does not reach link-local addresses, where machines in a cloud
// find their passwords. The error names every entry that is none.
func ParseHosts(list []string) (Hosts, error) {
	var hosts Hosts
	var errs []error
	for _, text := range list {
		e, err := parseEntry(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", text, err))
			continue
		}
		hosts.entries = append(hosts.entries, e)
	}
	return hosts, errors.Join(errs...)
}

func parseEntry(text string) (entry, error) {
	if text == "*" {
		return entry{any: true, port: portHTTPS, scheme: schemeHTTPS}, nil
	}
	e := entry{scheme: schemeHTTPS}
	rest := text
	if scheme, after, ok := strings.Cut(text, "://"); ok {
		e.scheme, e.vouch, rest = strings.ToLower(scheme), true, after
		if e.scheme != schemeHTTP && e.scheme != schemeHTTPS {
			return entry{}, errHost
		}
	}
	if after, ok := strings.CutPrefix(rest, "*."); ok && !e.vouch {
		e.below, rest = true, after
	}
	name, port, err := splitPort(rest)
	if err != nil {
		return entry{}, err
	}
	if e.port = port; port == 0 {
		e.port = usualPort(e.scheme)
	}
	if e.name, err = hostname(name); err != nil {
		return entry{}, err
	}
	if _, err := netip.ParseAddr(e.name); err == nil && e.below {
		return entry{}, errHost
	}
	return e, nil
}

// splitPort cuts a port off, if there is one; an IPv6 address stands in brackets.
func splitPort(s string) (name string, port uint16, err error) {
	name, number := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		name, number = s[:i], s[i+1:]
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n == 0 || number[0] == '+' || number[0] == '0' {
			return "", 0, errHost
		}
		port = uint16(n)
	}
	if inside, ok := strings.CutPrefix(name, "["); ok {
		inside, closed := strings.CutSuffix(inside, "]")
		if !closed || !strings.Contains(inside, ":") {
			return "", 0, errHost
		}
		return inside, port, nil
	}
	if strings.Contains(name, ":") {
		return "", 0, errHost
	}
	return name, port, nil
}

// hostname writes a host in the one way in which it is compared: in small letters,
// without a dot at its end, and addresses in their shortest form.
func hostname(s string) (string, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		if addr.Zone() != "" {
			return "", errHost
		}
		return addr.Unmap().String(), nil
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) > 253 || !namePattern.MatchString(s) || numberPattern.MatchString(s) {
		return "", errHost
	}
	return s, nil
}

// allow reports whether a file may be fetched from there, if the address of the host
// allows it as well.
func (h Hosts) allow(scheme, name string, port uint16) bool {
	if len(h.entries) == 0 {
		return scheme == schemeHTTPS && port == portHTTPS
	}
	return slices.ContainsFunc(h.entries, func(e entry) bool { return e.scheme == scheme && e.port == port && e.matches(name) })
}

// vouches reports whether the operator vouches for what is at a host and port. The
// scheme was checked with the address.
func (h Hosts) vouches(name string, port uint16) bool {
	return slices.ContainsFunc(h.entries, func(e entry) bool { return e.vouch && e.port == port && e.matches(name) })
}

func (e entry) matches(name string) bool {
	switch {
	case e.any:
		return true
	case e.below:
		return len(name) > len(e.name)+1 && strings.HasSuffix(name, "."+e.name)
	}
	return name == e.name
}
