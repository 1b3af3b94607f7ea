package main

import (
	"os"
	"strings"
	"testing"
)

// TestHugePages: memory of the process is marked for huge pages ("hg", proc_pid_smaps(5)).
func TestHugePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no transparent huge pages")
	}
	useHugePages()
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
