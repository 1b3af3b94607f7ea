package mirror

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"rummage/sweep/mirror/internal/sent"
)

// changes are the names of refs that are to be written and to be removed.
type changes struct{ write, remove []string }

// refChange is what is to be done to the refs of a repository, which are now so by its own names.
type refChange struct {
	repo string
	changes
	now map[string]string
}

func (c *refChange) inStore(name string) string {
	return "refs/r/" + c.repo + "/" + strings.TrimPrefix(name, "refs/")
}

// refChanges is what is to be done to refs. It is an error when git is to do it: of names that not every file system has as they
// are, or that are in each other's way.
func refChanges(was, now map[string]string) (c changes, err error) {
	folded := make(map[string]bool, len(now))
	for name := range now {
		folded[strings.ToLower(name)] = true
	}
	if len(folded) != len(now) {
		return c, errSlow
	}
	for name, id := range now {
		if !plainName(name) {
			return c, errSlow
		}
		for at, rest := 0, strings.ToLower(name); ; at++ {
			next := strings.IndexByte(rest[at:], '/')
			if next < 0 {
				break
			}
			if at += next; folded[rest[:at]] {
				return c, errSlow
			}
		}
		if was[name] != id {
			c.write = append(c.write, name)
		}
	}
	for name := range was {
		if _, still := now[name]; still {
			continue
		}
		if !plainName(name) {
			return c, errSlow
		}
		c.remove = append(c.remove, name)
	}
	if len(c.write)+len(c.remove) > quickRefs {
		return c, errSlow
	}
	return c, nil
}

// plainName reports whether a ref's name is one that git takes, and any file system. There are more of them.
func plainName(name string) bool {
	rest, ok := strings.CutPrefix(name, "refs/")
	if !ok || len(name) > 200 {
		return false
	}
	for part := range strings.SplitSeq(rest, "/") {
		if part == "" || part[0] == '.' || part[0] == '-' || strings.HasSuffix(part, ".") || strings.HasSuffix(part, ".lock") || strings.Contains(part, "..") {
			return false
		}
		for i := range len(part) {
			switch c := part[i]; {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.+=#,", c) >= 0:
			default:
				return false
			}
		}
	}
	return true
}

// roots are the ids that the store's refs have, of all its repositories: all that they lead to is there.
func (s *store) roots() (map[sent.ID]bool, error) {
	roots := map[sent.ID]bool{}
	for _, below := range []string{"refs/r/", "refs/seen/"} {
		refs, err := readRefs(s.dir, below)
		if err != nil {
			return nil, err
		}
		for _, hex := range refs {
			if id, ok := sent.Parse(hex); ok {
				roots[id] = true
			}
		}
	}
	return roots, nil
}

// change changes refs. Those that are written go where packed refs are, in one go, since reading many files costs every fetch of the
// network; in a large network, where that file is large, each is a file, until they are packed. The lock is ours.
func (s *store) change(all ...refChange) error {
	packed := map[string]string{} // what becomes of names; empty: removed
	loose := false
	if info, err := os.Stat(filepath.Join(s.dir, "packed-refs")); err == nil {
		loose = info.Size() > maxRewrite
	}
	for _, c := range all {
		for _, name := range c.remove {
			packed[c.inStore(name)] = ""
		}
		if !loose {
			for _, name := range c.write {
				packed[c.inStore(name)] = c.now[name]
			}
		}
	}
	if err := s.repackRefs(packed); err != nil {
		return err
	}
	for _, c := range all {
		if err := s.changeLoose(c, loose); err != nil {
			return err
		}
	}
	return nil
}

// changeLoose removes the files of refs that are gone or packed, and writes those that are not to be packed.
func (s *store) changeLoose(c refChange, loose bool) error {
	gone := c.remove
	if !loose { // a file would be in force
		gone = slices.Concat(c.remove, c.write)
	}
	if _, err := os.Lstat(filepath.Join(s.dir, "refs", "r", c.repo)); errors.Is(err, fs.ErrNotExist) {
		gone = nil
	}
	for _, name := range gone {
		if err := s.removeLoose(c.repo, c.inStore(name)); err != nil {
			return err
		}
	}
	if !loose {
		return nil
	}
	for _, name := range c.write {
		path := filepath.Join(s.dir, filepath.FromSlash(c.inStore(name)))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeFile(path, c.now[name]+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// maxRewrite is how large the file of packed refs may be that is written anew for each fetch.
const maxRewrite = 256 << 10

// removeLoose removes the file of a ref, and the directories that are empty then.
func (s *store) removeLoose(repo, name string) error {
	path, top := filepath.Join(s.dir, filepath.FromSlash(name)), filepath.Join(s.dir, "refs", "r", repo)
	if err := os.Remove(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil
		}
		return err
	}
	for dir := filepath.Dir(path); dir != top && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
	}
	return nil
}

// packedHeader says that names ascend, and nothing of what tags lead to: git looks for that itself.
const packedHeader = "# pack-refs with: sorted \n"

// repackRefs changes packed-refs: what has no id is removed.
func (s *store) repackRefs(refs map[string]string) error {
	if len(refs) == 0 {
		return nil
	}
	path := filepath.Join(s.dir, "packed-refs")
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	type packedRef struct{ name, lines string }
	var all []packedRef
	changed, dropped := false, false
	for line := range strings.Lines(string(data)) {
		switch {
		case line[0] == '#':
		case line[0] == '^': // of the line before
			if !dropped && len(all) > 0 {
				all[len(all)-1].lines += line
			}
		default:
			_, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if !ok {
				return errors.New("broken packed-refs")
			}
			if _, dropped = refs[name]; dropped {
				changed = true
			} else {
				all = append(all, packedRef{name, strings.TrimSuffix(line, "\n") + "\n"})
			}
		}
	}
	for name, id := range refs {
		if id != "" {
			all, changed = append(all, packedRef{name, id + " " + name + "\n"}), true
		}
	}
	if !changed {
		return nil
	}
	slices.SortFunc(all, func(a, b packedRef) int { return strings.Compare(a.name, b.name) })
	var text strings.Builder
	text.WriteString(packedHeader)
	for i := range all {
		text.WriteString(all[i].lines)
	}
	return writeFile(path, text.String())
}
