package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"rummage/gitscan"
	"rummage/sweep/forge"
	"rummage/sweep/mirror"
	"rummage/sweep/store"
)

// source is where the repositories of a target come from.
type source interface {
	// list visits what there is. unread is what could not be seen, so that what was not visited may be there still.
	list(ctx context.Context, visit func(store.Listed) error) (unread, err error)
	// request says how a repository is fetched.
	request(r *store.Repository) mirror.Request
}

// sourceOf is a target's source.
func sourceOf(t *Target, known func(forge, id string) (string, bool)) (source, error) {
	switch {
	case t.Folder != "":
		return &folder{path: t.Folder, filter: t.Filter}, nil
	case t.Forge != nil:
		return newForgeSource(t, known)
	}
	return &addresses{t}, nil
}

// localForge is what the forges of folders begin with: nothing is fetched from there.
const localForge = "folder:"

func isLocal(r *store.Repository) bool { return strings.HasPrefix(r.Forge, localForge) }

// folder is the repositories below it.
type folder struct {
	path   string
	filter forge.Filter // of names

	mu        sync.Mutex
	worktrees []string // left out in the last list
}

// notes are what a list leaves out that somebody may miss.
func (f *folder) notes(target string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.worktrees) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("target %s: left out, since they are worktrees of repositories that are searched: %d, first: %s", target, len(f.worktrees), f.worktrees[0])}
}

func (f *folder) request(*store.Repository) mirror.Request { return mirror.Request{} }

// maxDepth is how many folders deep repositories are looked for.
const maxDepth = 16

// list visits bare repositories, and those of work trees, of which nothing below is looked at. Links are not followed.
func (f *folder) list(ctx context.Context, visit func(store.Listed) error) (unread, err error) {
	root, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{} // repositories, by what their git directory really is
	var linked []store.Listed
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if path == root {
				return err
			}
			if unread == nil && !errors.Is(err, os.ErrNotExist) {
				unread = err
			}
			return nil
		}
		if !d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if gitscan.IsRepository(path) {
			if ok, _ := f.filter.Match(forge.Repository{Name: filepath.ToSlash(rel)}); !ok {
				return fs.SkipDir
			}
			l := store.Listed{Forge: localForge + root, ForgeID: rel, Name: filepath.ToSlash(rel), CloneURL: path, Size: -1}
			git, bare := realGit(path)
			if (!bare || hasCommon(path)) && gitscan.WorktreeOf(path) != "" {
				linked = append(linked, l)
				return fs.SkipDir
			}
			seen[path] = true // no link leads to it: the folder's own path has none, and none are followed
			if git != "" {
				seen[git] = true
			}
			if err := visit(l); err != nil {
				return err
			}
			return fs.SkipDir
		}
		if strings.Count(rel, string(filepath.Separator)) >= maxDepth {
			if unread == nil {
				unread = fmt.Errorf("%s: folders that are nested more than %d deep are not looked into", path, maxDepth)
			}
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return unread, err
	}
	return unread, f.linked(linked, seen, visit)
}

// realGit is where the .git of a repository really is, if that can be told; bare: it has none. The path itself has no links.
func realGit(repository string) (git string, bare bool) {
	path := filepath.Join(repository, ".git")
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return "", errors.Is(err, fs.ErrNotExist)
	case info.Mode()&fs.ModeSymlink == 0:
		return path, false
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", false
	}
	return path, false
}

// hasCommon: a git directory may name another one, that it belongs to.
func hasCommon(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "commondir"))
	return !errors.Is(err, fs.ErrNotExist)
}

// linked visits linked worktrees whose repository was not seen, one of each.
func (f *folder) linked(list []store.Listed, seen map[string]bool, visit func(store.Listed) error) error {
	var left []string
	for _, l := range list {
		real := gitscan.WorktreeOf(l.CloneURL)
		if r, err := filepath.EvalSymlinks(real); err == nil {
			real = r
		}
		if seen[real] {
			left = append(left, l.CloneURL)
			continue
		}
		seen[real] = true
		if err := visit(l); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.worktrees = left
	return nil
}

// addresses are URLs that the configuration names.
type addresses struct{ t *Target }

func (a *addresses) list(_ context.Context, visit func(store.Listed) error) (unread, err error) {
	urls, err := a.t.urls()
	if err != nil {
		return nil, err
	}
	for _, text := range urls {
		host, name, err := splitAddress(text)
		if err != nil { // the others can be searched
			unread = cmp.Or(unread, err)
			continue
		}
		if ok, _ := a.t.Filter.Match(forge.Repository{Name: name}); !ok {
			continue
		}
		if err := visit(store.Listed{Forge: "url:" + host, ForgeID: name, Name: name, CloneURL: text, Size: -1}); err != nil {
			return nil, err
		}
	}
	return unread, nil
}

// splitAddress gives the host and the name of a repository by its address, a URL or user@host:path. Whether it may be
// fetched from is for the mirror to say. No error has a credential that stands in it.
func splitAddress(text string) (host, name string, err error) {
	if u, err := url.Parse(text); err == nil && u.Scheme != "" && (u.Host != "" || u.Scheme == "file") {
		if _, has := u.User.Password(); has || u.User != nil && u.Scheme != "ssh" {
			return "", "", fmt.Errorf("the address at %.80q has a credential in it: use token_file or token_command", u.Hostname())
		}
		host, name = u.Host, u.Path
	} else if before, path, ok := strings.Cut(text, ":"); ok && !strings.Contains(before, "/") {
		_, host, _ = strings.Cut(before, "@")
		name = path
	}
	if name = strings.TrimSuffix(strings.Trim(name, "/"), ".git"); name == "" {
		return "", "", fmt.Errorf("%.80q is no address of a repository", text)
	}
	return host, name, nil
}

func (a *addresses) request(r *store.Repository) mirror.Request {
	q := mirror.Request{URL: r.CloneURL, Protocols: a.t.Protocols, CAFile: a.t.CAFile}
	q.Credential = func(ctx context.Context) (string, string, error) {
		token, err := a.t.Token.Read(ctx, os.Getenv)
		return a.t.User, string(token), err
	}
	return q
}
