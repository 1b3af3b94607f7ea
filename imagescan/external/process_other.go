//go:build !linux

package external

import "os/exec"

// reap waits for the program, and kills what is left of its process group. Between the two its number might be given to
// another group, had the system gone through all the others by then.
func reap(cmd *exec.Cmd) error {
	err := cmd.Wait()
	_ = killGroup(cmd)
	return err
}

// limitMemory does nothing: only Linux can limit another process.
func limitMemory(*exec.Cmd, int64) error { return nil }
