package netguard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rummage/imagescan/internal/dnstest"
)

func TestSpecial(t *testing.T) {
	for _, c := range []struct{ addresses, want string }{
		{"8.8.8.8 1.1.1.1 100.63.255.255 172.32.0.1 192.0.1.1 2606:4700::1111 2001:4860:4860::8888 2a00::1 64:ff9b::808:808 2002:808:808::1 ::ffff:8.8.8.8", ""},
		{"10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fd00::1 fc00::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::1 2002:c0a8:101::1", "private"},
		{"127.0.0.1 127.255.0.1 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::", "this machine"},
		{"169.254.169.254 fe80::1 fe80::1%eth0 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1", "link-local"},
		{"0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0", "unspecified"},
		{"224.0.0.1 239.1.1.1 ff02::1", "multicast"},
		{"100.64.0.1 100.127.255.255", "shared by a provider's customers"},
		{"240.0.0.1 255.255.255.255 192.0.0.8 198.18.0.1 192.0.2.1 203.0.113.9 2001::1 2001:db8::1 3fff::1 fec0::1 ::7f00:1 64:ff9b:1::a00:1 4000::1", "reserved"},
	} {
		for text := range strings.FieldsSeq(c.addresses) {
			if got := special(netip.MustParseAddr(text)); got != c.want {
				t.Errorf("%s is %q, want %q", text, got, c.want)
			}
		}
	}
}

func TestHosts(t *testing.T) {
	hosts, err := ParseHosts([]string{"Registry.Example", "other.example:5000", "[::1]:5000", "10.0.0.1", "[fd00::2]"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"registry.example": true, "registry.example.": true, "registry.example:443": true, "registry.example:80": true,
		"registry.example:22": false, "other.example": false, "other.example:5000": true, "[::1]:5000": true, "[0:0::1]:5000": true,
		"10.0.0.1": true, "[::ffff:10.0.0.1]:443": true, "[fd00::2]": true, "x.registry.example": false, "": false,
	} {
		if hosts.Has(host) != want {
			t.Errorf("%q is allowed: %v", host, !want)
		}
	}
	for _, bad := range []string{"", "https://a.example", "a.example/x", "user@a.example", "a.example:", "a b", ":5000", "a.example?x"} {
		if _, err := ParseHosts([]string{bad}); err == nil {
			t.Errorf("%q is read as a host", bad)
		}
	}
}

// server answers over TLS on this machine and counts the connections that reach it.
func server(t *testing.T, handler http.HandlerFunc) (port string, o Options, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	s := httptest.NewUnstartedServer(handler)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(s.Listener.Addr().String())
	config := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName = "example.com"
	return port, Options{
		TLS: config, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		Resolver: dnstest.Resolver(map[string][]string{
			"inside.example": {"127.0.0.1"}, "mapped.example": {"::ffff:127.0.0.1"}, "six.example": {"::1"}, "far.example": {"10.255.255.1", "fd00::1"},
		}),
	}, connections
}

func guard(t *testing.T, o Options, named ...string) *Guard {
	t.Helper()
	hosts, err := ParseHosts(named)
	if err != nil {
		t.Fatal(err)
	}
	g := New(hosts, o)
	t.Cleanup(g.CloseIdleConnections)
	return g
}

func get(ctx context.Context, g *Guard, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return (&http.Client{Transport: g, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}).Do(req)
}

func TestNamesOfPrivateAddresses(t *testing.T) {
	port, o, connections := server(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "inside") })
	g := guard(t, o, "named.example:1")
	for _, host := range []string{"inside.example", "mapped.example", "six.example", "far.example", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"} {
		_, err := get(t.Context(), g, "https://"+host+":"+port+"/")
		var refused *Refused
		if !errors.As(err, &refused) || !refused.Allow || !strings.Contains(err.Error(), "--registry ") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	resp, err := get(t.Context(), guard(t, o, "inside.example:"+port), "https://inside.example:"+port+"/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); string(text) != "inside" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := get(t.Context(), guard(t, o, "inside.example"), "https://inside.example:"+port+"/"); err == nil {
		t.Error("another port of a named host was reached")
	}
}

func TestRedirects(t *testing.T) {
	var target atomic.Value
	target.Store("")
	var asked atomic.Int64
	port, o, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, target.Load().(string), http.StatusTemporaryRedirect)
	})
	here := "https://inside.example:" + port + "/"
	g := guard(t, o, "inside.example:"+port)
	for _, to := range []string{
		"https://six.example:" + port + "/", "http://inside.example:" + port + "/", "http://public.example/", "https://169.254.169.254/latest", "ftp://public.example/", "https://far.example/",
	} {
		target.Store(to)
		_, err := get(t.Context(), g, here)
		var refused *Refused
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", to, err)
		}
	}
	target.Store(here)
	asked.Store(0)
	if _, err := get(t.Context(), g, here); err == nil || !strings.Contains(err.Error(), "more than 10 redirects") || asked.Load() != 11 {
		t.Errorf("after %d requests: %v", asked.Load(), err)
	}
}

func TestPlainHTTP(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain") }))
	defer s.Close()
	address := s.Listener.Addr().String()
	_, o, _ := server(t, nil)
	var refused *Refused
	if _, err := get(t.Context(), guard(t, o), s.URL); !errors.As(err, &refused) || !refused.Allow {
		t.Error(err)
	}
	resp, err := get(t.Context(), guard(t, o, address), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	_, port, _ := net.SplitHostPort(address)
	if _, err := get(t.Context(), guard(t, o, "inside.example:"+port), "http://inside.example:"+port); !errors.As(err, &refused) || refused.Allow {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	port, o, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", 2<<20))
	})
	g := guard(t, o, "inside.example:"+port)
	for _, c := range []struct {
		limit int64
		want  int
		err   error
	}{{0, 1 << 20, ErrTooLong}, {100, 1 << 20, ErrTooLong}, {2<<20 - 1, 2<<20 - 1, ErrTooLong}, {2 << 20, 2 << 20, nil}, {1<<63 - 1, 2 << 20, nil}} {
		ctx := t.Context()
		if c.limit != 0 {
			ctx = Limit(ctx, c.limit)
		}
		resp, err := get(ctx, g, "https://inside.example:"+port)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if len(text) != c.want || !errors.Is(err, c.err) {
			t.Errorf("limit %d: %d bytes, %v", c.limit, len(text), err)
		}
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	halfway, stop := make(chan struct{}), make(chan struct{})
	port, o, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "be")
		w.(http.Flusher).Flush()
		<-halfway
		fmt.Fprint(w, "gun")
		w.(http.Flusher).Flush()
		<-stop
	})
	defer close(stop)
	o.Idle = time.Second // for which a busy machine does not keep a few bytes waiting
	resp, err := get(t.Context(), guard(t, o, "inside.example:"+port), "https://inside.example:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	begin := make([]byte, 2)
	if _, err := io.ReadFull(resp.Body, begin); err != nil {
		t.Fatal(err)
	}
	// A reader that is slow itself is no stall.
	time.Sleep(o.Idle * 3 / 2)
	close(halfway)
	if text, err := io.ReadAll(resp.Body); string(text) != "gun" || !errors.Is(err, ErrStalled) {
		t.Errorf("%q, %v", text, err)
	}
}

// TestProxy: what a proxy connects to is checked by what the URL says, and the proxy may be at a private address.
func TestProxy(t *testing.T) {
	var asked atomic.Value
	asked.Store("")
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Proxy: func(*http.Request) (*url.URL, error) { return at, nil }, TLS: &tls.Config{}}
	g := guard(t, o)
	if _, err := get(t.Context(), g, "https://public.example/"); err == nil || asked.Load() != "public.example:443" {
		t.Errorf("asked for %v: %v", asked.Load(), err)
	}
	asked.Store("")
	for _, host := range []string{"10.0.0.1", "localhost", "[::ffff:10.0.0.1]", "127.1", "0x7f000001"} {
		var refused *Refused
		if _, err := get(t.Context(), g, "https://"+host+"/"); !errors.As(err, &refused) || asked.Load() != "" {
			t.Errorf("%s: asked for %v: %v", host, asked.Load(), err)
		}
	}
	o.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("http://me:pass@word") }
	if _, err := get(t.Context(), guard(t, o), "https://public.example/"); err == nil || strings.Contains(err.Error(), "pass") {
		t.Error(err)
	}
}
