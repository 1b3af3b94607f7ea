package gitscan

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sourcegraph/conc"

	"rummage/gitscan/internal/disk"
	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// Options narrow or change what is read. The zero value reads everything: all refs and what no ref reaches.
type Options struct {
	// MaxBlob is the size in bytes from which a blob is skipped; 0 is DefaultMaxBlob.
	MaxBlob int
	// Whole has every blob searched as if nothing were known of its likeness to others: the same is found, later.
	Whole bool
	// NoUnreachable leaves out what no ref reaches.
	NoUnreachable bool
	// Branches reads only what these refs (short or full names) reach.
	Branches []string
	// Since reads only commits that this revision does not reach.
	Since string
	// Range reads the commits of "A..B": reached by B and not by A. An empty side is HEAD.
	Range string
	// SinceScan reads only what was not there at an earlier scan. It excludes Branches, Since and Range.
	SinceScan *State
	// KeepState says that State will be asked for; SinceScan implies it.
	KeepState bool
	// Search says that Search will be called: what it begins with is done while the repository is opened.
	Search bool
	// Index is the index file in place of the repository's own: git makes another one for `git commit FILE` and the like.
	Index string
	// Part reads one of several repositories that share the store; nil: the store is the repository's own.
	Part *Part
	// Upwards looks for the repository in the path's parents too, as git does.
	Upwards bool
}

// DefaultMaxBlob is the size from which a blob is skipped as too large.
const DefaultMaxBlob = 64 << 20

// narrowed reports whether the scan is of some commits only, not of the whole store.
func (o *Options) narrowed() bool {
	return o.NoUnreachable || len(o.Branches) > 0 || o.Since != "" || o.Range != ""
}

// Repo is a repository as a scan.Source.
type Repo struct {
	dirs     dirs
	format   repoFormat
	o        Options
	store    *pack.Store
	refs     []ref
	symbolic map[string]string // names of refs that stand for another's
	graph    *graph

	tipNodes []int32    // distinct commits that refs point to …
	tipRefs  [][]string // … and the refs, ascending
	direct   []directRef
	selected map[string]bool // names that Options.Branches may mean
	shallow  map[pack.ID]bool
	pushed   bool       // a push is searched: that history ends at a shallow commit is how it was sent
	since    *sinceScan // nil when no state is kept
	part     *part      // nil when all of the store is read

	beside  conc.WaitGroup          // what Open has begun
	workers int                     // of the search; attribution has as many
	before  func(scan.BlobRef) bool // what was searched, see LeaveOut; nil: nothing
	look    lookahead
	ended   func() bool // see endWith; may be nil

	progress scan.Progress

	mu      sync.Mutex
	whole   bool // every object of the store is counted
	stats   scan.Stats
	missing map[pack.ID]bool
	unread  map[pack.ID]pack.Kind // kind 0: not even that is known
	wrong   map[pack.ID]bool      // whole, but named as another kind
	repeats int                   // see differ
	plain   *bitmap               // trees that were checked, see plainTree
	skipped map[scan.SkipReason]int64
}

// directRef is a ref that leads to a tree or a blob, not to a commit.
type directRef struct {
	name string
	id   pack.ID
	kind pack.Kind
}

// Open opens the repository at path: a work tree, a bare repository, a linked worktree or a .git file. It reads refs
// and indexes, no objects. The error is one line that names the file; errors.Is ErrNotRepository tells that there is
// none.
func Open(path string, o Options) (*Repo, error) {
	d, err := locate(path, o.Upwards)
	if err != nil {
		return nil, err
	}
	return openDirs(d, o)
}

// openDirs opens a repository that was found.
func openDirs(d dirs, o Options) (*Repo, error) {
	if o.Part != nil {
		if err := o.Part.check(&o); err != nil {
			return nil, err
		}
	}
	f, err := readFormat(d)
	if err != nil {
		return nil, err
	}
	if o.MaxBlob <= 0 {
		o.MaxBlob = DefaultMaxBlob
	}
	store, err := pack.Open(d.files, filepath.Join(d.commonDir, "objects"), f.objects)
	if err != nil {
		return nil, err
	}
	r := newRepo(d, f, o, store)
	if err := r.keepState(); err != nil {
		store.Close()
		return nil, err
	}
	if o.Search {
		r.beside.Go(store.Prepare)
	}
	r.addRefs()
	return r, nil
}

// newRepo is a repository of which the refs are yet to be read.
func newRepo(d dirs, f repoFormat, o Options, store *pack.Store) *Repo {
	r := &Repo{dirs: d, format: f, o: o, store: store, look: defaultLookahead, missing: map[pack.ID]bool{}, unread: map[pack.ID]pack.Kind{},
		repeats: firstRepeats, plain: newBitmap(store.Len()), wrong: map[pack.ID]bool{}}
	r.stats.Problems, r.stats.Notices = []scan.Problem{}, []string{}
	r.skipped = map[scan.SkipReason]int64{}
	for _, dm := range store.Damage() {
		r.problem(dm.Path, trimPath(dm.Err.Error(), dm.Path))
	}
	return r
}

func trimPath(text, path string) string { return strings.TrimPrefix(text, path+": ") }

// Close frees the store.
func (r *Repo) Close() error {
	r.beside.Wait()
	return r.store.Close()
}

// GitDir is the directory with HEAD; WorkTree is empty for a bare repository. Files in memory have neither.
func (r *Repo) GitDir() string   { return r.dirs.gitDir }
func (r *Repo) WorkTree() string { return r.dirs.workTree }

// Empty reports that the repository has neither refs nor objects.
func (r *Repo) Empty() bool {
	if r.part != nil {
		return len(r.refs) == 0 && len(r.part.lost) == 0
	}
	return len(r.refs) == 0 && r.store.Len() == 0
}

// readShallow lists the commits whose parents were left on the server.
func readShallow(d dirs, f pack.Format) (map[pack.ID]bool, error) {
	set := map[pack.ID]bool{}
	return set, addShallow(set, d.files, filepath.Join(d.commonDir, "shallow"), f)
}

// addShallow adds what a file lists; one that is not there lists nothing.
func addShallow(set map[pack.ID]bool, files disk.Files, file string, f pack.Format) error {
	data, err := readOptional(files, file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		id, err := f.Parse(line)
		if err != nil {
			return err
		}
		set[id] = true
	}
	return nil
}

// endWith has what compares trees and makes objects of deltas, which may take long at one go, end with a context: what it has
// given until then is then not all, which its caller tells with the context's error.
func (r *Repo) endWith(ctx context.Context) {
	r.ended = func() bool { return ctx.Err() != nil }
	r.store.EndWith(r.ended)
}

// maxProblems is how many problems are named; all are counted.
const maxProblems = 10

func (r *Repo) problem(where, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problemLocked(where, why)
}

func (r *Repo) problemLocked(where, why string) {
	r.stats.ProblemCount++
	p := scan.Problem{Where: where, Why: why}
	// The ten that are named must not depend on which worker came first.
	i, _ := slices.BinarySearchFunc(r.stats.Problems, p, compareProblems)
	r.stats.Problems = slices.Insert(r.stats.Problems, i, p)
	if len(r.stats.Problems) > maxProblems {
		r.stats.Problems = r.stats.Problems[:maxProblems]
	}
}

func compareProblems(a, b scan.Problem) int {
	if c := strings.Compare(a.Where, b.Where); c != 0 {
		return c
	}
	return strings.Compare(a.Why, b.Why)
}

// lacks remembers an object that something names and the store does not have. Each is counted once.
func (r *Repo) lacks(id pack.ID, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.missing[id] {
		return
	}
	r.missing[id] = true
	switch {
	case r.format.promisor:
		what += " was left on the server by a partial clone; fetch it with: git fetch --refetch"
	case r.store.Outside():
		what += " is missing; it may be where objects/info/alternates leads, which is not followed out of these files"
	default:
		what += " is missing"
	}
	r.problemLocked(r.format.objects.Hex(id), what)
}

// damaged remembers an object that is there and cannot be read. Each is counted once, whoever comes by it.
func (r *Repo) damaged(id pack.ID, err error) {
	if errors.Is(err, pack.ErrEnded) {
		return // told by who had it end
	}
	kind, kindErr := r.store.Kind(id)
	if kindErr != nil {
		kind = 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.unread[id]; again {
		return
	}
	r.unread[id] = kind
	r.problemLocked(r.format.objects.Hex(id), err.Error())
}

func (r *Repo) isDamaged(ord uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, bad := r.unread[r.store.ID(ord)]
	return bad
}

// wrongKind: what was named as one kind of object is another. The object itself is whole, and counted as what it is.
type wrongKind struct{ is, want pack.Kind }

func (e wrongKind) Error() string { return fmt.Sprintf("is a %s, not a %s", e.is, e.want) }

// misnamed remembers an object that something names as another kind. Each is told once.
func (r *Repo) misnamed(id pack.ID, e wrongKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.wrong[id] {
		r.wrong[id] = true
		r.problemLocked(r.format.objects.Hex(id), e.Error())
	}
}

// maxText is how large commits, trees and tags may be, which are read whole: a directory of a million files has 40 MB.
const maxText = 64 << 20

func (r *Repo) object(id pack.ID, want pack.Kind) ([]byte, error) {
	kind, data, err := r.store.Get(id, maxText)
	if err == nil && kind != want {
		return nil, wrongKind{kind, want}
	}
	return data, err
}

// tree reads a tree. One that is not what its name says is not used: with such trees a directory could hold itself.
func (r *Repo) tree(id pack.ID) ([]byte, error) {
	if data, ok := r.plainTree(id); ok {
		return data, nil
	}
	data, err := r.object(id, pack.Tree)
	if err != nil {
		return nil, err
	}
	if r.format.objects.Hash(pack.Tree, data) != id {
		return nil, pack.ErrHash
	}
	tree, err := canonicalTree(r.format.objects, data)
	if err != nil {
		r.damaged(id, fmt.Errorf("tree: %w", err))
	}
	return tree, nil
}

// plainTree reads a tree that there is nothing to say about: it is there, has the hash that it should have, and is as
// git writes it. That is looked at once. Unlike tree it may be called from several goroutines.
func (r *Repo) plainTree(id pack.ID) ([]byte, bool) {
	ord, ok := r.store.Find(id)
	if !ok {
		return nil, false
	}
	kind, data, err := r.store.GetAt(ord, maxText)
	if err != nil || kind != pack.Tree {
		return nil, false
	}
	if !r.plain.hasShared(ord) {
		f := r.format.objects
		if !isCanonical(f.Size(), data) || f.Hash(pack.Tree, data) != id {
			return nil, false
		}
		r.plain.setShared(ord)
	}
	return data, true
}

// differ compares trees of this repository. Only one goroutine at a time may use what it gives.
func (r *Repo) differ(emit func(change)) differ {
	return differ{
		format: r.format.objects,
		get:    r.tree,
		problem: func(id pack.ID, err error) {
			var e wrongKind
			switch {
			case errors.Is(err, pack.ErrMissing):
				r.lacks(id, "tree")
			case errors.As(err, &e):
				r.misnamed(id, e)
			default:
				r.damaged(id, fmt.Errorf("tree: %w", err))
			}
		},
		emit:    emit,
		repeats: &r.repeats,
		deepest: maxTreeDepth,
		ended:   r.ended,
	}
}

// BlobID implements scan.Source.
func (r *Repo) BlobID(ref scan.BlobRef) string { return r.format.objects.Hex(r.store.ID(uint32(ref))) }

// Progress implements scan.Source.
func (r *Repo) Progress() *scan.Progress { return &r.progress }

// Stats implements scan.Source. The counts add up: every object of the store (of the selection, for a narrowed scan)
// is searched, no blob, or skipped for one reason, of which one is that an earlier scan knew it; objects that are named and
// missing are counted with them.
func (r *Repo) Stats() scan.Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Problems = slices.Clone(s.Problems)
	s.Skipped = map[scan.SkipReason]int64{}
	for reason, n := range r.skipped {
		s.Skipped[reason] = n
		s.Blobs += n
	}
	s.Blobs += s.Scanned
	var known int64
	if r.since != nil {
		known = r.since.count
	}
	for id, kind := range r.unread {
		s.Skipped[scan.SkipUnreadable]++
		if ord, ok := r.store.Find(id); ok && r.since != nil {
			nonBlobs, counted := r.since.correct(ord, kind)
			s.NonBlobs, known = s.NonBlobs+nonBlobs, known+counted
		}
		switch {
		case kind == pack.Blob:
			s.Blobs++
		case kind != 0 && r.whole:
			s.NonBlobs-- // all that the store has were counted
		}
	}
	if known > 0 {
		s.Skipped[scan.SkipKnown] = known
	}
	if n := int64(len(r.missing)); n > 0 {
		s.Skipped[scan.SkipMissing] += n
	}
	s.Objects = s.Scanned + s.NonBlobs
	for _, n := range s.Skipped {
		s.Objects += n
	}
	s.Complete = s.ProblemCount == 0
	return s
}

// bitmap is a set of ordinals.
type bitmap struct{ words []uint64 }

func newBitmap(n int) *bitmap       { return &bitmap{make([]uint64, (n+63)/64)} }
func (b *bitmap) has(i uint32) bool { return b.words[i/64]>>(i%64)&1 == 1 }
func (b *bitmap) set(i uint32)      { b.words[i/64] |= 1 << (i % 64) }

// hasShared and setShared are has and set for several goroutines.
func (b *bitmap) hasShared(i uint32) bool { return atomic.LoadUint64(&b.words[i/64])>>(i%64)&1 == 1 }
func (b *bitmap) setShared(i uint32)      { atomic.OrUint64(&b.words[i/64], 1<<(i%64)) }

var _ scan.Source = (*Repo)(nil)

// check is ctx.Err at a cost that a tight loop does not notice.
func check(ctx context.Context, n *int) error {
	if *n++; *n%64 == 0 {
		return ctx.Err()
	}
	return nil
}

// Content implements scan.Source.
func (r *Repo) Content(ref scan.BlobRef) ([]byte, error) {
	_, data, err := r.store.Get(r.store.ID(uint32(ref)), r.o.MaxBlob)
	if errors.Is(err, pack.ErrTooLarge) {
		err = scan.ErrTooLarge
	}
	return data, err
}
