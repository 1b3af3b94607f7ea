package metrics

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// MaxSeries bounds the series of one family, so that values of labels which strangers choose cannot fill the memory. What comes
// beyond is counted in one series whose labels are all "other".
const MaxSeries = 10_000

// maxValue bounds the value of a label, in bytes.
const maxValue = 200

// Registry holds the families of a program.
type Registry struct {
	mu       sync.Mutex
	families map[string]*family
	failures *Counter // of scrapes
}

// NewRegistry makes one that shows nothing yet.
func NewRegistry() *Registry {
	r := &Registry{families: map[string]*family{}}
	r.failures = r.Counter("rummage_metrics_read_errors_total", "Scrapes of which a family could not be read.")
	return r
}

type family struct {
	name, help, kind string
	labels           []string
	buckets          []float64                                 // of a histogram, without the last, which is +Inf
	read             func(context.Context, func(Sample)) error // of a family that is read when it is shown

	mu     sync.Mutex
	series map[string]*series
}

// series is one number of a family, or one histogram. bits hold the number, of a histogram the sum.
type series struct {
	values []string
	bits   atomic.Uint64

	mu     sync.Mutex // of a histogram
	counts []uint64   // of each bucket alone, the last that of +Inf
}

// Sample is a number of a family that is read when it is shown.
type Sample struct {
	Labels []string // values, in the order of the family's labels
	Value  float64
}

func (r *Registry) add(f *family) *family {
	if !validName(f.name, true) || f.help == "" {
		panic(fmt.Sprintf("metrics: %q is no name of a metric, or has no help", f.name))
	}
	for i, l := range f.labels {
		if !validName(l, false) || strings.HasPrefix(l, "__") || l == "le" || slices.Contains(f.labels[:i], l) {
			panic(fmt.Sprintf("metrics: %s: %q is no name of a label", f.name, l))
		}
	}
	f.series = map[string]*series{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, other := range r.families {
		// A histogram's series have names of their own.
		if name == f.name || f.kind == "histogram" && suffixed(f.name, name) || other.kind == "histogram" && suffixed(name, f.name) {
			panic(fmt.Sprintf("metrics: there are two of the name %s", f.name))
		}
	}
	r.families[f.name] = f
	return f
}

func suffixed(histogram, name string) bool {
	rest, ok := strings.CutPrefix(name, histogram)
	return ok && (rest == "_bucket" || rest == "_sum" || rest == "_count")
}

func validName(s string, metric bool) bool {
	for i, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || metric && c == ':'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// with is the series of some values of labels, made when it is new.
func (f *family) with(values []string) *series {
	if len(values) != len(f.labels) {
		panic(fmt.Sprintf("metrics: %s has %d labels, not %d", f.name, len(f.labels), len(values)))
	}
	values = bounded(values)
	key := seriesKey(values)
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.series[key]; s != nil {
		return s
	}
	if len(f.series) >= MaxSeries {
		values = make([]string, len(f.labels))
		for i := range values {
			values[i] = "other"
		}
		if s := f.series[seriesKey(values)]; s != nil {
			return s
		}
		key = seriesKey(values)
	}
	s := &series{values: values}
	if f.kind == "histogram" {
		s.counts = make([]uint64, len(f.buckets)+1)
	}
	f.series[key] = s
	return s
}

func bounded(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		if len(v) > maxValue {
			v = v[:maxValue]
		}
		out[i] = strings.ToValidUTF8(v, "\ufffd")
	}
	return out
}

// seriesKey tells values of labels apart, and sorts as they do.
func seriesKey(values []string) string {
	return strings.Join(values, "\xff") // which is in no valid text
}

// Counter is a family of numbers that only grow. Its name ends with _total.
type Counter struct{ f *family }

// Counter makes a family of counters.
func (r *Registry) Counter(name, help string, labels ...string) *Counter {
	if !strings.HasSuffix(name, "_total") {
		panic("metrics: the name of a counter ends with _total: " + name)
	}
	return &Counter{r.add(&family{name: name, help: help, kind: "counter", labels: labels})}
}

// Add adds to the counter of some values of labels; what is negative or no number is left out.
func (c *Counter) Add(n float64, values ...string) {
	if n >= 0 && !math.IsInf(n, 0) {
		c.f.with(values).add(n)
	}
}

// Inc adds one.
func (c *Counter) Inc(values ...string) { c.Add(1, values...) }

func (s *series) add(n float64) {
	for {
		old := s.bits.Load()
		if s.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+n)) {
			return
		}
	}
}

// Gauge is a family of numbers that go up and down.
type Gauge struct{ f *family }

// Gauge makes a family of gauges.
func (r *Registry) Gauge(name, help string, labels ...string) *Gauge {
	return &Gauge{r.add(&family{name: name, help: help, kind: "gauge", labels: labels})}
}

// Set sets the gauge of some values of labels.
func (g *Gauge) Set(n float64, values ...string) { g.f.with(values).bits.Store(math.Float64bits(n)) }

// Add adds to it.
func (g *Gauge) Add(n float64, values ...string) { g.f.with(values).add(n) }

// GaugeFunc makes a family that is read whenever it is shown. When that fails nothing of the family is shown, and
// rummage_metrics_read_errors_total counts it.
func (r *Registry) GaugeFunc(name, help string, labels []string, read func(ctx context.Context, emit func(Sample)) error) {
	r.add(&family{name: name, help: help, kind: "gauge", labels: labels, read: read})
}

// CounterFunc is GaugeFunc of numbers that only grow.
func (r *Registry) CounterFunc(name, help string, labels []string, read func(ctx context.Context, emit func(Sample)) error) {
	if !strings.HasSuffix(name, "_total") {
		panic("metrics: the name of a counter ends with _total: " + name)
	}
	r.add(&family{name: name, help: help, kind: "counter", labels: labels, read: read})
}

// Histogram is a family of distributions.
type Histogram struct{ f *family }

// Histogram makes a family of histograms. Buckets are upper bounds, the largest last; +Inf comes by itself.
func (r *Registry) Histogram(name, help string, buckets []float64, labels ...string) *Histogram {
	for i, b := range buckets {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && buckets[i-1] >= b {
			panic("metrics: buckets that do not grow: " + name)
		}
	}
	return &Histogram{r.add(&family{name: name, help: help, kind: "histogram", labels: labels, buckets: slices.Clone(buckets)})}
}

// Observe counts a value in the histogram of some values of labels; what is no number is left out.
func (h *Histogram) Observe(n float64, values ...string) {
	if math.IsNaN(n) {
		return
	}
	s := h.f.with(values)
	i, _ := slices.BinarySearch(h.f.buckets, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[i]++
	s.add(n)
}
