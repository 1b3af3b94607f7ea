package gitscan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Push is what a push brings, as a scan.Source: the objects in its quarantine directory, and those that its refs lead to
// and no ref of the repository did. A secret is placed at the first of the pushed commits that has it, and not at all where
// the commit before the push had it at that path. Of one that the repository holds elsewhere the note tells; see Held.
type Push struct {
	repo       *Repo
	quarantine string    // an object directory, or empty
	tips       []ref     // what the refs are to be
	lines      []string  // names of the pushed refs
	olds       []pack.ID // what the lines say that they were; see before
	now        []pack.ID // what they are, when isRead
	isRead     bool

	begin    string           // of the names of the refs that tell what is known
	added    map[pack.ID]bool // commits and tags that are in the graph
	outer    map[uint32]bool  // ordinals of commits that were there before
	named    map[pack.ID]bool // ids that refs have; nil: not read
	sent     []uint32         // blobs in the quarantine
	loose    []uint32         // those of them that nothing leads to
	held     holding
	refs     *reaching // see RefsOf
	followed int       // intervals of the history
}

func (p *Push) update(u Update, f pack.Format) error {
	id, err := f.Parse(u.New)
	old, errOld := f.Parse(u.Old)
	if err = errors.Join(err, errOld); err != nil {
		return fmt.Errorf("the ref line of %q does not fit the repository, whose ids are of %s", u.Ref, f)
	}
	p.lines = append(p.lines, u.Ref)
	if !old.IsZero() {
		p.olds = append(p.olds, old)
	}
	if !id.IsZero() {
		p.tips = append(p.tips, ref{u.Ref, id})
	}
	return nil
}

// Search implements scan.Source.
func (p *Push) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	r := p.repo
	r.workers = workers
	r.graph = newGraph(r.store)
	r.endWith(ctx)
	p.added, p.outer = map[pack.ID]bool{}, map[uint32]bool{}
	if err := p.collect(ctx); err != nil {
		r.graph.link(func(int32, pack.ID) {})
		return err
	}
	r.link()
	for i := range r.graph.nodes {
		r.graph.nodes[i].wanted = !p.outer[r.graph.nodes[i].ord]
	}
	s := selector{repo: r, chosen: newBitmap(r.store.Len())}
	if err := s.commits(ctx); err != nil {
		return err
	}
	if r.graph.bounded() {
		if err := s.mergedFrom(ctx); err != nil {
			return err
		}
	}
	s.direct()
	p.unreached(&s)
	r.mu.Lock()
	r.stats.NonBlobs, r.stats.Commits = s.nCommits+s.nTags, s.nCommits
	r.mu.Unlock()
	return cmp.Or(p.searchChosen(ctx, workers, &s, open), ctx.Err())
}

// searchChosen searches what was chosen: the blobs in packs of the quarantine by walking these, which makes each object of its
// base at once and searches only where the two differ; the rest one by one.
func (p *Push) searchChosen(ctx context.Context, workers int, s *selector, open func() scan.Visitor) error {
	r := p.repo
	open, again := openTwice(open)
	seen := newBitmap(r.store.Len())
	if p.quarantine != "" {
		r.progress.SetStage("searching")
		err := r.store.Walk(ctx, pack.WalkOptions{Kinds: pack.Of(pack.Blob), Workers: workers, MaxSize: r.o.MaxBlob, Verify: true,
			In: p.quarantine, Only: s.chosen.has},
			func() func(*pack.Object) {
				s := searcher{repo: r, v: open()}
				return unlessDone(ctx, func(o *pack.Object) {
					seen.setShared(o.Ord)
					s.blob(o)
				})
			})
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
	}
	return r.searchOrds(ctx, workers, slices.DeleteFunc(s.todo, seen.has), again)
}

// collect fills the graph with the commits and tags that are new, and those commits before them.
func (p *Push) collect(ctx context.Context) error {
	if err := p.readQuarantine(ctx); err != nil {
		return err
	}
	parents, err := p.parents(ctx)
	if err != nil {
		return err
	}
	if err := p.stored(ctx, append(p.storedTips(), parents...)); err != nil {
		return err
	}
	return cmp.Or(p.boundary(ctx), ctx.Err())
}

// readQuarantine reads what came with the push.
func (p *Push) readQuarantine(ctx context.Context) error {
	if p.quarantine == "" {
		return nil
	}
	var ids []pack.ID
	p.repo.store.InDir(p.quarantine, func(id pack.ID) { ids = append(ids, id) })
	slices.SortFunc(ids, pack.ID.Compare)
	n := 0
	for _, id := range slices.Compact(ids) {
		if err := check(ctx, &n); err != nil {
			return err
		}
		kind, err := p.repo.store.Kind(id)
		switch {
		case err != nil:
			p.repo.damaged(id, err)
		case kind == pack.Commit || kind == pack.Tag:
			p.add(id)
		case kind == pack.Blob:
			if ord, ok := p.repo.store.Find(id); ok {
				p.sent = append(p.sent, ord)
			}
		}
	}
	return nil
}

// add puts a commit or tag into the graph, as one that is new.
func (p *Push) add(id pack.ID) {
	r, f := p.repo, p.repo.format.objects
	ord, ok := r.store.Find(id)
	if !ok || p.added[id] {
		return
	}
	p.added[id] = true
	kind, data, err := r.store.Get(id, maxText)
	if err == nil && f.Hash(kind, data) != id {
		err = pack.ErrHash
	}
	if err != nil {
		r.damaged(id, err)
		return
	}
	r.commitOrTag(&pack.Object{Ord: ord, Kind: kind, Data: data, Size: len(data)}, nil)
}

// parents are the commits that new ones build on, ascending.
func (p *Push) parents(ctx context.Context) (ids []pack.ID, err error) {
	n := 0
	for id := range p.added {
		if err := check(ctx, &n); err != nil {
			return nil, err
		}
		if h, ok := p.readCommit(id); ok {
			for _, parent := range h.parents {
				if _, ok := p.repo.store.Find(parent); ok && !p.added[parent] {
					ids = append(ids, parent)
				}
			}
		}
	}
	slices.SortFunc(ids, pack.ID.Compare)
	return slices.Compact(ids), nil
}

// boundary adds the commits that new ones build on, without their own parents.
func (p *Push) boundary(ctx context.Context) error {
	ids, err := p.parents(ctx)
	for _, id := range ids {
		if h, ok := p.readCommit(id); ok {
			ord, _ := p.repo.store.Find(id)
			p.outer[ord] = true
			h.parents = nil
			p.repo.graph.addCommit(ord, h)
		}
	}
	return err
}

// readCommit reads the head of a commit. What is none, or cannot be read, is told of where it is needed.
func (p *Push) readCommit(id pack.ID) (header, bool) {
	kind, data, err := p.repo.store.Get(id, maxText)
	if err != nil || kind != pack.Commit {
		return header{}, false
	}
	h, err := parseCommit(p.repo.format.objects, data, nil)
	return h, err == nil
}

// unreached chooses what came with the push and what nothing leads to: it is stored too, when the push is accepted. A
// blob that the repository has is there to complete a thin pack.
func (p *Push) unreached(s *selector) {
	for _, ord := range p.sent {
		if !s.chosen.has(ord) && !p.repo.store.Elsewhere(p.quarantine, p.repo.store.ID(ord)) {
			s.chosen.set(ord)
			s.todo = append(s.todo, ord)
			p.loose = append(p.loose, ord)
		}
	}
	for i := range p.repo.graph.tags {
		if t := &p.repo.graph.tags[i]; len(t.reached) == 0 {
			s.todo = append(s.todo, t.ord)
			s.nTags++
		}
	}
}

// Place implements scan.Source.
func (p *Push) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	r := p.repo
	if r.graph == nil {
		return nil
	}
	r.progress.SetStage("placing")
	r.endWith(ctx)
	p.held = holding{push: p, lookup: l}
	pl := newPlacer(r, l, nil)
	places := 0
	pl.emit = func(at scan.Placement) {
		if places++; places > maxPlaces {
			return
		}
		at.Note = p.held.note(ctx, &at)
		emit(at)
	}
	h := newHistory(r, l)
	h.see, h.most = pl.see, maxPlaces
	if err := h.walk(ctx); err != nil {
		return err
	}
	p.followed = len(h.intervals)
	pl.intervals(h)
	pl.messages()
	pl.directRefs()
	for _, ord := range p.loose {
		for _, sec := range l.At(scan.BlobRef(ord), "", nil) {
			pl.emit(scan.Placement{Blob: scan.BlobRef(ord), Secret: sec, Note: "unreachable object"})
		}
	}
	if places += h.left; places > maxPlaces {
		r.problem("places", fmt.Sprintf("secrets stand in %d places: no more than %d are told", places, maxPlaces))
	}
	return ctx.Err()
}

// maxPlaces is in how many places secrets may stand: a directory of a million names for one file is easily made.
const maxPlaces = 100_000

// node is the commit of the graph with an id in hexadecimal.
func (p *Push) node(commit string) (int32, bool) {
	id, err := p.repo.format.objects.Parse(commit)
	if err != nil || p.repo.graph == nil {
		return 0, false
	}
	ord, ok := p.repo.store.Find(id)
	if !ok {
		return 0, false
	}
	return p.repo.graph.node(ord)
}

// IsRoot reports whether a pushed commit has no parents.
func (p *Push) IsRoot(commit string) bool {
	n, ok := p.node(commit)
	return ok && len(p.repo.graph.parents(n)) == 0 && !p.repo.graph.nodes[n].cut
}

// SortCommits puts pushed commits in an order in which parents come first.
func (p *Push) SortCommits(commits []string) {
	if len(commits) < 2 {
		return
	}
	at := map[string]int{}
	if order, err := p.repo.parentsFirst(context.Background()); err == nil {
		for i, n := range order {
			at[p.repo.format.objects.Hex(p.repo.store.ID(p.repo.graph.nodes[n].ord))] = i
		}
	}
	slices.SortFunc(commits, func(a, b string) int { return cmp.Compare(at[a], at[b]) })
}

// Close frees the store.
func (p *Push) Close() error { return p.repo.Close() }

// BlobID implements scan.Source.
func (p *Push) BlobID(ref scan.BlobRef) string { return p.repo.BlobID(ref) }

// Stats implements scan.Source.
func (p *Push) Stats() scan.Stats { return p.repo.Stats() }

// Progress implements scan.Source.
func (p *Push) Progress() *scan.Progress { return &p.repo.progress }

// Content implements scan.Source.
func (p *Push) Content(ref scan.BlobRef) ([]byte, error) { return p.repo.Content(ref) }

var _ scan.Source = (*Push)(nil)
