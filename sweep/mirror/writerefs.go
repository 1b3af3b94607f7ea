package mirror

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rummage/sweep/mirror/internal/sent"
)

// changes are the names of refs that are to be written and to be removed.
type changes struct{ write, remove []string }

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

// change changes refs as git would: the lock is ours.
func (s *store) change(repo string, c changes, now map[string]string) error {
	top := filepath.Join(s.dir, "refs", "r", repo)
	file := func(name string) string {
		return filepath.Join(top, filepath.FromSlash(strings.TrimPrefix(name, "refs/")))
	}
	if len(c.remove) > 0 {
		gone := make(map[string]bool, len(c.remove))
		for _, name := range c.remove {
			gone["refs/r/"+repo+"/"+strings.TrimPrefix(name, "refs/")] = true
		}
		if err := s.unpackRefs(gone); err != nil {
			return err
		}
	}
	for _, name := range c.remove {
		path := file(name)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for dir := filepath.Dir(path); dir != top && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
		}
	}
	for _, name := range c.write {
		path := file(name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeFile(path, now[name]+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// unpackRefs takes refs out of packed-refs.
func (s *store) unpackRefs(gone map[string]bool) error {
	path := filepath.Join(s.dir, "packed-refs")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var kept bytes.Buffer
	lines, drop, dropped := bufio.NewReader(bytes.NewReader(data)), false, false
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 {
			break
		}
		if line[0] != '^' { // which is of the line before
			_, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
			drop = line[0] != '#' && gone[name]
			dropped = dropped || drop
		}
		if !drop {
			kept.Write(line)
		}
		if err != nil {
			break
		}
	}
	if !dropped {
		return nil
	}
	return writeFile(path, kept.String())
}
