package main

import "rummage/cmd/internal/hookcmd"

type hookCmd struct {
	PreCommit  hookcmd.PreCommit  `cmd:"" name:"pre-commit" help:"Search what is staged and refuse the commit that brings a secret in. git runs this as .git/hooks/pre-commit."`
	PrePush    hookcmd.PrePush    `cmd:"" name:"pre-push" help:"Search what a push would bring to the remote, before it is made. git runs this as .git/hooks/pre-push, with the remote's name."`
	PreReceive hookcmd.PreReceive `cmd:"" name:"pre-receive" help:"Search what a push brings, on the server, and refuse it for what the policy blocks. git runs this as hooks/pre-receive."`
	Recheck    hookRecheckCmd     `cmd:"" help:"Search what pre-receive has let through unread, by its log: pushes that could not be searched whole where the policy says fail = \"open\". Each once; what was searched is recorded in the log."`

	Install   hookInstallCmd   `cmd:"" help:"Write hooks to where git, or the platform around it, runs them. A hook that is there is kept and runs afterwards."`
	Uninstall hookUninstallCmd `cmd:"" help:"Take away what install wrote. The hook that was there before comes back."`
	Doctor    hookDoctorCmd    `cmd:"" help:"Tell whether an installed hook works, and what to do where it does not; try it with a push in a scratch repository."`
}
