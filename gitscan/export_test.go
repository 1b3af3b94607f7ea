package gitscan

import (
	"bytes"
	"context"
	"fmt"
	"reflect"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Revision gives the commit that a revision means, in hexadecimal, of a repository that was searched.
func (r *Repo) Revision(rev string) (string, error) {
	n, err := r.revision(rev)
	if err != nil {
		return "", err
	}
	return r.format.objects.Hex(r.store.ID(r.graph.nodes[n].ord)), nil
}

// ReadIndex lists the index as "ID PATH".
func (r *Repo) ReadIndex() (lines []string, err error) {
	entries, err := r.readIndex()
	for _, e := range entries {
		lines = append(lines, r.format.objects.Hex(e.id)+" "+e.path)
	}
	return lines, err
}

// ReadConfig lists a configuration as "NAME=VALUE".
func ReadConfig(data []byte) (lines []string, err error) {
	entries, err := parseConfig(data)
	for _, e := range entries {
		lines = append(lines, e.name+"="+e.value)
	}
	return lines, err
}

// Prepared reports whether what a search begins with has been done.
func (r *Repo) Prepared() bool { return r.store.Prepared() }

// Skim searches for nothing.
func (r *Repo) Skim(ctx context.Context) error {
	return r.Search(ctx, 1, func() scan.Visitor { return skimmer{} })
}

type skimmer struct{}

func (skimmer) Visit(scan.BlobRef, []byte) scan.SkipReason { return "" }

func (skimmer) VisitAll(scan.BlobRef, []byte) scan.SkipReason { return "" }

func (skimmer) VisitDelta(scan.BlobRef, []byte, scan.Delta) scan.SkipReason { return "" }

// MadeState is a state file with one list, whatever is in it, and the right sum.
func MadeState(objects, field string, list []byte) []byte {
	f := stateFile{Schema: stateSchema, Objects: objects, Packs: []byte{}, Commits: []byte{}, Tags: []byte{}, Loose: []byte{}, Apart: []byte{}}
	*map[string]*[]byte{"packs": &f.Packs, "commits": &f.Commits, "tags": &f.Tags, "loose": &f.Loose, "apart": &f.Apart}[field] = list
	f.Check = f.sum()
	return f.encode()
}

// StateTerms are the terms of a state.
func StateTerms(s *State) Terms { return s.terms }

// Landmarks tells how many commits are listed when a state may list about so many, and how many they reach.
func (r *Repo) Landmarks(limit int) (listed, reached int) {
	marks := r.landmarks(true, limit)
	seen := map[*commitNode]bool{}
	for _, n := range marks {
		r.graph.reach(n, func(c *commitNode) bool {
			again := seen[c]
			seen[c] = true
			return !again
		})
	}
	return len(marks), len(seen)
}

// Lookahead sets the bounds of what attribution compares ahead.
func (r *Repo) Lookahead(commits, changes, paths, depth, runs int) {
	r.look = lookahead{commits, changes, paths, depth, runs}
}

// Ahead tells of a repository that was searched, how many commits are compared ahead and how many are left.
func (r *Repo) Ahead(ctx context.Context, workers int) (made, left int, err error) {
	r.workers = workers
	order, err := r.parentsFirst(ctx)
	if err != nil {
		return 0, 0, err
	}
	err = r.ahead(ctx, order, nil, func(n int32, c *comparison) {
		if c == nil {
			left++
			return
		}
		made++
		var got, want []change
		keep := func(list *[]change) func(change) {
			return func(c change) {
				c.path = bytes.Clone(c.path)
				*list = append(*list, change{path: c.path, old: c.old, new: c.new})
			}
		}
		c.each(keep(&got))
		d := r.differ(keep(&want))
		d.diff(r.trees(n))
		if !reflect.DeepEqual(got, want) {
			err = fmt.Errorf("commit %d: %v, want %v", n, got, want)
		}
	})
	return made, left, err
}

// ReadsAllRefs reports of a push that was searched whether it has read all refs.
func (p *Push) ReadsAllRefs() bool { return p.named != nil }

// IDsOfRefs are the ids that refs of these names have, in hexadecimal.
func (r *Repo) IDsOfRefs(names ...string) (ids []string) {
	for _, id := range idsOfRefs(r.dirs, r.format.objects, names) {
		ids = append(ids, r.format.objects.Hex(id))
	}
	return ids
}

// RefSets is how many different sets of refs RefsOf keeps.
func (p *Push) RefSets() int {
	sets := map[*uint64]bool{}
	for _, s := range p.refs.sets {
		if len(s) > 0 {
			sets[&s[0]] = true
		}
	}
	return len(sets)
}

// Followed is how many intervals the history of a push made that was searched.
func (p *Push) Followed() int { return p.followed }

// ReadWithin reads an object within a context.
func (r *Repo) ReadWithin(ctx context.Context, id string) error {
	r.endWith(ctx)
	parsed, err := r.format.objects.Parse(id)
	if err == nil {
		_, _, err = r.store.Get(parsed, 0)
	}
	return err
}

// treeLookup is a scan.Lookup that knows of watched files alone.
type treeLookup struct {
	scan.Lookup
	watched func(string) bool
}

func (l treeLookup) Watched(name string) bool { return l.watched(name) }

// WatchedBelow tells how many bytes the names of watched files below a tree have, and those of all that are remembered.
func (r *Repo) WatchedBelow(tree string, watched func(string) bool) (size, kept int) {
	var id pack.ID
	id, err := r.format.objects.Parse(tree)
	if err != nil {
		return 0, 0
	}
	v := r.treeViews(treeLookup{watched: watched})
	for _, name := range v.of(id).Watched("") {
		size += len(name)
	}
	for _, names := range v.below {
		for _, name := range names {
			kept += len(name)
		}
	}
	return size, kept
}
