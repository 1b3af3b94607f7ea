package ahead

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The garbage collector runs when the heap has grown by a sixth of what was live after its last run, but not by less than
// leastGrowth; and as long as the heap stays small by more than that, though by no more than smallGrowth: a small repository
// takes a few tens of megabytes in all, and collecting them over and over would take a quarter of its time. Go's own rule, by
// as much as is live and from 4 MB on, is worse for both small and large ones.
const (
	smallGrowth = 64 << 20
	small       = 128 << 20 // live and grown by
	leastGrowth = 24 << 20
	growthShare = 6 // of the live heap: a sixth
	// goLeast is the heap for which, times a percentage, Go runs its collector first.
	goLeast = 4 << 20
)

// paceCollector sets that, unless the user's environment says otherwise.
func paceCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(100 * smallGrowth / goLeast)
	afterCollection(func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if live[0].Value.Kind() == metrics.KindUint64 {
			debug.SetGCPercent(growthPercent(live[0].Value.Uint64()))
		}
	})
}

// growthPercent is by how much the heap may grow beyond what is live.
func growthPercent(live uint64) int {
	growth := max(leastGrowth, live/growthShare)
	if live < small {
		growth = max(growth, min(smallGrowth, small-live))
	}
	return int(growth * 100 / max(live, goLeast))
}

// afterCollection calls f after each run of the collector.
func afterCollection(f func()) {
	type sentinel struct{ _ [16]byte } // of nothing smaller is it certain that it is collected on its own
	var again func(*sentinel)
	again = func(*sentinel) {
		f()
		runtime.SetFinalizer(new(sentinel), again)
	}
	runtime.SetFinalizer(new(sentinel), again)
}
