package gitscan

import (
	"bytes"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"rummage/gitscan/internal/pack"
)

// manyNames is from how many names on packed-refs is read line by line and not searched for each.
const manyNames = 16

// maxSymbolic is how many symbolic refs git follows.
const maxSymbolic = 5

// idsOfRefs gives the ids that refs of these names have, each once, ascending. Names may be anybody's word. A ref that is
// not there, or cannot be read, or is one worktree's own, is left out.
func idsOfRefs(d dirs, f pack.Format, names []string) (ids []pack.ID) {
	wanted := map[string]bool{}
	for _, name := range names {
		for range maxSymbolic {
			id, target, ok := looseRef(d, f, name)
			if ok {
				ids = append(ids, id)
			}
			if target == "" {
				if !ok && isRefName(name) {
					wanted[name] = true
				}
				break
			}
			name = target
		}
	}
	if len(wanted) > 0 {
		ids = append(ids, idsInPacked(d, f, wanted)...)
	}
	slices.SortFunc(ids, pack.ID.Compare)
	return slices.Compact(ids)
}

// isRefName reports whether a name is one below refs/ that all worktrees share, and leads nowhere else.
func isRefName(name string) bool {
	if !strings.HasPrefix(name, "refs/") || path.Clean(name) != name || !filepath.IsLocal(name) ||
		strings.ContainsAny(name, " \\\x00\n") || strings.HasSuffix(name, ".lock") {
		return false
	}
	for _, own := range []string{"refs/bisect/", "refs/worktree/", "refs/rewritten/"} {
		if strings.HasPrefix(name, own) {
			return false
		}
	}
	return true
}

// looseRef reads a ref that is a file of its own: it has an id, or is a symbolic one with a target.
func looseRef(d dirs, f pack.Format, name string) (id pack.ID, target string, ok bool) {
	if !isRefName(name) {
		return id, "", false
	}
	data, err := readSmall(d.files, filepath.Join(d.commonDir, name))
	if err != nil {
		return id, "", false
	}
	text := strings.TrimRight(string(data), "\r\n \t")
	if target, symbolic := strings.CutPrefix(text, "ref:"); symbolic {
		return id, strings.TrimSpace(target), false
	}
	hex, _, _ := strings.Cut(text, "\n")
	id, err = f.Parse(strings.TrimSpace(hex))
	return id, "", err == nil
}

// idsInPacked finds refs in packed-refs. Few are searched for in its bytes: it may have a hundred thousand lines.
func idsInPacked(d dirs, f pack.Format, names map[string]bool) (ids []pack.ID) {
	if len(names) >= manyNames {
		r := refReader{files: d.files, format: f, common: d.commonDir}
		r.packed(func(name []byte, id pack.ID) {
			if names[string(name)] {
				ids = append(ids, id)
			}
		})
		return ids
	}
	file := filepath.Join(d.commonDir, "packed-refs")
	if info, err := d.files.Stat(file); err != nil || info.Size() > maxPackedRefs {
		return nil
	}
	_ = withMapped(d.files, file, func(data []byte) { // what cannot be read is left out
		for name := range names {
			if id, ok := idInPacked(f, data, name); ok {
				ids = append(ids, id)
			}
		}
	})
	return ids
}

// idInPacked finds a line "ID SP NAME".
func idInPacked(f pack.Format, data []byte, name string) (id pack.ID, ok bool) {
	line := []byte(" " + name + "\n")
	for rest, n := data, 2*f.Size(); ; {
		i := bytes.Index(rest, line)
		if i < 0 {
			return id, false
		}
		if i == n || i > n && rest[i-n-1] == '\n' {
			if id, err := f.Parse(string(rest[i-n : i])); err == nil {
				return id, true
			}
		}
		rest = rest[i+len(line)-1:]
	}
}
