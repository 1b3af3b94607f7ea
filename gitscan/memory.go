package gitscan

import (
	"fmt"
	"maps"
	"slices"

	"rummage/gitscan/internal/disk"
)

// OpenFiles opens a repository whose files are in memory, as those of a .git directory in an image are, which is never
// written to disk. files are the contents by slash path inside the git directory: "HEAD", "packed-refs",
// "objects/pack/pack-….idx". They are not copied, and must not change while the Repo is in use.
//
// No file of the machine is ever opened. What leads out of a repository is not followed: a linked worktree's commondir
// is a problem, and so is an object that is missing, be it because alternates have it. Otherwise the repository is read as
// Open reads it, as a bare one; only that a pack without an index, which is of no use to git, is read as well.
//
// Any one of HEAD, packed-refs, an object or a ref makes the files a repository: an image may well have a part of one.
func OpenFiles(files map[string][]byte, o Options) (*Repo, error) {
	m := disk.NewMemory(files, "objects", "refs") // git needs both directories, and files do not tell of empty ones
	if !hasRepository(m) {
		return nil, fmt.Errorf("%d files: %w", len(files), ErrNotRepository)
	}
	r, err := openDirs(dirs{files: m}, o)
	if err != nil {
		return nil, err
	}
	if _, err := m.Stat("commondir"); err == nil {
		r.problem("commondir", "leads to the objects and refs of another repository, which is not followed out of these files")
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !disk.IsPath(name) {
			r.problem(fmt.Sprintf("%.100q", name), "is not the path of a file in a git directory")
		}
	}
	return r, nil
}

// hasRepository reports whether there is anything to read.
func hasRepository(m *disk.Memory) bool {
	for _, name := range []string{"HEAD", "packed-refs"} {
		if _, err := m.Stat(name); err == nil {
			return true
		}
	}
	for _, dir := range []string{"objects", "refs"} {
		if names, err := m.ReadNames(dir); err == nil && len(names) > 0 {
			return true
		}
	}
	return false
}
