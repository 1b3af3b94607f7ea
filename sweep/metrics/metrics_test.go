package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
)

func text(t *testing.T, r *Registry) string {
	t.Helper()
	b, err := r.Append(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFormat(t *testing.T) {
	r := NewRegistry()
	c := r.Counter("b_total", "Counts\nwith \\ and \"quotes\".", "host", "result")
	c.Inc("git.example", "ok")
	c.Add(2.5, "a\"b\\c\nd\xff", "ok")
	c.Add(-1, "git.example", "ok")
	c.Add(math.NaN(), "git.example", "ok")
	r.Gauge("a", "A gauge.").Set(-3)
	h := r.Histogram("c_seconds", "Takes.", []float64{0.5, 1}, "kind")
	for _, v := range []float64{0.5, 0.7, 1, 9, math.NaN()} {
		h.Observe(v, "x")
	}
	r.GaugeFunc("d", "Read.", []string{"state"}, func(_ context.Context, emit func(Sample)) error {
		emit(Sample{[]string{"open"}, math.Inf(1)})
		emit(Sample{[]string{"done"}, 1e300})
		emit(Sample{[]string{"done"}, 0})
		return nil
	})
	r.Gauge("e", "Has no series.", "x")
	want := `# HELP a A gauge.
# TYPE a gauge
a -3
# HELP b_total Counts\nwith \\ and "quotes".
# TYPE b_total counter
b_total{host="a\"b\\c\nd` + "\ufffd" + `",result="ok"} 2.5
b_total{host="git.example",result="ok"} 1
# HELP c_seconds Takes.
# TYPE c_seconds histogram
c_seconds_bucket{kind="x",le="0.5"} 1
c_seconds_bucket{kind="x",le="1"} 3
c_seconds_bucket{kind="x",le="+Inf"} 4
c_seconds_sum{kind="x"} 11.2
c_seconds_count{kind="x"} 4
# HELP d Read.
# TYPE d gauge
d{state="done"} 1e+300
d{state="open"} +Inf
`
	if got := text(t, r); got != want {
		t.Errorf("%s", got)
	}
}

func TestMistakesPanic(t *testing.T) {
	for name, f := range map[string]func(*Registry){
		"counter without _total": func(r *Registry) { r.Counter("a", "x") },
		"empty name":             func(r *Registry) { r.Gauge("", "x") },
		"name with a digit":      func(r *Registry) { r.Gauge("1a", "x") },
		"name with a dash":       func(r *Registry) { r.Gauge("a-b", "x") },
		"no help":                func(r *Registry) { r.Gauge("a", "") },
		"label with a colon":     func(r *Registry) { r.Gauge("a", "x", "b:c") },
		"reserved label":         func(r *Registry) { r.Gauge("a", "x", "__b") },
		"le":                     func(r *Registry) { r.Histogram("a", "x", nil, "le") },
		"label twice":            func(r *Registry) { r.Gauge("a", "x", "b", "b") },
		"name twice":             func(r *Registry) { r.Gauge("a", "x"); r.Gauge("a", "x") },
		"a histogram's sum":      func(r *Registry) { r.Histogram("a", "x", nil); r.Gauge("a_sum", "x") },
		"a sum's histogram":      func(r *Registry) { r.Gauge("a_count", "x"); r.Histogram("a", "x", nil) },
		"buckets that fall":      func(r *Registry) { r.Histogram("a", "x", []float64{1, 1}) },
		"too few values":         func(r *Registry) { r.Gauge("a", "x", "b").Set(1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: is taken", name)
				}
			}()
			f(NewRegistry())
		}()
	}
}

// TestManySeries: what strangers choose fills no memory, and no count is lost.
func TestManySeries(t *testing.T) {
	r := NewRegistry()
	c := r.Counter("a_total", "x", "host")
	for i := range MaxSeries + 50 {
		c.Inc(fmt.Sprint(i))
	}
	c.Inc(strings.Repeat("x", 1<<20))
	got := text(t, r)
	if n := strings.Count(got, "\na_total{"); n != MaxSeries+1 {
		t.Errorf("%d series", n)
	}
	r.Gauge("b", "x", "host").Set(1, strings.Repeat("é", 1<<20))
	if got := text(t, r); !strings.Contains(got, `b{host="`+strings.Repeat("é", maxValue/2)+`"} 1`+"\n") {
		t.Error("a long value is not cut")
	}
	if !strings.Contains(got, `a_total{host="other"} 51`+"\n") {
		t.Error("what is too much is not counted")
	}
}

// TestReadFails: a family that cannot be read is left out, whole, and the others are there.
func TestReadFails(t *testing.T) {
	r := NewRegistry()
	r.Gauge("a", "x").Set(1)
	for i, f := range []func(context.Context, func(Sample)) error{
		func(_ context.Context, emit func(Sample)) error {
			emit(Sample{Value: 1})
			return errors.New("no database")
		},
		func(_ context.Context, emit func(Sample)) error {
			emit(Sample{Value: 1})
			emit(Sample{[]string{"one"}, 1})
			return nil
		},
		func(ctx context.Context, _ func(Sample)) error { <-ctx.Done(); return ctx.Err() },
	} {
		r.GaugeFunc(fmt.Sprintf("z%d", i), "x", nil, f)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b, err := r.Append(ctx, nil)
	if err == nil || string(b) != "# HELP a x\n# TYPE a gauge\na 1\n" {
		t.Errorf("%v %s", err, b)
	}
}

func TestConcurrent(t *testing.T) {
	r := NewRegistry()
	s := NewSweep(r, "1.0")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				s.Fetches.Inc("git.example", "ok")
				s.SearchSeconds.Observe(float64(i % 3))
				s.MirrorBytes.Add(1)
			}
			_, _ = r.Append(context.Background(), nil)
		})
	}
	wg.Wait()
	got := text(t, r)
	for _, want := range []string{`rummage_sweep_fetches_total{host="git.example",result="ok"} 8000`, "rummage_sweep_search_seconds_count 8000",
		"rummage_sweep_search_seconds_sum 7992", "rummage_sweep_mirror_bytes 8000", `rummage_build_info{version="1.0",goversion="go`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}
