package gitscan_test

import (
	"bytes"
	"context"
	"encoding/hex"
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

// network is a fork network: its repositories (forks), a plain clone of each that nothing is ever removed from, and a store
// that they all share.
type network struct {
	t      *testing.T
	r      *rand.Rand
	root   string
	format string
	forks  int
	seen   []map[string]bool // by fork: every tip that it ever had
}

func (n *network) fork(k int) string  { return filepath.Join(n.root, fmt.Sprintf("fork%d", k)) }
func (n *network) plain(k int) string { return filepath.Join(n.root, fmt.Sprintf("plain%d", k)) }
func (n *network) store() string      { return filepath.Join(n.root, "store") }

func (n *network) init(dir string) {
	n.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		n.t.Fatal(err)
	}
	git(n.t, dir, nil, "init", "-q", "--bare", "-b", "main", "--object-format="+n.format)
}

// part is where a fork is in the store.
func (n *network) part(k int) *gitscan.Part {
	return &gitscan.Part{Refs: fmt.Sprintf("refs/r/%d/", k), Lost: fmt.Sprintf("refs/seen/%d/", k), Head: "refs/heads/main"}
}

// refsOf are the refs of a repository, of which the loose ones may be many.
func refsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	refs := map[string]string{}
	for line := range strings.Lines(git(t, dir, nil, "for-each-ref", "--format=%(objectname) %(refname)")) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		refs[name] = id
	}
	return refs
}

// add makes a fork of another one, or the first repository.
func (n *network) add() {
	k := n.forks
	n.forks++
	n.seen = append(n.seen, map[string]bool{})
	n.init(n.fork(k))
	n.init(n.plain(k))
	if k == 0 {
		git(n.t, n.fork(k), randomConditions(n.r, 10, true), "fast-import", "--quiet", "--force")
	} else {
		git(n.t, n.fork(k), nil, "fetch", "-q", n.fork(n.r.IntN(k)), "+refs/*:refs/*")
	}
	n.fetch(k)
}

// commit adds a commit to a fork, as a new branch or in place of one, maybe of a mark that others have too.
func (n *network) commit(k int) {
	refs := refsOf(n.t, n.fork(k))
	var b bytes.Buffer
	branch := fmt.Sprintf("refs/heads/b%d", n.r.IntN(6))
	fmt.Fprintf(&b, "commit %s\ncommitter A <a@example.com> %d +0000\ndata 10\nmark-%c %d\n\n", branch, 1_700_000_000+n.r.IntN(50), 'a'+n.r.IntN(3), n.r.IntN(3))
	if names := slices.DeleteFunc(slices.Sorted(maps.Keys(refs)), func(name string) bool { return !strings.HasPrefix(name, "refs/heads/") }); len(names) > 0 && n.r.IntN(5) > 0 {
		fmt.Fprintf(&b, "from %s\n", refs[names[n.r.IntN(len(names))]])
	}
	for range 1 + n.r.IntN(3) {
		text := fmt.Sprintf("own %d\nmark-%c\nENV API_KEY=\"kX82mQp4vT%d\"\n", n.r.IntN(4), 'a'+n.r.IntN(6), n.r.IntN(3))
		fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", []string{"a", "d/b", "Dockerfile", "d/.env"}[n.r.IntN(4)], len(text), text)
	}
	git(n.t, n.fork(k), b.Bytes(), "fast-import", "--quiet", "--force")
}

// change does something to a fork.
func (n *network) change(k int) {
	dir := n.fork(k)
	refs := refsOf(n.t, dir)
	names := slices.Sorted(maps.Keys(refs))
	name := ""
	if len(names) > 0 {
		name = names[n.r.IntN(len(names))]
	}
	switch tag := fmt.Sprintf("refs/tags/t%d", n.r.IntN(4)); n.r.IntN(9) {
	case 0, 1:
		if name != "" {
			git(n.t, dir, nil, "update-ref", "-d", name)
		}
	case 2:
		blob := git(n.t, dir, fmt.Appendf(nil, "mark-%c alone %d\n", 'a'+n.r.IntN(6), n.r.IntN(3)), "hash-object", "-w", "--stdin")
		git(n.t, dir, nil, "update-ref", tag, strings.TrimSpace(blob))
	case 3:
		if name != "" && strings.HasPrefix(name, "refs/heads/") {
			git(n.t, dir, nil, "update-ref", tag, strings.TrimSpace(git(n.t, dir, nil, "rev-parse", name+"^{tree}")))
		}
	case 4, 5:
		if name != "" {
			git(n.t, dir, nil, "-c", "user.name=a", "-c", "user.email=a@example.com", "tag", "-f", "-a", "-m",
				fmt.Sprintf("mark-%c", 'a'+n.r.IntN(6)), strings.TrimPrefix(tag, "refs/tags/"), name)
		}
	default:
		n.commit(k)
	}
}

// fetch brings the plain clone of a fork and its part of the store up to date.
func (n *network) fetch(k int) {
	git(n.t, n.plain(k), nil, "-c", "gc.auto=0", "fetch", "-q", "--prune", n.fork(k), "+refs/*:refs/*")
	git(n.t, n.store(), nil, "-c", "gc.auto=0", "fetch", "-q", "--no-tags", "--prune", n.fork(k), fmt.Sprintf("+refs/*:refs/r/%d/*", k))
	now := map[string]bool{}
	for _, id := range refsOf(n.t, n.fork(k)) {
		now[id] = true
		n.seen[k][id] = true
	}
	var keep bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(n.seen[k])) {
		if !now[id] || n.r.IntN(4) == 0 { // one that is a tip may be kept, too
			fmt.Fprintf(&keep, "update refs/seen/%d/%s %s\n", k, id, id)
		}
	}
	git(n.t, n.store(), keep.Bytes(), "update-ref", "--stdin")
	if n.r.IntN(4) == 0 {
		git(n.t, n.store(), nil, "repack", "-adq")
	}
	if n.r.IntN(4) == 0 {
		git(n.t, n.store(), nil, "pack-refs", "--all")
	}
}

// compare holds what is told of a part of the store to what is told of the clone by itself.
func (n *network) compare(k int, d *detect.Detector, marks remembered) *scan.Result {
	t := n.t
	t.Helper()
	o := gitscan.Options{NoUnreachable: n.r.IntN(4) == 0}
	if names := slices.Sorted(maps.Keys(refsOf(t, n.fork(k)))); len(names) > 0 && n.r.IntN(4) == 0 {
		o.Branches = []string{names[n.r.IntN(len(names))]}
	}
	narrowed := o.NoUnreachable || o.Branches != nil
	want := scanWith(t, n.plain(k), o, d, 2)
	o.Part = n.part(k)
	forget := []func() bool{func() bool { return true }, never, func() bool { return n.r.IntN(3) == 0 }}[n.r.IntN(3)]
	got := scanRemembering(t, n.store(), d, o, marks, forget)
	compareFindings(t, got.Findings, want.Findings)
	compareFindings(t, got.Suppressed, want.Suppressed)
	a, b := &got.Stats, &want.Stats
	if a.Commits != b.Commits || a.NonBlobs != b.NonBlobs || a.Messages != b.Messages ||
		a.Scanned+a.Skipped[scan.SkipKnown]+a.Skipped[scan.SkipBinary] != b.Scanned+b.Skipped[scan.SkipBinary] {
		t.Errorf("counts of a part: %+v\nby itself: %+v", a, b)
	}
	if narrowed {
		return got
	}
	blobs, refs := listed(t, n.store(), o)
	all, _ := listed(t, n.plain(k), gitscan.Options{})
	if !maps.Equal(blobs, all) {
		t.Errorf("blobs %v, want %v", blobs, all)
	}
	if own := refsOf(t, n.fork(k)); !maps.Equal(refs, own) {
		t.Errorf("refs %v, want %v", refs, own)
	}
	return got
}

// listed are the blobs and refs that a repository tells of.
func listed(t *testing.T, dir string, o gitscan.Options) (blobs map[string]bool, refs map[string]string) {
	t.Helper()
	repo, err := gitscan.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	blobs, refs = map[string]bool{}, map[string]string{}
	if err := repo.Blobs(context.Background(), func(_ scan.BlobRef, id []byte) { blobs[hex.EncodeToString(id)] = true }); err != nil {
		t.Fatal(err)
	}
	repo.Refs(func(name, id string) { refs[name] = id })
	return blobs, refs
}

// TestPartAgainstPlain: what is found in a repository's part of a store that a fork network shares is what is found in a clone
// of that repository alone, with all that it has lost, whatever its forks have and whatever was searched before.
func TestPartAgainstPlain(t *testing.T) {
	rules := []*detect.Detector{parseRules(t, markRules), parseRules(t, conditionRules)}
	found, left, notes := 0, int64(0), map[string]int{}
	for seed := range uint64(4) {
		n := &network{t: t, r: rand.New(rand.NewPCG(seed, 23)), root: t.TempDir(), format: []string{"sha1", "sha256"}[seed%2]}
		n.init(n.store())
		marks := remembered{}
		n.add()
		for step := range 12 {
			if n.forks < 4 && n.r.IntN(4) == 0 {
				n.add()
			}
			k := n.r.IntN(n.forks)
			for range 1 + n.r.IntN(3) {
				n.change(k)
			}
			n.fetch(k)
			got := n.compare(n.r.IntN(n.forks), rules[seed/2%2], marks)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
			left += got.Stats.Skipped[scan.SkipKnown]
			for _, f := range got.Findings {
				for _, p := range f.Places {
					found++
					notes[fmt.Sprint(p.Reachable, p.Note)]++
				}
			}
		}
	}
	for _, note := range []string{"true", "falseunreachable commit", "truecommit message", "falsecommit message", "truetag message", "falsetag message",
		"truetagged tree", "truetagged blob", "falseunreachable object"} {
		if notes[note] == 0 {
			t.Errorf("no place is %q: %v", note, notes)
		}
	}
	if left == 0 {
		t.Error("nothing was left out")
	}
}

// TestPartOfBroken: what is wrong with the forks is not told, and what is wrong with the repository is.
func TestPartOfBroken(t *testing.T) {
	root := t.TempDir()
	n := &network{t: t, r: rand.New(rand.NewPCG(1, 1)), root: root, format: "sha1"}
	dir := n.store()
	n.init(dir)
	var im importer
	first := im.commit("main", "first", nil, "a=mark-a")
	other := im.commit("other", "other", []int{first}, "b=mark-b", "d/c=mark-c")
	im.tag("v1", "mark-d", other)
	im.load(t, dir, false)
	head, gone := strings.TrimSpace(git(t, dir, nil, "rev-parse", "main")), strings.TrimSpace(git(t, dir, nil, "rev-parse", "other:b"))
	for name, id := range map[string]string{"refs/r/0/heads/main": "main", "refs/r/1/heads/x": "other", "refs/r/1/tags/v1": "v1", "refs/r/10/heads/x": "other", "refs/seen/1/" + gone: gone} {
		git(t, dir, nil, "update-ref", name, id)
	}
	if err := os.Remove(filepath.Join(dir, "objects", gone[:2], gone[2:])); err != nil {
		t.Fatal(err)
	}
	git(t, dir, nil, "symbolic-ref", "refs/r/0/remotes/origin/HEAD", "refs/r/0/heads/main")
	writeFile(t, filepath.Join(dir, "refs/r/1/heads/broken"), "none\n")
	part := n.part(0)
	part.Odd = map[string]string{"refs/heads/a b": head}
	res := scanRepo(t, dir, gitscan.Options{Part: part}, markRules, 2)
	if !res.Stats.Complete || len(res.Findings) != 1 || !slices.Equal(res.Findings[0].Places[0].AtTip, []string{"refs/heads/a b", "refs/heads/main"}) {
		t.Errorf("%+v, %v", res.Findings, res.Stats.Problems)
	}
	res = scanRepo(t, dir, gitscan.Options{Part: part, Branches: []string{"HEAD"}}, markRules, 2)
	if res.Stats.Commits != 1 || len(res.Findings) != 1 {
		t.Errorf("HEAD: %+v", res.Stats)
	}
	res = scanRepo(t, dir, gitscan.Options{Part: n.part(1)}, markRules, 2)
	if res.Stats.ProblemCount != 2 || len(res.Findings) != 3 {
		t.Errorf("%+v, %v", res.Findings, res.Stats.Problems)
	}
	for _, p := range []gitscan.Part{{}, {Refs: "refs/r/0"}, {Refs: "refs/../"}, {Refs: "refs/r/0/", Lost: "x"}, {Refs: "/refs/r/0/"}} {
		if repo, err := gitscan.Open(dir, gitscan.Options{Part: &p}); err == nil {
			repo.Close()
			t.Errorf("%+v is taken", p)
		}
	}
	if repo, err := gitscan.Open(dir, gitscan.Options{Part: part, KeepState: true}); err == nil {
		repo.Close()
		t.Error("a state of a part is kept")
	}
}
