package gitscan_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/detect/imageref"
	"rummage/detect/structure"
	"rummage/gitscan"
	"rummage/scan"
)

// lsTree is the blobs of a tree by their paths, as git tells them.
func lsTree(t *testing.T, dir, rev string) map[string]string {
	t.Helper()
	blobs := map[string]string{}
	for entry := range strings.SplitSeq(git(t, dir, nil, "ls-tree", "-r", "-z", rev), "\x00") {
		if meta, path, ok := strings.Cut(entry, "\t"); ok {
			if fields := strings.Fields(meta); fields[1] == "blob" {
				blobs[path] = fields[2]
			}
		}
	}
	return blobs
}

// files lists what Files gives: "PATH ID" with the refs, and the commits.
func files(t *testing.T, dir string, o gitscan.Options, history bool, wanted func(string) bool) (refs map[string]string, commits map[string]string) {
	t.Helper()
	repo, err := gitscan.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	refs, commits = map[string]string{}, map[string]string{}
	src := repo.Files(history)
	err = src.Each(t.Context(), wanted, func(f scan.FileAt) {
		k := f.Path + " " + src.BlobID(f.Blob)
		if _, again := refs[k]; again {
			t.Errorf("%s is given twice", k)
		}
		refs[k] = strings.Join(f.Refs, " ")
		if f.Commit != nil {
			commits[k] = f.Commit.ID
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if st := src.Stats(); !st.Complete {
		t.Errorf("not complete: %+v", st.Problems)
	}
	return refs, commits
}

// TestFilesAgainstGit: the files of the tips are those of git ls-tree of every ref, those of history those of every
// commit, each with a commit that has it and whose parents do not.
func TestFilesAgainstGit(t *testing.T) {
	wanted := func(path string) bool { return strings.Contains(path, "a") || strings.Contains(path, "dir/") }
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := rand.New(rand.NewPCG(seed, 5))
			git(t, dir, nil, "init", "-q", "--bare")
			git(t, dir, inOrder(randomHistory(r, 40)), "fast-import", "--quiet", "--force")
			commits, refs := naive(t, dir)
			trees := map[string]map[string]string{}
			for id := range commits {
				trees[id] = lsTree(t, dir, id)
			}
			tips := func(names []string) map[string]string {
				want := map[string]string{}
				for _, name := range names {
					for path, id := range trees[refs[name]] {
						if k := path + " " + id; wanted(path) {
							want[k] = strings.TrimPrefix(want[k]+" "+name, " ")
						}
					}
				}
				return want
			}
			names := slices.Sorted(maps.Keys(refs))
			got, first := files(t, dir, gitscan.Options{}, false, wanted)
			if want := tips(names); !maps.Equal(got, want) || len(first) > 0 {
				t.Errorf("tips: got %v\nwant %v", got, want)
			}
			some := names[:1+r.IntN(len(names))]
			got, _ = files(t, dir, gitscan.Options{Branches: some}, false, wanted)
			if want := tips(some); !maps.Equal(got, want) {
				t.Errorf("tips of %v: got %v\nwant %v", some, got, want)
			}
			got, first = files(t, dir, gitscan.Options{}, true, wanted)
			want := map[string]string{}
			for _, tree := range trees {
				for path, id := range tree {
					if wanted(path) {
						want[path+" "+id] = ""
					}
				}
			}
			maps.Copy(want, tips(names))
			if !maps.Equal(got, want) {
				t.Errorf("history: got %v\nwant %v", got, want)
			}
			for k, commit := range first {
				path, id, _ := strings.Cut(k, " ")
				if trees[commit][path] != id {
					t.Errorf("%s: commit %s does not have it", k, commit)
				}
				for _, p := range commits[commit].parents {
					if trees[p][path] == id {
						t.Errorf("%s: %s, a parent of %s, has it", k, p, commit)
					}
				}
			}
			if len(first) != len(want) {
				t.Errorf("%d of %d files have a commit", len(first), len(want))
			}
			for range 5 {
				o, commits2 := randomSelection(r, commits, refs)
				got, first := files(t, dir, o, true, wanted)
				for k := range got {
					if path, id, _ := strings.Cut(k, " "); !commits2[first[k]] || trees[first[k]][path] != id {
						t.Errorf("%+v: %s of commit %q", o, k, first[k])
					}
				}
			}
		})
	}
}

// TestFilesOfRange: the tips are not narrowed to a range, a branch that is not there is told, and a range in history
// gives what its commits brought in.
func TestFilesOfRange(t *testing.T) {
	dir := imageRepo(t)
	for _, o := range []gitscan.Options{{Since: "HEAD~1"}, {Range: "HEAD~1..HEAD"}, {Branches: []string{"nonesuch"}}} {
		repo, err := gitscan.Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := repo.Files(false).Each(t.Context(), func(string) bool { return true }, func(scan.FileAt) {}); err == nil {
			t.Errorf("%+v: no error", o)
		}
		repo.Close()
	}
	got, _ := files(t, dir, gitscan.Options{Range: "main~1..main"}, true, func(string) bool { return true })
	if len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// imageRepo makes a repository with branches, tags of all kinds, and files of all kinds that name images.
func imageRepo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "-b", "main")
	git(t, dir, nil, "config", "user.name", "A")
	git(t, dir, nil, "config", "user.email", "a@example.com")
	commit := func(files map[string]string) {
		for name, text := range files {
			writeFile(t, filepath.Join(dir, name), text)
		}
		git(t, dir, nil, "add", "-A")
		git(t, dir, nil, "commit", "-q", "-m", "c")
	}
	commit(map[string]string{"Dockerfile": "FROM alpine:3\n", "sub/Dockerfile": "FROM alpine:3\n", "notes.md": "FROM no:1\n",
		"app.yaml": "services:\n  a:\n    image: web:1\n", "other.yaml": "image: no:2\n"})
	git(t, dir, nil, "tag", "-a", "-m", "v1", "v1")
	commit(map[string]string{"Dockerfile": "# moved\nFROM alpine:3\nCOPY --from=b:1 a b\n", "k8s/pod.yml": "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: p:1}]}\n",
		".github/workflows/ci.yml": "on: push\njobs: {a: {container: c:1}}\n"})
	git(t, dir, nil, "checkout", "-q", "-b", "side", "HEAD~1")
	commit(map[string]string{"compose.yaml": "services:\n  a:\n    image: x:${T}\n  b:\n    image: y:${T:-1}\n", "chart/values.yaml": "image: {repository: h, tag: 1}\n"})
	git(t, dir, nil, "checkout", "-q", "main")
	commit(map[string]string{"Dockerfile": "FROM alpine:4\n"})
	writeFile(t, filepath.Join(dir, "Dockerfile"), "FROM tree:1\n")
	git(t, dir, nil, "add", "-A")
	git(t, dir, nil, "tag", "of-tree", strings.TrimSpace(git(t, dir, nil, "write-tree")))
	git(t, dir, nil, "tag", "of-blob", strings.TrimSpace(git(t, dir, []byte("FROM blob:1\n"), "hash-object", "-w", "--stdin")))
	git(t, dir, nil, "tag", "-a", "-m", "x", "of-tag", "v1")
	return dir
}

// TestImagesAgainstGit: the list is what git ls-tree, git cat-file and the same reader make.
func TestImagesAgainstGit(t *testing.T) {
	dir := imageRepo(t)
	want := map[string]map[string]bool{}
	for _, ref := range []string{"refs/heads/main", "refs/heads/side", "refs/tags/v1", "refs/tags/of-tree", "refs/tags/of-tag"} {
		for path, id := range lsTree(t, dir, ref) {
			data := []byte(git(t, dir, nil, "cat-file", "blob", id))
			kind := structure.Of(path)
			if kind == structure.YAML {
				kind = kind.Meant(structure.Sniff(data))
			}
			refs, _ := imageref.Refs(kind, data)
			for _, r := range refs {
				before := data[:r.Span.Start]
				k := fmt.Sprintf("%s %s %s %s:%d:%d", r.Canonical, r.Unresolved, r.Role, path, bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
				if want[k] == nil {
					want[k] = map[string]bool{}
				}
				want[k][ref] = true
			}
		}
	}
	for _, workers := range []int{1, 4} {
		repo, err := gitscan.Open(dir, gitscan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		list, err := scan.Images(t.Context(), repo.Files(false), workers)
		repo.Close()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]map[string]bool{}
		for _, i := range slices.Concat(list.Images, list.Unresolved) {
			for _, p := range i.Places {
				k := fmt.Sprintf("%s %s %s %s:%d:%d", i.Name, i.Unresolved, p.Role, p.Path, p.Line, p.Column)
				got[k] = map[string]bool{}
				for _, ref := range p.Refs {
					got[k][ref] = true
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if len(got) != 10 || !list.Stats.Complete {
			t.Errorf("%d places, %+v", len(got), list.Stats)
		}
	}
}

// TestFilesDamaged: a blob or a tree that is damaged or missing is a problem, and the rest is listed.
func TestFilesDamaged(t *testing.T) {
	loose := func(dir, id string) string { return filepath.Join(dir, ".git", "objects", id[:2], id[2:]) }
	for name, damage := range map[string]func(dir string){
		"missing blob": func(dir string) { remove(t, loose(dir, lsTree(t, dir, "main")["sub/Dockerfile"])) },
		"cut blob": func(dir string) {
			file := loose(dir, lsTree(t, dir, "main")["sub/Dockerfile"])
			data := readFile(t, file)
			remove(t, file)
			writeFile(t, file, string(data[:len(data)/2]))
		},
		"other blob": func(dir string) {
			blobs := lsTree(t, dir, "main")
			file := loose(dir, blobs["sub/Dockerfile"])
			remove(t, file)
			writeFile(t, file, string(readFile(t, loose(dir, blobs["app.yaml"]))))
		},
		"missing tree": func(dir string) {
			remove(t, loose(dir, strings.TrimSpace(git(t, dir, nil, "rev-parse", "main:sub"))))
		},
		"missing commit": func(dir string) {
			remove(t, loose(dir, strings.TrimSpace(git(t, dir, nil, "rev-parse", "side"))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := imageRepo(t)
			damage(dir)
			for _, history := range []bool{false, true} {
				repo, err := gitscan.Open(dir, gitscan.Options{})
				if err != nil {
					t.Fatal(err)
				}
				list, err := scan.Images(t.Context(), repo.Files(history), 2)
				repo.Close()
				if err != nil {
					t.Fatal(err)
				}
				if list.Stats.Complete || list.Stats.ProblemCount != 1 || len(list.Stats.Problems) != 1 {
					t.Errorf("history %v: %+v", history, list.Stats)
				}
				if !slices.ContainsFunc(list.Images, func(i scan.Image) bool { return i.Name == "docker.io/library/alpine:4" }) {
					t.Errorf("history %v: the rest is not listed: %+v", history, list.Images)
				}
			}
		})
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}
