package gitscan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"rummage/gitscan"
)

// foresightRules find also what is in files of variables by the names of variables, and a file by its own name.
const foresightRules = conditionRules + `
[[rules]]
id = "variable"
description = "x"
in = ["dotenv", "compose.environment"]
keywords = ["token"]
value = '''.'''
[[rules]]
id = "by-name"
description = "x"
kind = "exposure"
path = '''(^|/)id_rsa$'''
`

// randomSettings is a fast-import stream of one branch, whose compose files name as files of variables what does not look like one.
func randomSettings(r *rand.Rand, commits int) []byte {
	var b bytes.Buffer
	names := []string{"a.settings", "app/b.settings", "c.vars", "compose.yml", "app/compose.yml", "id_rsa", ".env", "x.env", "notes"}
	for i := range commits {
		fmt.Fprintf(&b, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n", 1_700_000_000+i)
		for range 1 + r.IntN(3) {
			name, text := names[r.IntN(len(names))], fmt.Sprintf("LEVEL=%d\nAPI_TOKEN=letmein%d\n", r.IntN(3), r.IntN(6))
			if r.IntN(3) == 0 {
				text = fmt.Sprintf("- not like one\nAPI_TOKEN=letmein%d\n", r.IntN(6)) // what looks like a file of variables is read while it is searched
			}
			switch {
			case r.IntN(6) == 0:
				fmt.Fprintf(&b, "D %s\n", name)
				continue
			case name == "compose.yml" || name == "app/compose.yml":
				text = fmt.Sprintf("services:\n  w:\n    image: x\n    env_file: [%s, %s]\n",
					[]string{"a.settings", "../c.vars", "b.settings"}[r.IntN(3)], []string{"c.vars", "app/b.settings", ".env"}[r.IntN(3)])
			}
			fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// TestForesight: what workers find out ahead of the walk is what the walk finds out by itself, also of files that others name later.
func TestForesight(t *testing.T) {
	learned, seeds := 0, 40
	if racing {
		seeds = 10
	}
	for seed := range uint64(seeds) {
		dir := t.TempDir()
		git(t, dir, nil, "init", "-q", "--bare", ".")
		git(t, dir, randomSettings(rand.New(rand.NewPCG(seed, 3)), 60), "fast-import", "--quiet")
		want := scanRepo(t, dir, gitscan.Options{}, foresightRules, 1)
		for _, workers := range []int{2, 3} {
			if got := scanRepo(t, dir, gitscan.Options{}, foresightRules, workers); !reflect.DeepEqual(got.Findings, want.Findings) {
				t.Fatalf("seed %d, %d workers: %d findings, want %d\n%+v\n%+v", seed, workers, len(got.Findings), len(want.Findings), got.Findings, want.Findings)
			}
		}
		for _, f := range want.Findings {
			for _, p := range f.Places {
				if p.Path == "c.vars" || p.Path == "a.settings" || p.Path == "app/b.settings" {
					learned++
				}
			}
		}
	}
	if learned < 5*seeds/2 {
		t.Errorf("%d places in files that others name", learned)
	}
}
