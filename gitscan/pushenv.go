package gitscan

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"rummage/gitscan/internal/disk"
	"rummage/gitscan/internal/pack"
)

// Update is one line that git hands to a pre-receive hook: a ref and the ids, in hexadecimal, that it has and is to have.
// An id of zeros means that there is none: the ref is new, or is to be deleted.
type Update struct{ Ref, Old, New string }

// Deletes reports whether the ref is to be deleted.
func (u Update) Deletes() bool { return strings.Trim(u.New, "0") == "" }

// pushStores is where the objects of a push are, as git's environment tells a hook (git(1), git-receive-pack(1)).
type pushStores struct {
	quarantine string   // what came with the push; empty when git set none
	objects    string   // where the repository's objects are, which is the quarantine while there is one
	others     []string // further object directories
}

// readPushStores resolves the variables as git does: paths that are not absolute start at the working directory, which
// dir is. GIT_ALTERNATE_OBJECT_DIRECTORIES is a list of paths between the separators of PATH, each of which may be quoted
// in C style; one that begins with # is a comment.
func readPushStores(dir, commonDir string, getenv func(string) string) (s pushStores, err error) {
	abs := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	s.quarantine = abs(getenv("GIT_QUARANTINE_PATH"))
	s.objects = abs(getenv("GIT_OBJECT_DIRECTORY"))
	if s.objects == "" {
		s.objects = filepath.Join(commonDir, "objects")
	}
	list, err := splitAlternates(getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES"))
	if err != nil {
		return s, fmt.Errorf("GIT_ALTERNATE_OBJECT_DIRECTORIES: %w", err)
	}
	for _, path := range list {
		s.others = append(s.others, abs(path))
	}
	if s.quarantine != "" && s.quarantine != s.objects {
		s.others = append([]string{s.objects}, s.others...)
		s.objects = s.quarantine
	}
	return s, nil
}

var errQuote = errors.New("a quoted path does not end")

// splitAlternates splits a list of object directories.
func splitAlternates(list string) (paths []string, err error) {
	for list != "" {
		var path string
		if list[0] == '"' {
			if path, list, err = unquote(list); err != nil {
				return nil, err
			}
			if list != "" && list[0] != filepath.ListSeparator {
				return nil, errQuote
			}
			list = strings.TrimPrefix(list, string(filepath.ListSeparator))
		} else {
			path, list, _ = strings.Cut(list, string(filepath.ListSeparator))
			if strings.HasPrefix(path, "#") {
				continue
			}
		}
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// unquote reads a path in git's C style, up to its closing quote, and gives what follows.
func unquote(s string) (path, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], nil
		case c != '\\':
			b.WriteByte(c)
		case i+1 >= len(s):
			return "", "", errQuote
		default:
			i++
			if k := strings.IndexByte("abfnrtv", s[i]); k >= 0 {
				b.WriteByte("\a\b\f\n\r\t\v"[k])
			} else if s[i] >= '0' && s[i] <= '3' && i+2 < len(s) && isOctal(s[i+1]) && isOctal(s[i+2]) {
				b.WriteByte((s[i]-'0')<<6 | (s[i+1]-'0')<<3 | (s[i+2] - '0'))
				i += 2
			} else if s[i] == '"' || s[i] == '\\' {
				b.WriteByte(s[i])
			} else {
				return "", "", fmt.Errorf("a quoted path has \\%q", s[i])
			}
		}
	}
	return "", "", errQuote
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// OpenPush opens what a push brings. dir is the working directory of the hook, which is where its relative paths start,
// and getenv gives its environment. Only Options.MaxBlob counts. The push must not be decided yet: what is new is what
// came with it, in the quarantine directory, and what its refs lead to and no ref of the repository does.
//
// Neither refs nor objects are read before the search, and of the refs then only what is needed. The error is one line.
func OpenPush(dir string, getenv func(string) string, updates []Update, o Options) (*Push, error) {
	d, err := pushedTo(dir, getenv)
	if err != nil {
		return nil, err
	}
	f, err := readFormat(d)
	if err != nil {
		return nil, err
	}
	stores, err := readPushStores(dir, d.commonDir, getenv)
	if err != nil {
		return nil, err
	}
	p := &Push{}
	for _, u := range updates {
		if err := p.update(u, f.objects); err != nil {
			return nil, err
		}
	}
	store, err := pack.Open(d.files, stores.objects, f.objects, stores.others...)
	if err != nil {
		return nil, fmt.Errorf("objects of the push: %w", err)
	}
	if o.MaxBlob <= 0 {
		o.MaxBlob = DefaultMaxBlob
	}
	// What refs do not reach is none of the scan's business, but for what came with the push: see unreached.
	p.repo = newRepo(d, f, Options{MaxBlob: o.MaxBlob, NoUnreachable: true}, store)
	p.repo.pushed = true
	if stores.quarantine != "" {
		p.quarantine = store.Dirs()[0]
	}
	if p.repo.shallow, err = readShallow(d, f.objects); err == nil {
		if file := getenv("GIT_SHALLOW_FILE"); file != "" {
			if !filepath.IsAbs(file) {
				file = filepath.Join(dir, file)
			}
			err = addShallow(p.repo.shallow, d.files, file, f.objects)
		}
	}
	if err != nil {
		p.repo.problem("shallow", err.Error())
	}
	return p, nil
}

// OpenUnpushed opens what a push from here would bring to a remote: what the refs lead to and neither the ids that the remote is
// known to have (Old; they need not be here) nor the refs that are kept of it do.
func OpenUnpushed(dir string, getenv func(string) string, remote string, updates []Update, o Options) (*Push, error) {
	p, err := OpenPush(dir, getenv, updates, o)
	if err == nil {
		p.begin = "refs/remotes/" + remote + "/"
	}
	return p, err
}

// pushedTo is the repository of the hook.
func pushedTo(dir string, getenv func(string) string) (dirs, error) {
	gitDir := getenv("GIT_DIR")
	if gitDir == "" {
		return locate(dir, true)
	}
	if !filepath.IsAbs(gitDir) {
		gitDir = filepath.Join(dir, gitDir)
	}
	if !isGitDir(gitDir) {
		return dirs{}, fmt.Errorf("GIT_DIR %s: %w", gitDir, ErrNotRepository)
	}
	d, err := withCommon(gitDir, "")
	if common := getenv("GIT_COMMON_DIR"); err == nil && common != "" {
		if !filepath.IsAbs(common) {
			common = filepath.Join(dir, common)
		}
		d.commonDir = filepath.Clean(common)
	}
	d.files = disk.OS{}
	return d, err
}
