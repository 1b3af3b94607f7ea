package main

import (
	"os"
	"strings"
	"testing"
)

// TestHugePages: memory of the process is marked for huge pages ("hg", proc_pid_smaps(5)), unless the kernel has none; then
// asking for them does no harm.
func TestHugePages(t *testing.T) {
	useHugePages()
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
