package scan

import (
	"bytes"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
	"github.com/moby/patternmatcher"

	"rummage/detect"
	"rummage/detect/assignment"
	"rummage/detect/credfile"
	"rummage/detect/dotenv"
	"rummage/detect/interpolate"
	"rummage/detect/plausible"
)

// Tree is the files among which a blob stands: those of one commit, of the index, of a folder. Paths are as in
// Placement.
type Tree interface {
	// File is the blob at a path, and whether there is one that can be read.
	File(path string) (BlobRef, bool)
	// Lacks says that there is a file at a path whose blob is not there: a partial clone leaves them out.
	Lacks(path string) bool
	// Watched are the files below the folder (empty: below the top) that Lookup.Watched names, relative to it and
	// ascending.
	Watched(folder string) []string
	// Whole says that these are all the files that a repository has, so that one that is not there is not committed.
	Whole() bool
}

// conditions judges what findings say of the files around them. A practice such as a compose file that names a file of
// secrets is one only where that file is committed too.
type conditions struct {
	c *collector

	mu       sync.Mutex
	sets     map[setsKey]bool // does a .env file set secrets?
	filled   map[BlobRef]bool
	found    map[BlobRef]bool
	searcher *detect.Matcher
	ignores  map[ignoreKey][]gitignore.Pattern
	matchers map[BlobRef]*patternmatcher.PatternMatcher
}

type setsKey struct {
	ref    BlobRef
	sample bool
}

type ignoreKey struct {
	ref    BlobRef
	folder string
}

// maxIgnore bounds the ignore files that are read, in bytes.
const maxIgnore = 1 << 20

func newConditions(c *collector) conditions {
	return conditions{c: c, sets: map[setsKey]bool{}, filled: map[BlobRef]bool{}, found: map[BlobRef]bool{}, ignores: map[ignoreKey][]gitignore.Pattern{},
		matchers: map[BlobRef]*patternmatcher.PatternMatcher{}}
}

// watched says whether a file of this name may change what a condition says, wherever it stands.
func watched(base string) bool {
	return base == ".gitignore" || strings.HasSuffix(base, ".dockerignore") || credfile.Of(base) != credfile.None
}

// target is the path that a condition of a file names, and whether it lies within the tree.
func target(file string, when assignment.Condition) (string, bool) {
	p := path.Join(path.Dir(file), when.Path)
	if p == ".." || strings.HasPrefix(p, "../") || strings.HasPrefix(p, "/") != strings.HasPrefix(file, "/") {
		return "", false
	}
	return p, true
}

// hold says whether a condition of a file at a path holds in a tree. Of a blob that no tree has nothing is known, and
// nothing is claimed.
func (k *conditions) hold(when assignment.Condition, file string, tree Tree) bool {
	if when.Kind == assignment.Always {
		return true
	}
	p, ok := target(file, when)
	if !ok || tree == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ref, there := tree.File(p)
	switch when.Kind {
	case assignment.Tracked:
		return there && k.isFilled(ref)
	case assignment.TrackedSecrets:
		return there && k.setsSecrets(ref, dotenv.IsSample(path.Base(p)))
	case assignment.Unignored:
		return !there && tree.Whole() && !tree.Lacks(p) && !k.ignored(tree, p)
	case assignment.InContext:
		return k.inContext(tree, file, contextFolder(tree, p, when.Beside))
	}
	return false
}

// content is the text of a blob, nil for one that cannot be read, which the search has counted. What is binary is given
// as it is, and said to be so.
func (k *conditions) content(ref BlobRef) (data []byte, binary bool) {
	data, err := k.c.files.src.Content(ref)
	if err != nil {
		return nil, false
	}
	text, _, ok := Text(data, nil)
	if !ok {
		return data, true
	}
	return text, false
}

func (k *conditions) isFilled(ref BlobRef) bool {
	filled, known := k.filled[ref]
	if !known {
		data, err := k.c.files.src.Content(ref)
		filled = errors.Is(err, ErrTooLarge) || len(bytes.TrimSpace(data)) > 0
		k.filled[ref] = filled
	}
	return filled
}

// setsSecrets says whether a .env file sets something under the name of a secret; in a sample plain words do not count.
func (k *conditions) setsSecrets(ref BlobRef, sample bool) bool {
	sets, known := k.sets[setsKey{ref, sample}]
	if known {
		return sets
	}
	data, _ := k.content(ref)
	for _, e := range dotenv.Parse(data).Assignments {
		if e.Comment || e.Unset || e.Form == interpolate.Reference || e.Form == interpolate.Empty {
			continue
		}
		if v := plausible.Password(data, e.Assignment); v.Plausible && !(sample && v.Weak) {
			sets = true
			break
		}
	}
	k.sets[setsKey{ref, sample}] = sets
	return sets
}

// ignored says whether the ignore files on the way to a path keep git from adding it.
func (k *conditions) ignored(tree Tree, p string) bool {
	var patterns []gitignore.Pattern
	parts := strings.Split(p, "/")
	for i := range parts {
		folder := strings.Join(parts[:i], "/")
		name := path.Join(folder, ".gitignore")
		ref, ok := tree.File(name)
		if !ok {
			if tree.Lacks(name) {
				return true // as far as is known
			}
			continue
		}
		key := ignoreKey{ref, folder}
		list, known := k.ignores[key]
		if !known {
			data, _ := k.content(ref)
			list = ParseIgnore(data, parts[:i])
			k.ignores[key] = list
		}
		patterns = append(patterns, list...)
	}
	m := gitignore.NewMatcher(patterns)
	for i := range parts {
		if m.Match(parts[:i+1], i+1 < len(parts)) {
			return true
		}
	}
	return false
}

// ParseIgnore reads an ignore file of git that stands in the folder whose parts are given (gitignore(5)).
func ParseIgnore(data []byte, folder []string) (patterns []gitignore.Pattern) {
	for line := range strings.Lines(string(data[:min(len(data), maxIgnore)])) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, gitignore.ParsePattern(line, slices.Clone(folder)))
		}
	}
	return patterns
}

// aside are names of folders that hold Dockerfiles for the folder above.
var aside = map[string]bool{"docker": true, ".docker": true, "dockerfiles": true, "dockerfile": true, "build": true, "deploy": true,
	"deployment": true, ".devcontainer": true, "ci": true, ".ci": true, "containers": true, "container": true}

// maxAbove is how many folders up a build context is looked for.
const maxAbove = 4

// contextFolder is the folder that a Dockerfile in the given one is built from, most likely: nothing in the file itself
// says. It is the first one, upwards, that holds a file which the Dockerfile copies by name; without such a file the
// Dockerfile's own, unless that is one for Dockerfiles.
func contextFolder(tree Tree, folder, beside string) string {
	if beside == "" {
		if aside[path.Base(folder)] {
			return path.Dir(folder)
		}
		return folder
	}
	for dir := range above(folder) {
		if name := path.Join(dir, beside); has(tree, name) {
			return dir
		}
	}
	return folder
}

// has says whether there is a file, may its blob be left out.
func has(tree Tree, name string) bool {
	_, ok := tree.File(name)
	return ok || tree.Lacks(name)
}

// above are a folder and those above it, maxAbove at most.
func above(folder string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := 0; n < maxAbove && yield(folder) && folder != "." && folder != "/"; n++ {
			folder = path.Dir(folder)
		}
	}
}

// inContext says whether a file of credentials lies in a build context and is not kept out of it.
func (k *conditions) inContext(tree Tree, dockerfile, folder string) bool {
	if folder == "." {
		folder = ""
	}
	var out *patternmatcher.PatternMatcher
	// The file beside the Dockerfile, under its name, has precedence (docs.docker.com/build/concepts/context).
	ignore := dockerfile + ".dockerignore"
	if !has(tree, ignore) {
		ignore = path.Join(folder, ".dockerignore")
	}
	if ref, ok := tree.File(ignore); ok {
		out = k.matcher(ref)
	} else if tree.Lacks(ignore) {
		return false // as far as is known
	}
	for _, rel := range tree.Watched(folder) {
		ref, ok := tree.File(path.Join(folder, rel))
		if !ok || !k.credential(ref, rel) {
			continue
		}
		if out != nil {
			if kept, err := out.MatchesOrParentMatches(rel); err == nil && kept {
				continue
			}
		}
		return true
	}
	return false
}

// credential says whether a file that is named like one of credentials is one.
func (k *conditions) credential(ref BlobRef, name string) bool {
	switch credfile.Of(name) {
	case credfile.None:
		return false
	case credfile.Env:
		return k.setsSecrets(ref, false)
	case credfile.KeyStore:
		return true
	}
	return k.holds(ref)
}

// holds says whether a blob has a match. One that is older than the scan, or staged long ago, was not searched.
func (k *conditions) holds(ref BlobRef) bool {
	if k.c.Holds(ref) {
		return true
	}
	found, known := k.found[ref]
	if !known {
		if k.searcher == nil {
			k.searcher = k.c.det.Matcher()
		}
		text, binary := k.content(ref)
		found = !binary && len(k.searcher.Match(text)) > 0
		k.found[ref] = found
	}
	return found
}

// matcher reads an ignore file of Docker, nil for one that Docker would refuse.
func (k *conditions) matcher(ref BlobRef) *patternmatcher.PatternMatcher {
	m, known := k.matchers[ref]
	if known {
		return m
	}
	var patterns []string
	data, _ := k.content(ref)
	for line := range strings.Lines(string(data[:min(len(data), maxIgnore)])) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		not := ""
		if line[0] == '!' {
			not, line = "!", strings.TrimSpace(line[1:])
		}
		if line = path.Clean(line); len(line) > 1 {
			line = strings.TrimPrefix(line, "/")
		}
		patterns = append(patterns, not+line)
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		m = nil
	}
	k.matchers[ref] = m
	return m
}

// Watched implements Lookup.
func (c *collector) Watched(name string) bool {
	return c.files.wanted && c.files.watched.get(name[strings.LastIndexByte(name, '/')+1:], watched)
}

// Depends implements Lookup.
func (c *collector) Depends(ref BlobRef, name string, tree Tree) (paths, folders []string, some bool) {
	var last assignment.Condition
	for _, h := range c.hitsAt(ref, name) {
		when := h.match.When
		if when.Kind == assignment.Always {
			continue
		}
		some = true
		p, ok := target(name, when)
		if !ok || when == last {
			continue
		}
		last = when
		if when.Kind == assignment.TrackedSecrets {
			c.isSettings(p)
		}
		switch when.Kind {
		case assignment.InContext:
			if when.Beside != "" {
				for dir := range above(p) {
					paths = append(paths, path.Join(dir, when.Beside))
				}
			}
			folder := p
			if tree != nil {
				folder = contextFolder(tree, p, when.Beside)
			}
			paths = append(paths, name+".dockerignore")
			folders = append(folders, strings.TrimPrefix(folder, "."))
		case assignment.Unignored:
			for i := range p {
				if p[i] == '/' {
					paths = append(paths, p[:i]+"/.gitignore")
				}
			}
			paths = append(paths, p, ".gitignore")
		default:
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	slices.Sort(folders)
	return slices.Compact(paths), slices.Compact(folders), some
}
