package gitscan

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"rummage/gitscan/internal/disk"
	"rummage/gitscan/internal/pack"
	"rummage/scan"
)

// ref is a name with the object it points to.
type ref struct {
	name string
	id   pack.ID
}

// maxPackedRefs bounds packed-refs: a million refs take about 70 MB.
const maxPackedRefs = 1 << 30

// readRefs lists every ref: loose ones win over packed ones, HEAD is there when it is detached (or the only way to
// its commit), and so are the heads of linked worktrees. symbolic are the names that stand for another ref's. Broken
// refs are problems.
func readRefs(d dirs, f pack.Format) (refs []ref, symbolic map[string]string, problems []scan.Problem) {
	byName := map[string]pack.ID{}
	r := refReader{files: d.files, format: f, byName: byName, symbolic: map[string]string{}, common: d.commonDir}
	r.packed(func(name []byte, id pack.ID) { byName[string(name)] = id })
	r.unpacked(d)
	for name, id := range byName {
		refs = append(refs, ref{name, id})
	}
	slices.SortFunc(refs, func(a, b ref) int { return strings.Compare(a.name, b.name) })
	return refs, r.symbolic, r.problems
}

// unpacked reads the refs that are files of their own.
func (r *refReader) unpacked(d dirs) {
	r.loose(filepath.Join(d.commonDir, "refs"), "refs")
	if d.gitDir != d.commonDir {
		// Only these are per worktree.
		for _, sub := range []string{"bisect", "worktree", "rewritten"} {
			r.loose(filepath.Join(d.gitDir, "refs", sub), "refs/"+sub)
		}
	}
	r.head(filepath.Join(d.gitDir, "HEAD"), "HEAD")
	if d.gitDir != d.commonDir {
		r.head(filepath.Join(d.commonDir, "HEAD"), "main-worktree/HEAD")
	}
	r.worktrees(filepath.Join(d.commonDir, "worktrees"))
}

type refReader struct {
	files    disk.Files
	format   pack.Format
	common   string
	byName   map[string]pack.ID
	symbolic map[string]string
	problems []scan.Problem
}

func (r *refReader) problem(where, format string, args ...any) {
	r.problems = append(r.problems, scan.Problem{Where: where, Why: fmt.Sprintf(format, args...)})
}

// packed reads packed-refs: "ID SP NAME" lines, "^ID" lines with the peeled object of the tag before, "#" comments.
// There may be tens of thousands, and a hook has milliseconds: names are not copied, and valid in the call alone.
func (r *refReader) packed(keep func(name []byte, id pack.ID)) {
	path := filepath.Join(r.common, "packed-refs")
	info, err := r.files.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil && info.Size() > maxPackedRefs {
		err = fmt.Errorf("larger than %d bytes", maxPackedRefs)
	}
	if err == nil {
		err = withMapped(r.files, path, func(data []byte) { r.packedLines(data, keep) })
	}
	if err != nil {
		r.problem("packed-refs", "%v", err)
	}
}

// withMapped calls use with a file's bytes, which are valid until it returns: megabytes that are read once are not copied.
func withMapped(files disk.Files, path string, use func(data []byte)) (err error) {
	data, unmap, err := files.Map(path)
	if err != nil {
		return err
	}
	if unmap != nil {
		defer unmap()
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer func() {
			if p := recover(); p != nil {
				if _, isFault := p.(interface{ Addr() uintptr }); !isFault {
					panic(p)
				}
				err = fmt.Errorf("%s cannot be read any further", path)
			}
		}()
	}
	use(data)
	return nil
}

func (r *refReader) packedLines(data []byte, keep func(name []byte, id pack.ID)) {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 || line[0] == '#' || line[0] == '^' {
			continue
		}
		hex, name, ok := bytes.Cut(line, []byte(" "))
		id, err := r.format.ParseBytes(hex)
		if !ok || err != nil {
			r.problem(fmt.Sprintf("packed-refs:%d", n), "no ref line")
			continue
		}
		keep(name, id)
	}
}

// readRefIDs is the ids that readRefs gives for names with a beginning, without the names: many refs have few ids. What
// cannot be read is left out.
func readRefIDs(d dirs, f pack.Format, begin string) map[pack.ID]bool {
	r := refReader{files: d.files, format: f, byName: map[string]pack.ID{}, symbolic: map[string]string{}, common: d.commonDir}
	r.unpacked(d)
	ids := map[pack.ID]bool{}
	for name, id := range r.byName {
		if strings.HasPrefix(name, begin) {
			ids[id] = true
		}
	}
	var last pack.ID
	r.packed(func(name []byte, id pack.ID) {
		if id == last || !bytes.HasPrefix(name, []byte(begin)) {
			return
		}
		if _, loose := r.byName[string(name)]; !loose && r.symbolic[string(name)] == "" {
			ids[id], last = true, id
		}
	})
	return ids
}

func (r *refReader) loose(dir, prefix string) {
	r.files.Walk(dir, func(path string, err error) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return
		case err != nil:
			r.problem(path, "%v", err)
			return
		case strings.HasSuffix(path, ".lock"):
			return
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			r.problem(path, "%v", err)
			return
		}
		r.one(path, prefix+"/"+filepath.ToSlash(rel))
	})
}

// worktrees reads the heads of linked worktrees.
func (r *refReader) worktrees(dir string) {
	names, _ := r.files.ReadNames(dir)
	for _, name := range names {
		if beside, _ := r.files.ReadNames(filepath.Join(dir, name)); slices.Contains(beside, "HEAD") {
			r.head(filepath.Join(dir, name, "HEAD"), "worktrees/"+name+"/HEAD")
		}
	}
}

// one reads a loose ref. A symbolic ref (refs/remotes/origin/HEAD) only repeats another one.
func (r *refReader) one(path, name string) {
	data, err := readSmall(r.files, path)
	if errors.Is(err, fs.ErrNotExist) {
		return // deleted or packed meanwhile
	}
	if err != nil {
		r.problem(name, "%v", err)
		return
	}
	text := strings.TrimRight(string(data), "\r\n \t")
	if target, ok := strings.CutPrefix(text, "ref:"); ok {
		delete(r.byName, name)
		r.symbolic[name] = strings.TrimSpace(target)
		return
	}
	hex, _, _ := strings.Cut(text, "\n")
	id, err := r.format.Parse(strings.TrimSpace(hex))
	if err != nil {
		r.problem(name, "broken ref: %v", err)
		return
	}
	r.byName[name] = id
}

// head adds a HEAD that points to a commit itself. One that names a branch adds nothing, even an unborn branch.
func (r *refReader) head(path, name string) {
	data, err := readSmall(r.files, path)
	if err != nil {
		r.problem(name, "%v", err)
		return
	}
	if text := strings.TrimSpace(string(data)); !strings.HasPrefix(text, "ref:") {
		r.one(path, name)
	}
}
