package forge

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answering is a server that gives the same answer to everything.
type answering struct {
	status       int
	header, body string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{"Link": {a.header}, "Retry-After": {a.header}, "Location": {a.header}, "X-Total-Count": {a.header}}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// Answering is a Forge whose every request is answered alike, without a network.
func Answering(t *testing.T, c Config, status int, header, body string) *Forge {
	f, err := New(c, Options{Wait: func(context.Context, time.Duration) error { return nil }, MaxRepositories: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	f.client.Transport = answering{status, header, body}
	return f
}
