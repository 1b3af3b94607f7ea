package gitscan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan"
	"rummage/scan"
)

// TestNarrowedAgainstNaive holds --branch, --since and --range to their definitions on random histories: a secret is
// reported where a commit of the selection introduces it, whatever other commits have; one that a parent outside has
// is not new.
func TestNarrowedAgainstNaive(t *testing.T) {
	found := 0
	for seed := range uint64(6) {
		dir := t.TempDir()
		r := rand.New(rand.NewPCG(seed, 7))
		git(t, dir, nil, "init", "-q", "--bare")
		git(t, dir, randomHistory(r, 40), "fast-import", "--quiet", "--force")
		commits, refs := naive(t, dir)
		for range 12 {
			o, wanted := randomSelection(r, commits, refs)
			res := scanRepo(t, dir, o, markRules, 2)
			if !res.Stats.Complete {
				t.Fatalf("seed %d, %+v: incomplete: %v", seed, o, res.Stats.Problems)
			}
			if got := res.Stats.Commits; got != int64(len(wanted)) {
				t.Errorf("seed %d, %+v: %d commits, want %d", seed, o, got, len(wanted))
			}
			found += len(res.Findings)
			n := narrowedNaive{commits: commits, refs: refs, wanted: wanted}
			if diff := n.compare(res.Findings); diff != "" {
				t.Fatalf("seed %d, %+v:\n%s", seed, o, diff)
			}
		}
	}
	if found == 0 {
		t.Error("no selection has anything to find")
	}
}

// randomSelection makes options and the set of commits that they select.
func randomSelection(r *rand.Rand, commits map[string]*naiveCommit, refs map[string]string) (o gitscan.Options, wanted map[string]bool) {
	ids := slices.Sorted(maps.Keys(commits))
	names := slices.Sorted(maps.Keys(refs))
	any := func() string { return ids[r.IntN(len(ids))] }
	var from, not []string
	switch r.IntN(3) {
	case 0:
		a, b := any(), any()
		o.Range, from, not = a+".."+b, []string{b}, []string{a}
	case 1:
		for range 1 + r.IntN(2) {
			name := names[r.IntN(len(names))]
			o.Branches, from = append(o.Branches, name), append(from, refs[name])
		}
		if r.IntN(2) == 0 {
			o.Since = any()
			not = []string{o.Since}
		}
	default:
		o.Since = any()
		not, from = []string{o.Since}, slices.Collect(maps.Values(refs))
	}
	wanted = map[string]bool{}
	reach(commits, from, func(id string) { wanted[id] = true })
	reach(commits, not, func(id string) { delete(wanted, id) })
	return o, wanted
}

func reach(commits map[string]*naiveCommit, from []string, visit func(string)) {
	seen := map[string]bool{}
	for len(from) > 0 {
		id := from[len(from)-1]
		from = from[:len(from)-1]
		if !seen[id] {
			seen[id] = true
			visit(id)
			from = append(from, commits[id].parents...)
		}
	}
}

// narrowedNaive works out what a narrowed scan should say.
type narrowedNaive struct {
	commits map[string]*naiveCommit
	refs    map[string]string
	wanted  map[string]bool
}

// inside reports whether a commit holds a mark that a commit of the selection brought in.
func (n *narrowedNaive) inside(id, path, mark string) bool {
	c := n.commits[id]
	if !n.wanted[id] || !c.holds[path][mark] {
		return false
	}
	before := false
	for _, p := range c.parents {
		before = before || n.commits[p].holds[path][mark]
		if n.inside(p, path, mark) {
			return true
		}
	}
	return !before
}

func (n *narrowedNaive) compare(findings []scan.Finding) string {
	introduced, removed, tips := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range findings {
		m := f.Secret.Reveal()
		for _, p := range f.Places {
			if p.Introduced == nil {
				return fmt.Sprintf("%s at %s has no introduction", m, p.Path)
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
	wantIntroduced, wantRemoved, wantTips := map[string]bool{}, map[string]bool{}, map[string]bool{}
	reached := map[string]bool{}
	reach(n.commits, slices.Collect(maps.Values(n.refs)), func(id string) { reached[id] = true })
	for id := range n.wanted {
		c := n.commits[id]
		for path, marks := range c.holds {
			for m := range marks {
				if !slices.ContainsFunc(c.parents, func(p string) bool { return n.commits[p].holds[path][m] }) {
					wantIntroduced[id+" "+path+" "+m] = true
				}
			}
		}
		for _, p := range c.parents {
			for path, marks := range n.commits[p].holds {
				for m := range marks {
					if key := id + " " + path + " " + m; !c.holds[path][m] && n.inside(p, path, m) && (len(c.parents) == 1 && reached[id] || removed[key]) {
						// A merge may, but need not, be what removes; nor does a commit that no ref reaches.
						wantRemoved[key] = true
					}
				}
			}
		}
	}
	for ref, id := range n.refs {
		for path, marks := range n.commits[id].holds {
			for m := range marks {
				if n.inside(id, path, m) {
					wantTips[ref+" "+path+" "+m] = true
				}
			}
		}
	}
	return difference("introduced", introduced, wantIntroduced) + difference("removed", removed, wantRemoved) +
		difference("at tip", tips, wantTips)
}

func difference(what string, got, want map[string]bool) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if !want[k] {
			fmt.Fprintf(&b, "%s: %s is wrong\n", what, k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if !got[k] {
			fmt.Fprintf(&b, "%s: %s is missing\n", what, k)
		}
	}
	return b.String()
}
