package metrics

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func get(t *testing.T, address, path string) (int, string, http.Header) {
	t.Helper()
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

func TestServe(t *testing.T) {
	r := NewRegistry()
	NewSweep(r, "1.0")
	var down error
	r.GaugeFunc(Repositories, "Repositories.", []string{"state"}, func(_ context.Context, emit func(Sample)) error {
		emit(Sample{[]string{"ok"}, 3})
		return down
	})
	r.Handler(nil) // one may be made more than once
	h := r.Handler(func(context.Context) error { return down })
	ctx, stop := context.WithCancel(context.Background())
	addresses, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- Serve(ctx, "127.0.0.1:0", h, func(a net.Addr) { addresses <- a }) }()
	at := (<-addresses).String()

	code, body, header := get(t, at, "/metrics")
	if code != 200 || header.Get("Content-Type") != ContentType || !strings.Contains(body, `rummage_sweep_repositories{state="ok"} 3`) ||
		!strings.Contains(body, "rummage_metrics_read_errors_total 0") {
		t.Errorf("%d %v\n%s", code, header, body)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, body, _ := get(t, at, path); code != 200 || body != "ok\n" {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	down = errors.New("postgres://user:hunter2@db: refused")
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 200, "/": 404, "/metrics/x": 404} {
		if code, body, _ := get(t, at, path); code != want || strings.Contains(body, "hunter2") {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	if _, body, _ := get(t, at, "/metrics"); !strings.Contains(body, "rummage_metrics_read_errors_total 1") || strings.Contains(body, "rummage_sweep_repositories") {
		t.Errorf("%s", body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := Serve(context.Background(), l.Addr().String(), http.NotFoundHandler(), nil); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}
