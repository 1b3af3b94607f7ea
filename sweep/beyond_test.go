package sweep

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// quietRules have also some that a name alone is enough for.
const quietRules = markRules + `
[[rules]]
id = "named"
description = "x"
path = '''\.key$|^top$'''
`

// quietFleet is a fleet in which mostly there is nothing to find, of repositories without a staged file.
type quietFleet struct{ *fleet }

func (f *quietFleet) write(dir, name string) {
	text := fmt.Sprintf("N=%d\n", f.r.IntN(1_000_000))
	switch f.r.IntN(12) {
	case 0:
		text += f.mark()
	case 1:
		text = "SECRET=one\n" // a finding in a file of variables
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *quietFleet) mark() string { return "mark-" + string(rune('a'+f.r.IntN(26))) + "bc" }

func (f *quietFleet) commit(dir string) {
	f.n++
	message := fmt.Sprintf("change %d", f.n)
	if f.r.IntN(20) == 0 {
		message += " " + f.mark()
	}
	git(f.t, dir, "add", "-A")
	git(f.t, dir, "commit", "-q", "--allow-empty", "-m", message)
}

func (f *quietFleet) original() {
	f.add("")
	dir := filepath.Join(f.dir, f.repos[len(f.repos)-1])
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		f.t.Fatal(err)
	}
	for i := range 3 {
		f.write(dir, []string{"a.txt", "b", "d/top"}[i])
		f.commit(dir)
	}
	git(f.t, dir, "branch", "side", "HEAD~1")
	git(f.t, dir, "gc", "-q", "--prune=now")
}

// change does one of the things to a repository by which there is more or less in it.
func (f *quietFleet) change(dir string) {
	switch f.r.IntN(24) {
	case 0:
		if f.has(dir, "HEAD~1") {
			git(f.t, dir, "reset", "-q", "--hard", "HEAD~1")
		}
		return
	case 1:
		git(f.t, dir, "gc", "-q", "--prune=now")
		return
	case 2:
		git(f.t, dir, "repack", "-q", "-d") // of what is loose
		return
	case 3:
		git(f.t, dir, "tag", "-f", "tree", "HEAD:d") // where a file has another name
		return
	case 4:
		git(f.t, dir, "tag", "-f", "-a", "-m", []string{"nothing", f.mark()}[f.r.IntN(2)], "told", []string{"HEAD", "HEAD^{tree}"}[f.r.IntN(2)])
		return
	case 5: // nothing leads to it
		f.write(dir, ".dangling")
		git(f.t, dir, "hash-object", "-w", ".dangling")
		if err := os.Remove(filepath.Join(dir, ".dangling")); err != nil {
			f.t.Fatal(err)
		}
		return
	case 6: // an old file has another name
		names, err := filepath.Glob(filepath.Join(dir, "[a-c]*"))
		if err == nil && len(names) > 0 {
			err = os.Rename(names[f.r.IntN(len(names))], filepath.Join(dir, []string{"x.key", ".env", "a.txt"}[f.r.IntN(3)]))
		}
		if err != nil {
			f.t.Fatal(err)
		}
	case 7:
		if f.has(dir, "refs/heads/side") {
			git(f.t, dir, "branch", "-q", "-D", "side")
			return
		}
	case 9: // staged
		if err := os.WriteFile(filepath.Join(dir, "n.key"), []byte("N=1\n"), 0o600); err != nil {
			f.t.Fatal(err)
		}
		git(f.t, dir, "add", "n.key")
		return
	case 8:
		git(f.t, dir, "merge", "-q", "-s", "ours", "--allow-unrelated-histories", "--no-edit", "HEAD~0")
	default:
		for range 1 + f.r.IntN(2) {
			f.write(dir, []string{"a.txt", "b", "c", ".env"}[f.r.IntN(4)])
		}
	}
	f.commit(dir)
}

// bare has repositories be without an index, as those of servers are; now and then one keeps its own.
func (f *quietFleet) bare() {
	for _, name := range f.repos {
		if f.r.IntN(8) > 0 {
			_ = os.Remove(filepath.Join(f.dir, name, ".git", "index"))
		}
	}
}

// TestForksAgainstAudit: what a sweep knows of clones, of which it reads only what is beside packs in which it has found nothing, is
// what audits from nothing find.
func TestForksAgainstAudit(t *testing.T) {
	quick, slow, most := 0, 0, 0
	for seed := range uint64(2) {
		f := &quietFleet{&fleet{t: t, r: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir()}}
		for range 4 {
			f.original()
		}
		rules := parseRules(t, quietRules)
		address := filepath.Join(t.TempDir(), "sweep.db")
		s := open(t, address, f.dir, rules)
		var sums map[string]string
		for step := range 6 {
			if step > 0 {
				for range 3 {
					f.add(f.repos[f.r.IntN(len(f.repos))])
				}
			}
			for _, name := range f.repos[min(4, len(f.repos)-1):] {
				for range f.r.IntN(3) {
					f.change(filepath.Join(f.dir, name))
				}
			}
			if step == 4 { // with others, what was quiet need not be
				rules = parseRules(t, strings.Replace(quietRules, "mark-[a-z]{3}", "mark-[a-z]{3}|N=1", 1)+"keywords = []\n")
				s, sums = open(t, address, f.dir, rules), nil
			}
			f.bare()
			w := worker(t, s, nil, func(o Outcome) {
				switch {
				case o.Err != nil:
					t.Errorf("%s: %v", o.Repository.Name, o.Err)
				case o.Answer.Quick:
					quick++
				case !o.Answer.Unchanged:
					slow++
				}
			})
			w.quiet.sums = sums
			if _, err := w.Run(context.Background(), true); err != nil {
				t.Fatal(err)
			}
			sums = w.quiet.sums
			got, want := f.kept(s), f.audited(s, rules)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, step %d:\n--- got\n%s--- want\n%s", seed, step, strings.Join(got, ""), strings.Join(want, ""))
			}
			most = max(most, len(want))
		}
	}
	t.Logf("%d quick, %d slow, %d places", quick, slow, most)
	if quick < 10 || slow < 20 || most < 20 {
		t.Errorf("%d repositories were read in part and %d whole, with %d places at most", quick, slow, most)
	}
}

// TestPackOfAName: that a pack has the name of one in which there is nothing says nothing of it.
func TestPackOfAName(t *testing.T) {
	f := &fleet{t: t, r: rand.New(rand.NewPCG(1, 1)), dir: t.TempDir()}
	var packs []string
	for i, text := range []string{"nothing\n", "mark-abc\n"} {
		f.add("")
		dir := filepath.Join(f.dir, f.repos[i])
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "-m", "c")
		git(t, dir, "gc", "-q")
		if err := os.Remove(filepath.Join(dir, ".git", "index")); err != nil {
			t.Fatal(err)
		}
		packs = append(packs, filepath.Join(dir, ".git", "objects", "pack", packNames(dir)[0]))
	}
	named := filepath.Join(filepath.Dir(packs[1]), filepath.Base(packs[0]))
	for _, ext := range []string{".pack", ".idx"} {
		if err := os.Rename(packs[1]+ext, named+ext); err != nil {
			t.Fatal(err)
		}
	}
	rules := parseRules(t, markRules)
	s := open(t, filepath.Join(t.TempDir(), "sweep.db"), f.dir, rules)
	w := worker(t, s, nil, nil)
	w.turns = make(chan struct{}, 1)
	for range 2 {
		if _, err := w.Run(context.Background(), true); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := f.kept(s), f.audited(s, rules); !slices.Equal(got, want) || len(want) != 1 || len(w.quiet.sums) != 1 {
		t.Errorf("got %s, want %s, with %d packs", got, want, len(w.quiet.sums))
	}
}
