package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"rummage/sweep/forge"
	"rummage/sweep/forge/forgetest"
)

// forges are the forges of scripts, by their addresses.
var forges sync.Map

// cmdForge starts a forge, whose address is in $FORGE and whose token is in the file token: forge KIND FOLDER. What is below the
// folder, as OWNER/NAME.git, is there when it is asked. forge vanish NAME takes a repository away but for its listing.
func cmdForge(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "forge KIND FOLDER, forge vanish NAME")
	if args[0] == "vanish" {
		server, _ := forges.Load(ts.Getenv("FORGE"))
		server.(*forgetest.Server).Vanish(args[1])
		return
	}
	const token = "a-token-of-a-script"
	ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(token+"\n"), 0o600))
	dirs, err := filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "*", "*.git"))
	ts.Check(err)
	slices.Sort(dirs)
	var repos []forgetest.Repo
	for i, dir := range dirs {
		name := filepath.Base(filepath.Dir(dir)) + "/" + strings.TrimSuffix(filepath.Base(dir), ".git")
		repos = append(repos, forgetest.Repo{ID: int64(i + 1), Name: name, Dir: dir, Visibility: "private"})
	}
	server := forgetest.Start(forgetest.Config{Kind: forge.Kind(args[0]), Token: token, Repos: repos})
	forges.Store(server.URL, server)
	ts.Defer(server.Close)
	ts.Setenv("FORGE", server.URL)
}
