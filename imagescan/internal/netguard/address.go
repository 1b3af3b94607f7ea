package netguard

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// special4 and special6 are the addresses that are not of the public internet, by IANA's registries of special-purpose addresses. Of
// IPv6 only 2000::/3 is in use; the rest need not be listed.
var special4, special6 = table{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by a provider's customers"},
	{netip.MustParsePrefix("127.0.0.0/8"), "this machine"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "reserved"},
	{netip.MustParsePrefix("192.88.99.0/24"), "reserved"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "reserved"},
	{netip.MustParsePrefix("198.51.100.0/24"), "reserved"},
	{netip.MustParsePrefix("203.0.113.0/24"), "reserved"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
}, table{
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "this machine"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), "reserved"},
	{netip.MustParsePrefix("3fff::/20"), "reserved"},
}

var (
	global6  = netip.MustParsePrefix("2000::/3")
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
	sixToTo4 = netip.MustParsePrefix("2002::/16")
)

type table []struct {
	prefix netip.Prefix
	what   string
}

func (t table) of(a netip.Addr) string {
	for _, e := range t {
		if e.prefix.Contains(a) {
			return e.what
		}
	}
	return ""
}

// special says what an address is that is not of the public internet, and nothing of one that is. Of an IPv6 address that
// stands for an IPv4 address, that one counts.
func special(a netip.Addr) string {
	a = a.WithZone("").Unmap() // a prefix contains no address with a zone
	if a.Is4() {
		return special4.of(a)
	}
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return special(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToTo4.Contains(a):
		return special(netip.AddrFrom4([4]byte(b[2:6])))
	}
	if what := special6.of(a); what != "" {
		return what
	}
	if !global6.Contains(a) {
		return "reserved"
	}
	return ""
}

// isLocal says whether a host is this machine or a private address by its very name, without asking a resolver.
func isLocal(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return special(a) != ""
	}
	// No name ends in a number, but for many resolvers 127.1 and 0x7f000001 are addresses.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && last[0] >= '0' && last[0] <= '9'
}

// Hosts are hosts that a user has named, each with a port.
type Hosts map[string]bool

// ParseHosts reads names of hosts: host, host:port, [address]:port. One without a port has the ports of https and http.
func ParseHosts(names []string) (Hosts, error) {
	hosts := Hosts{}
	for _, name := range names {
		u, err := url.Parse("//" + name)
		if err != nil || u.Host != name || u.Hostname() == "" || u.Port() == "" && strings.HasSuffix(name, ":") {
			return nil, fmt.Errorf("%q is neither a host nor host:port", clip(name))
		}
		if u.Port() != "" {
			hosts[key(u.Hostname(), u.Port())] = true
			continue
		}
		hosts[key(u.Hostname(), "443")] = true
		hosts[key(u.Hostname(), "80")] = true
	}
	return hosts, nil
}

// Has says whether a host is among them. A host without a port is that of https.
func (h Hosts) Has(host string) bool {
	u, err := url.Parse("//" + host)
	if err != nil || u.Hostname() == "" {
		return false
	}
	if u.Port() == "" {
		return h[key(u.Hostname(), "443")]
	}
	return h[key(u.Hostname(), u.Port())]
}

// has is Has of an address, host:port.
func (h Hosts) has(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && h[key(host, port)]
}

// key is the one spelling of a host and its port.
func key(host, port string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if a, err := netip.ParseAddr(host); err == nil {
		host = a.Unmap().String()
	}
	return net.JoinHostPort(host, port)
}

// display is an address as one would name it: without the port of https.
func display(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port != "443" {
		return address
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// clip shortens what goes into an error.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
