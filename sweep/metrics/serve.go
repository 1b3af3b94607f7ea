package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Times of the server. A scrape reads a database: it gets some seconds and no more.
const (
	readTime  = 5 * time.Second
	probeTime = 3 * time.Second
	writeTime = 30 * time.Second
	stopTime  = 5 * time.Second
)

// Handler shows /metrics, /healthz (the process lives) and /readyz (ready says nil; nil is always ready). Why it is not ready is
// for the log of who calls: the answer tells nobody.
func (r *Registry) Handler(ready func(context.Context) error) http.Handler {
	r.failures.Add(0)
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, code int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(text + "\n"))
	}
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), writeTime/2)
		defer cancel()
		text, err := r.Append(ctx, nil)
		if err != nil {
			r.failures.Inc() // is in the next answer
		}
		w.Header().Set("Content-Type", ContentType)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(text)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), probeTime)
		defer cancel()
		if ready != nil && ready(ctx) != nil {
			answer(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		answer(w, http.StatusOK, "ok")
	})
	return mux
}

// Serve serves a handler on an address (host:port) until the context ends, and calls started, unless it is nil, with the
// address that it has.
func Serve(ctx context.Context, address string, h http.Handler, started func(net.Addr)) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if started != nil {
		started(l.Addr())
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: readTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		err = s.Shutdown(stopping)
		if err != nil {
			err = s.Close()
		}
		<-ended
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}
