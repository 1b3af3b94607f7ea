package ahead

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestGrowthPercent: the heap grows by a sixth of what is live, and by no less than so much.
func TestGrowthPercent(t *testing.T) {
	for _, live := range []uint64{0, 1, 3 << 20, 4 << 20, 40 << 20, 128 << 20, 1 << 30, 1 << 40} {
		percent := uint64(growthPercent(live))
		growth := max(live, goLeast) * percent / 100
		want := max(uint64(leastGrowth), live/6)
		if live < small {
			want = smallGrowth
		}
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
