package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestHugePages: memory of the process is marked for huge pages ("hg", proc_pid_smaps(5)), unless the kernel has none; then
// asking for them does no harm. It takes one run of the collector.
func TestHugePages(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	useHugePages()
	runtime.ReadMemStats(&after)
	if n := after.NumGC - before.NumGC; n != 1 {
		t.Errorf("the collector ran %d times, want once", n)
	}
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && strings.Contains(flags, " hg ") {
			return
		}
	}
	t.Error("no memory is marked")
}
