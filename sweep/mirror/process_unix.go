//go:build unix && !linux

package mirror

import (
	"os/exec"
	"syscall"
)

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func signalGroup(cmd *exec.Cmd, kill bool) error {
	s := syscall.SIGTERM
	if kill {
		s = syscall.SIGKILL
	}
	return syscall.Kill(-cmd.Process.Pid, s)
}

func reap(cmd *exec.Cmd) error {
	err := cmd.Wait()
	_ = signalGroup(cmd, true)
	return err
}
