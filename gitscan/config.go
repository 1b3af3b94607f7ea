package gitscan

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// HasFile reports whether the repository brings a file of this name at its top: in the work tree or, for a bare
// repository, in HEAD's tree.
func (r *Repo) HasFile(name string) bool {
	data, err := r.topFile(name)
	return err == nil && data != nil
}

// File reads such a file; reading it gives the error if there is one.
func (r *Repo) File(name string) io.Reader {
	data, err := r.topFile(name)
	if err != nil {
		return failing{err}
	}
	return bytes.NewReader(data)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// maxTopFile bounds a configuration file that a scanned repository brings.
const maxTopFile = 1 << 20

func (r *Repo) topFile(name string) ([]byte, error) {
	if r.dirs.workTree != "" {
		path := filepath.Join(r.dirs.workTree, name)
		if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
			return nil, nil // a link could lead to any file of this machine
		}
		file, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return io.ReadAll(io.LimitReader(file, maxTopFile))
	}
	tree, err := r.headTree()
	if err != nil || tree.IsZero() {
		return nil, nil // Search reports a HEAD that cannot be read
	}
	d := r.differ(func(change) {})
	id := d.lookup(tree, []byte(name))
	if id.IsZero() {
		return nil, nil
	}
	_, data, err := r.store.Get(id, maxTopFile)
	return data, err
}

// Origin is the address of the remote named origin, HEAD's commit and the short name of its branch; empty where
// there is none.
func (r *Repo) Origin() (url, revision, branch string) {
	if data, err := r.dirs.files.ReadFile(filepath.Join(r.dirs.commonDir, "config")); err == nil {
		entries, _ := parseConfig(data) // Open has read it
		for _, e := range entries {
			if e.name == "remote.origin.url" && url == "" {
				url = e.value
			}
		}
	}
	name := r.headRef()
	if i := slices.IndexFunc(r.refs, func(rf ref) bool { return rf.name == name }); i >= 0 {
		revision = r.format.objects.Hex(r.refs[i].id)
	}
	branch, _ = strings.CutPrefix(name, "refs/heads/")
	if branch == "HEAD" {
		branch = ""
	}
	return url, revision, branch
}
