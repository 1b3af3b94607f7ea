package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rummage/detect/example"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rummage": main})
}

// TestScript runs testdata/script/*.txtar: each is a user's session. Scripts have, beside testscript's own commands:
//
//	secret NAME TEMPLATE    set $NAME to a token made from a template of package detect/example
//	fill FILE…              replace the templates ({{alnum 20}}, {{env "NAME"}}) in files
//	commit MESSAGE          git add -A and commit, one hour after the commit before
//	json FILE PATH WANT     compare a value in a JSON file: findings.0.places.0.path, findings.len, …
//
// Templates keep live-looking tokens out of this repository. Update expectations with go test -update.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:         setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"secret": cmdSecret,
			"fill":   cmdFill,
			"commit": cmdCommit,
			"json":   cmdJSON,
		},
	})
}

// scriptEpoch is the date of the first commit of every script.
var scriptEpoch = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func setupScript(env *testscript.Env) error {
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
	config := "[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n[gc]\n\tauto = 0\n[advice]\n\tdetachedHead = false\n"
	return os.WriteFile(filepath.Join(env.WorkDir, ".gitconfig"), []byte(config), 0o600)
}

func setDate(setenv func(k, v string), hours int) {
	date := scriptEpoch.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
	setenv("GIT_AUTHOR_DATE", date)
	setenv("GIT_COMMITTER_DATE", date)
	setenv("COMMITS", strconv.Itoa(hours))
}

func cmdSecret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: secret NAME TEMPLATE")
	}
	value, err := example.Expand(args[1], scriptSeed(args[0]))
	ts.Check(err)
	ts.Setenv(args[0], value)
}

// scriptSeed gives each name a token of its own, the same in every run.
func scriptSeed(name string) uint64 {
	var seed uint64 = 14695981039346656037
	for _, c := range []byte(name) {
		seed = (seed ^ uint64(c)) * 1099511628211
	}
	return seed
}

// cmdFill replaces ${NAME} of secrets and templates in files.
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fill FILE…")
	}
	for _, name := range args {
		text := ts.ReadFile(name)
		text = os.Expand(text, func(key string) string {
			if v := ts.Getenv(key); v != "" {
				return v
			}
			return "${" + key + "}"
		})
		filled, err := example.Expand(text, scriptSeed(name))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(filled), 0o644))
	}
}

func cmdCommit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: commit MESSAGE")
	}
	ts.Check(ts.Exec("git", "add", "-A"))
	ts.Check(ts.Exec("git", "commit", "-q", "--allow-empty", "-m", args[0]))
	hours, err := strconv.Atoi(ts.Getenv("COMMITS"))
	ts.Check(err)
	setDate(ts.Setenv, hours+1)
}

func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH WANT")
	}
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	got, err := jsonAt(doc, strings.Split(args[1], "."))
	ts.Check(err)
	if (got == args[2]) == neg {
		ts.Fatalf("%s: %s is %s, want %s", args[0], args[1], got, args[2])
	}
}

// jsonAt follows a path: names, indexes, len for a length. Values print as JSON, strings bare.
func jsonAt(doc any, path []string) (string, error) {
	for i, step := range path {
		switch v := doc.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return "", fmt.Errorf("no %q", strings.Join(path[:i+1], "."))
			}
			doc = next
		case []any:
			if step == "len" {
				return strconv.Itoa(len(v)), nil
			}
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return "", fmt.Errorf("no %q: it has %d elements", strings.Join(path[:i+1], "."), len(v))
			}
			doc = v[n]
		default:
			return "", fmt.Errorf("%q is no object", strings.Join(path[:i], "."))
		}
	}
	if s, ok := doc.(string); ok {
		return s, nil
	}
	out, err := json.Marshal(doc)
	return string(out), err
}
