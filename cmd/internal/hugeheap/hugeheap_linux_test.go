package hugeheap

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestAsk: nearly as much memory as is asked for is marked for huge pages ("hg", proc_pid_smaps(5)), and is the heap's without
// a run of the collector; unless the kernel has none, then asking does no harm.
func TestAsk(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ask()
	for range 1000 { // the goroutine is about to end
		if runtime.ReadMemStats(&after); after.StackInuse < size {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if n := after.NumGC - before.NumGC; n != 0 {
		t.Errorf("the collector ran %d times", n)
	}
	if after.StackInuse >= size {
		t.Errorf("%d bytes of stacks are in use", after.StackInuse)
	}
	if idle := after.HeapIdle; idle < size-hugePage {
		t.Errorf("%d bytes of the heap are free, want %d", idle, size)
	}
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		return
	}
	if n := marked(t); n < size-2*hugePage {
		t.Errorf("%d bytes are marked, want %d", n, size)
	}
}

// marked counts bytes of mappings of the process.
func marked(t *testing.T) (n uint64) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	var mapped uint64
	for line := range strings.Lines(string(maps)) {
		name, rest, _ := strings.Cut(line, ":")
		switch name {
		case "Size":
			kB, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			mapped = kB << 10
		case "VmFlags":
			if strings.Contains(rest, " hg ") {
				n += mapped
			}
		}
	}
	return n
}

// TestSearches: only of a search is it known that it takes that much.
func TestSearches(t *testing.T) {
	for line, want := range map[string]bool{"rummage": false, "rummage git": true, "rummage git x": true, "rummage hook pre-receive": false, "": false} {
		if got := searches(strings.Fields(line)); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
