// Package filescan makes files, directories and standard input a scan.Source. It honours nothing but its own rules: no
// ignore file takes a file away, symbolic links inside a directory are not followed (what they point to is searched
// where it stands), and .git directories are left out.
//
// Standard input, and a pipe or device that the user names, are read to their end. Pipes and devices inside a
// directory are no files.
//
// It knows no repository and no rule.
//
// Concurrency: a Source serves one scan at a time; Search starts its own workers and joins them. Only the reading of a
// stream that gives nothing may outlast a scan that is interrupted: nothing can end it.
package filescan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sourcegraph/conc/pool"

	"rummage/scan"
)

// Options are the bounds of a scan.
type Options struct {
	MaxFile int       // bytes from which a file is skipped; 0 is DefaultMaxFile
	Stdin   io.Reader // what "-" reads
	Note    string    // said of every place
	// Problems are what whoever made the list could not read. They make the scan incomplete.
	Problems []scan.Problem
}

// DefaultMaxFile is the size from which a file is skipped.
const DefaultMaxFile = 64 << 20

// Source is a list of files.
type Source struct {
	o        Options
	roots    []string
	files    []file
	progress scan.Progress

	mu    sync.Mutex
	stats scan.Stats
}

// file is one file: what reports call it, and where it is. Standard input has no place on disk. A stream is standard
// input, or a pipe or device that the user named.
type file struct {
	name, disk string
	stream     bool
	reached    bool
}

// Stdin is the argument that stands for standard input, and StdinName its path in reports.
const (
	Stdin     = "-"
	StdinName = "<stdin>"
)

// Open checks that every path exists; directories are listed by Search.
func Open(paths []string, o Options) (*Source, error) {
	s := newSource(o)
	for _, p := range paths {
		if p != Stdin {
			if _, err := os.Stat(p); err != nil {
				return nil, err
			}
		}
	}
	s.roots = slices.Clone(paths)
	return s, nil
}

// List is a source of given files: names are what reports say, relative to root on disk, with slashes.
func List(root string, names []string, o Options) *Source {
	s := newSource(o)
	for _, n := range names {
		s.files = append(s.files, file{name: n, disk: filepath.Join(root, filepath.FromSlash(n))})
	}
	return s
}

func newSource(o Options) *Source {
	if o.MaxFile <= 0 {
		o.MaxFile = DefaultMaxFile
	}
	s := &Source{o: o}
	s.stats.Skipped = map[scan.SkipReason]int64{}
	s.stats.Problems, s.stats.Notices = []scan.Problem{}, []string{}
	for _, p := range o.Problems {
		s.problem(p)
	}
	return s
}

// list walks the directories. What cannot be entered is a problem and an unreadable object.
func (s *Source) list(ctx context.Context) error {
	for _, root := range s.roots {
		if root == Stdin {
			s.files = append(s.files, file{name: StdinName, stream: true})
			continue
		}
		if info, err := os.Stat(root); err == nil && !info.IsDir() {
			name := filepath.ToSlash(filepath.Clean(root))
			s.files = append(s.files, file{name: name, disk: root, stream: !info.Mode().IsRegular()})
			continue
		}
		start := root
		if real, err := filepath.EvalSymlinks(root); err == nil {
			start = real // a link that the user names is followed
		}
		err := filepath.WalkDir(start, func(path string, e fs.DirEntry, err error) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			name := displayName(root, start, path)
			if err != nil {
				s.skip(scan.SkipUnreadable, name, cause(err))
				if e != nil && e.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if e.Name() == ".git" && path != start {
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if e.Type().IsRegular() {
				s.files = append(s.files, file{name: name, disk: path})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(s.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	s.files = slices.CompactFunc(s.files, func(a, b file) bool { return a.name == b.name && a.stream == b.stream })
	return nil
}

// displayName is the path as the user would write it: below the root as named.
func displayName(root, start, path string) string {
	rel, err := filepath.Rel(start, path)
	if err != nil {
		rel = "."
	}
	return filepath.ToSlash(filepath.Join(root, rel))
}

func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

const maxProblems = 10

func (s *Source) skip(reason scan.SkipReason, name string, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Skipped[reason]++
	s.stats.Blobs++
	s.stats.Objects++
	if !reason.Incompletes() {
		return
	}
	s.problem(scan.Problem{Where: name, Why: why.Error()})
}

// problem counts a problem and names it if it is among the first ten by name.
func (s *Source) problem(p scan.Problem) {
	s.stats.ProblemCount++
	i, _ := slices.BinarySearchFunc(s.stats.Problems, p, func(a, b scan.Problem) int { return strings.Compare(a.Where, b.Where) })
	s.stats.Problems = slices.Insert(s.stats.Problems, i, p)
	s.stats.Problems = s.stats.Problems[:min(len(s.stats.Problems), maxProblems)]
}

// Search implements scan.Source.
func (s *Source) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	s.progress.SetStage("listing")
	if err := s.list(ctx); err != nil {
		return err
	}
	s.progress.SetStage("searching")
	s.progress.Total.Store(int64(len(s.files)))
	var next atomic.Int64
	p := pool.New().WithContext(ctx).WithCancelOnError()
	for range min(workers, max(len(s.files), 1)) {
		v := open()
		var buf []byte
		p.Go(func(ctx context.Context) (err error) {
			for {
				i := int(next.Add(1) - 1)
				if i >= len(s.files) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if buf, err = s.search(ctx, i, v, buf); err != nil {
					return err
				}
				s.progress.Done.Add(1)
			}
		})
	}
	return p.Wait()
}

// search reads and searches one file and gives the buffer back. The error is the context's.
func (s *Source) search(ctx context.Context, i int, v scan.Visitor, buf []byte) ([]byte, error) {
	f := &s.files[i]
	data, err := s.load(ctx, f, buf[:0])
	switch {
	case err != nil && ctx.Err() != nil:
		return data, ctx.Err()
	case errors.Is(err, scan.ErrTooLarge):
		f.reached = true
		s.skip(scan.SkipTooLarge, f.name, err)
		return data, nil
	case errors.Is(err, fs.ErrNotExist):
		s.skip(scan.SkipMissing, f.name, errors.New("was removed during the scan"))
		return data, nil
	case err != nil:
		s.skip(scan.SkipUnreadable, f.name, cause(err))
		return data, nil
	}
	f.reached = true
	if reason := v.Visit(scan.BlobRef(i), data); reason != "" {
		s.skip(reason, f.name, nil)
		return data, nil
	}
	s.mu.Lock()
	s.stats.Scanned++
	s.stats.Blobs++
	s.stats.Objects++
	s.stats.Bytes += int64(len(data))
	s.mu.Unlock()
	s.progress.Bytes.Add(int64(len(data)))
	return data, nil
}

// keepBuffer: one giant file must not pin its memory.
const keepBuffer = 4 << 20

// load is read that a stream without end or writer does not hold up for longer than the context lasts.
func (s *Source) load(ctx context.Context, f *file, buf []byte) ([]byte, error) {
	if !f.stream {
		return s.read(f, buf)
	}
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := s.read(f, nil)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return buf, ctx.Err()
	}
}

// read appends the file to buf.
func (s *Source) read(f *file, buf []byte) ([]byte, error) {
	if cap(buf) > keepBuffer {
		buf = nil
	}
	in := s.o.Stdin
	if f.disk != "" {
		file, err := os.Open(f.disk)
		if err != nil {
			return buf, err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return buf, err
		}
		if !f.stream && !info.Mode().IsRegular() {
			return buf, errors.New("not a regular file any more")
		}
		if info.Size() > int64(s.o.MaxFile) {
			return buf, scan.ErrTooLarge
		}
		buf = slices.Grow(buf, int(info.Size())+1)
		in = file
	}
	if in == nil {
		return buf, errors.New("there is no standard input")
	}
	for len(buf) <= s.o.MaxFile {
		buf = slices.Grow(buf, 512)
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			if len(buf) > s.o.MaxFile {
				return buf, scan.ErrTooLarge
			}
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
	return buf, scan.ErrTooLarge
}

// Place implements scan.Source.
func (s *Source) Place(ctx context.Context, l scan.Lookup, emit func(scan.Placement)) error {
	s.progress.SetStage("placing")
	paths := make(map[string]scan.BlobRef, len(s.files))
	for i := range s.files {
		if f := &s.files[i]; f.reached && f.disk != "" {
			paths[f.name] = scan.BlobRef(i)
		}
	}
	tree := scan.NewFileTree(paths, l.Watched, false)
	for i := range s.files { // what files say of others comes first
		if f := &s.files[i]; f.reached && f.disk != "" && l.Named(f.name) {
			l.Depends(scan.BlobRef(i), f.name, tree)
		}
	}
	for i := range s.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := &s.files[i]
		ref := scan.BlobRef(i)
		if !l.Holds(ref) && !(f.reached && f.disk != "" && l.Named(f.name)) {
			continue
		}
		for _, id := range l.At(ref, f.name, tree) {
			emit(scan.Placement{Blob: ref, Path: f.name, Secret: id, Note: s.o.Note})
		}
	}
	return nil
}

// BlobID implements scan.Source: files have none.
func (s *Source) BlobID(scan.BlobRef) string { return "" }

// Progress implements scan.Source.
func (s *Source) Progress() *scan.Progress { return &s.progress }

// Stats implements scan.Source.
func (s *Source) Stats() scan.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Skipped = map[scan.SkipReason]int64{}
	for r, n := range s.stats.Skipped {
		st.Skipped[r] = n
	}
	st.Problems = slices.Clone(st.Problems)
	st.Complete = st.ProblemCount == 0
	return st
}

var _ scan.Source = (*Source)(nil)

// Content implements scan.Source. What was read from a pipe cannot be read again.
func (s *Source) Content(ref scan.BlobRef) ([]byte, error) {
	f := s.files[ref]
	if f.stream {
		return nil, errors.ErrUnsupported
	}
	return s.read(&f, nil)
}

// Each implements scan.Files. Standard input, and pipes and devices, have no name that says what they hold.
func (s *Source) Each(ctx context.Context, wanted func(path string) bool, visit func(scan.FileAt)) error {
	s.progress.SetStage("listing")
	if err := s.list(ctx); err != nil {
		return err
	}
	for i := range s.files {
		if f := &s.files[i]; f.stream || wanted(f.name) {
			visit(scan.FileAt{Path: f.name, Blob: scan.BlobRef(i), Nameless: f.stream, Note: s.o.Note})
		}
	}
	return nil
}

// Read implements scan.Files. A stream can be read once.
func (s *Source) Read(ctx context.Context, blob scan.BlobRef) ([]byte, error) {
	data, err := s.load(ctx, &s.files[blob], nil)
	if err != nil && ctx.Err() == nil && !errors.Is(err, scan.ErrTooLarge) {
		err = cause(err)
	}
	return data, err
}

var _ scan.Files = (*Source)(nil)
