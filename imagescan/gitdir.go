package imagescan

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"rummage/scan"
)

// gitFiles are the files of the git repositories of one layer: what stands in folders called .git.
type gitFiles struct {
	left  *memoryBudget
	dirs  map[string]map[string][]byte // by the .git folder, by the path in it
	limit counts                       // files for which the budget did not do
}

// memoryBudget bounds the bytes that are held of all layers.
type memoryBudget struct {
	mu   sync.Mutex
	left int64
}

func (b *memoryBudget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

// gitFileCost is what a file in memory takes beside its bytes and its path, in bytes: a hostile layer has millions of empty
// ones.
const gitFileCost = 128

// gitMark is the folder of a repository in the path of a file.
const gitMark = "/.git/"

// take holds a file of a repository in memory, and gives its content to be read once more; nil if it is none.
func (g *gitFiles) take(name string, r io.Reader, size int64) (io.Reader, error) {
	i := strings.Index(name, gitMark)
	if i < 0 {
		return nil, nil
	}
	dir, file := name[:i+len(gitMark)-1], name[i+len(gitMark):]
	if !ofRepository(file) {
		return nil, nil
	}
	if !g.left.take(size + int64(len(name)) + gitFileCost) {
		g.limit.add(name)
		return nil, nil
	}
	data, err := readSized(r, size, size, "")
	if err != nil {
		return nil, err
	}
	if g.dirs == nil {
		g.dirs = map[string]map[string][]byte{}
	}
	if g.dirs[dir] == nil {
		g.dirs[dir] = map[string][]byte{}
	}
	g.dirs[dir][file] = data
	return bytes.NewReader(data), nil
}

// ofRepository says whether a file of a .git folder is read by the git source.
func ofRepository(file string) bool {
	top, _, nested := strings.Cut(file, "/")
	if nested {
		return top == "objects" || top == "refs"
	}
	return slices.Contains([]string{"HEAD", "config", "packed-refs", "shallow", "index", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD"}, file)
}

// imageRepository is a git repository in the layers of an image, from the lowest that has files of it.
type imageRepository struct {
	dir    string
	layers []*layer
	nested *nested
}

// repositories are those in the layers of an image.
func (img *image) repositories() []imageRepository {
	var list []imageRepository
	at := map[string]int{}
	for _, l := range img.layers {
		for dir := range l.git.dirs {
			i, known := at[dir]
			if !known {
				i = len(list)
				at[dir] = i
				list = append(list, imageRepository{dir: dir})
			}
			if !slices.Contains(list[i].layers, l) {
				list[i].layers = append(list[i].layers, l)
			}
		}
	}
	slices.SortFunc(list, func(a, b imageRepository) int { return strings.Compare(a.dir, b.dir) })
	return list
}

// files are those of the repository as the layers leave them: of a file in several, the highest one has the say. What a
// layer deletes is there all the same.
func (r *imageRepository) files() map[string][]byte {
	all := map[string][]byte{}
	for _, l := range r.layers {
		maps.Copy(all, l.git.dirs[r.dir])
	}
	return all
}

// key is the same for images that have the repository from the same layers.
func (r *imageRepository) key() string {
	key := r.dir
	for _, l := range r.layers {
		key += fmt.Sprintf("\x00%p", l)
	}
	return key
}

// nested is a repository as the source that it is. Its blobs are numbered from base on.
type nested struct {
	src     scan.Source
	base, n scan.BlobRef
}

// searchRepositories searches the git repositories in the images, each once.
func (s *Source) searchRepositories(ctx context.Context, visitors []scan.Visitor, open func() scan.Visitor) error {
	base := scan.BlobRef(len(s.feed.homes))
	known := map[string]*nested{}
	for _, img := range s.images {
		for _, r := range img.repositories() {
			var err error
			n, again := known[r.key()]
			if !again {
				s.progress.SetStage("searching git repositories in layers")
				n, err = s.searchRepository(ctx, &r, base, visitors, open)
				known[r.key()] = n
				if n != nil {
					base += n.n
				}
			}
			if n != nil { // also after an interrupt: what was found until then is placed
				r.nested = n
				img.repos = append(img.repos, r)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// searchRepository searches one; nil if it cannot be opened or is none.
func (s *Source) searchRepository(ctx context.Context, r *imageRepository, base scan.BlobRef, visitors []scan.Visitor, open func() scan.Visitor) (*nested, error) {
	src, err := s.o.OpenGit(r.files())
	if err != nil {
		s.lost(scan.SkipUnreadable, r.dir, err)
	}
	if src == nil {
		return nil, nil
	}
	n := &nested{src: src, base: base}
	s.mu.Lock()
	s.repos = append(s.repos, n)
	s.mu.Unlock()
	var mu sync.Mutex
	next := 0
	err = src.Search(ctx, len(visitors), func() scan.Visitor {
		mu.Lock()
		defer mu.Unlock()
		if next++; next <= len(visitors) {
			return &shifted{visitors[next-1], n}
		}
		return &shifted{open(), n}
	})
	return n, err
}

// shifted is a visitor for whom blobs have other numbers.
type shifted struct {
	v scan.Visitor
	n *nested
}

func (v *shifted) see(ref scan.BlobRef) scan.BlobRef {
	for {
		seen := atomic.LoadUint32((*uint32)(&v.n.n))
		if uint32(ref) < seen || atomic.CompareAndSwapUint32((*uint32)(&v.n.n), seen, uint32(ref)+1) {
			return v.n.base + ref
		}
	}
}

func (v *shifted) Visit(ref scan.BlobRef, data []byte) scan.SkipReason {
	return v.v.Visit(v.see(ref), data)
}

func (v *shifted) VisitAll(ref scan.BlobRef, data []byte) scan.SkipReason {
	return v.v.VisitAll(v.see(ref), data)
}

func (v *shifted) VisitDelta(ref scan.BlobRef, data []byte, d scan.Delta) scan.SkipReason {
	return v.v.VisitDelta(v.see(ref), data, d)
}

// nestedOf is the repository that a blob is of, and its number there; nil if it is of none.
func (s *Source) nestedOf(ref scan.BlobRef) (*nested, scan.BlobRef) {
	for _, n := range s.repos {
		if ref >= n.base && ref < n.base+n.n {
			return n, ref - n.base
		}
	}
	return nil, 0
}

// addStats adds the counts of a repository.
func (n *nested) addStats(st *scan.Stats) {
	other := scan.Result{Stats: n.src.Stats()}
	r := scan.Result{Stats: *st}
	r.Merge(&other)
	*st = r.Stats
}

// place emits what stands in a repository. Its paths go on after that of the repository.
func (r *imageRepository) place(ctx context.Context, at *scan.InImage, l scan.Lookup, emit func(scan.Placement)) error {
	n := r.nested
	return n.src.Place(ctx, shiftedLookup{l, r}, func(p scan.Placement) {
		p.Blob += n.base
		p.Path = r.path(p.Path)
		p.Image = at
		emit(p)
	})
}

// path is that of a file of the repository in the image; of a message, which has none, that of the repository.
func (r *imageRepository) path(file string) string {
	if file == "" {
		return r.dir
	}
	return r.dir + nestedMark + path.Clean("/"+file)
}

// shiftedLookup is a lookup as a repository in an image asks it.
type shiftedLookup struct {
	scan.Lookup
	r *imageRepository
}

func (l shiftedLookup) Holds(ref scan.BlobRef) bool {
	return ref < l.r.nested.n && l.Lookup.Holds(l.r.nested.base+ref)
}

func (l shiftedLookup) Named(path string) bool { return l.Lookup.Named(l.r.path(path)) }

func (l shiftedLookup) Refs() (refs []scan.BlobRef) {
	n := l.r.nested
	for _, ref := range l.Lookup.Refs() {
		if ref >= n.base && ref < n.base+n.n {
			refs = append(refs, ref-n.base)
		}
	}
	return refs
}

func (l shiftedLookup) At(ref scan.BlobRef, path string, tree scan.Tree) []scan.SecretID {
	if ref >= l.r.nested.n {
		return nil
	}
	return l.Lookup.At(l.r.nested.base+ref, l.r.path(path), nil)
}

// Depends: what other files of the repository say of one is not asked for.
func (l shiftedLookup) Depends(scan.BlobRef, string, scan.Tree) (paths, folders []string, some bool) {
	return nil, nil, false
}
