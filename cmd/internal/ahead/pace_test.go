package ahead

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestGrowthPercent: the heap grows by a sixth of what is live, by no less than so much, and to no less than what is small.
func TestGrowthPercent(t *testing.T) {
	const mb = 1 << 20
	for live, want := range map[uint64]uint64{0: 64 * mb, 1: 64 * mb, 3 * mb: 64 * mb, 4 * mb: 64 * mb, 40 * mb: 64 * mb, 64 * mb: 64 * mb,
		80 * mb: 48 * mb, 110 * mb: 24 * mb, 128 * mb: 24 * mb, 1 << 30: 1 << 30 / 6, 1 << 40: 1 << 40 / 6} {
		percent := uint64(growthPercent(live))
		growth := max(live, goLeast) * percent / 100
		if growth > want || growth < want-want/20 {
			t.Errorf("%d bytes live: grows by %d, want %d", live, growth, want)
		}
	}
}

func TestAfterCollection(t *testing.T) {
	var runs atomic.Int32
	afterCollection(func() { runs.Add(1) })
	for end := time.Now().Add(time.Minute); runs.Load() < 3 && time.Now().Before(end); {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if runs.Load() < 3 {
		t.Errorf("%d calls", runs.Load())
	}
}
