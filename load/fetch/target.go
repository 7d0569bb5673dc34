package fetch

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// longestAddress is more than any signed address needs.
const longestAddress = 8 << 10

// target is an address that may be asked.
type target struct {
	url  *url.URL
	name string
	port uint16
	// wanted is the last element of the path that was asked for first, before any
	// redirect.
	wanted string
}

var (
	errAddress     = errors.New("it is no http or https address of a host")
	errCredentials = errors.New("it holds a user name or a password")
)

// target reads an address and checks all that can be checked before its host is
// resolved.
func (h Hosts) target(address string) (target, error) {
	t, err := parseTarget(address)
	if err != nil {
		p := t.problem(BadAddress, err)
		return t, p.says("cannot be fetched, because its address is not one to fetch from: %s", err)
	}
	return t, h.check(t)
}

func parseTarget(address string) (target, error) {
	var t target
	if len(address) > longestAddress {
		return t, errAddress
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return t, errAddress // what url says repeats the address
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != schemeHTTPS && u.Scheme != schemeHTTP || u.Opaque != "" || u.Host == "" {
		return t, errAddress
	}
	if u.User != nil {
		return t, errCredentials
	}
	if t.name, t.port, err = splitPort(u.Host); err != nil {
		return t, errAddress
	}
	if t.name, err = hostname(t.name); err != nil {
		return t, errAddress
	}
	if t.port == 0 {
		t.port = usualPort(u.Scheme)
	}
	u.Host, u.Fragment, u.RawFragment = t.hostPort(u.Scheme), "", ""
	t.url = u
	t.wanted = stem(u.Path)
	return t, nil
}

// check asks the allow-list.
func (h Hosts) check(t target) error {
	if h.allow(t.url.Scheme, t.name, t.port) {
		return nil
	}
	p := t.problem(NotAllowed, nil)
	if len(h.entries) == 0 {
		if t.url.Scheme != schemeHTTPS {
			return p.says("was not fetched from %s, because its address is not https", p.Host).mended(Operator, unencrypted)
		}
		return p.says("was not fetched from %s, because port %d is not the one for https", p.Host, t.port).mended(Operator, notListed)
	}
	return p.says("was not fetched from %s, because tieout is told to fetch files from other hosts only", p.Host).mended(Operator, notListed)
}

// What the operator can do about a host.
const (
	unencrypted = "Ask Ontop for an https address. If the host is your own, name it with its scheme and port under file_hosts " +
		"in the company's policy; or attach the file in QuickBooks by hand."
	notListed = "If the host is right, name it under file_hosts in the company's policy; or attach the file in QuickBooks by hand."
	private   = "If the host is your own, name it with its scheme under file_hosts in the company's policy, such as " +
		"https://files.internal; or attach the file in QuickBooks by hand."
)

// next is the address that an answer sends us on to.
func (t target) next(h Hosts, location string) (target, error) {
	ref, err := url.Parse(location)
	if err != nil || location == "" {
		return t, t.problem(BadAddress, errAddress).says("was not fetched, because %s sends on to no address", t.host())
	}
	on, err := parseTarget(t.url.ResolveReference(ref).String())
	if err != nil {
		return t, t.problem(BadAddress, err).says("was not fetched, because %s sends on to an address that is not one to fetch from: %s", t.host(), err)
	}
	on.wanted = t.wanted
	if t.url.Scheme == schemeHTTPS && on.url.Scheme != schemeHTTPS {
		return on, on.problem(NotAllowed, nil).
			says("was not fetched, because %s sends on to %s without encryption", t.host(), on.host()).mended(Source, askAgain)
	}
	return on, h.check(on)
}

// hostPort is the host as an address has it: without the port that goes without
// saying, which a signature may not have counted on.
func (t target) hostPort(scheme string) string {
	if t.port != usualPort(scheme) {
		return net.JoinHostPort(t.name, strconv.Itoa(int(t.port)))
	}
	if strings.Contains(t.name, ":") {
		return "[" + t.name + "]"
	}
	return t.name
}

func usualPort(scheme string) uint16 {
	if scheme == schemeHTTP {
		return portHTTP
	}
	return portHTTPS
}

// host is what may be told of where it is.
func (t target) host() string {
	switch {
	case t.name == "":
		return "its host"
	case t.port == portHTTPS || t.port == portHTTP:
		return t.name
	}
	return net.JoinHostPort(t.name, strconv.Itoa(int(t.port)))
}

// file is what may be told of which file it is: the last element of the path, which
// is no secret, as opposed to the query.
func (t target) file() string { return clip(printable(t.wanted), shownName) }
