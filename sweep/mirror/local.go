package mirror

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Local gives a repository on this machine as it is: nothing is copied, and what its owner's gc removes is gone. Its refs
// are read without git, so none of its configuration is obeyed. dir is the repository's own directory or has it in .git.
func Local(dir string) (*Fetched, error) {
	if info, err := os.Stat(filepath.Join(dir, ".git")); err == nil && info.IsDir() {
		dir = filepath.Join(dir, ".git")
	}
	fail := func(k Kind, detail string) (*Fetched, error) {
		return nil, &Error{Kind: k, URL: clean(dir, nil), Detail: detail}
	}
	head, err := os.ReadFile(filepath.Join(dir, "HEAD"))
	if errors.Is(err, fs.ErrNotExist) {
		return fail(Gone, "no git repository")
	}
	if err != nil {
		return fail(Failed, clean(err.Error(), nil))
	}
	if _, err := os.Stat(filepath.Join(dir, "commondir")); err == nil {
		return fail(Unsupported, "a linked worktree; name its repository")
	}
	if _, err := os.Stat(filepath.Join(dir, "reftable")); err == nil {
		return fail(Unsupported, "its refs are a reftable; migrate a copy with: git refs migrate --ref-format=files")
	}
	refs, err := readRefs(dir, "refs/")
	if err != nil {
		return fail(Corrupt, clean(err.Error(), nil))
	}
	f := &Fetched{Dir: dir, Prefix: "refs/", Tips: map[string]string{}}
	for name, id := range refs {
		f.Tips["refs/"+name] = id
	}
	text := strings.TrimSpace(string(head))
	if to, ok := strings.CutPrefix(text, "ref:"); ok {
		f.Head = strings.TrimSpace(to)
	} else if isID(text) {
		f.Tips["HEAD"] = text
	}
	f.Empty = len(f.Tips) == 0
	return f, nil
}
