package sent

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rummage/gitscan"
)

func tryGit(dir, stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.fsync", "GIT_CONFIG_VALUE_0=none")
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), err
}

func git(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func bare(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "r.git")
	git(t, "", "", "init", "-q", "--bare", dir)
	return dir
}

// write makes n commits on a few branches, with directories, merges and what was there before.
func write(t testing.TB, r *rand.Rand, dir string, n int) {
	t.Helper()
	var b strings.Builder
	for c := 1; c <= n; c++ {
		fmt.Fprintf(&b, "commit refs/heads/b%d\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n", r.IntN(4), c, 1_700_000_000+c*60+r.IntN(200))
		if c > 1 && r.IntN(8) > 0 {
			fmt.Fprintf(&b, "from :%d\n", 1+r.IntN(c-1))
			if r.IntN(4) == 0 {
				fmt.Fprintf(&b, "merge :%d\n", 1+r.IntN(c-1))
			}
		}
		for range 1 + r.IntN(3) {
			text := strings.Repeat(fmt.Sprintf("line %d\n", r.IntN(4)), 30) + fmt.Sprintf("N=%d\n", r.IntN(20))
			fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", []string{"a", "d/b", "d/e/c", "f/c"}[r.IntN(4)], len(text), text)
		}
		if r.IntN(6) == 0 {
			fmt.Fprintf(&b, "M 160000 %040d link\n", 1)
		}
	}
	for i := range 3 {
		fmt.Fprintf(&b, "tag t%d\nfrom :%d\ntagger A <a@example.com> 1 +0000\ndata 1\nt\n", i, 1+r.IntN(n))
	}
	git(t, dir, b.String(), "fast-import", "--quiet")
}

// pack makes a pack of objects. It gives its file without the end of the name.
func pack(t testing.TB, dir, ids string, args ...string) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "p")
	return base + "-" + git(t, dir, ids, append(append([]string{"pack-objects", "-q"}, args...), base)...)
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var wide = Limits{Objects: 1000, Bytes: 1 << 20}

// TestReadAgainstGit: a pack is read as git reads it, whichever deltas it has, and its index is the one that git makes.
func TestReadAgainstGit(t *testing.T) {
	deltas := [2]int{}
	for seed := range uint64(4) {
		dir := bare(t)
		write(t, rand.New(rand.NewPCG(seed, 1)), dir, 20)
		all := git(t, dir, "", "rev-list", "--all", "--objects", "--no-object-names")
		for i, args := range [][]string{{"--delta-base-offset"}, nil} {
			file := pack(t, dir, all, append(args, "--window=20", "--depth=20")...)
			p, err := Read(read(t, file+".pack"), wide)
			if err != nil {
				if i == 1 && err == errBase { // one that comes before its base
					continue
				}
				t.Fatal(err)
			}
			into := t.TempDir()
			if err := p.Write(into); err != nil {
				t.Fatal(err)
			}
			packs, _ := filepath.Glob(filepath.Join(into, "*"))
			if len(packs) != 2 || !bytes.Equal(read(t, packs[0]), read(t, file+".idx")) || !bytes.Equal(read(t, packs[1]), read(t, file+".pack")) {
				t.Errorf("written: %v, or not as git's", packs)
			}
			deltas[i] += strings.Count(git(t, dir, "", "verify-pack", "-v", file+".idx"), "chain length")
			if _, err := Read(read(t, file+".pack"), Limits{Objects: p.Len() - 1, Bytes: 1 << 20}); err != errLarge {
				t.Errorf("too many objects: %v", err)
			}
			if _, err := Read(read(t, file+".pack"), Limits{Objects: p.Len(), Bytes: 2000}); err != errLarge {
				t.Errorf("too many bytes: %v", err)
			}
		}
	}
	if deltas[0] == 0 || deltas[1] == 0 {
		t.Errorf("packs without deltas: %v", deltas)
	}
}

// TestCollides: an object that was made to have the id of another is refused.
func TestCollides(t *testing.T) {
	if _, err := hashOf(blob, []byte("hello\n")); err != nil {
		t.Error(err)
	}
	if id, _ := hashOf(blob, []byte("hello\n")); id.String() != "ce013625030ba8dba906f756967f9e9ca394464a" {
		t.Error(id)
	}
}

// TestWholeAgainstGit: what is proven is what git rev-list proves, whatever is missing and whatever lies about.
func TestWholeAgainstGit(t *testing.T) {
	outcomes := map[string]int{}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		from := bare(t)
		write(t, r, from, 4+r.IntN(12))
		refs := strings.Fields(git(t, from, "", "for-each-ref", "--format=%(objectname)"))
		commits := strings.Fields(git(t, from, "", "rev-list", "--all"))
		var roots, tips []string
		for range 1 + r.IntN(2) {
			roots = append(roots, commits[r.IntN(len(commits))])
		}
		for range 1 + r.IntN(3) {
			tips = append(tips, refs[r.IntN(len(refs))])
		}
		list := func(args ...string) string {
			return git(t, from, "", append([]string{"rev-list", "--objects", "--no-object-names"}, args...)...)
		}
		store := bare(t)
		give := func(ids string, args ...string) {
			if ids == "" {
				return
			}
			for _, ext := range []string{".pack", ".idx"} {
				file := pack(t, from, ids, args...) + ext
				if err := os.Rename(file, filepath.Join(store, "objects", "pack", "pack-"+filepath.Base(file))); err != nil {
					t.Fatal(err)
				}
			}
		}
		some := func(ids string, one int) string { // without one in so many
			var b strings.Builder
			for id := range strings.FieldsSeq(ids) {
				if r.IntN(one) > 0 {
					fmt.Fprintln(&b, id)
				}
			}
			return b.String()
		}
		give(list(roots...))
		new := list(append(append([]string{}, tips...), append([]string{"--not"}, roots...)...)...)
		lost := r.IntN(2) == 0
		if r.IntN(2) == 0 { // what no ref leads to
			give(some(list("--all"), 2))
		}
		if ids := strings.Fields(new); lost && len(ids) > 0 {
			at := r.IntN(len(ids))
			new = strings.Join(append(ids[:at:at], ids[at+1:]...), "\n")
		}
		var p *Pack
		var err error
		if new != "" {
			if p, err = Read(read(t, pack(t, from, new, "--delta-base-offset")+".pack"), wide); err != nil {
				t.Fatal(err)
			}
		}
		objects, err := gitscan.OpenObjects(store)
		if err != nil {
			t.Fatal(err)
		}
		known, want := map[ID]bool{}, []ID(nil)
		for _, hex := range roots {
			id, _ := Parse(hex)
			known[id] = true
		}
		for _, hex := range tips {
			id, _ := Parse(hex)
			want = append(want, id)
		}
		passed, wholeErr := Whole(t.Context(), p, objects, known, want)
		objects.Close()
		give(new)
		out, gitErr := tryGit(store, "", append(append([]string{"rev-list", "--objects", "--quiet"}, tips...), append([]string{"--not"}, roots...)...)...)
		if wholeErr == nil && gitErr != nil || wholeErr != nil && gitErr == nil && !lost {
			t.Errorf("seed %d: %v, git: %v %s", seed, wholeErr, gitErr, out)
		}
		outcomes[fmt.Sprint(wholeErr == nil, gitErr == nil)]++
		for id := range passed {
			if gitErr != nil || !strings.Contains(list(tips...)+strings.Join(tips, " ")+tagsOf(t, from, tips), id.String()) {
				t.Errorf("seed %d: %s is said to be passed", seed, id)
			}
		}
	}
	t.Logf("(it is proven, git proves it): %v", outcomes)
	if outcomes["true true"] < 20 || outcomes["false false"] < 10 {
		t.Error("too few of a kind")
	}
}

// tagsOf are the ids of the tags that tips are.
func tagsOf(t *testing.T, dir string, tips []string) (all string) {
	for _, tip := range tips {
		all += " " + tip
		if git(t, dir, "", "cat-file", "-t", tip) == "tag" {
			all += " " + git(t, dir, "", "rev-parse", tip+"^{}")
		}
	}
	return all
}

// FuzzRead: whatever is sent ends in objects that are what they are said to be, within the limits, or in an error; and so does what
// is to be proven of them.
func FuzzRead(f *testing.F) {
	dir := bare(f)
	write(f, rand.New(rand.NewPCG(1, 1)), dir, 6)
	all := git(f, dir, "", "rev-list", "--all", "--objects", "--no-object-names")
	data := read(f, pack(f, dir, all, "--delta-base-offset")+".pack")
	f.Add(data[:len(data)-packTrailer])
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := Read(summed(body), Limits{Objects: 100, Bytes: 1 << 16})
		if err != nil {
			return
		}
		size := 0
		var tips []ID
		for i := range p.objects {
			o := &p.objects[i]
			if id, err := hashOf(o.kind, o.data); err != nil || id != o.id || p.byID[id] != o {
				t.Error("another object")
			}
			size += len(o.data)
			tips = append(tips, o.id)
		}
		if size > 1<<16 || p.Len() != int(binary.BigEndian.Uint32(body[8:])) {
			t.Errorf("%d bytes, %d objects", size, p.Len())
		}
		p.index()
		_, _ = Whole(t.Context(), p, nothing{}, map[ID]bool{}, tips)
	})
}

// nothing is a store without objects.
type nothing struct{}

func (nothing) Has([]byte) bool                         { return false }
func (nothing) Get([]byte, int) (string, []byte, error) { return "", nil, errMissing }
