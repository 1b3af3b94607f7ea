package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rummage/gitscan"
)

// Repository is one that hooks are installed in.
type Repository struct {
	Path     string // as it was asked for
	Dirs     gitscan.Dirs
	Bare     bool
	settings settings
}

// OpenRepository finds the repository at path, or around it.
func OpenRepository(path string) (*Repository, error) {
	dirs, err := gitscan.Locate(path, true)
	if err != nil {
		return nil, err
	}
	r := &Repository{Path: path, Dirs: dirs}
	if r.settings, err = readSettings(dirs); err != nil {
		return nil, err
	}
	if dirs.WorkTree == "" {
		bare, set := r.settings.get("core.bare")
		r.Bare = !set || gitscan.IsTrue(bare.value)
		if tree, set := r.settings.get("core.worktree"); set && !r.Bare {
			r.Dirs.WorkTree = under(dirs.GitDir, tree.value)
		}
	}
	return r, nil
}

// under makes a path that may be relative to dir absolute.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// Layout is where a platform looks for hooks.
type Layout string

// The layouts.
const (
	Auto   Layout = "auto"
	Git    Layout = "git"    // the repository's hooks, or where core.hooksPath leads
	Gitea  Layout = "gitea"  // hooks/pre-receive.d beside a script that runs what is there; Forgejo's too
	GitLab Layout = "gitlab" // custom_hooks/pre-receive.d
)

// Place is where a hook is installed.
type Place struct {
	Repository string // as it was asked for
	Hook       string
	File       string
	Layout     Layout
	Notes      []string // for who installs: who else is concerned
}

// alone reports whether the file is rummage's alone: the platform runs others beside it.
func (p *Place) alone() bool { return p.Layout != Git }

// Place finds where a hook is to stand. Auto tells the layout of a server's repository by what is there.
func (r *Repository) Place(hook string, l Layout) (*Place, error) {
	p := &Place{Repository: r.Path, Hook: hook, Layout: l}
	hooks := filepath.Join(r.Dirs.CommonDir, "hooks")
	if l == Auto {
		p.Layout = Git
		if hook == PreReceive {
			p.Layout = r.layout(hooks)
		}
	}
	if p.Layout != Git && hook != PreReceive {
		return nil, fmt.Errorf("--layout %s has no %s", p.Layout, hook)
	}
	switch p.Layout {
	case Gitea:
		if !delegates(hooks) {
			return nil, fmt.Errorf("%s: there is no script of Gitea's that runs pre-receive.d; let it write its hooks anew "+
				"(gitea doctor check --run hooks --fix), or install with --layout git", filepath.Join(hooks, PreReceive))
		}
		p.File = filepath.Join(hooks, PreReceive+".d", "rummage")
	case GitLab:
		p.File = filepath.Join(r.Dirs.CommonDir, "custom_hooks", PreReceive+".d", "rummage")
	default:
		at := r.hooksPath(p, hooks)
		p.File = filepath.Join(at, hook)
		if filepath.Base(at) == "_" && filepath.Base(filepath.Dir(at)) == ".husky" {
			return nil, husky(filepath.Dir(at), hook)
		}
	}
	return p, nil
}

// husky is why nothing is written where husky writes its own anew: those go by the names that they are called by, too.
func husky(dir, hook string) error {
	line := "rummage hook " + hook
	if hook == PrePush {
		line += ` "$@"`
	}
	return fmt.Errorf("husky has core.hooksPath: add the line %s to %s", line, filepath.Join(dir, hook))
}

// layout tells a platform's repository from another's.
func (r *Repository) layout(hooks string) Layout {
	if delegates(hooks) {
		return Gitea
	}
	path := filepath.ToSlash(r.Dirs.GitDir) + "/"
	if info, err := os.Stat(filepath.Join(r.Dirs.CommonDir, "custom_hooks")); err == nil && info.IsDir() ||
		slices.ContainsFunc([]string{"/@hashed/", "/@snippets/", "/@cluster/repositories/"}, func(part string) bool { return strings.Contains(path, part) }) {
		return GitLab
	}
	return Git
}

// delegates reports whether a folder of hooks has a pre-receive that runs all programs of pre-receive.d. That of Gitea
// makes the folder's name of its own.
func delegates(hooks string) bool {
	if info, err := os.Stat(filepath.Join(hooks, PreReceive+".d")); err != nil || !info.IsDir() {
		return false
	}
	file, err := os.Open(filepath.Join(hooks, PreReceive))
	if err != nil {
		return false
	}
	defer file.Close()
	begin := make([]byte, 4096)
	n, _ := file.Read(begin)
	text := string(begin[:n])
	return strings.HasPrefix(text, "#!") && strings.Contains(text, ".d/") && !strings.Contains(text, mark)
}

// hooksPath is the folder where git looks for hooks: a relative one starts where git runs the hook.
func (r *Repository) hooksPath(p *Place, hooks string) string {
	set, ok := r.settings.get("core.hookspath")
	if !ok || set.value == "" {
		if to, err := filepath.EvalSymlinks(hooks); err == nil && filepath.Dir(to) != realPath(r.Dirs.CommonDir) {
			p.Notes = append(p.Notes, fmt.Sprintf("%s is a link to %s: the hook is for every repository with such a link", hooks, to))
		}
		return hooks
	}
	base := r.Dirs.GitDir
	if p.Hook != PreReceive && r.Dirs.WorkTree != "" {
		base = r.Dirs.WorkTree
	}
	at := under(base, set.value)
	text := fmt.Sprintf("core.hooksPath in %s leads to %s", set.origin, at)
	if set.shared {
		text += ": the hook is for every repository that this configuration is for"
	}
	p.Notes = append(p.Notes, text)
	return at
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// Global is the place for all repositories of a Gitaly server.
func Global(dir string) (*Place, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(abs); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	return &Place{Repository: dir, Hook: PreReceive, Layout: GitLab, File: filepath.Join(abs, PreReceive+".d", "rummage"),
		Notes: []string{"it is for every repository of the Gitaly server whose custom_hooks_dir this is; install it on each server"}}, nil
}
