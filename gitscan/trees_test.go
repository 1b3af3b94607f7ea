package gitscan

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rummage/gitscan/internal/pack"
)

// entry is the bytes of a tree entry.
func entry(mode, name string, id byte) string {
	return mode + " " + name + "\x00" + strings.Repeat(string(rune('a'+id)), 20)
}

var treeTable = []struct {
	name, data string
	want       []string
	err        error
}{
	{name: "empty"},
	{name: "in order", data: entry("100644", "a", 0) + entry("40000", "a.b", 1) + entry("40000", "a", 2) + entry("120000", "a0", 3),
		want: []string{"a", "a.b/", "a/", "a0"}},
	{name: "not in order", data: entry("100644", "b", 0) + entry("100644", "a", 1), want: []string{"a", "b"}},
	{name: "a directory sorted as a file", data: entry("40000", "a", 0) + entry("100644", "a.b", 1), want: []string{"a.b", "a/"}},
	{name: "twice", data: entry("100644", "a", 0) + entry("100755", "a", 1) + entry("100644", "b", 2), want: []string{"a", "b"}, err: errTreeTwice},
	{name: "file and directory of one name", data: entry("100644", "a", 0) + entry("40000", "a", 1), want: []string{"a", "a/"}},
	{name: "slash", data: entry("100644", "a/b", 0) + entry("100644", "c", 1), want: []string{"c"}, err: errTreeSlash},
	{name: "cut short", data: entry("100644", "a", 0) + entry("100644", "b", 1)[:20], want: []string{"a"}, err: errTree},
	{name: "no mode", data: " a\x00" + strings.Repeat("a", 20), err: errTree},
	{name: "no name", data: entry("100644", "", 0), err: errTree},
	{name: "a long mode", data: entry("1006441006441", "a", 0), err: errTree},
	{name: "garbage", data: "garbage", err: errTree},
}

// names lists the entries of a tree, directories with a slash.
func names(t *testing.T, format pack.Format, tree []byte) (list []string) {
	t.Helper()
	var c cursor
	for c.start(format, tree); c.ok; c.next() {
		name := string(c.cur.name)
		if c.cur.isDir() {
			name += "/"
		}
		list = append(list, name)
	}
	if c.err != nil {
		t.Errorf("tree: %v", c.err)
	}
	return list
}

func TestCanonicalTree(t *testing.T) {
	for _, c := range treeTable {
		t.Run(c.name, func(t *testing.T) {
			tree, err := canonicalTree(pack.SHA1, []byte(c.data))
			if err != c.err {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if got := names(t, pack.SHA1, tree); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// FuzzTree: a canonical tree is in order, has no name twice and none with a slash, is its own canonical form, and has
// nothing that the tree had not.
func FuzzTree(f *testing.F) {
	for _, c := range treeTable {
		f.Add([]byte(c.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range formats {
			tree, err := canonicalTree(format, data)
			again, errAgain := canonicalTree(format, tree)
			if errAgain != nil || !bytes.Equal(again, tree) {
				t.Errorf("canonical form of %q: %q, of that: %q, %v", data, tree, again, errAgain)
			}
			if err == nil && len(tree) != len(data) {
				t.Errorf("%d bytes of %d without an error", len(tree), len(data))
			}
			var c cursor
			var prev treeEntry
			n := 0
			for c.start(format, tree); c.ok; c.next() {
				if n > 0 && compareEntries(&prev, &c.cur) >= 0 || bytes.IndexByte(c.cur.name, '/') >= 0 {
					t.Errorf("entry %q after %q", c.cur.name, prev.name)
				}
				prev = c.cur
				n++
			}
			if c.err != nil {
				t.Errorf("error %v", c.err)
			}
		}
	})
}

// randomTree makes a tree of entries in a store of trees, most of them canonical, some not.
func randomTree(r *rand.Rand, trees map[pack.ID][]byte, depth int) pack.ID {
	var b []byte
	used := map[string]bool{}
	for range r.IntN(5) {
		name := string(rune('a' + r.IntN(4)))
		if r.IntN(4) == 0 {
			name += []string{".", "-", "0", "/x", ""}[r.IntN(5)]
		}
		kind := r.IntN(8)
		if used[name] && r.IntN(4) > 0 {
			continue
		}
		used[name] = true
		mode, id := "100644", pack.ID{1, byte(r.IntN(6))}
		switch {
		case kind == 0:
			mode = "160000"
		case kind == 1:
			mode = "120000"
		case kind < 5 && depth > 0:
			mode, id = "40000", randomTree(r, trees, depth-1)
		}
		b = append(append(b, mode+" "+name+"\x00"...), id[:20]...)
	}
	if r.IntN(3) > 0 {
		b, _ = canonicalTree(pack.SHA1, b)
	}
	if r.IntN(20) == 0 && len(b) > 0 {
		b = b[:len(b)-1]
	}
	id := pack.SHA1.Hash(pack.Tree, b)
	trees[id] = b
	return id
}

// flatten is a tree's blobs by path, as far as it can be read.
func flatten(trees map[pack.ID][]byte, id pack.ID, prefix string, into map[string]pack.ID) {
	tree, _ := canonicalTree(pack.SHA1, trees[id])
	var c cursor
	for c.start(pack.SHA1, tree); c.ok; c.next() {
		path := prefix + string(c.cur.name)
		if c.cur.isDir() {
			flatten(trees, c.cur.id, path+"/", into)
		} else if c.cur.isBlob() {
			into[path] = c.cur.id
		}
	}
}

func memoryDiffer(trees map[pack.ID][]byte, emit func(change)) (differ, *int) {
	repeats, problems := firstRepeats, 0
	return differ{
		format: pack.SHA1, emit: emit, repeats: &repeats, deepest: maxTreeDepth,
		get: func(id pack.ID) ([]byte, error) {
			tree, ok := trees[id]
			if !ok {
				return nil, pack.ErrMissing
			}
			tree, _ = canonicalTree(pack.SHA1, tree)
			return tree, nil
		},
		problem: func(pack.ID, error) { problems++ },
	}, &problems
}

// TestDifferAgainstFlattened compares random trees with themselves, each other and nothing.
func TestDifferAgainstFlattened(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	changes := 0
	for range 3000 {
		trees := map[pack.ID][]byte{}
		a, b := randomTree(r, trees, 3), randomTree(r, trees, 3)
		switch r.IntN(6) {
		case 0:
			a = pack.ID{}
		case 1:
			b = pack.ID{}
		case 2:
			b = a
		}
		was, is := map[string]pack.ID{}, map[string]pack.ID{}
		if !a.IsZero() {
			flatten(trees, a, "", was)
		}
		if !b.IsZero() {
			flatten(trees, b, "", is)
		}
		want := map[string][2]pack.ID{}
		for path, id := range was {
			if is[path] != id {
				want[path] = [2]pack.ID{id, is[path]}
			}
		}
		for path, id := range is {
			if was[path] != id {
				want[path] = [2]pack.ID{was[path], id}
			}
		}
		got := map[string][2]pack.ID{}
		d, _ := memoryDiffer(trees, func(c change) {
			if _, again := got[string(c.path)]; again {
				t.Errorf("%s is told twice", c.path)
			}
			got[string(c.path)] = [2]pack.ID{c.old, c.new}
		})
		d.diff(a, b)
		changes += len(got)
		for path := range want {
			if got[path] != want[path] {
				t.Fatalf("%s: %x, want %x\n%q", path, got[path], want[path], trees)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d changes, want %d", len(got), len(want))
		}
		for path, id := range is {
			if found := d.lookup(b, []byte(path)); found != id {
				t.Fatalf("lookup %s: %x, want %x", path, found, id)
			}
		}
		if found := d.lookup(b, []byte("a/nonesuch/b")); !found.IsZero() {
			t.Fatalf("lookup of nothing: %x", found)
		}
	}
	if changes < 1000 {
		t.Errorf("only %d changes", changes)
	}
}

// TestDifferBounds: directories that stand in very many places, and very deep ones, end soon and are told.
func TestDifferBounds(t *testing.T) {
	trees := map[pack.ID][]byte{}
	add := func(tree string) pack.ID {
		id := pack.SHA1.Hash(pack.Tree, []byte(tree))
		trees[id] = []byte(tree)
		return id
	}
	blob := pack.ID{1}
	bomb := add("100644 file\x00" + string(blob[:20]))
	for range 10 {
		var level strings.Builder
		for i := range 10 {
			level.WriteString("40000 " + string(rune('0'+i)) + "\x00" + string(bomb[:20]))
		}
		bomb = add(level.String())
	}
	emitted := 0
	d, problems := memoryDiffer(trees, func(change) { emitted++ })
	d.diff(pack.ID{}, bomb)
	d.diff(bomb, pack.ID{})
	if emitted == 0 || emitted > 100_000 || *problems == 0 {
		t.Errorf("bomb: %d changes, %d problems", emitted, *problems)
	}

	deep := add("100644 file\x00" + string(blob[:20]))
	for range maxTreeDepth {
		deep = add("40000 d\x00" + string(deep[:20]))
	}
	emitted = 0
	d, problems = memoryDiffer(trees, func(change) { emitted++ })
	d.diff(pack.ID{}, deep)
	if emitted != 1 || *problems != 0 {
		t.Errorf("deep: %d changes, %d problems", emitted, *problems)
	}
	deeper := add("40000 d\x00" + string(deep[:20]))
	d.diff(deeper, pack.ID{})
	if emitted != 1 || *problems != 1 {
		t.Errorf("deeper: %d changes, %d problems", emitted, *problems)
	}

	// Many equal directories that are small are no bomb.
	var wide strings.Builder
	empty := add("100644 keep\x00" + string(blob[:20]))
	for i := range 20_000 {
		wide.WriteString("40000 " + strings.Repeat("d", 1+i%7) + strings.Repeat("0", i/7%9) + string(rune('a'+i%26)) + hex.EncodeToString([]byte{byte(i >> 8), byte(i)}) + "\x00" + string(empty[:20]))
	}
	tree, err := canonicalTree(pack.SHA1, []byte(wide.String()))
	if err != nil {
		t.Fatal(err)
	}
	emitted = 0
	d, problems = memoryDiffer(trees, func(change) { emitted++ })
	d.diff(pack.ID{}, add(string(tree)))
	if emitted != 20_000 || *problems != 0 {
		t.Errorf("wide: %d changes, %d problems", emitted, *problems)
	}
}
