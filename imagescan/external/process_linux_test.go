package external

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestMemoryLimit: the program, and what it starts, cannot have more.
func TestMemoryLimit(t *testing.T) {
	// Most machines dump no memory anyway.
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: core.Max, Max: core.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &core) })
	path := shim(t, "scanner", `sleep 0.3; ulimit -v > "$DIR/limit"; ulimit -c >> "$DIR/limit"; cat "$REPORT"`, trivyShape(t, 1, ""))
	s := custom(FormatTrivy, path)
	s.Memory = 512 << 20
	if o := scanWith(t, s); o.Incomplete != "" {
		t.Error(o.Incomplete)
	}
	if limits := left(t, path, "limit"); len(limits) != 2 || limits[0] != "524288" || limits[1] != "0" {
		t.Errorf("limits %q", limits)
	}
	// One that wants more is refused it: dd reads into a buffer of that size.
	path = shim(t, "scanner", `sleep 0.3; dd if=/dev/zero of=/dev/null bs=600M count=1 2> /dev/null || exit 7; cat "$REPORT"`, trivyShape(t, 1, ""))
	s.Argv[0], s.ArgvInput[0] = path, path
	if o := scanWith(t, s); o.Incomplete != "exit status 7, wrote no report" {
		t.Errorf("with a buffer beyond the limit: %q", o.Incomplete)
	}
}
