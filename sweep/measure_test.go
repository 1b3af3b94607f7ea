package sweep

import (
	"context"
	"testing"

	"rummage/sweep/metrics"
	"rummage/sweep/store"
)

// TestOncePerScrape: the database counts once for all that is shown, and again the next time.
func TestOncePerScrape(t *testing.T) {
	asked := 0
	counts := oncePerScrape(func(context.Context) (*store.Counts, error) {
		asked++
		return &store.Counts{}, nil
	})
	r := metrics.NewRegistry()
	for _, name := range []string{"one", "two", "three"} {
		r.GaugeFunc(name, "A number.", nil, func(ctx context.Context, emit func(metrics.Sample)) error {
			c, err := counts(ctx)
			emit(metrics.Sample{Value: float64(len(c.Findings))})
			return err
		})
	}
	for scrape := 1; scrape <= 2; scrape++ {
		if _, err := r.Append(context.Background(), nil); err != nil || asked != scrape {
			t.Errorf("asked %d times, %v", asked, err)
		}
	}
}
