// Package netguard is an http.RoundTripper for addresses that strangers choose: the names of images in a scanned
// repository, and what a registry answers. It connects to public addresses only, unless the user has named the host.
//
// The address is checked when it is connected to, after names are resolved: so a name of a private address is refused,
// on redirects, in token realms and in foreign URLs as well, and no second resolution can tell another address.
// Plain http is for hosts that the user has named and that are this machine or a private address by their very name.
// Answers are bounded (Limit), redirects are counted, and a body that stalls ends.
//
// Where the environment has a proxy (HTTPS_PROXY), that resolves names and connects, so that only what stands in the
// URL itself can be checked: addresses and localhost. The proxy is the user's own, and may have a private address.
//
// Concurrency: a Guard may be used from any goroutine.
package netguard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// How long what may take. A registry that builds its answer first may need a while for the header.
const (
	dialTimeout   = 15 * time.Second
	tlsTimeout    = 15 * time.Second
	headerTimeout = time.Minute
	idleTimeout   = time.Minute
	// maxRedirects is that of net/http, which clients with a policy of their own do without.
	maxRedirects = 10
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 256 << 10
)

// Refused is the error for a host that is not connected to. Nothing was sent to it.
type Refused struct {
	Host string // with its port, where that is not the usual one
	Why  string
	// Allow says that naming the host would let it through.
	Allow bool
}

func (r *Refused) Error() string {
	s := r.Host + " is refused: " + r.Why
	if r.Allow {
		s += " (--registry " + r.Host + " would allow it)"
	}
	return s
}

// Options are what tests set; the zero value is meant for use.
type Options struct {
	Resolver *net.Resolver                         // nil is the system's
	Proxy    func(*http.Request) (*url.URL, error) // nil is that of the environment
	TLS      *tls.Config                           // nil has the system's authorities
	Idle     time.Duration                         // how long a body may give nothing; 0 is a minute
}

// Guard is the transport. Make it with New.
type Guard struct {
	hosts           Hosts
	options         Options
	direct, proxied *http.Transport
}

// New makes a guard that lets through what is public, and the hosts that the user has named.
func New(hosts Hosts, o Options) *Guard {
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.Idle == 0 {
		o.Idle = idleTimeout
	}
	g := &Guard{hosts: hosts, options: o}
	g.direct = transport(o.TLS)
	g.direct.DialContext = g.dial
	g.proxied = transport(o.TLS)
	g.proxied.Proxy = o.Proxy
	return g
}

func transport(c *tls.Config) *http.Transport {
	return &http.Transport{
		TLSClientConfig:        c.Clone(),
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    16,
		ForceAttemptHTTP2:      true,
		// What comes is stored as it is and named by its digest. An answer that is inflated on the way could be a bomb.
		DisableCompression: true,
		DialContext:        (&net.Dialer{Timeout: dialTimeout}).DialContext,
	}
}

// CloseIdleConnections closes connections that are kept for another request.
func (g *Guard) CloseIdleConnections() {
	g.direct.CloseIdleConnections()
	g.proxied.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper. What it refuses itself is a *Refused, perhaps wrapped.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	via, err := g.choose(req)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	resp, err := via.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp.Body = newBody(ctx, cancel, resp.Body, limitOf(req.Context()), g.options.Idle)
	return resp, nil
}

// choose checks what a request itself tells, and says which way it goes.
func (g *Guard) choose(req *http.Request) (*http.Transport, error) {
	redirects := 0
	for r := req.Response; r != nil && r.Request != nil; r = r.Request.Response {
		if redirects++; redirects > maxRedirects {
			return nil, fmt.Errorf("more than %d redirects", maxRedirects)
		}
	}
	port := req.URL.Port()
	switch {
	case req.URL.Scheme == "https" && port == "":
		port = "443"
	case req.URL.Scheme == "http" && port == "":
		port = "80"
	}
	address := net.JoinHostPort(req.URL.Hostname(), port)
	named, local := g.hosts.has(address), isLocal(req.URL.Hostname())
	switch {
	case req.URL.Scheme == "http" && !(named && local):
		return nil, &Refused{Host: display(address), Why: "plain http is for private addresses", Allow: local}
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return nil, &Refused{Host: display(address), Why: "neither https nor http"}
	}
	proxy, err := g.options.Proxy(req)
	if err != nil {
		return nil, errors.New("the proxy that the environment names is not understood") // its URL may hold a password
	}
	if proxy == nil {
		return g.direct, nil
	}
	if local && !named {
		return nil, &Refused{Host: display(address), Why: "a private address", Allow: true}
	}
	return g.proxied, nil
}

// dial connects to an address, host:port. The system calls check just before it connects, with what the host resolved to.
func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout, Resolver: g.options.Resolver}
	if !g.hosts.has(address) {
		d.Control = func(_, resolved string, _ syscall.RawConn) error { return check(address, resolved) }
	}
	return d.DialContext(ctx, network, address)
}

// check says whether a host that nobody has named may be connected to at the address that it resolved to.
func check(address, resolved string) error {
	at, err := netip.ParseAddrPort(resolved)
	if err != nil {
		return &Refused{Host: display(address), Why: "its address is not understood"}
	}
	if why := special(at.Addr()); why != "" {
		return &Refused{Host: display(address), Why: "its address, " + at.Addr().String() + ", is " + why, Allow: true}
	}
	return nil
}
