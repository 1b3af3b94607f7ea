package hugeheap

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestAskFor: nearly as much memory as is asked for is marked for huge pages ("hg", proc_pid_smaps(5)), and is the heap's
// without a run of the collector; unless the kernel has none, then asking does no harm.
func TestAskFor(t *testing.T) {
	for command, size := range map[string]uint64{"version": 0, "hook": hookHeap, "git": searchHeap, "files": searchHeap} {
		t.Run(command, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], command)
			cmd.Env = append(os.Environ(), asked+"="+strconv.FormatUint(size, 10))
			if out, err := cmd.CombinedOutput(); err != nil || string(out) != "" {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// asked is a variable of the environment by which the test runs itself, so that the heap is a new one.
const asked = "RUMMAGE_TEST_ASKED"

func TestMain(m *testing.M) {
	size, err := strconv.ParseUint(os.Getenv(asked), 10, 64)
	if err != nil {
		os.Exit(m.Run())
	}
	for _, wrong := range check(size) {
		fmt.Println(wrong)
	}
}

// check tells what is not as it should be after so much was asked for.
func check(size uint64) (wrong []string) {
	var m runtime.MemStats
	for range 1000 { // the goroutine is about to end
		if runtime.ReadMemStats(&m); m.StackInuse < hookHeap {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if m.NumGC != 0 {
		wrong = append(wrong, fmt.Sprintf("the collector ran %d times", m.NumGC))
	}
	if m.StackInuse >= hookHeap {
		wrong = append(wrong, fmt.Sprintf("%d bytes of stacks are in use", m.StackInuse))
	}
	if m.HeapIdle+hugePage < size || m.HeapIdle > size+2*chunk {
		wrong = append(wrong, fmt.Sprintf("%d bytes of the heap are free, want %d", m.HeapIdle, size))
	}
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		return wrong
	}
	n, err := marked()
	if err != nil {
		return append(wrong, err.Error())
	}
	if n+2*hugePage < size || n > size+2*chunk {
		wrong = append(wrong, fmt.Sprintf("%d bytes are marked, want %d", n, size))
	}
	return wrong
}

// marked counts bytes of the heap's mappings.
func marked() (n uint64, err error) {
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return 0, err
	}
	var mapped uint64
	for line := range strings.Lines(string(maps)) {
		name, rest, _ := strings.Cut(line, ":")
		switch name {
		case "Size":
			kB, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return 0, err
			}
			mapped = kB << 10
		case "VmFlags":
			if strings.Contains(rest, " hg ") {
				n += mapped
			}
		}
	}
	return n, nil
}
