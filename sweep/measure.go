package sweep

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"

	"rummage/sweep/metrics"
	"rummage/sweep/store"
)

// serve shows metrics and health on the address of the configuration, if it has one, until the context ends.
func (w *Worker) serve(ctx context.Context) (stop func() error, err error) {
	if w.config.Listen == "" {
		return func() error { return nil }, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	started, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- metrics.Serve(ctx, w.config.Listen, w.handler(), func(net.Addr) { close(started) }) }()
	select {
	case <-started:
	case err := <-ended: // such as another program at that address
		cancel()
		return nil, err
	}
	return func() error {
		cancel()
		return <-ended
	}, nil
}

// handler shows metrics and health. The worker is ready while its database answers.
func (w *Worker) handler() http.Handler {
	return w.registry.Handler(func(ctx context.Context) error {
		_, err := w.store.Now(ctx)
		return err
	})
}

// measure makes the metrics.
func (w *Worker) measure() {
	w.registry = metrics.NewRegistry()
	w.metrics = metrics.NewSweep(w.registry, w.o.Version)
	counts := oncePerScrape(w.store.Counts)
	counted := func(name, help string, labels []string, pick func(*store.Counts, func(metrics.Sample))) {
		w.registry.GaugeFunc(name, help, labels, func(ctx context.Context, emit func(metrics.Sample)) error {
			c, err := counts(ctx)
			if err == nil {
				pick(c, emit)
			}
			return err
		})
	}
	counted(metrics.Repositories, "Repositories that are listed.", []string{"state"}, func(c *store.Counts, emit func(metrics.Sample)) {
		for state, n := range c.Repositories {
			emit(metrics.Sample{Labels: []string{state}, Value: float64(n)})
		}
	})
	counted(metrics.Findings, "Findings that are somewhere.", []string{"state", "severity"}, func(c *store.Counts, emit func(metrics.Sample)) {
		for k, n := range c.Findings {
			emit(metrics.Sample{Labels: []string{string(k.State), k.Severity}, Value: float64(n)})
		}
	})
	counted(metrics.OldestSearch, "How long ago the repository was searched whose last search is the oldest.", nil, func(c *store.Counts, emit func(metrics.Sample)) {
		if !c.OldestScan.IsZero() {
			emit(metrics.Sample{Value: c.Now.Sub(c.OldestScan).Seconds()})
		}
	})
	w.registry.GaugeFunc(metrics.Queue, "Jobs by kind and state.", []string{"kind", "state"}, func(ctx context.Context, emit func(metrics.Sample)) error {
		counts, err := w.jobs.Status(ctx)
		for _, c := range counts {
			emit(metrics.Sample{Labels: []string{c.Kind, c.State}, Value: float64(c.N)})
		}
		return err
	})
}

// oncePerScrape counts once for all families that are read with the same context.
func oncePerScrape(count func(context.Context) (*store.Counts, error)) func(context.Context) (*store.Counts, error) {
	var mu sync.Mutex
	var scrape context.Context
	var counts *store.Counts
	var err error
	return func(ctx context.Context) (*store.Counts, error) {
		mu.Lock()
		defer mu.Unlock()
		if scrape != ctx {
			scrape = ctx
			counts, err = count(ctx)
		}
		return counts, err
	}
}

// observe counts what became of a repository.
func (w *Worker) observe(o *Outcome) {
	if o.Left {
		return
	}
	result := "complete"
	if o.Err != nil {
		result = "failed"
	}
	w.metrics.Searches.Inc(result)
	w.metrics.SearchSeconds.Observe(o.Took.Seconds())
	if o.Answer != nil {
		w.metrics.Blobs.Add(float64(o.Answer.Blobs))
		w.metrics.Bytes.Add(float64(o.Answer.Bytes))
	}
}

// fetched counts a fetch.
func (w *Worker) fetched(address string, bytes int64, err error) {
	host, result := "", "ok"
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	if err != nil {
		result = "failed"
	}
	w.metrics.Fetches.Inc(host, result)
	w.metrics.FetchedBytes.Add(float64(bytes))
}
