package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Bounds of an answer: of what is only looked at when it is an error, and of lists of issues.
const (
	maxAnswer  = 64 << 10
	maxListing = 32 << 20
)

// client sends requests of one channel.
type client struct {
	http *http.Client
	now  func() time.Time
}

func newClient(o Options) *client {
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSClientConfig:        o.TLS,
			TLSHandshakeTimeout:    15 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns:           2,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		}
	}
	return &client{
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		now:  o.Now,
	}
}

// request is one that is to be sent, and what is known of it when that goes wrong.
type request struct {
	what    string // for errors: who answers
	method  string
	url     string
	header  http.Header
	body    []byte
	secrets []string // in no error
	detail  func(body []byte) string
}

// do sends a request and decodes the answer into what out points to, if it is not nil.
func (c *client) do(ctx context.Context, r request, out any) error {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return permanent("%s: its address is none", r.what)
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", "rummage")
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return connectError(ctx, r.what, err, append(r.secrets, r.url)...)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // it only adds to the error
		detail := ""
		if r.detail != nil {
			detail = plain(scrub(r.detail(body), r.secrets), maxReason)
		}
		return statusError(r.what, resp, detail, c.now())
	}
	if out == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection can be used again
		return nil
	}
	limited := &io.LimitedReader{R: resp.Body, N: maxListing}
	if err := json.NewDecoder(limited).Decode(out); err != nil {
		switch {
		case limited.N <= 0:
			return temporary("%s: the answer is longer than %d MB", r.what, maxListing>>20)
		case ctx.Err() != nil:
			return connectError(ctx, r.what, err, r.secrets...)
		}
		return &Error{Reason: r.what + ": the answer is not what was asked for", Err: err}
	}
	return nil
}

// encode is json.Marshal of what cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("notify: %v", err)) // the types are ours, and strings always encode
	}
	return b
}
