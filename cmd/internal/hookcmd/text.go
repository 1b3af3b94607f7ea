package hookcmd

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"rummage/report"
)

// version is set by the linker in releases.
var version = "dev"

// VersionText is the version with the toolchain and platform that it was built with and for.
func VersionText() string {
	return fmt.Sprintf("%s (%s %s/%s)", EngineText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// EngineText is the linked version, or what the Go toolchain noted about the build.
func EngineText() string {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "dev" {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += " " + s.Value[:12]
			}
		}
	}
	return v
}

// OneLine keeps an error on one line whatever it quotes, and a terminal safe from it.
func OneLine(s string) string { return report.Escape(strings.TrimSpace(s)) }
