package oracle

import (
	"bytes"
	"context"
	"math"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"rummage/sweep/metrics"
)

func families(t *testing.T, r *metrics.Registry) map[string]*dto.MetricFamily {
	t.Helper()
	text, err := r.Append(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	all, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return all
}

// TestMetrics: Prometheus reads what was counted.
func TestMetrics(t *testing.T) {
	r := metrics.NewRegistry()
	s := metrics.NewSweep(r, "1.0")
	s.Fetches.Add(3, "git.example", "ok")
	for _, v := range []float64{.05, 2, 2, 1e6} {
		s.SearchSeconds.Observe(v)
	}
	s.Searches.Inc("complete")
	s.Deliveries.Inc("ops", "sent")
	s.MirrorBytes.Set(math.Inf(1))
	all := families(t, r)
	for name, kind := range map[string]string{"rummage_build_info": "GAUGE", "rummage_sweep_fetches_total": "COUNTER", "rummage_sweep_search_seconds": "HISTOGRAM",
		"rummage_sweep_searches_total": "COUNTER", "rummage_sweep_fetched_bytes_total": "COUNTER", "rummage_sweep_mirror_bytes": "GAUGE"} {
		if f := all[name]; f == nil || f.GetType().String() != kind || f.GetHelp() == "" {
			t.Errorf("%s: %v", name, f)
		}
	}
	h := all["rummage_sweep_search_seconds"].Metric[0].Histogram
	if h.GetSampleCount() != 4 || h.GetSampleSum() != 1000004.05 || len(h.Bucket) != 10 || h.Bucket[0].GetCumulativeCount() != 1 ||
		h.Bucket[3].GetCumulativeCount() != 3 || !math.IsInf(h.Bucket[9].GetUpperBound(), 1) || h.Bucket[9].GetCumulativeCount() != 4 {
		t.Errorf("%v", h)
	}
	if v := all["rummage_sweep_mirror_bytes"].Metric[0].Gauge.GetValue(); !math.IsInf(v, 1) {
		t.Errorf("%v", v)
	}
}

// FuzzMetrics: any value of a label comes out as it went in, shortened and made valid.
func FuzzMetrics(f *testing.F) {
	f.Add("a\"b\\c\nd", 1.5)
	f.Add("\xff{}=,# HELP", -1.0)
	f.Add("\\", math.MaxFloat64)
	f.Fuzz(func(t *testing.T, value string, n float64) {
		r := metrics.NewRegistry()
		r.Gauge("a", "x\n\\"+value, "l", "m").Set(n, value, "")
		all := families(t, r)
		m := all["a"].Metric[0]
		if got := m.Gauge.GetValue(); got != n && !math.IsNaN(n) {
			t.Errorf("%v, not %v", got, n)
		}
		want := bytes.ToValidUTF8([]byte(value[:min(len(value), 200)]), []byte("\ufffd"))
		if got := m.Label[0].GetValue(); got != string(want) {
			t.Errorf("%q, not %q", got, want)
		}
	})
}
