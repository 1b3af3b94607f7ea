package pack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rummage/gitscan/internal/disk"
)

// ErrMissing: the store has no object of that id.
var ErrMissing = errors.New("object is missing")

// ErrTooLarge: the object is larger than the caller's limit; it was not inflated.
var ErrTooLarge = errors.New("object is too large")

// ErrHash: the object's bytes do not have the id under which it is stored.
var ErrHash = errors.New("object does not have the hash it is stored under")

// ErrEnded: the object was not read to its end, since EndWith said so.
var ErrEnded = errors.New("reading was ended")

// Damage is a pack, index or directory that could not be used at all.
type Damage struct {
	Path string
	Err  error
}

// Store is all object directories of a repository: its own and, recursively, its alternates.
type Store struct {
	files  disk.Files
	format Format
	dirs   []string
	damage []Damage
	// outside says that alternates were named and not followed.
	outside bool

	mu     sync.RWMutex // guards what reload extends
	packs  []*packFile
	loose  []*looseDir
	starts []uint32 // first ordinal of each pack, then of each loose directory
	total  uint32
	known  map[string]bool      // .idx paths already opened or given up
	listed map[string]time.Time // directories of packs: when they had changed last, when they were listed
	late   []*packFile          // packs that appeared after Open: no ordinals, they only serve Get

	midxs   []*multiIndex
	forests []*forest // of packs; built on the first walk
	once    sync.Once
	// These are the constants of their names unless a test gives them.
	minPiece   int64
	minHeaders int
	bases      baseCache
	resident   resident
	infl       sync.Pool
	ended      func() bool // may be nil
	bulk       sync.Mutex  // see hold
}

// EndWith has Get ask between the deltas of a chain whether to end, which may be called from several goroutines. It must not be
// called while objects are read.
func (s *Store) EndWith(ended func() bool) { s.ended = ended }

// Open opens objectDir and its alternates. A damaged pack is reported by Damage and left out; a missing object
// directory is an error, a missing alternate is damage. Of sealed files, alternates are not followed (see Outside), and a
// pack without an index gets one made of it: nobody is about to write it.
func Open(files disk.Files, objectDir string, f Format, extra ...string) (*Store, error) {
	s := &Store{files: files, format: f, known: map[string]bool{}, listed: map[string]time.Time{}}
	s.infl.New = func() any { return new(inflater) }
	s.bases.init(defaultBaseCache)
	if info, err := files.Stat(objectDir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a directory", objectDir)
	}
	s.addDir(objectDir, 0)
	for _, dir := range extra {
		s.addDir(dir, 0)
	}
	s.packs = s.newPacks()
	s.resident.limit = residentLimit(s.packs)
	for _, dir := range s.dirs {
		l, err := openLoose(files, dir, f)
		if err != nil {
			s.damage = append(s.damage, Damage{dir, err})
			continue
		}
		s.loose = append(s.loose, l)
	}
	s.number()
	s.openMidxs()
	return s, nil
}

// maxAlternates is how deep git follows alternates of alternates.
const maxAlternates = 5

// addDir adds an object directory and what its info/alternates names: one path per line, relative ones from the
// directory itself, "#" a comment, a leading quote a C-quoted path.
func (s *Store) addDir(dir string, depth int) {
	dir = s.files.Real(filepath.Clean(dir))
	if slices.Contains(s.dirs, dir) {
		return
	}
	if info, err := s.files.Stat(dir); err != nil || !info.IsDir() {
		s.damage = append(s.damage, Damage{dir, errors.New("alternate object directory is missing")})
		return
	}
	s.dirs = append(s.dirs, dir)
	data, err := s.files.ReadFile(filepath.Join(dir, "info", "alternates"))
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			s.damage = append(s.damage, Damage{filepath.Join(dir, "info", "alternates"), err})
		}
		return
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if s.files.Sealed() {
			s.outside = true
			return
		}
		if depth >= maxAlternates {
			s.damage = append(s.damage, Damage{dir, fmt.Errorf("alternates are nested more than %d deep", maxAlternates)})
			return
		}
		path := unquoteC(line)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		s.addDir(path, depth+1)
	}
}

// unquoteC undoes git's C-style quoting of a path, when there is any.
func unquoteC(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		c := s[i]
		if c != '\\' || i+1 >= len(s)-1 {
			b.WriteByte(c)
			continue
		}
		i++
		if k := strings.IndexByte("abfnrtv", s[i]); k >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v"[k])
		} else if s[i] >= '0' && s[i] <= '3' && i+2 < len(s)-1 {
			b.WriteByte((s[i]-'0')<<6 | (s[i+1]-'0')<<3 | (s[i+2] - '0'))
			i += 2
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// newPacks opens the packs that are not open yet.
func (s *Store) newPacks() (packs []*packFile) {
	for _, dir := range s.dirs {
		if info, err := s.files.Stat(filepath.Join(dir, "pack")); err == nil {
			s.listed[dir] = info.ModTime() // before it is listed: what comes meanwhile makes it another
		}
		names, err := s.files.ReadNames(filepath.Join(dir, "pack"))
		if err != nil {
			if !errors.Is(err, os.ErrNotExist) {
				s.damage = append(s.damage, Damage{filepath.Join(dir, "pack"), err})
			}
			continue
		}
		slices.Sort(names)
		for _, name := range names {
			path := filepath.Join(dir, "pack", name)
			if !strings.HasPrefix(name, "pack-") || !strings.HasSuffix(name, ".idx") || s.known[path] {
				continue
			}
			s.known[path] = true
			p, err := openPack(s.files, path, s.format)
			if err != nil {
				if !errors.Is(err, os.ErrNotExist) || s.exists(path) {
					s.damage = append(s.damage, Damage{path, err})
				}
				continue
			}
			packs = append(packs, p)
		}
		if s.files.Sealed() {
			packs = append(packs, s.lonePacks(dir, names)...)
		}
	}
	return packs
}

// lonePacks opens the packs of a directory that have no index.
func (s *Store) lonePacks(dir string, names []string) (packs []*packFile) {
	for _, name := range names {
		if !strings.HasPrefix(name, "pack-") || !strings.HasSuffix(name, ".pack") || slices.Contains(names, stem(name)+".idx") {
			continue
		}
		path := filepath.Join(dir, "pack", name)
		p, err := openLonePack(s.files, path, s.format)
		if err != nil {
			s.damage = append(s.damage, Damage{path, err})
			continue
		}
		packs = append(packs, p)
	}
	return packs
}

// coarse is more than what clocks of file systems do not tell apart.
const coarse = 2 * time.Second

// mayHaveMore reports whether packs may have appeared since they were listed: asking that costs less than listing them.
func (s *Store) mayHaveMore() bool {
	for _, dir := range s.dirs {
		info, err := s.files.Stat(filepath.Join(dir, "pack"))
		if err == nil && (!info.ModTime().Equal(s.listed[dir]) || time.Since(info.ModTime()) < coarse) {
			return true
		}
	}
	return false
}

func (s *Store) exists(path string) bool {
	_, err := s.files.Stat(path)
	return err == nil
}

func (s *Store) number() {
	s.starts, s.total = s.starts[:0], 0
	for _, p := range s.packs {
		s.starts = append(s.starts, s.total)
		s.total += uint32(p.idx.n)
	}
	for _, l := range s.loose {
		s.starts = append(s.starts, s.total)
		s.total += uint32(len(l.ids))
	}
}

// Close unmaps the packs. Nothing that the store gave may be used afterwards, except copies.
func (s *Store) Close() error {
	var first error
	for _, p := range slices.Concat(s.packs, s.late) {
		if err := p.close(); err != nil && first == nil {
			first = err
		}
	}
	for _, x := range s.midxs {
		if x.unmap != nil {
			if err := x.unmap(); err != nil && first == nil {
				first = err
			}
		}
	}
	s.midxs = nil
	return first
}

// Format is the repository's object format.
func (s *Store) Format() Format { return s.format }

// Damage lists the packs, indexes and directories that could not be used.
func (s *Store) Damage() []Damage { return s.damage }

// Outside reports that more objects may be where alternates lead, which was not followed.
func (s *Store) Outside() bool { return s.outside }

// Dirs are the object directories, the repository's own first.
func (s *Store) Dirs() []string { return s.dirs }

// Len is one more than the highest ordinal.
func (s *Store) Len() int { return int(s.total) }

// ID is the object id of an ordinal.
func (s *Store) ID(ord uint32) ID {
	part, i := s.part(ord)
	if part < len(s.packs) {
		return s.packs[part].idx.id(i)
	}
	return s.loose[part-len(s.packs)].ids[i]
}

// part is which pack or loose directory an ordinal is in, and its position there.
func (s *Store) part(ord uint32) (int, int) {
	part, ok := slices.BinarySearch(s.starts, ord)
	if !ok {
		part--
	}
	for part+1 < len(s.starts) && s.starts[part+1] == ord { // empty parts share a start
		part++
	}
	return part, int(ord - s.starts[part])
}

// Find is the ordinal of an id. An object that is stored several times has the ordinal of one of its places.
func (s *Store) Find(id ID) (uint32, bool) {
	if number, pos, ok := s.packOf(id); ok {
		return s.starts[number] + uint32(pos), true
	}
	for i, l := range s.loose {
		if pos, ok := l.find(id); ok {
			return s.starts[len(s.packs)+i] + uint32(pos), true
		}
	}
	return 0, false
}

// nothingBefore reports whether every object of a pack or loose directory has its ordinal there.
func (s *Store) nothingBefore(part int) bool { return part == 0 && len(s.midxs) == 0 }

// isFirst reports whether this place of an object is the one its ordinal names.
func (s *Store) isFirst(part int, id ID) bool {
	if s.nothingBefore(part) {
		return true
	}
	if number, _, ok := s.packOf(id); ok {
		return number == part
	}
	for i, l := range s.loose {
		if _, ok := l.find(id); ok {
			return len(s.packs)+i == part
		}
	}
	return false
}
