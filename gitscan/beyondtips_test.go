package gitscan_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rummage/detect"
	"rummage/gitscan"
	"rummage/scan"
)

// quietCommit adds a commit to a fork in which there is seldom something to find: a mark, a secret in a file of variables, or a name
// for what had another.
func (n *network) quietCommit(k int) {
	refs := refsOf(n.t, n.fork(k))
	var b bytes.Buffer
	message := fmt.Sprintf("c %d", n.r.IntN(1000))
	if n.r.IntN(20) == 0 {
		message = "mark-abc"
	}
	fmt.Fprintf(&b, "commit refs/heads/b%d\ncommitter A <a@example.com> %d +0000\ndata %d\n%s\n", n.r.IntN(6), 1_700_000_000+n.r.IntN(50), len(message), message)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(refs)), func(name string) bool { return !strings.HasPrefix(name, "refs/heads/") })
	if len(names) > 0 && n.r.IntN(8) > 0 {
		fmt.Fprintf(&b, "from %s\n", refs[names[n.r.IntN(len(names))]])
		if n.r.IntN(4) == 0 {
			fmt.Fprintf(&b, "merge %s\n", refs[names[n.r.IntN(len(names))]])
		}
	}
	for range 1 + n.r.IntN(3) {
		text := fmt.Sprintf("N=%d\n", n.r.IntN(30))
		switch n.r.IntN(30) {
		case 0:
			text += "mark-abc\n"
		case 1:
			text = "SECRET=one\n"
		}
		name := []string{"a", "b", "d/c", "d/.env"}[n.r.IntN(4)]
		if n.r.IntN(20) == 0 {
			name = "d/x.key"
		}
		fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
	}
	git(n.t, n.fork(k), b.Bytes(), "fast-import", "--quiet", "--force")
}

// quietChange does something to a fork.
func (n *network) quietChange(k int) {
	refs := refsOf(n.t, n.fork(k))
	names := slices.Sorted(maps.Keys(refs))
	name := ""
	if len(names) > 0 {
		name = names[n.r.IntN(len(names))]
	}
	told := func(message, of string) {
		git(n.t, n.fork(k), nil, "-c", "user.name=a", "-c", "user.email=a@example.com", "tag", "-f", "-a", "-m", message, fmt.Sprint("t", n.r.IntN(4)), of)
	}
	switch n.r.IntN(16) {
	case 0, 1:
		if name != "" {
			git(n.t, n.fork(k), nil, "update-ref", "-d", name)
		}
	case 2:
		if strings.HasPrefix(name, "refs/heads/") {
			git(n.t, n.fork(k), nil, "update-ref", "refs/tags/tree", revParse(n.t, n.fork(k), name+"^{tree}"))
		}
	case 3, 4:
		if name != "" {
			told([]string{"nothing", "nothing", "nothing", "mark-abc"}[n.r.IntN(4)], name)
		}
	case 5:
		if strings.HasPrefix(name, "refs/heads/") {
			told("a tree", name+"^{tree}")
		}
	case 6:
		git(n.t, n.fork(k), nil, "gc", "-q", "--prune=now")
	default:
		n.quietCommit(k)
	}
}

// searchQuietly scans a part: whole, or what is beyond known tips. Told: it could be.
func (n *network) searchQuietly(k int, d *detect.Detector, known []string) (quiet, told bool, scanned int64) {
	n.t.Helper()
	repo, err := gitscan.Open(n.store(), gitscan.Options{Part: n.part(k)})
	if err != nil {
		n.t.Fatal(err)
	}
	defer repo.Close()
	var source interface {
		scan.Source
		Objects() int
	} = repo
	if known != nil {
		b, err := repo.BeyondTips(context.Background(), known)
		if err != nil {
			n.t.Fatal(err)
		}
		if b == nil {
			return false, false, 0
		}
		source = b
	}
	ledger := scan.NewLedger(source.Objects())
	res, err := scan.RunWith(context.Background(), source, d, 2, ledger)
	if err != nil {
		n.t.Fatal(err)
	}
	return res.Stats.Complete && ledger.Quiet(), true, res.Stats.Scanned
}

// TestBeyondTipsAgainstWhole: that there is nothing to find in a repository's part of a store is what a scan of all of it says,
// whatever its forks have and whatever was done to it before.
func TestBeyondTipsAgainstWhole(t *testing.T) {
	d := parseRules(t, beyondRules)
	outcomes, less, seeds := map[string]int{}, 0, uint64(4)
	if racing {
		seeds = 1
	}
	for seed := range seeds {
		n := &network{t: t, r: rand.New(rand.NewPCG(seed, 5)), root: t.TempDir(), format: []string{"sha1", "sha256"}[seed%2]}
		n.init(n.store())
		var known []string
		for step := range 18 {
			k := 0
			if step < 4 {
				n.addQuiet()
				k = step
			} else {
				k = n.r.IntN(n.forks)
				for range 1 + n.r.IntN(2) {
					n.quietChange(k)
				}
				n.fetch(k)
			}
			whole, _, all := n.searchQuietly(k, d, nil)
			quiet, told, some := n.searchQuietly(k, d, append([]string{strings.Repeat("0", map[string]int{"sha1": 40, "sha256": 64}[n.format])}, known...))
			outcomes[fmt.Sprint(whole, told)]++
			if told && quiet != whole {
				t.Fatalf("seed %d, step %d, fork %d: quiet: %v, but the whole: %v", seed, step, k, quiet, whole)
			}
			if told && some < all {
				less++
			}
			if whole {
				known = append(known, slices.Sorted(maps.Keys(n.seen[k]))...)
			}
		}
	}
	t.Logf("(whole is quiet, it can be told by what is beyond): %v, %d of less", outcomes, less)
	if !racing && (outcomes["true true"] < 10 || outcomes["false true"] < 10 || outcomes["false false"]+outcomes["true false"] < 5 || less < 20) {
		t.Error("too few of a kind")
	}
}

// addQuiet makes a fork of another one, or the first repository.
func (n *network) addQuiet() {
	k := n.forks
	n.forks++
	n.seen = append(n.seen, map[string]bool{})
	n.init(n.fork(k))
	n.init(n.plain(k))
	if k > 0 {
		git(n.t, n.fork(k), nil, "fetch", "-q", n.fork(n.r.IntN(k)), "+refs/*:refs/*")
	}
	for range 3 - min(k, 2) {
		n.quietCommit(k)
	}
	n.fetch(k)
}

// TestBeyondTips: what may be wrong with a fork is found, or it is said that it cannot be told.
func TestBeyondTips(t *testing.T) {
	d := parseRules(t, beyondRules)
	for name, c := range map[string]struct {
		do    func(n *network)
		known bool // it can be told
	}{
		"same":  {func(*network) {}, true},
		"fewer": {func(n *network) { git(t, n.store(), nil, "update-ref", "-d", "refs/r/1/heads/side") }, true},
		"no refs": {func(n *network) {
			git(t, n.store(), nil, "update-ref", "-d", "refs/r/1/heads/side")
			git(t, n.store(), nil, "update-ref", "-d", "refs/r/1/heads/main")
		}, true},
		"ancestor":          {func(n *network) { git(t, n.store(), nil, "update-ref", "refs/r/1/heads/main", "refs/r/0/heads/main~1") }, true},
		"mark":              {func(n *network) { n.own("b", "mark-abc\n", "c") }, true},
		"mark in a message": {func(n *network) { n.own("b", "x\n", "mark-abc") }, true},
		"mark in what is lost": {func(n *network) {
			id := n.own("b", "mark-abc\n", "c")
			git(t, n.store(), nil, "update-ref", "refs/seen/1/"+id, id)
			git(t, n.store(), nil, "update-ref", "refs/r/1/heads/main", "refs/r/0/heads/main")
		}, true},
		"mark in another's": {func(n *network) {
			id := n.own("b", "mark-abc\n", "c")
			git(t, n.store(), nil, "update-ref", "refs/r/2/heads/main", id)
			git(t, n.store(), nil, "update-ref", "refs/r/1/heads/main", "refs/r/0/heads/main")
		}, true},
		"new name":          {func(n *network) { n.own("x.key", "two\n", "c") }, true},
		"file of variables": {func(n *network) { n.own(".env", "SECRET=one\n", "c") }, true},
		"tree":              {func(n *network) { git(t, n.store(), nil, "update-ref", "refs/r/1/tags/x", "refs/r/0/heads/main:d") }, false},
		"lost tree": {func(n *network) {
			id := revParse(t, n.store(), "refs/r/0/heads/main:d")
			git(t, n.store(), nil, "update-ref", "refs/seen/1/"+id, id)
		}, false},
		"tag": {func(n *network) {
			tag := "object " + revParse(t, n.store(), "refs/r/0/heads/main") + "\ntype commit\ntag x\ntagger A <a@example.com> 1 +0000\n\nmark-abc\n"
			git(t, n.store(), nil, "update-ref", "refs/r/1/tags/x", strings.TrimSpace(git(t, n.store(), []byte(tag), "mktag")))
		}, true},
		"tag of a tree": {func(n *network) {
			tag := "object " + revParse(t, n.store(), "refs/r/0/heads/main:d") + "\ntype tree\ntag x\ntagger A <a@example.com> 1 +0000\n\nx\n"
			git(t, n.store(), nil, "update-ref", "refs/r/1/tags/x", strings.TrimSpace(git(t, n.store(), []byte(tag), "mktag")))
		}, false},
		"lost parent": {func(n *network) { n.own("b", "x\n", "c"); n.own("b", "y\n", "c"); n.lose("refs/r/1/heads/main~1") }, false},
		"lost blob":   {func(n *network) { n.own("b", "x\n", "c"); n.lose("refs/r/1/heads/main:b") }, false},
		"lost tip":    {func(n *network) { n.own("b", "x\n", "c"); n.lose("refs/r/1/heads/main") }, false},
		"damaged commit": {func(n *network) {
			n.own("b", "x\n", "c")
			at := n.looseIn("refs/r/1/heads/main")
			if err := os.Rename(n.looseIn("refs/r/0/heads/main"), at); err != nil {
				t.Fatal(err)
			}
		}, false},
		"shallow": {func(n *network) {
			writeFile(t, filepath.Join(n.store(), "shallow"), revParse(t, n.store(), "refs/r/0/heads/main")+"\n")
		}, false},
		"broken ref": {func(n *network) { writeFile(t, filepath.Join(n.store(), "refs/r/1/heads/x"), "none\n") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := &network{t: t, r: rand.New(rand.NewPCG(1, 1)), root: t.TempDir(), format: "sha1"}
			n.init(n.store())
			git(t, n.store(), []byte("commit refs/r/0/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\na\nM 100644 inline a\ndata 4\none\n"+
				"M 100644 inline d/top2\ndata 4\ntwo\n\ncommit refs/r/0/heads/main\ncommitter A <a@example.com> 1700000001 +0000\ndata 1\nb\nM 100644 inline a\ndata 4\ntwo\n\n"), "fast-import", "--quiet")
			known := []string{revParse(t, n.store(), "refs/r/0/heads/main")}
			git(t, n.store(), nil, "update-ref", "refs/r/1/heads/main", known[0])
			git(t, n.store(), nil, "update-ref", "refs/r/1/heads/side", known[0]+"~1")
			if quiet, _, _ := n.searchQuietly(0, d, nil); !quiet {
				t.Fatal("there is something to find in the original")
			}
			n.t = t
			c.do(n)
			quiet, told, _ := n.searchQuietly(1, d, known)
			if told != c.known {
				t.Errorf("it can be told: %v", told)
			}
			if whole, _, _ := n.searchQuietly(1, d, nil); told && quiet != whole || quiet && !whole {
				t.Errorf("quiet: %v, but the whole: %v", quiet, whole)
			}
			if _, told, _ := n.searchQuietly(1, d, []string{"none"}); told {
				t.Error("told by what is no id")
			}
		})
	}
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	repo, err := gitscan.Open(dir, gitscan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	if b, err := repo.BeyondTips(context.Background(), nil); b != nil || err != nil {
		t.Error("told of what is no part")
	}
}

// own adds a commit to the main branch of fork 1 in the store, as loose objects.
func (n *network) own(name, text, message string) string {
	n.t.Helper()
	from := "refs/r/1/heads/main"
	git(n.t, n.store(), fmt.Appendf(nil, "commit refs/r/1/heads/main\ncommitter A <a@example.com> 1700000100 +0000\ndata %d\n%s\nfrom %s^0\nM 100644 inline %s\ndata %d\n%s\n",
		len(message), message, from, name, len(text), text), "fast-import", "--quiet")
	return revParse(n.t, n.store(), from)
}

func (n *network) looseIn(rev string) string {
	id := revParse(n.t, n.store(), rev)
	return filepath.Join(n.store(), "objects", id[:2], id[2:])
}

func (n *network) lose(rev string) {
	n.t.Helper()
	if err := os.Remove(n.looseIn(rev)); err != nil {
		n.t.Fatal(err)
	}
}
