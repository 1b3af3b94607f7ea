package external

import (
	"errors"
	"os/exec"

	"golang.org/x/sys/unix"
)

// reap waits for the program, kills what is left of its process group, and collects it, in this order: as long as it is
// not collected its number, which is the group's, belongs to nobody else.
func reap(cmd *exec.Cmd) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	_ = killGroup(cmd)
	return cmd.Wait()
}

// limitMemory bounds the address space of a program that has started, and of what it starts later, and keeps it from
// dumping its memory, which holds secrets. Go has no way to set limits between fork and exec: so what it maps in its first
// moment it keeps, but even that counts from then on.
func limitMemory(cmd *exec.Cmd, limit int64) error {
	set := func(resource int, n uint64) error {
		err := unix.Prlimit(cmd.Process.Pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
		if errors.Is(err, unix.ESRCH) { // it has ended
			return nil
		}
		return err
	}
	return errors.Join(set(unix.RLIMIT_AS, uint64(limit)), set(unix.RLIMIT_CORE, 0))
}
