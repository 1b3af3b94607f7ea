package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sourcegraph/conc/pool"

	"rummage/detect/imageref"
	"rummage/detect/structure"
)

// ImageList is the container images that the files of a source name.
type ImageList struct {
	// Images are those whose whole name is known, ascending by it, each once.
	Images []Image
	// Unresolved are the others, ascending by their text.
	Unresolved []Image
	// Instructions are those of the Dockerfiles.
	Instructions Instructions
	// Stats counts the distinct contents that were looked at: Objects = Blobs = Scanned + the sum of Skipped.
	Stats Stats
}

// Image is an image that files name.
type Image struct {
	// Name is its canonical name, with a tag or a digest: docker.io/library/alpine:3. It can be given to a program: it
	// has no blank and begins with no dash. It was chosen by whoever wrote the files, and so was the registry in it.
	Name string
	// Text and Unresolved are what is written and the reason why there is no Name.
	Text, Unresolved string
	Places           []ImagePlace
}

// BuiltOnly says that the files only build the image, under a name of theirs. Whoever pulls it may get another one.
func (i *Image) BuiltOnly() bool {
	return !slices.ContainsFunc(i.Places, func(p ImagePlace) bool { return p.Role != imageref.Built })
}

// ImagePlace is where an image is named.
type ImagePlace struct {
	Path string
	Span
	Role imageref.Role
	File structure.Kind
	Text string // the reference, variables resolved
	Blob string // object id of the content, empty where there is none
	// Refs are those whose trees have it there, ascending; empty in a place of history that is at no tip. It is nil where
	// there are no refs at all.
	Refs []string
	// Commit is the first commit that names the image for this in a file of this path; nil unless history was asked for.
	Commit *Commit
	Note   string
}

// Images lists the images that files of the source name, as package imageref reads them. An image that no tip has is
// given once for each path, where the first commit has it. An interrupt (ctx) is no error: Stats tells of it.
func Images(ctx context.Context, src Files, workers int) (*ImageList, error) {
	start := time.Now()
	var files []imageFile
	err := src.Each(ctx, wantsImages, func(f FileAt) { files = append(files, imageFile{FileAt: f}) })
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	readings := readImages(ctx, src, files, max(workers, 1))
	list := &ImageList{}
	c := imageCollector{src: src, byKey: map[imageKey]*imageEntry{}}
	for i := range files {
		c.add(&files[i])
		list.Instructions.add(files[i].Path, files[i].read.lines)
	}
	list.Images, list.Unresolved = c.lists()
	list.Stats = imageStats(src.Stats(), readings)
	if ctx.Err() != nil {
		list.Stats.Interrupted, list.Stats.Complete = true, false
	}
	list.Stats.Seconds = time.Since(start).Seconds()
	return list, nil
}

// wantsImages says whether a file of the name may name images.
func wantsImages(name string) bool {
	k := structure.Of(name)
	return k == structure.YAML || imageref.Has(k)
}

// imageFile is a file with what its content names.
type imageFile struct {
	FileAt
	read *imageReading
}

// imageReading is a content read as a kind of file. Many files may share it.
type imageReading struct {
	blob     BlobRef
	path     string // of the first of the files
	kind     structure.Kind
	nameless bool

	refs     []imageref.Ref
	at       []Span
	lines    []dockerLine
	problems int
	size     int
	skipped  SkipReason
	err      error
	done     bool
}

// readImages reads each content once for each kind that the names of its files give it.
func readImages(ctx context.Context, src Files, files []imageFile, workers int) []*imageReading {
	type key struct {
		blob     BlobRef
		kind     structure.Kind
		nameless bool
	}
	byKey := map[key]*imageReading{}
	var list []*imageReading
	for i := range files {
		f := &files[i]
		k := key{f.Blob, structure.Of(f.Path), f.Nameless}
		if byKey[k] == nil {
			byKey[k] = &imageReading{blob: f.Blob, path: f.Path, kind: k.kind, nameless: f.Nameless}
			list = append(list, byKey[k])
		}
		f.read = byKey[k]
	}
	progress := src.Progress()
	progress.SetStage("reading files")
	progress.Total.Store(int64(len(list)))
	progress.Done.Store(0)
	var next atomic.Int64
	p := pool.New()
	for range min(workers, len(list)) {
		p.Go(func() {
			for i := int(next.Add(1) - 1); i < len(list) && ctx.Err() == nil; i = int(next.Add(1) - 1) {
				list[i].run(ctx, src)
				progress.Done.Add(1)
			}
		})
	}
	p.Wait()
	return list
}

func (r *imageReading) run(ctx context.Context, src Files) {
	data, err := src.Read(ctx, r.blob)
	switch {
	case err != nil && ctx.Err() != nil:
		return
	case errors.Is(err, ErrTooLarge):
		r.skipped = SkipTooLarge
	case err != nil:
		r.skipped, r.err = SkipUnreadable, err
	}
	r.done = true
	if err != nil {
		return
	}
	text, _, ok := Text(data, nil)
	if !ok {
		r.skipped = SkipBinary
		return
	}
	r.size = len(data)
	if r.nameless {
		r.kind = guessKind(text)
	} else if r.kind == structure.YAML {
		r.kind = r.kind.Meant(structure.Sniff(text))
	}
	r.refs, r.problems = imageref.Refs(r.kind, text)
	if r.kind == structure.Dockerfile {
		r.lines = dockerLines(text)
	}
	slices.SortStableFunc(r.refs, func(a, b imageref.Ref) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	r.at = locateRefs(text, r.refs)
}

// guessKind is what a content without a name is.
func guessKind(text []byte) structure.Kind {
	set := structure.Sniff(text)
	if k := structure.YAML.Meant(set); k != structure.None || !set.Has(structure.Dockerfile) {
		return k
	}
	return structure.Dockerfile
}

// locateRefs gives the lines and columns of references in the order in which they begin.
func locateRefs(text []byte, refs []imageref.Ref) []Span {
	at := make([]Span, len(refs))
	var pos position
	for i := range refs {
		s := refs[i].Span
		pos.advance(text, s.Start)
		end := pos
		end.advance(text, s.End)
		at[i] = Span{Line: pos.line + 1, Column: s.Start - pos.lineStart + 1, EndLine: end.line + 1, EndColumn: s.End - end.lineStart + 1}
	}
	return at
}

// imageStats are the counts of what was read, with the problems of the source.
func imageStats(s Stats, readings []*imageReading) Stats {
	st := Stats{Skipped: map[SkipReason]int64{}, Suppressed: map[string]int64{}, Structured: map[string]int64{},
		Problems: s.Problems, ProblemCount: s.ProblemCount, Notices: s.Notices}
	for _, r := range readings {
		if !r.done {
			continue
		}
		st.Objects++
		st.Blobs++
		if r.skipped != "" {
			st.Skipped[r.skipped]++
			if r.err != nil {
				st.ProblemCount++
				if len(st.Problems) < maxNamedProblems {
					st.Problems = append(st.Problems, Problem{Where: r.path, Why: "cannot be read: " + r.err.Error()})
				}
			}
			continue
		}
		st.Scanned++
		st.Bytes += int64(r.size)
		if r.kind != structure.None {
			st.Structured[r.kind.String()]++
			st.NotUnderstood += int64(r.problems)
		}
	}
	switch n := st.NotUnderstood; {
	case n == 1:
		st.Notices = append(st.Notices, "1 piece of a file was not understood; images that it names may be missing")
	case n > 1:
		st.Notices = append(st.Notices, fmt.Sprintf("%d pieces of files were not understood; images that they name may be missing", n))
	}
	st.Complete = st.ProblemCount == 0
	return st
}

type imageKey struct{ name, text, why string }

// imageUse is a purpose of an image in the files of a path, imageAt the same at a place.
type imageUse struct {
	path string
	role imageref.Role
}

type imageAt struct {
	imageUse
	Span
	text string
}

// imageEntry is an image while it is collected.
type imageEntry struct {
	places []ImagePlace
	at     map[imageAt]int
	first  map[imageUse]*Commit
	tip    map[imageUse]bool // some tip has it
}

type imageCollector struct {
	src   Files
	byKey map[imageKey]*imageEntry
}

// add adds what a file names. Files come in the order of their commits.
func (c *imageCollector) add(f *imageFile) {
	for i := range f.read.refs {
		ref := &f.read.refs[i]
		k := imageKey{name: ref.Canonical}
		if k.name == "" {
			k = imageKey{text: ref.Text, why: ref.Unresolved}
		}
		e := c.byKey[k]
		if e == nil {
			e = &imageEntry{at: map[imageAt]int{}, first: map[imageUse]*Commit{}, tip: map[imageUse]bool{}}
			c.byKey[k] = e
		}
		use := imageUse{f.Path, ref.Role}
		first, again := e.first[use]
		if !again {
			first = f.Commit
			e.first[use] = first
		}
		past := f.Commit != nil && len(f.Refs) == 0
		if past && again {
			continue
		}
		e.tip[use] = e.tip[use] || !past
		e.place(imageAt{use, f.read.at[i], ref.Text}, ImagePlace{Path: f.Path, Span: f.read.at[i], Role: ref.Role, File: f.read.kind,
			Text: ref.Text, Blob: c.src.BlobID(f.Blob), Refs: f.Refs, Commit: first, Note: f.Note})
	}
}

// place adds a place, or the refs that have it too.
func (e *imageEntry) place(at imageAt, p ImagePlace) {
	i, again := e.at[at]
	if !again {
		e.at[at] = len(e.places)
		e.places = append(e.places, p)
		return
	}
	if old := &e.places[i]; len(p.Refs) > 0 {
		if len(old.Refs) == 0 {
			old.Blob, old.Note = p.Blob, p.Note
		}
		refs := slices.Concat(old.Refs, p.Refs)
		slices.Sort(refs)
		old.Refs = slices.Compact(refs)
	}
}

// lists are the images, sorted.
func (c *imageCollector) lists() (images, unresolved []Image) {
	images, unresolved = []Image{}, []Image{}
	for k, e := range c.byKey {
		// The place of the first commit is told only of what no tip has any more.
		places := slices.DeleteFunc(e.places, func(p ImagePlace) bool {
			return p.Commit != nil && len(p.Refs) == 0 && e.tip[imageUse{p.Path, p.Role}]
		})
		slices.SortFunc(places, comparePlacesOfImages)
		i := Image{Name: k.name, Text: k.text, Unresolved: k.why, Places: places}
		if k.name == "" {
			unresolved = append(unresolved, i)
		} else {
			images = append(images, i)
		}
	}
	slices.SortFunc(images, func(a, b Image) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(unresolved, func(a, b Image) int {
		return cmp.Or(strings.Compare(a.Text, b.Text), strings.Compare(a.Unresolved, b.Unresolved))
	})
	return images, unresolved
}

func comparePlacesOfImages(a, b ImagePlace) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		strings.Compare(string(a.Role), string(b.Role)), strings.Compare(a.Text, b.Text), cmp.Compare(a.EndLine, b.EndLine),
		cmp.Compare(a.EndColumn, b.EndColumn))
}
