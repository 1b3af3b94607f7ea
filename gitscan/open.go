package gitscan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rummage/gitscan/internal/disk"
	"rummage/gitscan/internal/pack"
)

// ErrNotRepository: the path, and for a search upwards its parents, are no git repository.
var ErrNotRepository = errors.New("not a git repository")

// dirs are the places that make a repository (gitrepository-layout(5)): gitDir has HEAD and the index, commonDir the
// objects, refs and configuration; they differ in a linked worktree. workTree is empty for a bare repository. All are
// paths among files; for files in memory all three are empty.
type dirs struct {
	files                       disk.Files
	gitDir, commonDir, workTree string
}

// locate finds the repository at path. With upwards, path's parents are tried as git does for the working directory.
func locate(path string, upwards bool) (dirs, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return dirs{}, err
	}
	if info, err := os.Stat(abs); err != nil {
		return dirs{}, err
	} else if !info.IsDir() {
		// A .git file may be named directly.
		return fromGitFile(abs)
	}
	for at := abs; ; at = filepath.Dir(at) {
		d, err := locateAt(at)
		if !errors.Is(err, ErrNotRepository) {
			return d, err
		}
		if !upwards || at == filepath.Dir(at) {
			return dirs{}, fmt.Errorf("%s: %w", path, ErrNotRepository)
		}
	}
}

// WorktreeOf is the git directory of the repository that a linked worktree belongs to; empty where path is none.
func WorktreeOf(path string) string {
	d, err := locateAt(path)
	if err != nil || d.commonDir == d.gitDir {
		return ""
	}
	return d.commonDir
}

func locateAt(dir string) (dirs, error) {
	dotGit := filepath.Join(dir, ".git")
	if info, err := os.Stat(dotGit); err == nil {
		if !info.IsDir() {
			return fromGitFile(dotGit)
		}
		if isGitDir(dotGit) {
			return withCommon(dotGit, dir)
		}
	}
	if isGitDir(dir) {
		work := ""
		if filepath.Base(dir) == ".git" {
			work = filepath.Dir(dir)
		}
		return withCommon(dir, work)
	}
	return dirs{}, ErrNotRepository
}

// isGitDir is git's own test: HEAD, and objects and refs here or in the common directory.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, "commondir")); err == nil {
		return true
	}
	for _, sub := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// maxGitFile bounds the one-line files that point elsewhere.
const maxGitFile = 64 << 10

// fromGitFile follows "gitdir: PATH", as in linked worktrees and submodules.
func fromGitFile(file string) (dirs, error) {
	data, err := readSmall(disk.OS{}, file)
	if err != nil {
		return dirs{}, err
	}
	target, ok := strings.CutPrefix(strings.TrimRight(string(data), "\r\n"), "gitdir: ")
	if !ok {
		return dirs{}, fmt.Errorf("%s: %w", file, ErrNotRepository)
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(file), target)
	}
	if !isGitDir(target) {
		return dirs{}, fmt.Errorf("%s: points to %s, which is no git directory", file, target)
	}
	return withCommon(target, filepath.Dir(file))
}

func withCommon(gitDir, workTree string) (dirs, error) {
	d := dirs{files: disk.OS{}, gitDir: gitDir, commonDir: gitDir, workTree: workTree}
	data, err := readSmall(d.files, filepath.Join(gitDir, "commondir"))
	if errors.Is(err, os.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	common := strings.TrimRight(string(data), "\r\n")
	if !filepath.IsAbs(common) {
		common = filepath.Join(gitDir, common)
	}
	d.commonDir = filepath.Clean(common)
	return d, nil
}

func readSmall(files disk.Files, path string) ([]byte, error) {
	return files.ReadSmall(path, maxGitFile)
}

// repoFormat is what the configuration says about how the repository is stored.
type repoFormat struct {
	objects  pack.Format
	promisor bool // a partial clone: missing objects were promised by a remote
}

// readFormat refuses what cannot be read rightly. As in git, extensions count from repository format 1 on, and
// objectFormat and refStorage decide how everything else is read.
func readFormat(d dirs) (repoFormat, error) {
	file := filepath.Join(d.commonDir, "config")
	data, err := readOptional(d.files, file)
	if err != nil {
		return repoFormat{}, err
	}
	f, err := parseFormat(data)
	if err != nil {
		return f, fmt.Errorf("%s: %w", file, err)
	}
	return f, nil
}

func parseFormat(config []byte) (f repoFormat, err error) {
	entries, err := parseConfig(config)
	if err != nil {
		return f, err
	}
	version := 0
	for _, e := range entries {
		if e.name == "core.repositoryformatversion" {
			if version, err = strconv.Atoi(e.value); err != nil || version > 1 {
				return f, fmt.Errorf("repository format version %q is not known", e.value)
			}
		}
	}
	for _, e := range entries {
		if key, ok := strings.CutPrefix(e.name, "extensions."); ok {
			if err := f.extension(key, e.value, version); err != nil {
				return f, err
			}
		}
		if strings.HasPrefix(e.name, "remote.") && strings.HasSuffix(e.name, ".promisor") && isTrue(e.value) {
			f.promisor = true
		}
	}
	return f, nil
}

// isTrue reads a boolean of a configuration file; a number but 0 is true as well.
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "yes", "on":
		return true
	}
	n, err := strconv.Atoi(value)
	return err == nil && n != 0
}

func (f *repoFormat) extension(key, value string, version int) error {
	switch key {
	case "objectformat":
		switch strings.ToLower(value) {
		case "sha1":
		case "sha256":
			f.objects = pack.SHA256
		default:
			return fmt.Errorf("object format %q is not known", value)
		}
	case "refstorage":
		if !strings.EqualFold(value, "files") {
			return fmt.Errorf("refs stored as %q cannot be read; migrate a copy with: git refs migrate --ref-format=files", value)
		}
	case "partialclone":
		f.promisor = true
	case "noop", "noop-v1", "preciousobjects", "worktreeconfig", "relativeworktrees", "compatobjectformat":
	default:
		if version > 0 {
			return fmt.Errorf("repository extension %q is not known", key)
		}
	}
	return nil
}
