//go:build unix

package external

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withChild starts a process that lives on and keeps its output open, and says which.
const withChild = `sleep 300 &
	echo $! > "$DIR/child.new"; mv "$DIR/child.new" "$DIR/child"
	`

// waits is less than the 300 seconds that are slept, and more than a busy machine keeps anything waiting.
const waits = 2 * time.Minute

// started: withChild has started its process.
func started(path string) bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(path), "child"))
	return err == nil
}

// childOf is the process that withChild started.
func childOf(t *testing.T, path string) int {
	t.Helper()
	pid, err := strconv.Atoi(left(t, path, "child")[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// gone waits for a process to be gone or, where nobody collects it, dead.
func gone(t *testing.T, pid int) {
	t.Helper()
	eventually(t, "the child is gone", func() bool {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err == nil && strings.Contains(string(stat), ") Z ")
	})
}

// TestTimeLimit: a scanner that hangs is killed with what it started.
func TestTimeLimit(t *testing.T) {
	path := shim(t, "scanner", withChild+`sleep 300`, nil)
	s := custom(FormatTrivy, path)
	s.Timeout = 250 * time.Millisecond
	start := time.Now()
	o := scanWith(t, s)
	for !started(path) && s.Timeout < time.Minute { // the machine was too busy for it to come that far
		s.Timeout *= 2
		start = time.Now()
		o = scanWith(t, s)
	}
	if o.Incomplete != "took more than "+s.Timeout.String() || time.Since(start) > s.Timeout+waits || o.Seconds < s.Timeout.Seconds() {
		t.Errorf("%q after %s (%.1f s)", o.Incomplete, time.Since(start), o.Seconds)
	}
	gone(t, childOf(t, path))
}

// TestCancel: a cancelled scan ends at once.
func TestCancel(t *testing.T) {
	path := shim(t, "scanner", withChild+`sleep 300`, nil)
	r := open(t, custom(FormatTrivy, path))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan *Outcome)
	go func() { done <- r.Scan(ctx, Target{Image: "a"}) }()
	eventually(t, "it runs", func() bool { return started(path) })
	start := time.Now()
	cancel()
	o := <-done
	if o.Incomplete != "interrupted" || time.Since(start) > waits {
		t.Errorf("%q after %s", o.Incomplete, time.Since(start))
	}
	gone(t, childOf(t, path))
	if o := r.Scan(ctx, Target{Image: "a"}); o.Incomplete != "interrupted" {
		t.Errorf("after the end: %q", o.Incomplete)
	}
}

// TestLeftBehind: what a scanner leaves running ends with it, and does not hold up its report.
func TestLeftBehind(t *testing.T) {
	path := shim(t, "scanner", withChild+`cat "$REPORT"`, trivyShape(t, 1, ""))
	start := time.Now()
	o := scanWith(t, custom(FormatTrivy, path))
	if time.Since(start) > waits {
		t.Errorf("took %s", time.Since(start))
	}
	if o.Layers != 1 {
		t.Errorf("%+v", o)
	}
	gone(t, childOf(t, path))
}
