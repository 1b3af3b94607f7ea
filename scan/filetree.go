package scan

import (
	"slices"
	"strings"
)

// FileTree is a Tree of files that are all known.
type FileTree struct {
	files   map[string]BlobRef
	watched []string // ascending
	whole   bool
	lacking map[string]bool
}

// NewFileTree makes a Tree of files by their paths, which must not be changed afterwards. Whole says that they are those
// of a repository, and all of them.
func NewFileTree(files map[string]BlobRef, isWatched func(name string) bool, whole bool) *FileTree {
	t := &FileTree{files: files, whole: whole}
	for p := range files {
		if isWatched(p) {
			t.watched = append(t.watched, p)
		}
	}
	slices.Sort(t.watched)
	return t
}

// File implements Tree.
func (t *FileTree) File(path string) (BlobRef, bool) {
	ref, ok := t.files[path]
	return ref, ok
}

// Leave notes the path of a file whose blob is not there.
func (t *FileTree) Leave(path string) {
	if t.lacking == nil {
		t.lacking = map[string]bool{}
	}
	t.lacking[path] = true
}

// Lacks implements Tree.
func (t *FileTree) Lacks(path string) bool { return t.lacking[path] }

// Whole implements Tree.
func (t *FileTree) Whole() bool { return t.whole }

// Watched implements Tree.
func (t *FileTree) Watched(folder string) []string {
	if folder == "" {
		return t.watched
	}
	var below []string
	i, _ := slices.BinarySearch(t.watched, folder+"/")
	for ; i < len(t.watched); i++ {
		rel, ok := strings.CutPrefix(t.watched[i], folder+"/")
		if !ok {
			break
		}
		below = append(below, rel)
	}
	return below
}
