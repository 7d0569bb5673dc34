package ingest

import (
	"bytes"
	"net"
	"net/netip"
	"slices"

	"github.com/valyala/fasthttp"
)

// maxForwarded is the most bytes of X-Forwarded-For that are looked at.
const maxForwarded = 1024

// origin returns where a request came from: the peer or, where the peer is one of
// our own proxies, whom the last of them that is not names. Only our proxies are
// believed, for anybody can write the header.
func origin(peer net.Addr, header *fasthttp.RequestHeader, proxies []netip.Prefix) netip.Addr {
	at := addressOf(peer)
	if len(proxies) == 0 || !contains(proxies, at) {
		return at
	}
	var hops [][]byte
	for _, value := range header.PeekAll("X-Forwarded-For") {
		if len(value) > maxForwarded {
			return netip.Addr{}
		}
		hops = append(hops, bytes.Split(value, []byte(","))...)
	}
	for _, hop := range slices.Backward(hops) {
		before, err := netip.ParseAddr(string(bytes.TrimSpace(hop)))
		if err != nil {
			return netip.Addr{}
		}
		if at = before.Unmap().WithZone(""); !contains(proxies, at) {
			return at
		}
	}
	return at
}

// addressOf returns the address of a TCP connection's peer, and none of any other.
func addressOf(peer net.Addr) netip.Addr {
	tcp, ok := peer.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}

func contains(prefixes []netip.Prefix, at netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(at) })
}
