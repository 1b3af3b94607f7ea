package gitscan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// searched is the ids of the blobs and messages that a scan hands out.
func searched(t *testing.T, dir string, o gitscan.Options) map[string]bool {
	t.Helper()
	repo, err := gitscan.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	ids := map[string]bool{}
	err = repo.Search(t.Context(), 1, func() scan.Visitor {
		return visit(func(ref scan.BlobRef, _ []byte) scan.SkipReason {
			ids[repo.BlobID(ref)] = true
			return ""
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

type visit func(scan.BlobRef, []byte) scan.SkipReason

func (v visit) Visit(ref scan.BlobRef, data []byte) scan.SkipReason { return v(ref, data) }

func (v visit) VisitAll(ref scan.BlobRef, data []byte) scan.SkipReason { return v(ref, data) }

func (v visit) VisitDelta(ref scan.BlobRef, data []byte, _ scan.Delta) scan.SkipReason {
	return v(ref, data)
}

// kinds is the kind of every object, as git tells it.
func kinds(t *testing.T, dir string) map[string]string {
	t.Helper()
	byID := map[string]string{}
	for line := range strings.Lines(git(t, dir, nil, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname) %(objecttype)")) {
		id, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		byID[id] = kind
	}
	return byID
}

// TestBlobsAgainstGit: a whole scan hands out the blobs, commits and tags of git cat-file --batch-all-objects; a narrowed
// one those of git rev-list --objects, and for comparison some that are older, but nothing else.
func TestBlobsAgainstGit(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := rand.New(rand.NewPCG(seed, 11))
			git(t, dir, nil, "init", "-q", "--bare")
			git(t, dir, inOrder(randomHistory(r, 60)), "fast-import", "--quiet", "--force")
			commits, refs := naive(t, dir)
			kind := kinds(t, dir)
			all := map[string]bool{}
			for id, k := range kind {
				if k != "tree" {
					all[id] = true
				}
			}
			if diff := difference("whole", searched(t, dir, gitscan.Options{}), all); diff != "" {
				t.Error(diff)
			}
			if diff := difference("reachable", searched(t, dir, gitscan.Options{NoUnreachable: true}), revList(t, dir, kind, "--all")); diff != "" {
				t.Error(diff)
			}
			for range 10 {
				o, wanted := randomSelection(r, commits, refs)
				got := searched(t, dir, o)
				var args []string
				for id := range wanted {
					args = append(args, id)
				}
				if o.Since == "" && o.Range == "" {
					if diff := difference("branches", got, revList(t, dir, kind, args...)); diff != "" {
						t.Errorf("%+v\n%s", o, diff)
					}
					continue
				}
				// Nothing that is new is left out, and nothing that the selection does not reach is read.
				from, since, _ := strings.Cut(o.Range, "..")
				if o.Range == "" {
					from, since = o.Since, "--all"
				}
				if len(o.Branches) > 0 {
					since = strings.Join(o.Branches, " ")
				}
				tips := strings.Fields(since)
				for id := range revList(t, dir, kind, append(tips, "^"+from)...) {
					if !got[id] {
						t.Errorf("%+v: %s %s is new and was not searched", o, kind[id], id)
					}
				}
				reachable := revList(t, dir, kind, tips...)
				for id := range got {
					if !reachable[id] || kind[id] == "commit" && !wanted[id] {
						t.Errorf("%+v: %s %s was searched", o, kind[id], id)
					}
				}
			}
		})
	}
}

// inOrder dates the commits of a stream by their numbers: git's own walk of a range relies on dates.
func inOrder(stream []byte) []byte {
	n := 0
	return regexp.MustCompile(`> \d+ \+0000`).ReplaceAllFunc(stream, func([]byte) []byte {
		n++
		return fmt.Appendf(nil, "> %d +0000", 1_700_000_000+n)
	})
}

// revList is what git rev-list --objects names, trees aside.
func revList(t *testing.T, dir string, kind map[string]string, args ...string) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	if len(args) == 0 {
		return ids
	}
	for line := range strings.Lines(git(t, dir, nil, append([]string{"rev-list", "--objects"}, args...)...)) {
		if id := strings.Fields(line)[0]; kind[id] != "tree" {
			ids[id] = true
		}
	}
	return ids
}

// TestRevisionAgainstGit compares with what git takes a revision for, each as a commit.
func TestRevisionAgainstGit(t *testing.T) {
	resolved := 0
	for seed := range uint64(4) {
		dir := t.TempDir()
		r := rand.New(rand.NewPCG(seed, 13))
		git(t, dir, nil, "init", "-q", "--bare")
		git(t, dir, randomHistory(r, 120), "fast-import", "--quiet", "--force")
		var ids []string
		for id, kind := range kinds(t, dir) {
			if kind == "commit" {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		names := strings.Fields(git(t, dir, nil, "for-each-ref", "--format=%(refname)"))
		nameThings(t, dir, r, ids)
		names = append(names, "HEAD", "@", "v1", "both", "origin", "origin/HEAD", "origin/topic", "abcd", "nested", "of-tag", "of-blob",
			"heads/both", "tags/both", "refs/tags/both", "remotes/origin/topic", "nonesuch", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "loop", "chain")
		revs := randomRevisions(r, names, ids, 600)
		repo, err := gitscan.Open(dir, gitscan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer repo.Close()
		if err := repo.Skim(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range gitRevisions(t, dir, revs) {
			got, err := repo.Revision(revs[i])
			if err != nil {
				got = ""
			}
			if got != want {
				t.Errorf("seed %d, %q: %q (%v), git says %q", seed, revs[i], got, err, want)
			}
			if want != "" {
				resolved++
			}
		}
	}
	if resolved < 300 {
		t.Errorf("only %d revisions mean anything", resolved)
	}
}

// nameThings makes the refs whose short names are hard to tell apart.
func nameThings(t *testing.T, dir string, r *rand.Rand, ids []string) {
	t.Helper()
	any := func() string { return ids[r.IntN(len(ids))] }
	for _, name := range []string{"refs/tags/v1", "refs/tags/both", "refs/heads/both", "refs/remotes/origin/topic", "refs/heads/abcd",
		"refs/heads/main", "refs/odd/both"} {
		git(t, dir, nil, "update-ref", name, any())
	}
	git(t, dir, nil, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic")
	git(t, dir, nil, "symbolic-ref", "HEAD", "refs/heads/main")
	git(t, dir, nil, "symbolic-ref", "refs/heads/chain", "refs/heads/link")
	git(t, dir, nil, "symbolic-ref", "refs/heads/link", "refs/heads/main")
	writeFile(t, filepath.Join(dir, "refs/heads/loop"), "ref: refs/heads/loop\n")
	writeFile(t, filepath.Join(dir, "FETCH_HEAD"), any()+"\tnot-for-merge\tbranch 'x' of y\n")
	writeFile(t, filepath.Join(dir, "ORIG_HEAD"), any()+"\n")
	who := []string{"-c", "user.name=A", "-c", "user.email=a@example.com"}
	git(t, dir, nil, append(who, "tag", "-a", "-m", "x", "of-tag-first", any())...)
	git(t, dir, nil, append(who, "tag", "-a", "-m", "x", "of-tag", "of-tag-first")...)
	blob := strings.TrimSpace(git(t, dir, []byte("blob"), "hash-object", "-w", "--stdin"))
	git(t, dir, nil, append(who, "tag", "-a", "-m", "x", "of-blob", blob)...)
}

func randomRevisions(r *rand.Rand, names, ids []string, n int) (revs []string) {
	for range n {
		var rev string
		switch id := ids[r.IntN(len(ids))]; r.IntN(4) {
		case 0:
			rev = id[:4+r.IntN(37)]
		case 1:
			rev = strings.ToUpper(id[:4+r.IntN(4)])
		default:
			rev = names[r.IntN(len(names))]
		}
		for range max(0, r.IntN(5)-1) {
			rev += []string{"~", "^", "~1", "~2", "^1", "^2", "^3", "^0", "~0", "^{commit}", "^{}", "~3"}[r.IntN(12)]
		}
		revs = append(revs, rev)
	}
	return revs
}

// gitRevisions asks git for all revisions at once; an empty answer is none.
func gitRevisions(t *testing.T, dir string, revs []string) (ids []string) {
	t.Helper()
	var in bytes.Buffer
	for _, rev := range revs {
		fmt.Fprintf(&in, "%s^{commit}\n", rev)
	}
	for line := range strings.Lines(git(t, dir, in.Bytes(), "cat-file", "--batch-check=%(objectname) %(objecttype)")) {
		id, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind != "commit" {
			id = ""
		}
		ids = append(ids, id)
	}
	if len(ids) != len(revs) {
		t.Fatalf("%d answers to %d revisions", len(ids), len(revs))
	}
	return ids
}

// configs are configuration files, right and wrong.
var configs = []string{
	"[alias]\n\tx = \"!f() { echo \\\"a\\\"; }; f\"\n", "[core]\n\teditor = code --wait\n\tRepositoryFormatVersion = 0\n",
	"[url \"git@example.com:\"]\n\tinsteadOf = https://\n", "[foo]\n\tbar\n", "[remote \"a\"]fetch = +refs/*:refs/*\n",
	"[branch.Main]\n\tremote = origin\n", "; comment\n# other\n[core]\r\n\tbare = false\r\n", "", "\n\n", "[core]\n\tx = a \\\n  b\n",
	"[core]\n\tx = a;b#c\n", "[core]\n\tx = \"a;b#c\" ; d\n", "[a \"b\\\\c\\d\"]\n\tx = 1\n", "[core] x=1 \n y=2\n", "[user]\n name = J\xf6rg\n",
	"\xef\xbb\xbf[core]\n\tbare = true\n", "[core]\n\tx = tab\\there\\\\\\\"\n", "[include]\n\tpath = ../x\n", "[core]\n\tx = \"\"\n", "[core]\n\tx =\n",
	"[a-b.c]\nx-y=1\n", "[x]\n\ta = b # c \\\n", "[core]\n\tx = a\\ b\n", "[x]\n\tk = \"multi\n", "[x]\n\tk = \"mul\\\nti\"\n",
	"[extensions]\n\tworktreeConfig\n", "[x", "[x \"y\"", "[x \"y\" ]\na=1", "[x y]\na=1", "[x]\n1a=2\n", "[x]\na:b\n", "[x]\na b\n", "[x_y]\na=1\n",
	"[X \"Y\"]\nZ=1\n", "[x]\na = b", "[x]\na", "[x]\na = \\", "x = 1\n", "[x]\na=1\na=2\n[y]\n[x]\na=3",
}

// TestConfigAgainstGit compares with git config --list.
func TestConfigAgainstGit(t *testing.T) {
	for _, c := range configs {
		file := filepath.Join(t.TempDir(), "config")
		writeFile(t, file, c)
		out, gitErr := exec.Command("git", "config", "--file", file, "--list", "-z").Output()
		got, err := gitscan.ReadConfig([]byte(c))
		if (err != nil) != (gitErr != nil) {
			t.Errorf("%q: %v, git: %v", c, err, gitErr)
			continue
		}
		var want []string
		for e := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			if name, value, ok := strings.Cut(e, "\n"); ok {
				want = append(want, name+"="+value)
			} else if e != "" {
				want = append(want, e+"=true")
			}
		}
		if err == nil && !slices.Equal(got, want) {
			t.Errorf("%q: %q, git: %q", c, got, want)
		}
	}
}

// TestIndexAgainstGit compares with git ls-files, for each version of the index and each hash.
func TestIndexAgainstGit(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		dir := t.TempDir()
		git(t, dir, nil, "init", "-q", "--object-format="+format)
		var in bytes.Buffer
		blob := strings.TrimSpace(git(t, dir, []byte("x"), "hash-object", "-w", "--stdin"))
		other := strings.TrimSpace(git(t, dir, []byte("y"), "hash-object", "-w", "--stdin"))
		for i := range 300 {
			path := strings.Repeat("long/", i%7) + fmt.Sprintf("file%d%s", i*37%100, strings.Repeat("x", i%19))
			fmt.Fprintf(&in, "100644 %s 0\t%s\n", []string{blob, other}[i%2], path)
		}
		fmt.Fprintf(&in, "160000 %s 0\tsubmodule\n120000 %s 0\tlink\n100755 %s 0\t%s\n", blob, other, blob, strings.Repeat("very/", 1000)+"deep")
		fmt.Fprintf(&in, "100644 %s 1\tconflict\n100644 %s 2\tconflict\n100644 %s 3\tconflict\n", blob, other, blob)
		git(t, dir, in.Bytes(), "update-index", "--index-info")
		var want []string
		for line := range strings.SplitSeq(git(t, dir, nil, "ls-files", "-s", "-z"), "\x00") {
			if meta, path, ok := strings.Cut(line, "\t"); ok && !strings.HasPrefix(meta, "160000") {
				want = append(want, strings.Fields(meta)[1]+" "+path)
			}
		}
		for _, version := range []string{"2", "3", "4"} {
			git(t, dir, nil, "update-index", "--index-version", version)
			if version != "2" { // the further flags, which version 3 is about
				git(t, dir, nil, "update-index", "--skip-worktree", "link")
			}
			repo, err := gitscan.Open(dir, gitscan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := repo.ReadIndex()
			repo.Close()
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, version %s: %v\n%.300q\nwant\n%.300q", format, version, err, got, want)
			}
		}
	}
}
