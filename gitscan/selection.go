package gitscan

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rummage/gitscan/internal/pack"
)

// sel marks the wanted commits: those that some commits reach and others do not.
func (r *Repo) sel() error {
	g := r.graph
	if r.o.SinceScan != nil {
		return r.selNew()
	}
	if !r.o.narrowed() {
		for i := range g.nodes {
			g.nodes[i].wanted = true
		}
		return nil
	}
	from, not, err := r.bounds()
	if err != nil {
		return err
	}
	for _, n := range from {
		g.reach(n, func(c *commitNode) bool {
			again := c.wanted
			c.wanted = true
			return !again
		})
	}
	done := map[*commitNode]bool{}
	for _, n := range not {
		g.reach(n, func(c *commitNode) bool {
			again := done[c]
			done[c], c.wanted = true, false
			return !again
		})
	}
	return nil
}

// bounds are the commits from which a narrowed scan starts, and those at which it stops.
func (r *Repo) bounds() (from, not []int32, err error) {
	if r.o.Range != "" {
		a, b, ok := strings.Cut(r.o.Range, "..")
		if !ok || strings.HasPrefix(b, ".") {
			return nil, nil, fmt.Errorf("range %q: want A..B", r.o.Range)
		}
		na, err := r.revision(a)
		if err != nil {
			return nil, nil, err
		}
		nb, err := r.revision(b)
		return []int32{nb}, []int32{na}, err
	}
	if err := r.checkBranches(); err != nil {
		return nil, nil, err
	}
	for i, n := range r.tipNodes {
		if slices.ContainsFunc(r.tipRefs[i], r.selectedRef) {
			from = append(from, n)
		}
	}
	if r.o.Since != "" {
		n, err := r.revision(r.o.Since)
		return from, []int32{n}, err
	}
	return from, nil, nil
}

// selectedRef reports whether Branches names a ref, or names nothing.
func (r *Repo) selectedRef(name string) bool {
	if len(r.o.Branches) == 0 {
		return true
	}
	if r.selected == nil {
		r.selected = map[string]bool{}
		for _, b := range r.o.Branches {
			for _, full := range r.fullNames(b) {
				r.selected[full] = true
			}
		}
	}
	return r.selected[name]
}

// selectedTip reports whether what a ref leads to without a commit is to be searched: a tree or blob has no date, and
// so is left out when the scan is of the commits after others.
func (r *Repo) selectedTip(name string) bool {
	return r.o.Since == "" && r.o.Range == "" && r.selectedRef(name)
}

// selectedTag reports whether an annotated tag's message is to be searched.
func (r *Repo) selectedTag(t *tagObject) bool {
	if r.o.SinceScan != nil && !r.o.NoUnreachable {
		return !r.wasThere(t.ord)
	}
	return !r.wasThere(t.ord) && slices.ContainsFunc(t.reached, r.selectedTip)
}

// fullNames are the refs that a short name may mean, in git's order (gitrevisions(7)).
func (r *Repo) fullNames(short string) []string {
	names := []string{short, "refs/" + short, "refs/tags/" + short, "refs/heads/" + short, "refs/remotes/" + short,
		"refs/remotes/" + short + "/HEAD"}
	if short == "HEAD" || short == "@" {
		names = []string{r.headRef()}
	}
	for i, name := range names {
		for range maxPeel {
			target, ok := r.symbolic[name]
			if !ok {
				break
			}
			name = target
		}
		names[i] = name
	}
	return names
}

func (r *Repo) checkBranches() error {
	for _, b := range r.o.Branches {
		names := r.fullNames(b)
		if !slices.ContainsFunc(r.refs, func(rf ref) bool { return slices.Contains(names, rf.name) }) {
			return fmt.Errorf("no branch, tag or ref is named %q", b)
		}
	}
	return nil
}

// headRef is the ref that HEAD names, or "HEAD" itself when it is detached.
func (r *Repo) headRef() string {
	if r.o.Part != nil {
		return r.o.Part.Head
	}
	name, err := readSmall(r.dirs.files, filepath.Join(r.dirs.gitDir, "HEAD"))
	if err != nil {
		return ""
	}
	if target, ok := strings.CutPrefix(strings.TrimSpace(string(name)), "ref:"); ok {
		return strings.TrimSpace(target)
	}
	return "HEAD"
}

// revision finds the commit that REV means: a ref by short or full name, the id of a commit or annotated tag or its
// unique beginning, HEAD or @, FETCH_HEAD and its like, each followed by any of ~N, ^N and ^{commit} (gitrevisions(7)).
// Dates and searches are not understood.
func (r *Repo) revision(rev string) (int32, error) {
	name, steps := rev, ""
	if i := strings.IndexAny(rev, "~^"); i >= 0 {
		name, steps = rev[:i], rev[i:]
	}
	n, err := r.named(name)
	if err != nil {
		return 0, err
	}
	for steps != "" {
		op := steps[0]
		steps = steps[1:]
		if op == '^' && strings.HasPrefix(steps, "{") {
			what, rest, ok := strings.Cut(steps[1:], "}")
			if !ok || what != "" && what != "commit" {
				return 0, fmt.Errorf("revision %q: %q is not understood", rev, "^"+steps)
			}
			steps = rest
			continue
		}
		digits := len(steps) - len(strings.TrimLeft(steps, "0123456789"))
		count := 1
		if digits > 0 {
			if count, err = strconv.Atoi(steps[:digits]); err != nil {
				return 0, fmt.Errorf("revision %q: %q is too large", rev, steps[:digits])
			}
		}
		steps = steps[digits:]
		if steps != "" && steps[0] != '~' && steps[0] != '^' {
			return 0, fmt.Errorf("revision %q is not understood", rev)
		}
		if n, err = r.step(rev, n, op, count); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (r *Repo) step(rev string, n int32, op byte, count int) (int32, error) {
	if op == '^' {
		if count == 0 {
			return n, nil
		}
		if p := r.graph.parents(n); count <= len(p) {
			return p[count-1], nil
		}
		return 0, fmt.Errorf("revision %q: the commit has no parent %d", rev, count)
	}
	for range count {
		p := r.graph.parents(n)
		if len(p) == 0 {
			return 0, fmt.Errorf("revision %q: history is not that long", rev)
		}
		n = p[0]
	}
	return n, nil
}

func (r *Repo) named(name string) (int32, error) {
	if name == "" {
		name = "HEAD"
	}
	if len(name) == 2*r.format.objects.Size() { // a whole id goes before a ref of that name
		if n, ok, err := r.byPrefix(name); err != nil || ok {
			return n, err
		}
	}
	for _, full := range r.fullNames(name) {
		for i, names := range r.tipRefs {
			if _, ok := slices.BinarySearch(names, full); ok {
				return r.tipNodes[i], nil
			}
		}
	}
	if n, ok, err := r.byPrefix(name); err != nil || ok {
		return n, err
	}
	if id, ok := r.pseudoRef(name); ok {
		if n, ok, err := r.byPrefix(id); err != nil || ok {
			return n, err
		}
	}
	return 0, fmt.Errorf("no commit is named %q", name)
}

// pseudoRef is the id in a file such as FETCH_HEAD or ORIG_HEAD, which are beside HEAD.
func (r *Repo) pseudoRef(name string) (hex string, ok bool) {
	if r.part != nil || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return "", false
	}
	data, err := readSmall(r.dirs.files, filepath.Join(r.dirs.gitDir, name))
	n := 2 * r.format.objects.Size()
	if err != nil || len(data) < n {
		return "", false
	}
	return string(data[:n]), true
}

// minAbbrev is the shortest beginning of an id that git takes for one.
const minAbbrev = 4

// byPrefix finds the commit whose id begins so, or that an annotated tag leads to whose id does.
func (r *Repo) byPrefix(hex string) (node int32, ok bool, err error) {
	f := r.format.objects
	if len(hex) < minAbbrev || len(hex) > 2*f.Size() || strings.Trim(hex, "0123456789abcdefABCDEF") != "" {
		return 0, false, nil
	}
	hex = strings.ToLower(hex)
	var found pack.ID
	var others bool
	match := func(id pack.ID, n int32) {
		others = others || ok && id != found
		node, ok, found = n, true, id
	}
	for n := range r.graph.nodes {
		if id := r.store.ID(r.graph.nodes[n].ord); strings.HasPrefix(f.Hex(id), hex) {
			match(id, int32(n))
		}
	}
	for i := range r.graph.tags {
		if t := &r.graph.tags[i]; strings.HasPrefix(f.Hex(t.id), hex) {
			if n, leads := r.peel(t); leads {
				match(t.id, n)
			}
		}
	}
	if others {
		return 0, false, fmt.Errorf("commit id %q is ambiguous", hex)
	}
	return node, ok, nil
}

// peel is the commit that a tag leads to, perhaps through other tags.
func (r *Repo) peel(t *tagObject) (int32, bool) {
	for range maxPeel {
		ord, ok := r.store.Find(t.target)
		if !ok {
			return 0, false
		}
		if n, ok := r.graph.node(ord); ok {
			return n, true
		}
		i := slices.IndexFunc(r.graph.tags, func(x tagObject) bool { return x.ord == ord })
		if i < 0 {
			return 0, false
		}
		t = &r.graph.tags[i]
	}
	return 0, false
}
