package metrics

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ContentType is that of the format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Append appends all families to b, in the text format. The error is of families that could not be read; the others are there.
// What families are read with is one context for all, and no other time the same.
func (r *Registry) Append(ctx context.Context, b []byte) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.mu.Lock()
	families := make([]*family, 0, len(r.families))
	for _, f := range r.families {
		families = append(families, f)
	}
	r.mu.Unlock()
	slices.SortFunc(families, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	w := writer{b: bytes.NewBuffer(b)}
	var failed error
	for _, f := range families {
		all, err := f.snapshot(ctx)
		if err != nil {
			failed = fmt.Errorf("%s: %w", f.name, err)
			continue
		}
		w.family(f, all)
	}
	return w.b.Bytes(), failed
}

// shown is a series at one moment.
type shown struct {
	values []string
	value  float64  // or the sum of a histogram
	counts []uint64 // of a histogram
}

func (f *family) snapshot(ctx context.Context) ([]shown, error) {
	if f.read != nil {
		return f.readAll(ctx)
	}
	f.mu.Lock()
	all := make([]*series, 0, len(f.series))
	for _, s := range f.series {
		all = append(all, s)
	}
	f.mu.Unlock()
	out := make([]shown, 0, len(all))
	for _, s := range all {
		s.mu.Lock()
		out = append(out, shown{s.values, math.Float64frombits(s.bits.Load()), slices.Clone(s.counts)})
		s.mu.Unlock()
	}
	return sorted(out), nil
}

// readAll reads a family that is read when it is shown. Samples of the same labels count together.
func (f *family) readAll(ctx context.Context) ([]shown, error) {
	at := map[string]int{}
	var out []shown
	var mistake error
	err := f.read(ctx, func(s Sample) {
		if len(s.Labels) != len(f.labels) {
			mistake = fmt.Errorf("a sample has %d labels, not %d", len(s.Labels), len(f.labels))
			return
		}
		values := bounded(s.Labels)
		key := seriesKey(values)
		if i, ok := at[key]; ok {
			out[i].value += s.Value
			return
		}
		if len(out) >= MaxSeries {
			mistake = fmt.Errorf("more than %d series", MaxSeries)
			return
		}
		at[key] = len(out)
		out = append(out, shown{values: values, value: s.Value})
	})
	if err == nil {
		err = mistake
	}
	return sorted(out), err
}

func sorted(all []shown) []shown {
	slices.SortFunc(all, func(a, b shown) int { return slices.Compare(a.values, b.values) })
	return all
}

type writer struct{ b *bytes.Buffer }

func (w writer) family(f *family, all []shown) {
	if len(all) == 0 {
		return // what has no series says nothing
	}
	fmt.Fprintf(w.b, "# HELP %s %s\n# TYPE %s %s\n", f.name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(f.help), f.name, f.kind)
	for _, s := range all {
		if f.kind != "histogram" {
			w.sample(f.name, f.labels, s.values, "", number(s.value))
			continue
		}
		total := uint64(0)
		for i, n := range s.counts {
			le := "+Inf"
			if i < len(f.buckets) {
				le = number(f.buckets[i])
			}
			total += n
			w.sample(f.name+"_bucket", f.labels, s.values, le, strconv.FormatUint(total, 10))
		}
		w.sample(f.name+"_sum", f.labels, s.values, "", number(s.value))
		w.sample(f.name+"_count", f.labels, s.values, "", strconv.FormatUint(total, 10))
	}
}

func (w writer) sample(name string, labels, values []string, le, value string) {
	w.b.WriteString(name)
	open := byte('{')
	label := func(name, value string) {
		w.b.WriteByte(open)
		open = ','
		w.b.WriteString(name + `="` + strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(value) + `"`)
	}
	for i, l := range labels {
		label(l, values[i])
	}
	if le != "" {
		label("le", le)
	}
	if open == ',' {
		w.b.WriteByte('}')
	}
	w.b.WriteString(" " + value + "\n")
}

func number(n float64) string {
	switch {
	case math.IsInf(n, 1):
		return "+Inf"
	case math.IsInf(n, -1):
		return "-Inf"
	case math.IsNaN(n):
		return "NaN"
	case n == math.Trunc(n) && math.Abs(n) < 1<<53:
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}
