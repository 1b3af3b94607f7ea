package gitscan

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Beyond is what a repository has beside packs in which there is nothing to find, or a part of a store beside what such tips lead to,
// as a scan.Source: the messages of its other commits and tags, and the blobs that these commits bring to a path. Its findings are
// those of the repository when it has none.
type Beyond struct {
	repo     *Repo
	quiet    []int                             // known packs; none where tips are known
	known    func(ord uint32, id pack.ID) bool // of a commit: it is known
	new      []uint32                          // objects that are not known: of a part, commits and tags …
	isNew    *bitmap
	chosen   *bitmap // … and the blobs, also old ones, that stand where they did not
	blobs    []uint32
	messages []ordMessage
}

type ordMessage struct {
	ord  uint32
	text []byte
}

// maxBeyond is how many objects there may be beyond known packs: of many, the whole repository is read as quickly.
const maxBeyond = 10_000

// OnlyPack is the sum of the pack that is all the store has. When nothing was found in a complete scan, that is true of every store
// with the pack: all that its commits and trees name is in it. False when there is more than one pack, or none.
func (r *Repo) OnlyPack() (sum [sha256.Size]byte, ok bool) {
	if r.part != nil || r.selective() || r.store.Packs() != 1 || len(r.store.Loose()) > 0 || r.store.Changed() || r.store.Indexed() ||
		len(r.shallow) > 0 || r.format.promisor {
		return sum, false
	}
	sum, err := r.store.PackContent(0)
	return sum, err == nil
}

// Beyond finds out what there is beside packs of which known says that there is nothing to find in them and that they have all that
// they name. It is nil where that does not tell what a scan of the whole repository would find: then the repository is to
// be opened again for that, as it is after whatever is found.
func (r *Repo) Beyond(ctx context.Context, known func(sum [sha256.Size]byte) bool) (*Beyond, error) {
	if !r.isSimple() {
		return nil, nil
	}
	b := &Beyond{repo: r, isNew: newBitmap(r.store.Len()), chosen: newBitmap(r.store.Len())}
	b.known = func(_ uint32, id pack.ID) bool { return b.has(id) }
	r.graph = newGraph(r.store)
	if !b.divide(known) {
		return nil, nil
	}
	if !b.commits() {
		return nil, nil
	}
	b.linked()
	whole, err := b.trees(ctx)
	if err != nil || !whole || r.Stats().ProblemCount > 0 {
		return nil, err
	}
	return b, nil
}

// isSimple reports whether a repository is one whose commits are all there is to it: nothing is staged, history is not cut off.
func (r *Repo) isSimple() bool {
	if r.part != nil || r.selective() || r.store.Indexed() || len(r.shallow) > 0 || r.format.promisor || r.stats.ProblemCount > 0 {
		return false
	}
	_, err := r.dirs.files.Stat(filepath.Join(r.dirs.gitDir, "index"))
	return r.o.Index == "" && errors.Is(err, os.ErrNotExist)
}

// divide tells known packs and the objects that are in none of them apart.
func (b *Beyond) divide(known func(sum [sha256.Size]byte) bool) bool {
	s := b.repo.store
	var rest []int
	loose := s.Loose()
	n := len(loose)
	for i := range s.Packs() {
		if sum, err := s.PackContent(i); err == nil && known(sum) {
			b.quiet = append(b.quiet, i)
		} else {
			rest = append(rest, i)
			n += s.PackLen(i)
		}
	}
	if len(b.quiet) == 0 || n > maxBeyond {
		return false
	}
	ok := true
	for _, i := range rest {
		s.PackOrds(i, func(ord uint32) {
			if b.has(s.ID(ord)) { // which of the two is read is not ours to say
				ok = false
			}
			b.add(ord)
		})
	}
	for _, id := range loose {
		if !b.has(id) {
			ord, _ := s.Find(id)
			b.add(ord)
		}
	}
	return ok
}

func (b *Beyond) add(ord uint32) {
	if !b.isNew.has(ord) {
		b.isNew.set(ord)
		b.new = append(b.new, ord)
	}
}

// has reports whether a known pack has an object.
func (b *Beyond) has(id pack.ID) bool {
	return slices.ContainsFunc(b.quiet, func(i int) bool { return b.repo.store.PackHas(i, id) })
}

// commits puts the new commits and tags into the graph, and what they build on. It reports whether all refs and tags lead to
// commits, and all parents are there.
func (b *Beyond) commits() bool {
	r, f := b.repo, b.repo.format.objects
	var parents []pack.ID
	for _, ord := range b.new {
		id := r.store.ID(ord)
		kind, err := r.store.Kind(id)
		if err != nil {
			return false
		}
		if kind != pack.Commit && kind != pack.Tag {
			continue
		}
		kind, data, err := r.store.Get(id, maxText)
		if err != nil || f.Hash(kind, data) != id {
			return false
		}
		if kind == pack.Tag {
			_, _, text, err := tagTarget(f, data)
			if err != nil || !b.leadsToCommit(id) {
				return false
			}
			b.messages = append(b.messages, ordMessage{ord, []byte(text)})
		} else {
			h, err := parseCommit(f, data, nil)
			if err != nil {
				return false
			}
			b.messages = append(b.messages, ordMessage{ord, h.message})
			parents = append(parents, h.parents...)
		}
		r.commitOrTag(&pack.Object{Ord: ord, Kind: kind, Data: data, Size: len(data)}, nil)
	}
	slices.SortFunc(parents, pack.ID.Compare)
	for _, id := range slices.Compact(parents) {
		if ord, ok := r.store.Find(id); ok && b.isNew.has(ord) {
			continue
		} else if !ok || !b.boundary(id, ord) {
			return false
		}
	}
	return !slices.ContainsFunc(r.refs, func(rf ref) bool { return !b.leadsToCommit(rf.id) })
}

// linked has the new commits be those that the scan is of.
func (b *Beyond) linked() {
	b.repo.link()
	for i := range b.repo.graph.nodes {
		n := &b.repo.graph.nodes[i]
		n.wanted = b.isNew.has(n.ord)
	}
}

// boundary puts a commit that new ones build on into the graph, without its own parents.
func (b *Beyond) boundary(id pack.ID, ord uint32) bool {
	kind, data, err := b.repo.store.Get(id, maxText)
	if err != nil || kind != pack.Commit || !b.known(ord, id) {
		return false
	}
	h, err := parseCommit(b.repo.format.objects, data, nil)
	if err != nil {
		return false
	}
	h.parents = nil
	b.repo.graph.addCommit(ord, h)
	return true
}

// leadsToCommit reports whether a ref or tag leads to a commit.
func (b *Beyond) leadsToCommit(id pack.ID) bool {
	s := b.repo.store
	for range maxPeel {
		kind, err := s.Kind(id)
		if err != nil || kind != pack.Tag {
			return err == nil && kind == pack.Commit
		}
		kind, data, err := s.Get(id, maxText)
		if err != nil || kind != pack.Tag {
			return false
		}
		if id, _, _, err = tagTarget(b.repo.format.objects, data); err != nil {
			return false
		}
	}
	return false
}

// trees finds the blobs that new commits bring to a path. It reports whether there are no trees and blobs but those that they
// lead to.
func (b *Beyond) trees(ctx context.Context) (whole bool, err error) {
	r := b.repo
	read := newBitmap(r.store.Len())
	d := r.differ(func(c change) {
		if c.new.IsZero() {
			return
		}
		ord, ok := r.store.Find(c.new)
		if !ok {
			r.lacks(c.new, "blob")
		} else if !b.chosen.has(ord) {
			b.chosen.set(ord)
			b.blobs = append(b.blobs, ord)
		}
	})
	get := d.get
	d.get = func(id pack.ID) ([]byte, error) {
		if ord, ok := r.store.Find(id); ok {
			read.set(ord)
		}
		return get(id)
	}
	n := 0
	for i := range r.graph.nodes {
		if err := check(ctx, &n); err != nil {
			return false, err
		}
		if r.graph.nodes[i].wanted {
			d.diff(r.trees(int32(i)))
		}
	}
	return !slices.ContainsFunc(b.new, func(ord uint32) bool {
		_, isCommit := r.graph.node(ord)
		return !isCommit && !read.has(ord) && !b.chosen.has(ord) && !slices.ContainsFunc(r.graph.tags, func(t tagObject) bool { return t.ord == ord })
	}), nil
}

// Nothing reports that there is nothing to be searched.
func (b *Beyond) Nothing() bool { return len(b.new) == 0 }

// Objects and Blobs are as those of a Repo, of what is searched.
func (b *Beyond) Objects() int { return b.repo.Objects() }

func (b *Beyond) Blobs(_ context.Context, visit func(ref scan.BlobRef, id []byte)) error {
	size := b.repo.format.objects.Size()
	for _, ord := range b.blobs {
		id := b.repo.store.ID(ord)
		visit(scan.BlobRef(ord), id[:size])
	}
	return nil
}

// LeaveOut and Damaged are as those of a Repo.
func (b *Beyond) LeaveOut(searched func(scan.BlobRef) bool) { b.repo.LeaveOut(searched) }
func (b *Beyond) Damaged(ref scan.BlobRef) bool             { return b.repo.Damaged(ref) }

// Search implements scan.Source.
func (b *Beyond) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	b.repo.workers = 1
	open, again := openTwice(open)
	if len(b.messages) > 0 {
		message := b.repo.messages(open())
		for _, m := range b.messages {
			message(m.ord, m.text)
		}
	}
	todo := b.repo.drop(slices.Clone(b.blobs))
	if len(todo) == 0 {
		return ctx.Err()
	}
	return b.repo.searchOrds(ctx, max(1, min(workers, len(todo)/4)), todo, again)
}

// Place implements scan.Source.
func (b *Beyond) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	r := b.repo
	p := newPlacer(r, l, emit)
	h := newHistory(r, l)
	h.see, h.most = p.see, maxPlaces
	h.bounded = false // older commits have nothing to go on, and no file that says something of others
	if err := h.walk(ctx); err != nil {
		return err
	}
	p.intervals(h)
	p.messages()
	return ctx.Err()
}

// BlobID implements scan.Source.
func (b *Beyond) BlobID(ref scan.BlobRef) string { return b.repo.BlobID(ref) }

// Stats implements scan.Source.
func (b *Beyond) Stats() scan.Stats {
	s := b.repo.Stats()
	s.Complete = s.Complete && !b.repo.store.Changed()
	return s
}

// Progress implements scan.Source.
func (b *Beyond) Progress() *scan.Progress { return b.repo.Progress() }

// Content implements scan.Source.
func (b *Beyond) Content(ref scan.BlobRef) ([]byte, error) { return b.repo.Content(ref) }

var _ scan.Source = (*Beyond)(nil)
