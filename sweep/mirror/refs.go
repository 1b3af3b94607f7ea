package mirror

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// isID reports whether s is an object id, of either format.
func isID(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// readRefs gives what stands below a prefix such as refs/r/x/, by what follows it; loose refs win over packed ones. A
// symbolic ref is followed when it stays below the prefix, else left out.
func readRefs(dir, prefix string) (map[string]string, error) {
	refs, symbolic := map[string]string{}, map[string]string{}
	if err := readPacked(dir, prefix, refs); err != nil {
		return nil, err
	}
	top := filepath.Join(dir, filepath.FromSlash(prefix))
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted or packed meanwhile
		}
		if err != nil {
			return err
		}
		name, text := filepath.ToSlash(rel), strings.TrimSpace(string(data))
		if to, ok := strings.CutPrefix(text, "ref:"); ok {
			delete(refs, name)
			symbolic[name] = strings.TrimSpace(to)
			return nil
		}
		if !isID(text) {
			return fmt.Errorf("broken ref %s%s", prefix, name)
		}
		refs[name] = text
		return nil
	})
	for name, to := range symbolic {
		if id, ok := refs[strings.TrimPrefix(to, prefix)]; ok {
			refs[name] = id
		}
	}
	return refs, err
}

func readPacked(dir, prefix string, refs map[string]string) error {
	f, err := os.Open(filepath.Join(dir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines, want := bufio.NewReaderSize(f, 64<<10), []byte(prefix)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("broken packed-refs: %w", err)
		}
		if line[0] == '#' || line[0] == '^' {
			continue
		}
		id, name, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		if !ok {
			return errors.New("broken packed-refs")
		}
		if bytes.HasPrefix(name, want) {
			if !isID(string(id)) {
				return errors.New("broken packed-refs")
			}
			refs[string(name[len(want):])] = string(id)
		}
	}
}

// has is what a store has of one repository.
type has struct {
	tips map[string]string // by the remote's names
	odd  map[string]string // those of the tips whose names no store has; they are among kept
	kept map[string]bool   // ids below refs/seen
}

// read gives what the store has of a repository.
func (s *store) read(repo string) (has, error) {
	h := has{tips: map[string]string{}, odd: map[string]string{}, kept: map[string]bool{}}
	refs, err := readRefs(s.dir, "refs/r/"+repo+"/")
	if err != nil {
		return h, err
	}
	for name, id := range refs {
		h.tips["refs/"+name] = id
	}
	seen, err := readRefs(s.dir, "refs/seen/"+repo+"/")
	if err != nil {
		return h, err
	}
	for _, id := range seen {
		h.kept[id] = true
	}
	data, err := os.ReadFile(s.oddFile(repo))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	for line := range strings.Lines(string(data)) {
		id, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if name, err := strconv.Unquote(quoted); err == nil && h.kept[id] && h.tips[name] == "" { // else it is a ref by now
			h.tips[name], h.odd[name] = id, id
		}
	}
	return h, nil
}

// names are those of the repositories that a store has refs of, or a place for them, as far as is seen without reading them.
func (s *store) names() (map[string]bool, error) {
	refs := map[string]string{}
	if err := readPacked(s.dir, "refs/", refs); err != nil {
		return nil, err
	}
	names := reposOf(refs)
	for _, below := range []string{"r", "seen"} {
		entries, err := os.ReadDir(filepath.Join(s.dir, "refs", below))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			names[e.Name()] = true
		}
	}
	return names, nil
}

// reposOf are the names of the repositories that refs, without their "refs/", are of: r/NAME/… or seen/NAME/….
func reposOf(refs map[string]string) map[string]bool {
	names := map[string]bool{}
	for name := range refs {
		if _, rest, ok := strings.Cut(name, "/"); ok {
			of, _, _ := strings.Cut(rest, "/")
			names[of] = true
		}
	}
	return names
}

func (s *store) oddFile(repo string) string { return filepath.Join(s.dir, "odd", repo) }

// writeOdd notes the tips whose names no store has.
func (s *store) writeOdd(repo string, odd map[string]string) error {
	file := s.oddFile(repo)
	if len(odd) == 0 {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var b strings.Builder
	for name, id := range odd {
		fmt.Fprintf(&b, "%s %s\n", id, strconv.Quote(name))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return writeFile(file, b.String())
}

// keep writes a ref that keeps an object, as git would have: the lock is ours, and an id is a name that needs no check.
func (s *store) keep(repo, id string) error {
	dir := filepath.Join(s.dir, "refs", "seen", repo)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, id), id+"\n")
}

func (s *store) unkeep(repo, id string) error {
	return os.Remove(filepath.Join(s.dir, "refs", "seen", repo, id))
}

// writeFile replaces a file as a whole.
func writeFile(path, text string) error {
	tmp := path + ".lock"
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
