package fetch

import (
	"net/netip"
	"slices"
)

// reach decides which addresses may be connected to.
type reach struct {
	special []netip.Prefix // blocks that look public and are not for everybody
	nat64   netip.Prefix
	carrier netip.Prefix // what providers and overlay networks use inside
	// metadata are the addresses, outside the link-local blocks, at which clouds
	// hand out their machines' passwords.
	metadata []netip.Addr
}

func newReach() reach {
	// From IANA's registries of special-purpose addresses, besides what netip knows
	// by itself, and the one that Azure keeps for its machines, which looks public.
	blocks := []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "168.63.129.16/32",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	}
	r := reach{
		nat64: netip.MustParsePrefix("64:ff9b::/96"), carrier: netip.MustParsePrefix("100.64.0.0/10"),
		metadata: []netip.Addr{netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("fd00:ec2::254")},
	}
	for _, block := range blocks {
		r.special = append(r.special, netip.MustParsePrefix(block))
	}
	return r
}

// public reports whether everybody on the internet finds the same machine there. An
// IPv4 address inside an IPv6 one is judged by what it means: mapped, or through
// NAT64, which is how a network without IPv4 reaches the rest. Other ways to wrap
// one (6to4, Teredo) are not for servers, and are refused.
func (r reach) public(addr netip.Addr) bool {
	addr = unwrap(addr, r.nat64)
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Zone() != "" {
		return false
	}
	if addr.Is6() && addr.As16()[0]&0xe0 != 0x20 { // only 2000::/3 is given out
		return false
	}
	for _, block := range r.special {
		if block.Contains(addr) {
			return false
		}
	}
	return true
}

// own reports whether a host that the operator vouches for may be there. Link-local
// addresses stay out of reach: a cloud hands out its machines' passwords there.
func (r reach) own(addr netip.Addr) bool {
	addr = unwrap(addr, r.nat64)
	if addr.Zone() != "" || slices.Contains(r.metadata, addr) {
		return false
	}
	return r.public(addr) || addr.IsLoopback() || addr.IsPrivate() || r.carrier.Contains(addr)
}

func unwrap(addr netip.Addr, nat64 netip.Prefix) netip.Addr {
	addr = addr.Unmap()
	if nat64.Contains(addr) {
		b := addr.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}
