// Package clientaddr tells from which address a request comes when proxies stand before the gateway.
//
// X-Forwarded-For is a list that anybody may begin and every proxy appends to, so only its right end can be believed,
// and only as far as each address there is a proxy that the operator has named. The client is the right-most address
// that is no such proxy; everything to the left of it is its own claim.
package clientaddr

import (
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds how many entries of X-Forwarded-For are looked at. No chain of proxies is that long; a client's header is
// as long as it likes.
const maxHops = 32

// Proxies are the networks whose machines may speak of other addresses. The zero value trusts nobody. It never changes,
// and is safe for concurrent use.
type Proxies struct {
	networks []netip.Prefix
}

// Trust returns Proxies of some networks. IPv4 networks cover IPv4-mapped addresses of IPv6 as well.
func Trust(networks ...netip.Prefix) Proxies {
	return Proxies{networks: slices.Clone(networks)}
}

// Trusts reports whether the peer of a connection is a trusted proxy; what it says in X-Forwarded-Proto and
// X-Forwarded-Host may then be believed as well.
func (p Proxies) Trusts(peer netip.Addr) bool {
	peer = peer.Unmap().WithZone("")
	for _, network := range p.networks {
		if network.Contains(peer) {
			return true
		}
	}
	return false
}

// Resolve returns the address of the client: that of the connection's peer, unless the peer is a trusted proxy. Then it is
// the right-most entry of X-Forwarded-For, whose lines are given in their order, that is no trusted proxy; or the
// left-most one, if all are. An entry that is no address ends the search: what a proxy wrote there is the last that is
// known. The result is never an IPv4-mapped address, and has no zone.
func (p Proxies) Resolve(peer netip.Addr, forwardedFor []string) netip.Addr {
	client := peer.Unmap().WithZone("")
	if len(forwardedFor) == 0 || !p.Trusts(client) {
		return client
	}
	hops := 0
	for _, line := range slices.Backward(forwardedFor) {
		rest, more := line, true
		for more {
			var entry string
			rest, entry, more = cutLast(rest)
			if hops++; hops > maxHops {
				return client
			}
			addr, ok := parse(entry)
			if !ok {
				return client
			}
			client = addr
			if !p.Trusts(addr) {
				return client
			}
		}
	}
	return client
}

// cutLast cuts a list behind its last comma. It reports whether there is more before it.
func cutLast(list string) (before, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// parse reads an entry: an address, as some proxies write it also with a port or in brackets.
func parse(entry string) (netip.Addr, bool) {
	entry = strings.Trim(entry, " \t")
	if len(entry) > len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")+32 { // 32 for a zone
		return netip.Addr{}, false
	}
	if addr, err := netip.ParseAddr(entry); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	if with, err := netip.ParseAddrPort(entry); err == nil {
		return with.Addr().Unmap().WithZone(""), true
	}
	inner, opened := strings.CutPrefix(entry, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if addr, err := netip.ParseAddr(inner); err == nil && opened && closed && addr.Is6() {
		return addr.Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}
