package main

import "rummage/cmd/internal/hookcmd"

// What every command needs and rummage-hook too.
var (
	loadFile    = hookcmd.LoadFile
	loadRules   = hookcmd.LoadRules
	loadPolicy  = hookcmd.LoadPolicy
	versionText = hookcmd.VersionText
	engineText  = hookcmd.EngineText
	oneLine     = hookcmd.OneLine
)

// Exit codes.
const (
	exitClean    = hookcmd.ExitClean
	exitFindings = hookcmd.ExitFindings
	exitError    = hookcmd.ExitError
)
