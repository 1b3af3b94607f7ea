package gitscan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"

	"rummage/gitscan/internal/disk"
	"rummage/scan"
)

// WorkTreeFiles lists the files of the work tree that are or could be committed: tracked ones, and untracked ones that
// no .gitignore, info/exclude leaves out. Paths are relative to WorkTree, with slashes, ascending by directory. Problems
// are what may hold more files and cannot be read.
func (r *Repo) WorkTreeFiles() (files []string, problems []scan.Problem, err error) {
	if r.dirs.workTree == "" {
		return nil, nil, errors.New("a bare repository has no work tree")
	}
	tracked := map[string]bool{}
	entries, err := r.readIndex()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		problems = append(problems, scan.Problem{Where: "index", Why: err.Error() + ", so ignored files that are tracked are left out"})
	}
	trackedDirs := map[string]bool{}
	for _, e := range entries {
		tracked[e.path] = true
		for dir := e.path; strings.Contains(dir, "/"); {
			dir = dir[:strings.LastIndexByte(dir, '/')]
			trackedDirs[dir] = true
		}
	}
	w := treeWalk{root: r.dirs.workTree, tracked: tracked, trackedDirs: trackedDirs}
	w.patterns = append(w.patterns, readIgnore(filepath.Join(r.dirs.commonDir, "info", "exclude"), nil)...)
	err = filepath.WalkDir(w.root, w.visit)
	return w.files, append(problems, w.problems...), err
}

// treeWalk collects files, with the ignore patterns of the directories it has entered.
type treeWalk struct {
	root                 string
	tracked, trackedDirs map[string]bool
	patterns             []gitignore.Pattern
	files                []string
	problems             []scan.Problem
}

func (w *treeWalk) visit(path string, e fs.DirEntry, err error) error {
	rel, relErr := filepath.Rel(w.root, path)
	if relErr != nil {
		return relErr
	}
	rel = filepath.ToSlash(rel)
	if err != nil {
		w.problems = append(w.problems, scan.Problem{Where: rel, Why: trimPath(err.Error(), path)})
		return nil
	}
	if rel == "." {
		w.patterns = append(w.patterns, readIgnore(filepath.Join(path, ".gitignore"), nil)...)
		return nil
	}
	if e.Name() == ".git" {
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	parts := strings.Split(rel, "/")
	ignored := gitignore.NewMatcher(w.patterns).Match(parts, e.IsDir())
	if e.IsDir() {
		if ignored && !w.trackedDirs[rel] {
			return fs.SkipDir
		}
		w.patterns = append(w.patterns, readIgnore(filepath.Join(path, ".gitignore"), parts)...)
		return nil
	}
	if e.Type().IsRegular() && (!ignored || w.tracked[rel]) {
		w.files = append(w.files, rel)
	}
	return nil
}

func readIgnore(file string, domain []string) (patterns []gitignore.Pattern) {
	data, err := readSmall(disk.OS{}, file)
	if err != nil {
		return nil
	}
	return scan.ParseIgnore(data, domain)
}
