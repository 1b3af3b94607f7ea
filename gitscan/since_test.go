package gitscan_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// sinceChain is a repository that is changed at random and scanned now and then, each scan building on the one before.
type sinceChain struct {
	t     *testing.T
	r     *rand.Rand
	dir   string
	o     gitscan.Options
	known map[string]bool // objects at the last scan, as git tells
	state *gitscan.State
	told  map[string]bool // introductions that any scan told
	n     int             // branches made
	again int             // objects told again, in doubt
}

// TestSinceScanAgainstWhole: after any changes, a scan that builds on an earlier one tells just what a whole scan tells
// of commits that were not there then, with the same places, and of blobs that no commit has. All such scans together
// have told what the last whole one tells of commits.
func TestSinceScanAgainstWhole(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := &sinceChain{t: t, r: rand.New(rand.NewPCG(seed, 17)), dir: t.TempDir(), told: map[string]bool{}}
			c.o.NoUnreachable = seed%4 == 3
			format := "sha1"
			if seed%3 == 2 {
				format = "sha256"
			}
			git(t, c.dir, nil, "init", "-q", "--bare", "--object-format="+format)
			found := 0
			for range 14 {
				for range c.r.IntN(4) {
					c.change()
				}
				found += c.scan()
			}
			t.Logf("%d objects without a commit were told again", c.again)
			if found == 0 {
				t.Error("nothing was found after the first scan")
			}
			for _, f := range c.whole().Findings {
				for _, p := range f.Places {
					// Without a commit, a place may be new without anything else being so: by a ref, or when commits go.
					if key := told(&f, &p); p.Introduced != nil && !c.told[key] {
						t.Errorf("no scan told %s", key)
					}
				}
			}
		})
	}
}

// TestSinceScanConditions: findings that depend on other files are told by the scan that first has the commit.
func TestSinceScanConditions(t *testing.T) {
	found := 0
	for seed := range uint64(4) {
		dir := t.TempDir()
		git(t, dir, nil, "init", "-q", "--bare")
		r := rand.New(rand.NewPCG(seed, 19))
		git(t, dir, randomConditions(r, 50, false), "fast-import", "--quiet", "--force")
		whole := scanRepo(t, dir, gitscan.Options{}, conditionRules, 2)
		part := t.TempDir() // has ever more of the commits
		git(t, part, nil, "init", "-q", "--bare")
		known := map[string]bool{}
		var state *gitscan.State
		for _, n := range []int{10, 25, 26, 40, 50} {
			fetch := []string{"fetch", "-q", dir}
			for i := 1; i <= n; i++ {
				fetch = append(fetch, fmt.Sprintf("refs/heads/b%d:refs/heads/b%d", i, i))
			}
			git(t, part, nil, fetch...)
			commits := revListAll(t, part)
			want := map[string]bool{}
			for _, f := range whole.Findings {
				for _, p := range f.Places {
					if p.Introduced != nil && commits[p.Introduced.ID] && !known[p.Introduced.ID] {
						want[told(&f, &p)] = true
					}
				}
			}
			var res *scan.Result
			res, state = scanKeeping(t, part, gitscan.Options{SinceScan: state, KeepState: true}, conditionRules)
			got := map[string]bool{}
			for _, f := range res.Findings {
				for _, p := range f.Places {
					got[told(&f, &p)] = true
				}
			}
			if diff := difference("place", got, want); diff != "" {
				t.Fatalf("seed %d, %d commits:\n%s", seed, n, diff)
			}
			if len(known) > 0 {
				found += len(got)
			}
			known = commits
		}
	}
	if found == 0 {
		t.Error("nothing was found after the first scan")
	}
}

// change does something to the repository.
func (c *sinceChain) change() {
	refs := strings.Fields(git(c.t, c.dir, nil, "for-each-ref", "--format=%(refname)", "refs/heads"))
	switch c.r.IntN(9) {
	default:
		args := []string{"-c", "fastimport.unpackLimit=" + []string{"1", "1000"}[c.r.IntN(2)], "fast-import", "--quiet", "--force"}
		git(c.t, c.dir, c.stream(), args...)
	case 0:
		if len(refs) > 3 {
			git(c.t, c.dir, nil, "update-ref", "-d", refs[c.r.IntN(len(refs))])
		}
	case 1:
		git(c.t, c.dir, nil, "gc", "-q", "--prune=now")
	case 2:
		git(c.t, c.dir, nil, "repack", "-q", "-A", "-d", "-f")
	case 3:
		commits := c.ids("commit")
		if len(commits) > 0 { // perhaps of a commit that no ref had
			c.n++
			git(c.t, c.dir, nil, "update-ref", fmt.Sprintf("refs/heads/again%d", c.n), commits[c.r.IntN(len(commits))])
		}
	case 4:
		text := fmt.Sprintf("loose %d\nmark-%c\n", c.r.IntN(4), 'a'+c.r.IntN(6))
		git(c.t, c.dir, []byte(text), "hash-object", "-w", "--stdin")
	case 5:
		if ids := c.ids("blob", "tree", "commit"); len(ids) > 0 {
			c.n++
			id := ids[c.r.IntN(len(ids))]
			if c.r.IntN(2) == 0 {
				git(c.t, c.dir, nil, "update-ref", fmt.Sprintf("refs/tags/direct%d", c.n), id)
				break
			}
			git(c.t, c.dir, nil, "-c", "user.name=A", "-c", "user.email=a@example.com", "tag", "-a", "-m", fmt.Sprintf("tag mark-%c", 'a'+c.r.IntN(6)),
				fmt.Sprintf("note%d", c.n), id)
		}
	}
}

func (c *sinceChain) ids(wanted ...string) (ids []string) {
	for id, kind := range kinds(c.t, c.dir) {
		if slices.Contains(wanted, kind) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// stream is a fast-import stream of a few commits upon any that are there.
func (c *sinceChain) stream() []byte {
	var b bytes.Buffer
	there := c.ids("commit")
	r := c.r
	for i := 1; i <= 1+r.IntN(4); i++ {
		c.n++
		message := "c"
		if r.IntN(5) == 0 {
			message = fmt.Sprintf("mark-%c", 'a'+r.IntN(6))
		}
		fmt.Fprintf(&b, "commit refs/heads/b%d\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata %d\n%s\n", c.n, i,
			1_700_000_000+r.IntN(50), len(message), message)
		verb := "from"
		for range r.IntN(4) {
			parent := ""
			if i > 1 && r.IntN(2) == 0 {
				parent = fmt.Sprintf(":%d", 1+r.IntN(i-1))
			} else if len(there) > 0 {
				parent = there[r.IntN(len(there))]
			}
			if parent != "" && !strings.Contains(b.String()[strings.LastIndex(b.String(), "commit refs/"):], parent+"\n") {
				fmt.Fprintf(&b, "%s %s\n", verb, parent)
				verb = "merge"
			}
		}
		for range r.IntN(4) {
			p := []string{"a", "b", "dir/a", "dir/sub/c"}[r.IntN(4)]
			if r.IntN(5) == 0 {
				fmt.Fprintf(&b, "D %s\n", p)
				continue
			}
			text := fmt.Sprintf("line %d\n", r.IntN(2))
			for m := range 4 {
				if r.IntN(3) == 0 {
					text += fmt.Sprintf("mark-%c\n", 'a'+m)
				}
			}
			fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", p, len(text), text)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (c *sinceChain) whole() *scan.Result {
	return scanRepo(c.t, c.dir, gitscan.Options{NoUnreachable: c.o.NoUnreachable}, markRules, 2)
}

// scan scans, compares with a whole scan, and gives how much an incremental scan found.
func (c *sinceChain) scan() int {
	t := c.t
	t.Helper()
	o := c.o
	o.SinceScan, o.KeepState = c.state, true
	res, state := scanKeeping(t, c.dir, o, markRules)
	if !res.Stats.Complete {
		t.Fatalf("incomplete: %v", res.Stats.Problems)
	}
	objects := kinds(t, c.dir)
	if !c.o.NoUnreachable && res.Stats.Objects != int64(len(objects)) {
		t.Fatalf("%d objects, git counts %d: %+v", res.Stats.Objects, len(objects), res.Stats)
	}
	got := introductions(res.Findings, nil)
	want := introductions(c.whole().Findings, c.known)
	for _, f := range res.Findings {
		for _, p := range f.Places {
			c.told[told(&f, &p)] = true
		}
	}
	for key := range got {
		// What no commit has may be told again after everything was packed anew.
		if !want[key] && strings.HasPrefix(key, "- ") && introductions(c.whole().Findings, nil)[key] {
			c.again++
			delete(got, key)
		}
	}
	if diff := difference("place", got, want); diff != "" {
		t.Fatalf("after %d objects, now %d:\n%s", len(c.known), len(objects), diff)
	}
	found := len(got)
	if c.state == nil {
		found = 0
	}
	c.state, c.known = state, map[string]bool{}
	for id := range objects {
		c.known[id] = true
	}
	if c.o.NoUnreachable { // only what refs reached was looked at
		c.known = revListAll(t, c.dir)
	}
	return found
}

func revListAll(t *testing.T, dir string) map[string]bool {
	ids := map[string]bool{}
	for line := range strings.Lines(git(t, dir, nil, "rev-list", "--objects", "--all")) {
		ids[strings.Fields(line)[0]] = true
	}
	return ids
}

// told is what one place is about, whatever became of it later.
func told(f *scan.Finding, p *scan.Place) string {
	commit := "-"
	if p.Introduced != nil {
		commit = p.Introduced.ID
	}
	return fmt.Sprintf("%s %s %s %s", f.Fingerprint, f.Secret.Reveal(), p.Path, commit)
}

// introductions are the places whose commit, or without one whose object, is not known.
func introductions(findings []scan.Finding, known map[string]bool) map[string]bool {
	keys := map[string]bool{}
	for _, f := range findings {
		for _, p := range f.Places {
			commit, removed, by := "-", "", p.Blob
			if p.Introduced != nil {
				commit, by = p.Introduced.ID, p.Introduced.ID
			}
			if known[by] {
				continue
			}
			if p.Removed != nil {
				removed = p.Removed.ID
			}
			keys[fmt.Sprintf("%s %s:%d %s %s removed %s", commit, p.Path, p.Line, p.Blob, f.Secret.Reveal(), removed)] = true
			for _, tip := range p.AtTip {
				keys[fmt.Sprintf("%s %s:%d %s at %s", commit, p.Path, p.Line, f.Secret.Reveal(), tip)] = true
			}
		}
	}
	return keys
}

// scanKeeping scans and gives the state, written and read again.
func scanKeeping(t testing.TB, dir string, o gitscan.Options, rules string) (*scan.Result, *gitscan.State) {
	t.Helper()
	d := parseRules(t, rules)
	repo, err := gitscan.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	res, err := scan.Run(context.Background(), repo, d, 2)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := repo.State(repo.Terms("test", d.Rules().Hash())).Write(&b); err != nil {
		t.Fatal(err)
	}
	state, err := gitscan.ReadState(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	return res, state
}
