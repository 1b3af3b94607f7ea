package gitscan_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// markRules find the marks that the random histories carry in place of secrets.
const markRules = `
[[rules]]
id = "mark"
description = "a mark"
regex = '''mark-[a-f]'''
keywords = ["mark-"]
`

var mark = regexp.MustCompile(`mark-[a-f]`)

func scanRepo(t testing.TB, dir string, o gitscan.Options, rules string, workers int) *scan.Result {
	t.Helper()
	return scanWith(t, dir, o, parseRules(t, rules), workers)
}

func parseRules(t testing.TB, rules string) *detect.Detector {
	t.Helper()
	rs, err := detect.Parse("test.toml", []byte(rules), detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return detect.New(rs)
}

func scanWith(t testing.TB, dir string, o gitscan.Options, d *detect.Detector, workers int) *scan.Result {
	t.Helper()
	repo, err := gitscan.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	res, err := scan.Run(context.Background(), repo, d, workers)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func scanSource(t testing.TB, src scan.Source, rules string) *scan.Result {
	t.Helper()
	res, err := scan.Run(context.Background(), src, parseRules(t, rules), 2)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func git(t testing.TB, dir string, stdin []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.fsync", "GIT_CONFIG_VALUE_0=none", // what is made here need not outlive a crash
		"GIT_AUTHOR_DATE=1790000000 +0000", "GIT_COMMITTER_DATE=1790000000 +0000") // ids are the same each time
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return string(out)
}

// randomHistory is a fast-import stream: commits with up to four parents anywhere in the history so far, each taking a
// parent's tree and editing it, or (an evil merge) a tree of its own.
func randomHistory(r *rand.Rand, commits int) []byte {
	var b bytes.Buffer
	paths := []string{"a", "b", "dir/a", "dir/sub/c", "dir.x", "dir-x"}
	for i := 1; i <= commits; i++ {
		branch := fmt.Sprintf("refs/heads/b%d", i) // every commit keeps a name; some are deleted below
		fmt.Fprintf(&b, "commit %s\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n", branch, i, 1_700_000_000+r.IntN(50))
		if i > 1 && r.IntN(20) > 0 {
			seen := map[int]bool{}
			verb := "from"
			for range 1 + max(0, r.IntN(6)-3) {
				p := 1 + r.IntN(i-1)
				if r.IntN(3) > 0 {
					p = max(1, i-1-r.IntN(3))
				}
				if !seen[p] {
					seen[p] = true
					fmt.Fprintf(&b, "%s :%d\n", verb, p)
					verb = "merge"
				}
			}
		}
		for range r.IntN(4) {
			switch p := paths[r.IntN(len(paths))]; r.IntN(6) {
			case 0:
				fmt.Fprintf(&b, "D %s\n", p)
			case 1:
				fmt.Fprintf(&b, "M 100644 inline dir\ndata 6\nmark-a\n") // a file where a directory was
			default:
				text := fmt.Sprintf("line %d\n", r.IntN(3))
				for m := range 3 {
					if r.IntN(3) == 0 {
						text += fmt.Sprintf("mark-%c\n", 'a'+m)
					}
				}
				fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", p, len(text), text)
			}
		}
		b.WriteByte('\n')
	}
	for i := 1; i <= commits; i++ {
		if r.IntN(4) > 0 {
			fmt.Fprintf(&b, "reset refs/heads/b%d\nfrom 0000000000000000000000000000000000000000\n\n", i)
		}
	}
	return b.Bytes()
}

// gitObjects are all objects of a repository by their ids, as git itself gives them: of one call, since one for each takes most of the
// time of a test.
type gitObjects map[string]struct{ kind, data string }

func everything(t *testing.T, dir string) gitObjects {
	t.Helper()
	all := gitObjects{}
	for out := git(t, dir, nil, "cat-file", "--batch", "--batch-all-objects"); out != ""; {
		var id, kind string
		var size int
		head, rest, _ := strings.Cut(out, "\n")
		if _, err := fmt.Sscan(head, &id, &kind, &size); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		all[id] = struct{ kind, data string }{kind, rest[:size]}
		out = rest[size+1:]
	}
	return all
}

// files visits the files of a tree, or of the tree of a commit.
func (all gitObjects) files(id string, visit func(path, blob string)) {
	o := all[id]
	if o.kind == "commit" {
		all.files(o.data[len("tree "):len("tree ")+len(id)], visit)
		return
	}
	for data := o.data; data != ""; {
		head, rest, _ := strings.Cut(data, "\x00")
		mode, name, _ := strings.Cut(head, " ")
		entry := hex.EncodeToString([]byte(rest[:len(id)/2]))
		if data = rest[len(id)/2:]; mode != "40000" {
			visit(name, entry)
			continue
		}
		all.files(entry, func(path, blob string) { visit(name+"/"+path, blob) })
	}
}

// naiveCommit is a commit as git itself tells it.
type naiveCommit struct {
	parents []string
	holds   map[string]map[string]bool // path → marks
}

func naive(t *testing.T, dir string) (map[string]*naiveCommit, map[string]string) {
	t.Helper()
	return naiveHistory(t, dir, everything(t, dir))
}

func naiveHistory(t *testing.T, dir string, all gitObjects) (map[string]*naiveCommit, map[string]string) {
	t.Helper()
	commits := map[string]*naiveCommit{}
	for id, o := range all {
		if o.kind != "commit" {
			continue
		}
		c := &naiveCommit{holds: map[string]map[string]bool{}}
		head, _, _ := strings.Cut(o.data, "\n\n")
		for line := range strings.SplitSeq(head, "\n") {
			if parent, ok := strings.CutPrefix(line, "parent "); ok {
				c.parents = append(c.parents, parent)
			}
		}
		all.files(id, func(path, blob string) {
			c.holds[path] = map[string]bool{}
			for _, m := range mark.FindAllString(all[blob].data, -1) {
				c.holds[path][m] = true
			}
		})
		commits[id] = c
	}
	refs := map[string]string{}
	for line := range strings.Lines(git(t, dir, nil, "for-each-ref", "--format=%(objectname) %(refname)")) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		refs[name] = id
	}
	return commits, refs
}

// TestHistoryAgainstNaive holds introduced, removed and at_tip to their definitions, worked out from every tree of
// every commit.
func TestHistoryAgainstNaive(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			git(t, dir, nil, "init", "-q", "--bare")
			git(t, dir, randomHistory(rand.New(rand.NewPCG(seed, 1)), 40), "fast-import", "--quiet", "--force")
			commits, refs := naive(t, dir)
			res := scanRepo(t, dir, gitscan.Options{}, markRules, 2)
			if !res.Stats.Complete {
				t.Fatalf("incomplete: %v", res.Stats.Problems)
			}
			checkHistory(t, commits, refs, res.Findings)
		})
	}
}

func checkHistory(t *testing.T, commits map[string]*naiveCommit, refs map[string]string, findings []scan.Finding) {
	t.Helper()
	introduced, removed, tips := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range findings {
		m := f.Secret.Reveal()
		for _, p := range f.Places {
			if p.Introduced == nil && p.Note == "unreachable object" {
				continue // fast-import left blobs that no tree took
			}
			if p.Introduced == nil {
				t.Errorf("%s at %s has no introduction", m, p.Path)
				continue
			}
			introduced[p.Introduced.ID+" "+p.Path+" "+m] = true
			if p.Removed != nil {
				removed[p.Removed.ID+" "+p.Path+" "+m] = true
			}
			for _, ref := range p.AtTip {
				tips[ref+" "+p.Path+" "+m] = true
			}
		}
	}
	want := map[string]bool{}
	for id, c := range commits {
		for path, marks := range c.holds {
			for m := range marks {
				if !slices.ContainsFunc(c.parents, func(p string) bool { return commits[p].holds[path][m] }) {
					want[id+" "+path+" "+m] = true
				}
			}
		}
	}
	same(t, "introduced", introduced, want)
	checkRemoved(t, commits, refs, removed)
	clear(want)
	for ref, id := range refs {
		for path, marks := range commits[id].holds {
			for m := range marks {
				want[ref+" "+path+" "+m] = true
			}
		}
	}
	same(t, "at tip", tips, want)
}

// checkRemoved: a commit with one parent removes just what its parent has and it has not. A merge may only remove what
// a parent has and it has not.
func checkRemoved(t *testing.T, commits map[string]*naiveCommit, refs map[string]string, removed map[string]bool) {
	t.Helper()
	reached := map[string]bool{}
	var reach func(string)
	reach = func(id string) {
		if !reached[id] {
			reached[id] = true
			for _, p := range commits[id].parents {
				reach(p)
			}
		}
	}
	for _, id := range refs {
		reach(id)
	}
	for id, c := range commits {
		for _, parent := range c.parents {
			for path, marks := range commits[parent].holds {
				for m := range marks {
					key := id + " " + path + " " + m
					gone := !c.holds[path][m]
					if removed[key] && !gone {
						t.Errorf("%s is said to be removed and is there", key)
					}
					if gone && len(c.parents) == 1 && reached[id] && !removed[key] {
						t.Errorf("%s is gone and not said to be removed", key)
					}
				}
			}
		}
	}
	for key := range removed {
		part := strings.SplitN(key, " ", 3)
		if c := commits[part[0]]; !slices.ContainsFunc(c.parents, func(p string) bool { return commits[p].holds[part[1]][part[2]] }) {
			t.Errorf("%s is said to be removed and no parent has it", key)
		}
	}
}

func same(t *testing.T, what string, got, want map[string]bool) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: the history has nothing to find", what)
	}
	for k := range got {
		if !want[k] {
			t.Errorf("%s: %s is wrong", what, k)
		}
	}
	for k := range want {
		if !got[k] {
			t.Errorf("%s: %s is missing", what, k)
		}
	}
}

// TestStoredShapes scans one history stored in every shape that git knows and expects the same findings.
func TestStoredShapes(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	git(t, dir, randomHistory(rand.New(rand.NewPCG(99, 2)), 60), "fast-import", "--quiet", "--force")
	want := scanRepo(t, dir, gitscan.Options{}, markRules, 1).Findings
	if len(want) == 0 {
		t.Fatal("nothing to find")
	}
	shapes := map[string][][]string{
		"deep":        {{"repack", "-adfq", "--depth=4095", "--window=250"}},
		"flat":        {{"repack", "-adfq", "--depth=0"}},
		"bitmaps":     {{"repack", "-adbq"}, {"multi-pack-index", "write"}},
		"ref deltas":  {{"-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"}},
		"index v1":    {{"-c", "pack.indexVersion=1", "repack", "-adfq"}},
		"many packs":  {{"-c", "pack.packSizeLimit=1", "repack", "-adfq", "--max-pack-size=1m"}},
		"packed refs": {{"pack-refs", "--all"}},
	}
	for name, steps := range shapes {
		t.Run(name, func(t *testing.T) {
			d := filepath.Join(t.TempDir(), "r.git")
			git(t, ".", nil, "clone", "-q", "--mirror", "--no-local", dir, d)
			git(t, dir, nil, "push", "-q", "--mirror", d)
			for _, s := range steps {
				git(t, d, nil, s...)
			}
			// A clone has what refs reach; compare on that.
			whole := scanRepo(t, dir, gitscan.Options{NoUnreachable: true}, markRules, 2).Findings
			compareFindings(t, scanRepo(t, d, gitscan.Options{}, markRules, 2).Findings, whole)
		})
	}
	t.Run("workers", func(t *testing.T) {
		compareFindings(t, scanRepo(t, dir, gitscan.Options{}, markRules, 7).Findings, want)
	})
	t.Run("loose", func(t *testing.T) {
		d := t.TempDir()
		git(t, d, nil, "init", "-q", "--bare")
		packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
		if err != nil || len(packs) == 0 {
			t.Fatal("no packs", err)
		}
		for _, p := range packs {
			git(t, d, readFile(t, p), "unpack-objects", "-q")
		}
		copyRefs(t, dir, d)
		compareFindings(t, scanRepo(t, d, gitscan.Options{}, markRules, 2).Findings, want)
	})
	t.Run("alternates", func(t *testing.T) {
		middle, d := t.TempDir(), t.TempDir()
		for _, x := range []string{middle, d} {
			git(t, x, nil, "init", "-q", "--bare")
		}
		rel, err := filepath.Rel(filepath.Join(middle, "objects"), filepath.Join(dir, "objects"))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(middle, "objects/info/alternates"), rel+"\n")
		writeFile(t, filepath.Join(d, "objects/info/alternates"), filepath.Join(middle, "objects")+"\n")
		copyRefs(t, dir, d)
		compareFindings(t, scanRepo(t, d, gitscan.Options{}, markRules, 2).Findings, want)
	})
	t.Run("sha256", func(t *testing.T) {
		d := t.TempDir()
		git(t, d, nil, "init", "-q", "--bare", "--object-format=sha256")
		git(t, d, []byte(git(t, dir, nil, "fast-export", "--all", "--reencode=no")), "fast-import", "--quiet")
		got := scanRepo(t, d, gitscan.Options{}, markRules, 2)
		if !got.Stats.Complete {
			t.Fatal(got.Stats.Problems)
		}
		commits, refs := naive(t, d)
		checkHistory(t, commits, refs, got.Findings)
	})
}
