package mirror

import "os/exec"

func ownGroup(*exec.Cmd) {}

func signalGroup(cmd *exec.Cmd, _ bool) error { return cmd.Process.Kill() }

func reap(cmd *exec.Cmd) error { return cmd.Wait() }
