package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rummage": main})
}

// TestScript runs testdata/script/*.txtar: each is a user's session. The commands, beside testscript's own:
//
//	secret NAME TEMPLATE       set $NAME to a token made from a template of package detect/example
//	fill FILE…                 replace $NAME of secrets and templates such as {{alnum 20}} in files
//	git ARGUMENT…              run git; the next git runs an hour later
//	commit MESSAGE             git add -A; git commit
//	object NAME REVISION       set $NAME to an object's id and $NAME_FILE to where it is stored loose
//	rawtree FILE [MODE NAME ID]…  write the bytes of a tree object, however malformed
//	exits CODE PROGRAM …       run a program that must end with the exit code
//	json FILE PATH WANT        compare a value in a JSON file: findings.0.places.0.path, findings.len, …
//	jsonset NAME FILE PATH     set $NAME to a value in a JSON file
//	addsup FILE [REPOSITORY]   check that the counts of a JSON report add up (to the objects that git counts)
//	story FILE                 print what a JSON report tells, and check that its counts add up
//	fingerprints FILE FILE     check that two JSON reports have the same findings
//	big FILE MIB TEXT          make a file of one line with the text in its middle
//	many DIRECTORY N           make N small files, of a hundred contents
//	flip FILE OFFSET           flip the bits of one byte; a negative offset counts from the end
//	cut FILE SIZE              cut a file to so many bytes; a negative size counts from the end
//	registry NAME              start a registry in memory, set $NAME to its address
//	image WHERE SPEC…          make an image of each description: oci:DIRECTORY, docker-archive:FILE, or a reference
//	                           to push to (several are one image for several platforms)
//
// A description of an image has lines "platform OS/ARCH", "env NAME=VALUE", and for each layer "layer INSTRUCTION" and
// then "file PATH TEXT" and "delete PATH".
//
// A story is one line for each finding and below it one for each place:
//
//	demo-token
//	  config.yml:2:8  + Add config  - Take the token out
//	  config.yml:1:8  + Bring it back  @ refs/heads/main  (a note)
//
// that is path, line and column, + the commit that introduced the secret, - the one that removed it, @ the tips that
// have it. A place in an image tells the image, the layer and what became of the file.
//
// Repositories are made with fixed names and dates, so their ids are always the same. $RULES is a small rule file
// (testdata/rules.toml); templates keep live-looking tokens out of this repository. UPDATE_SCRIPTS=1 updates what cmp
// compares with.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:         setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"addsup":       cmdAddsUp,
			"big":          cmdBig,
			"commit":       cmdCommit,
			"cut":          cmdCut,
			"exits":        cmdExits,
			"fill":         cmdFill,
			"fingerprints": cmdFingerprints,
			"flip":         cmdFlip,
			"git":          cmdGit,
			"image":        cmdImage,
			"json":         cmdJSON,
			"jsonset":      cmdJSONSet,
			"many":         cmdMany,
			"object":       cmdObject,
			"rawtree":      cmdRawTree,
			"registry":     cmdRegistry,
			"forge":        cmdForge,
			"secret":       cmdSecret,
			"story":        cmdStory,
		},
	})
}

// scriptEpoch is the date of the first commit of every script.
var scriptEpoch = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

const scriptGitConfig = `[init]
	defaultBranch = main
[protocol "file"]
	allow = always
[gc]
	auto = 0
[advice]
	detachedHead = false
[core]
	autocrlf = false
	fsync = none
[merge]
	conflictStyle = merge
`

func setupScript(env *testscript.Env) error {
	rules, err := filepath.Abs(filepath.Join("testdata", "rules.toml"))
	if err != nil {
		return err
	}
	env.Setenv("RULES", rules)
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	env.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(env.WorkDir, ".gitconfig"))
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("NO_COLOR", "1")
	env.Setenv("TZ", "UTC")
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		env.Setenv("GIT_"+who+"_NAME", "Ann Author")
		env.Setenv("GIT_"+who+"_EMAIL", "ann@example.com")
	}
	setDate(env.Setenv, 0)
	return os.WriteFile(filepath.Join(env.WorkDir, ".gitconfig"), []byte(scriptGitConfig), 0o600)
}

func setDate(setenv func(k, v string), hours int) {
	date := scriptEpoch.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
	setenv("GIT_AUTHOR_DATE", date)
	setenv("GIT_COMMITTER_DATE", date)
	setenv("HOURS", strconv.Itoa(hours))
}
