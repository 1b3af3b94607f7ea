package mirror

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxPacks is how many packs a store may have before they are put together.
	maxPacks = 50
	// maxLoose is how many refs of a repository may be files of their own.
	maxLoose = 200
	// maxTries bounds how often ids are asked for that the server may not have.
	maxTries = 64
)

// fetch brings refs and wanted ids into the store. What a ref stood for before is kept.
func (w *work) fetch(ctx context.Context, before has) (unfetchable []string, err error) {
	keep := map[string]bool{} // in this fetch
	lost := func(now map[string]string) error {
		for name, id := range before.tips {
			if now[name] == id || before.kept[id] || keep[id] {
				continue
			}
			if err := w.s.keep(w.name(), id); err != nil {
				return err
			}
			keep[id] = true
		}
		return nil
	}
	// Before: a crash must not lose them. And after, since the remote may have changed again between being asked and fetched.
	if err := lost(w.remote.Tips); err != nil {
		return nil, err
	}
	if !maps.Equal(before.tips, w.remote.Tips) {
		if err := w.bringRefs(ctx, before); err != nil {
			return nil, err
		}
	}
	after, err := w.s.read(w.name())
	if err != nil {
		return nil, &Error{Kind: Corrupt, Detail: clean(err.Error(), nil), Err: err}
	}
	for name := range after.odd {
		delete(after.tips, name)
	}
	if err := lost(after.tips); err != nil {
		return nil, err
	}
	unfetchable, err = w.fetchOthers(ctx, after, keep)
	if err != nil {
		return nil, err
	}
	return unfetchable, w.unkeep(ctx, keep, after.tips)
}

// fetchOthers has the wanted ids kept, and the tips whose names no store has. What is kept for them is no longer in keep.
func (w *work) fetchOthers(ctx context.Context, after has, keep map[string]bool) (unfetchable []string, err error) {
	odd, want := map[string]string{}, map[string]bool{}
	for name, id := range w.remote.Tips {
		if after.tips[name] == "" {
			odd[name] = id
			if !after.kept[id] {
				want[id] = true
			}
		}
	}
	for _, id := range w.wanted(after) {
		want[id] = true
	}
	if unfetchable, err = w.fetchIDs(ctx, sorted(want)); err != nil {
		return nil, err
	}
	for name, id := range odd {
		if slices.Contains(unfetchable, id) {
			delete(odd, name)
		}
		delete(keep, id)
	}
	for _, id := range slices.Concat(w.r.Extra, w.again) {
		delete(keep, id)
	}
	return unfetchable, w.s.writeOdd(w.name(), odd)
}

// fetchArgs are the arguments of every fetch.
func fetchArgs() []string {
	return []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules", "--no-show-forced-updates"}
}

// fetchRefs makes the refs what they are at the remote.
func (w *work) fetchRefs(ctx context.Context) error {
	spec := "+refs/*:refs/r/" + w.name() + "/*"
	if w.m.git == "" {
		return w.fetchGoGit(ctx, spec)
	}
	for again := false; ; again = true {
		err := w.network(ctx, command{dir: w.s.dir, args: append(fetchArgs(), "--prune", "origin", spec), watch: w.watch})
		var e *Error
		if !errors.As(err, &e) || !onlyNames(e.stderr) {
			return err
		}
		// Names that no file can have, or that are in each other's way, leave the others alone. What somebody left behind does not, and
		// git says much the same of it: it has ended, and the lock is ours, so nobody has these files now.
		removed, err := w.s.clear()
		if err != nil || removed == 0 || again {
			return err
		}
	}
}

// onlyNames reports whether all that went wrong are the names of refs.
func onlyNames(stderr string) bool {
	found := false
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "fatal:"):
			return false
		case strings.HasPrefix(line, "error:"):
			named := false
			for _, words := range []string{"cannot lock ref", "local refs could not be updated", "funny ref", "File name too long", "Unable to create"} {
				named = named || strings.Contains(line, words)
			}
			if !named || strings.Contains(line, "No space left") {
				return false
			}
			found = true
		}
	}
	return found
}

// watch looks at sizes while something is fetched.
func (w *work) watch() error {
	if n := unfinished(w.s.dir); w.r.MaxBytes > 0 && n > w.r.MaxBytes {
		return &Error{Kind: TooLarge, Detail: fmt.Sprintf("more than %d MiB were sent", w.r.MaxBytes>>20)}
	}
	return w.m.enough(0, w.to.url)
}

// fetchIDs keeps objects by their ids: those that the store has anyway, and those that the server gives.
func (w *work) fetchIDs(ctx context.Context, ids []string) (unfetchable []string, err error) {
	size := 40
	if w.s.sha256 {
		size = 64
	}
	want := map[string]bool{}
	for _, id := range ids {
		if len(id) == size && isID(id) {
			want[id] = true
		} else {
			unfetchable = append(unfetchable, clean(id, nil))
		}
	}
	if len(want) == 0 {
		return unfetchable, nil
	}
	if w.m.git == "" {
		missing, err := w.fetchIDsGoGit(ctx, sorted(want))
		return append(unfetchable, missing...), err
	}
	if err := w.keepPresent(ctx, want); err != nil {
		return nil, err
	}
	for try := 0; len(want) > 0; try++ {
		if try == maxTries {
			return append(unfetchable, sorted(want)...), nil
		}
		var specs strings.Builder
		for _, id := range sorted(want) {
			fmt.Fprintf(&specs, "%s:refs/seen/%s/%s\n", id, w.name(), id)
		}
		err := w.network(ctx, command{dir: w.s.dir, args: append(fetchArgs(), "--stdin", "origin"), stdin: specs.String(), watch: w.watch})
		if err == nil {
			return unfetchable, nil
		}
		refused := refusedIDs(err, want)
		if len(refused) == 0 && len(want) == 1 && (kindOf(err) == Failed || kindOf(err) == Corrupt) {
			refused = sorted(want)
		}
		if len(refused) == 0 {
			return nil, err
		}
		for _, id := range refused {
			delete(want, id)
			unfetchable = append(unfetchable, id)
		}
	}
	return unfetchable, nil
}

// refusedIDs are the ids that git names when the server has none such, or does not give them.
func refusedIDs(err error, want map[string]bool) (ids []string) {
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	for line := range strings.Lines(e.stderr) {
		if !strings.Contains(line, "not our ref") && !strings.Contains(line, "unadvertised object") && !strings.Contains(line, "find remote ref") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if want[word] && !slices.Contains(ids, word) {
				ids = append(ids, word)
			}
		}
	}
	return ids
}

// keepPresent keeps those of the objects that the store has with all that they lead to, and takes them out of want.
func (w *work) keepPresent(ctx context.Context, want map[string]bool) error {
	types, err := w.types(ctx, sorted(want))
	if err != nil || len(types) == 0 {
		return err
	}
	for id := range types {
		args := []string{"rev-list", "--objects", "--quiet"}
		if w.s.partial {
			args = append(args, "--exclude-promisor-objects")
		}
		args = append(args, id, "--not", "--all")
		err := w.m.run(ctx, command{dir: w.s.dir, lock: w.lock, args: args})
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			continue // something is missing: the server may have it
		}
		if err := w.s.keep(w.name(), id); err != nil {
			return err
		}
		delete(want, id)
	}
	return nil
}

// types are the types of those of the objects that the store has.
func (w *work) types(ctx context.Context, ids []string) (map[string]string, error) {
	types := map[string]string{}
	err := w.m.run(ctx, command{dir: w.s.dir, lock: w.lock, args: []string{"cat-file", "--batch-check=%(objectname) %(objecttype)"},
		stdin: strings.Join(ids, "\n") + "\n", out: func(r io.Reader) error {
			return eachLine(r, func(line string) {
				if id, kind, ok := strings.Cut(line, " "); ok && isID(id) && kind != "missing" {
					types[id] = kind
				}
			})
		}})
	return types, err
}

func eachLine(r io.Reader, do func(string)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		do(lines.Text())
	}
	return lines.Err()
}

// unkeep gives up the refs of this fetch that keep what the tips lead to anyway, as after an ordinary push.
func (w *work) unkeep(ctx context.Context, keep map[string]bool, tips map[string]string) error {
	now := map[string]bool{}
	for _, id := range tips {
		now[id] = true
	}
	commits := map[string]bool{}
	for id := range keep {
		if now[id] || w.passed[id] {
			if err := w.s.unkeep(w.name(), id); err != nil {
				return err
			}
			delete(keep, id)
		}
	}
	if len(keep) == 0 || w.m.git == "" {
		return nil
	}
	types, err := w.types(ctx, sorted(keep))
	if err != nil {
		return err
	}
	for id, kind := range types {
		if kind == "commit" {
			commits[id] = true
		}
	}
	if len(commits) == 0 {
		return nil
	}
	// What is only to be had from the former tips is listed; a tip that is not has been passed by.
	lost := map[string]bool{}
	err = w.m.run(ctx, command{dir: w.s.dir, lock: w.lock, args: []string{"rev-list", "--stdin", "--not", "--glob=refs/r/" + w.name() + "/*"},
		stdin: strings.Join(sorted(commits), "\n") + "\n", out: func(r io.Reader) error {
			return eachLine(r, func(line string) { lost[line] = commits[line] })
		}})
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return nil // they stay, which costs nothing but a ref
	}
	for id := range commits {
		if !lost[id] {
			if err := w.s.unkeep(w.name(), id); err != nil {
				return err
			}
		}
	}
	return nil
}

// tidy packs refs and puts packs together when they are many. Refs keep whatever was a tip, so nothing is lost.
func (w *work) tidy(ctx context.Context, tips, packs int) error {
	if w.m.git == "" {
		return nil
	}
	if w.manyLoose(tips) {
		if err := w.m.run(ctx, command{dir: w.s.dir, lock: w.lock, args: []string{"pack-refs", "--all"}}); err != nil {
			return err
		}
	}
	if packs > maxPacks {
		return w.m.repack(ctx, w.s, w.lock, false)
	}
	return nil
}

// manyLoose reports whether too many of the repository's refs are files, without looking where it has not as many.
func (w *work) manyLoose(tips int) bool { return tips > maxLoose && w.s.loose(w.name()) > maxLoose }

// loose counts the refs of a repository that are files of their own.
func (s *store) loose(repo string) (n int) {
	for _, below := range []string{"r", "seen"} {
		_ = filepath.WalkDir(filepath.Join(s.dir, "refs", below, repo), func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return nil
		})
	}
	return n
}

// repack puts packs together: the small ones, or with all into one what refs lead to, and nothing else.
func (m *Mirror) repack(ctx context.Context, s *store, lock *os.File, all bool) error {
	args := []string{"repack", "-q", "-d", "--geometric=2"}
	if all || s.partial { // older versions of git mix up the two kinds of packs of a partial clone
		args = []string{"repack", "-q", "-d", "-a"}
	}
	return m.run(ctx, command{dir: s.dir, lock: lock, args: args})
}
