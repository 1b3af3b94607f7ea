package imagescan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"rummage/scan"
)

// Options say what of the images is read.
type Options struct {
	Limits Limits
	// Platforms are those that are read, such as linux/arm64 or linux/arm/v7; none: all.
	Platforms []string
	// OpenGit opens a git repository whose files are in memory, by their paths in the .git folder; nil if they make none.
	// Without it, what stands in .git folders is searched as files only.
	OpenGit func(files map[string][]byte) (scan.Source, error)
}

// Target is what to read: an archive, a layout, what a registry or the daemon has.
type Target struct {
	name  string
	store store
	// stream gives an archive that can be read only once, from its beginning to its end; store is nil then.
	stream func(ctx context.Context) (io.ReadCloser, error)
	// file is what the stream is of, nil for a pipe.
	file io.Closer
}

// Source is images as a scan.Source.
type Source struct {
	o        Options
	b        *budget
	targets  []Target
	progress scan.Progress
	feed     *feed
	newFeed  func(buffers int) *feed

	images []*image
	layers []*layer // each once
	byKey  map[layerKey]*layer
	// references are how many layers all images have, one that two have twice.
	references int
	docs       map[scan.BlobRef][]byte
	docBytes   int64
	kept       kept
	git        memoryBudget
	lists      memoryBudget // of package managers
	repos      []*nested

	// spare has the buffers of what is read again, one at a time.
	rereading sync.Mutex
	spare     *feed

	mu         sync.Mutex
	stats      scan.Stats
	placesLeft int
	// placing is the context of Place: Content, which has none, ends with it.
	placing context.Context
	// troubles are what went wrong with targets and layers.
	troubles map[any]string
	// broken and unopened are of archives in layers.
	broken, unopened counts
}

// image is an image of one platform, or the attestations of one.
type image struct {
	name, digest, platform string
	config                 string // its digest
	target                 string
	layers                 []*layer
	instructions           []string // of the layers
	docs                   []document
	repos                  []imageRepository
}

// document is what is searched as it is: a configuration, an attestation.
type document struct {
	path string
	ref  scan.BlobRef
}

// layer is a layer of one or more images. It is read once.
type layer struct {
	diffID string // as the configuration claims it, or as it turned out to be
	d      descriptor
	store  store
	table  table
	git    gitFiles
	pkgs   packages
	walked bool
	// ended says that all of it was read, or that a problem tells why not; else the scan was stopped before.
	ended bool
	// found are the entries that hold secrets or are exposures, in the order of the table.
	found []candidate
	asked bool
}

// New is a source of the targets.
func New(targets []Target, o Options) *Source {
	o.Limits = o.Limits.withDefaults()
	s := &Source{o: o, b: newBudget(o.Limits), targets: targets, byKey: map[layerKey]*layer{}, docs: map[scan.BlobRef][]byte{},
		troubles: map[any]string{}}
	s.git.left, s.lists.left = o.Limits.Git, maxLists
	s.kept.left = maxKept
	s.placesLeft = maxPlaces
	s.newFeed = newFeed
	s.stats.Skipped = map[scan.SkipReason]int64{}
	s.stats.Problems, s.stats.Notices = []scan.Problem{}, []string{}
	return s
}

// Close releases what the targets hold.
func (s *Source) Close() error {
	var errs []error
	for _, t := range s.targets {
		if t.store != nil {
			errs = append(errs, t.store.Close())
		}
		if t.file != nil {
			errs = append(errs, t.file.Close())
		}
	}
	return errors.Join(errs...)
}

// maxReaders bounds the layers that are read at a time: each takes a window of its decompressor and two buffers.
const maxReaders = 4

// maxBuffered bounds the buffers for workers: those who read do not keep more of them busy.
const maxBuffered = 8

// Search implements scan.Source.
func (s *Source) Search(ctx context.Context, workers int, open func() scan.Visitor) error {
	workers = max(workers, 1)
	readers := min(workers, maxReaders)
	s.feed = s.newFeed(2*readers + min(workers, maxBuffered) + 1)
	visitors := make([]scan.Visitor, workers)
	for i := range visitors {
		visitors[i] = open()
	}
	p := pool.New().WithContext(ctx).WithCancelOnError()
	for _, v := range visitors {
		p.Go(func(ctx context.Context) error { return s.work(ctx, v) })
	}
	p.Go(func(ctx context.Context) error {
		defer close(s.feed.full)
		return s.read(ctx, readers)
	})
	if err := p.Wait(); err != nil {
		return err
	}
	return s.searchRepositories(ctx, visitors, open)
}

// read reads all layers and documents.
func (s *Source) read(ctx context.Context, readers int) error {
	s.progress.SetStage("reading manifests")
	for i := range s.targets {
		if err := s.resolveTarget(ctx, &s.targets[i]); err != nil {
			return err
		}
	}
	s.progress.SetStage("reading layers")
	s.progress.SetUnit("layers")
	s.progress.Total.Store(int64(len(s.layers)))
	p := pool.New().WithContext(ctx).WithCancelOnError().WithMaxGoroutines(readers)
	for _, l := range s.layers {
		if l.walked {
			s.progress.Done.Add(1)
			continue
		}
		p.Go(func(ctx context.Context) error {
			defer s.progress.Done.Add(1)
			return s.readLayer(ctx, l)
		})
	}
	return p.Wait()
}

// work searches what the feed brings. The error is the context's.
func (s *Source) work(ctx context.Context, v scan.Visitor) error {
	for {
		select {
		case b, more := <-s.feed.full:
			if !more {
				return nil
			}
			for _, p := range b.parts {
				if err := ctx.Err(); err != nil {
					return err
				}
				s.searched(len(p.data), v.VisitAll(p.ref, p.data))
			}
			if !b.document {
				s.feed.free <- b
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Source) searched(size int, reason scan.SkipReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Objects++
	s.stats.Blobs++
	if reason != "" {
		s.stats.Skipped[reason]++
		return
	}
	s.stats.Scanned++
	s.stats.Bytes += int64(size)
	s.progress.Bytes.Add(int64(size))
}

// addDocument has a document of images searched, and read by its path where that says what it is.
func (s *Source) addDocument(ctx context.Context, of []*image, path string, data []byte) error {
	ref, isNew := s.feed.ref(data, nil, home{})
	for _, img := range of {
		img.docs = append(img.docs, document{path, ref})
	}
	if !isNew {
		return nil
	}
	if s.docBytes += int64(len(data)); s.docBytes > maxDocuments {
		return &limitError{fmt.Sprintf("documents of more than %d bytes", maxDocuments)}
	}
	s.docs[ref] = data
	select {
	case s.feed.full <- &batch{document: true, parts: []part{{ref, data}}}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const maxProblems = 10

// oneLine is a text without line breaks: the names of files in an archive may hold any byte.
func oneLine(s string) string { return strings.Join(strings.FieldsFunc(s, isBreak), " ") }

func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029
}

// problem counts a problem and names it if it is among the first ten.
func (s *Source) problem(where string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := scan.Problem{Where: oneLine(where), Why: oneLine(err.Error())}
	s.stats.ProblemCount++
	i, _ := slices.BinarySearchFunc(s.stats.Problems, p, func(a, b scan.Problem) int {
		return cmp.Or(strings.Compare(a.Where, b.Where), strings.Compare(a.Why, b.Why))
	})
	s.stats.Problems = slices.Insert(s.stats.Problems, i, p)
	s.stats.Problems = s.stats.Problems[:min(len(s.stats.Problems), maxProblems)]
}

// lost counts something that was not read for the reason, and why.
func (s *Source) lost(reason scan.SkipReason, where string, err error) {
	s.lostAll(1, reason, where, err)
}

// lostAll counts n things that were not read, of which the first is named.
func (s *Source) lostAll(n int64, reason scan.SkipReason, where string, err error) {
	if isLimit(err) {
		reason = scan.SkipLimit
	}
	s.mu.Lock()
	s.stats.Objects += n
	s.stats.Blobs += n
	s.stats.Skipped[reason] += n
	s.stats.ProblemCount += n - 1
	s.mu.Unlock()
	s.problem(where, err)
}

// Stats implements scan.Source.
func (s *Source) Stats() scan.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Skipped = map[scan.SkipReason]int64{}
	for r, n := range s.stats.Skipped {
		st.Skipped[r] = n
	}
	st.Problems, st.Notices = slices.Clone(st.Problems), slices.Clone(st.Notices)
	st.Notices = append(st.Notices, s.notices()...)
	st.Complete = st.ProblemCount == 0
	for _, n := range s.repos {
		n.addStats(&st)
	}
	return st
}

func (s *Source) notices() (list []string) {
	if c := s.broken; c.n > 0 {
		list = append(list, fmt.Sprintf("%d archives in layers are damaged and were searched as far as they go, first: %s", c.n, oneLine(c.first)))
	}
	if c := s.unopened; c.n > 0 {
		list = append(list, fmt.Sprintf("%d archives in layers are of kinds that are not opened (xz, bzip2, 7z), first: %s", c.n, oneLine(c.first)))
	}
	return list
}

// Progress implements scan.Source.
func (s *Source) Progress() *scan.Progress { return &s.progress }

// BlobID implements scan.Source: what stands in layers has no id of its own.
func (s *Source) BlobID(ref scan.BlobRef) string {
	if n, inner := s.nestedOf(ref); n != nil {
		return n.src.BlobID(inner)
	}
	return ""
}

var _ scan.Source = (*Source)(nil)
