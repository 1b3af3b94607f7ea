package gitscan_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
	"rummage/scan/scantest"
)

// importer writes a stream for git fast-import, an hour between commits.
type importer struct {
	bytes.Buffer
	n int
}

// commit adds one on a branch. changes are "path=content", or "-path" for a removal. The mark is the commit's number.
func (im *importer) commit(branch, message string, parents []int, changes ...string) int {
	im.n++
	fmt.Fprintf(im, "commit refs/heads/%s\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata %d\n%s\n",
		branch, im.n, 1_767_268_800+3600*im.n, len(message), message)
	for i, p := range parents {
		fmt.Fprintf(im, "%s :%d\n", [...]string{"from", "merge"}[min(i, 1)], p)
	}
	for _, c := range changes {
		if path, content, ok := strings.Cut(c, "="); ok {
			fmt.Fprintf(im, "M 100644 inline %s\ndata %d\n%s\n", path, len(content), content)
		} else {
			fmt.Fprintf(im, "D %s\n", c[1:])
		}
	}
	return im.n
}

func (im *importer) tag(name, message string, commit int) {
	fmt.Fprintf(im, "tag %s\nfrom :%d\ntagger A <a@example.com> 1767268800 +0000\ndata %d\n%s\n", name, commit, len(message), message)
}

// load imports the stream into a repository: loose objects, or a pack.
func (im *importer) load(t testing.TB, dir string, packed bool) {
	t.Helper()
	limit := "fastimport.unpackLimit=100000"
	if packed {
		limit = "fastimport.unpackLimit=1"
	}
	git(t, dir, im.Bytes(), "-c", limit, "fast-import", "--quiet")
}

// fixture makes a small history: a file that changes, one that goes, one binary, one over the limit of 100 bytes, a
// merge that brings in content, an annotated tag, and a commit that no ref reaches.
func fixture(t *testing.T, packed bool) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	first := im.commit("main", "first", nil, "a=old a", "dir/b=file b", "binary=bin \x00ry", "large="+strings.Repeat("x", 101))
	side := im.commit("side", "side", []int{first}, "side=from side")
	second := im.commit("main", "second", []int{first}, "a=new a", "-dir/b")
	merge := im.commit("main", "merge", []int{second, side}, "side=from side", "evil=evil")
	im.commit("lost", "lost", []int{first}, "lost=lost file")
	im.tag("v1", "tag", merge)
	im.load(t, dir, packed)
	git(t, dir, nil, "update-ref", "-d", "refs/heads/lost")
	return dir
}

// What a scan of all of the fixture hands out.
var (
	allBlobs    = []string{"old a", "new a", "file b", "bin \x00ry", "from side", "evil", "lost file"}
	allMessages = []string{"first", "side", "second", "merge", "lost", "tag"}
)

func openRepo(dir string, o gitscan.Options) func(t *testing.T) scan.Source {
	return func(t *testing.T) scan.Source {
		t.Helper()
		o.MaxBlob = 100
		repo, err := gitscan.Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = repo.Close() })
		return repo
	}
}

func TestRepoSource(t *testing.T) {
	for name, packed := range map[string]bool{"loose": false, "packed": true} {
		t.Run(name, func(t *testing.T) {
			scantest.Source(t, scantest.Fixture{
				Open:     openRepo(fixture(t, packed), gitscan.Options{}),
				Blobs:    allBlobs,
				Messages: allMessages,
				Skipped:  map[scan.SkipReason]int64{scan.SkipTooLarge: 1},
				Places: map[string][]string{"old a": {"a"}, "new a": {"a"}, "file b": {"dir/b"}, "evil": {"evil"},
					"lost file": {"lost"}, "first": {""}, "tag": {""}},
			})
		})
	}
}

// TestRepoSourceTwice: objects that are stored loose, in a pack, and in an alternate are handed out once.
func TestRepoSourceTwice(t *testing.T) {
	loose, packed := fixture(t, false), fixture(t, true)
	writeFile(t, filepath.Join(loose, "objects/info/alternates"), filepath.Join(packed, "objects")+"\n")
	git(t, loose, nil, "-c", "repack.writeBitmaps=false", "repack", "-aq", "--no-local")
	scantest.Source(t, scantest.Fixture{
		Open:     openRepo(loose, gitscan.Options{}),
		Blobs:    allBlobs,
		Messages: allMessages,
		Skipped:  map[scan.SkipReason]int64{scan.SkipTooLarge: 1},
	})
}

func TestNarrowedSource(t *testing.T) {
	dir := fixture(t, true)
	t.Run("reachable", func(t *testing.T) {
		scantest.Source(t, scantest.Fixture{
			Open:     openRepo(dir, gitscan.Options{NoUnreachable: true}),
			Blobs:    []string{"old a", "new a", "file b", "bin \x00ry", "from side", "evil"},
			Messages: []string{"first", "side", "second", "merge", "tag"},
			Skipped:  map[scan.SkipReason]int64{scan.SkipTooLarge: 1},
		})
	})
	t.Run("branch", func(t *testing.T) {
		scantest.Source(t, scantest.Fixture{
			Open:     openRepo(dir, gitscan.Options{Branches: []string{"side"}}),
			Blobs:    []string{"old a", "file b", "bin \x00ry", "from side"},
			Messages: []string{"first", "side"},
			Skipped:  map[scan.SkipReason]int64{scan.SkipTooLarge: 1},
		})
	})
}

// TestDamagedSource: what is missing and what is damaged is counted, and the rest handed out.
func TestDamagedSource(t *testing.T) {
	dir := fixture(t, false)
	objectFile := func(rev string) string {
		id := strings.TrimSpace(git(t, dir, nil, "rev-parse", rev))
		return filepath.Join(dir, "objects", id[:2], id[2:])
	}
	missing, damaged := objectFile("main:evil"), objectFile("main:side")
	if err := os.Remove(missing); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(damaged, 4); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]gitscan.Options{"whole": {}, "narrowed": {NoUnreachable: true}} {
		t.Run(name, func(t *testing.T) {
			f := scantest.Fixture{
				Open:       openRepo(dir, o),
				Blobs:      []string{"old a", "new a", "file b", "bin \x00ry"},
				Messages:   []string{"first", "side", "second", "merge", "tag"},
				Skipped:    map[scan.SkipReason]int64{scan.SkipTooLarge: 1, scan.SkipMissing: 1, scan.SkipUnreadable: 1},
				Incomplete: true,
			}
			if name == "whole" {
				f.Blobs, f.Messages = append(f.Blobs, "lost file"), append(f.Messages, "lost")
				delete(f.Skipped, scan.SkipMissing) // is known when blobs are placed
			}
			scantest.Source(t, f)
		})
	}
}

func TestStagedSource(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "-b", "main")
	writeFile(t, filepath.Join(dir, "same"), "same")
	writeFile(t, filepath.Join(dir, "changed"), "before")
	git(t, dir, nil, "add", ".")
	git(t, dir, nil, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "first")
	writeFile(t, filepath.Join(dir, "changed"), "after")
	writeFile(t, filepath.Join(dir, "new"), "new")
	writeFile(t, filepath.Join(dir, "copy"), "new")
	writeFile(t, filepath.Join(dir, "large"), strings.Repeat("x", 101))
	writeFile(t, filepath.Join(dir, "binary"), "\x00")
	git(t, dir, nil, "add", ".")
	writeFile(t, filepath.Join(dir, "not staged"), "not staged")
	staged := func(t *testing.T) scan.Source {
		repo, err := gitscan.Open(dir, gitscan.Options{MaxBlob: 100})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = repo.Close() })
		s, err := repo.Staged()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	scantest.Source(t, scantest.Fixture{
		Open:    staged,
		Blobs:   []string{"before", "after", "new", "\x00"},
		Skipped: map[scan.SkipReason]int64{scan.SkipTooLarge: 1},
		Places:  map[string][]string{"after": {"changed"}, "new": {"copy", "new"}},
		// What HEAD has is searched to know what is new.
		Unplaced: []string{"before"},
	})
}

// TestOpenToSearch: what a search begins with is done beside opening, without being asked for it, and Close waits for it:
// it reads what Close takes away.
func TestOpenToSearch(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	for i := range 400 {
		im.commit("main", fmt.Sprint("number ", i), nil, fmt.Sprintf("a%d.txt=thing %d", i%7, i))
	}
	im.load(t, dir, false)
	git(t, dir, nil, "repack", "-adfq")
	for range 20 {
		repo, err := gitscan.Open(dir, gitscan.Options{Search: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := repo.Close(); err != nil {
			t.Fatal(err)
		}
		if !repo.Prepared() {
			t.Fatal("closed before it was prepared")
		}
	}
	for _, search := range []bool{false, true} {
		res := scanWith(t, dir, gitscan.Options{Search: search}, parseRules(t, ""), 2)
		if !res.Stats.Complete || res.Stats.Commits != 400 {
			t.Errorf("search %v: complete %v, %d commits", search, res.Stats.Complete, res.Stats.Commits)
		}
	}
}

// visitors counts those that are opened for a search.
type visitors struct {
	scan.Source
	opened int
}

func (v *visitors) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	return v.Source.Search(ctx, workers, func() scan.Visitor {
		v.opened++
		return open()
	})
}

// TestVisitorsOpenedOnce: what a worker has made for itself to search messages serves it for blobs too.
func TestVisitorsOpenedOnce(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare", "-b", "main")
	var im importer
	im.commit("main", "tok_1234", nil, "a.txt=tok_5678\n")
	im.load(t, dir, false)
	for _, workers := range []int{1, 3} {
		repo, err := gitscan.Open(dir, gitscan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer repo.Close()
		v := &visitors{Source: repo}
		res, err := scan.Run(context.Background(), v, parseRules(t, "[[rules]]\nid = \"x\"\nregex = \"tok_[0-9]{4}\"\nkeywords = [\"tok_\"]\n"), workers)
		if err != nil || v.opened != workers || len(res.Findings) != 2 {
			t.Errorf("%d visitors for %d workers, %d findings, %v", v.opened, workers, len(res.Findings), err)
		}
	}
}
