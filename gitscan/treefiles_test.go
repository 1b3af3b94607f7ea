package gitscan

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"rummage/gitscan/internal/pack"
)

func memoryFiles(trees map[pack.ID][]byte) (*treeFiles, *int) {
	d, problems := memoryDiffer(trees, func(change) {})
	return &treeFiles{differ: d, wanted: func(string) bool { return true }, known: map[treeAt][]fileAt{}, read: map[pack.ID]bool{}}, problems
}

// TestTreeFilesAgainstFlattened lists random trees, one after the other with what is remembered of those before.
func TestTreeFilesAgainstFlattened(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	files := 0
	for range 500 {
		trees := map[pack.ID][]byte{}
		l, _ := memoryFiles(trees)
		for range 4 {
			tree := randomTree(r, trees, 3)
			want, got := map[string]pack.ID{}, map[string]pack.ID{}
			flatten(trees, tree, "", want)
			for _, f := range l.list(tree, 0) {
				if _, again := got[f.path]; again {
					t.Fatalf("%s is listed twice", f.path)
				}
				got[f.path] = f.id
				files++
			}
			if !maps.Equal(got, want) {
				t.Fatalf("got %v\nwant %v", got, want)
			}
		}
	}
	if files < 1000 {
		t.Errorf("only %d files", files)
	}
}

// TestTreeFilesBounds: directories that stand in very many places, and very long paths, end soon and are told.
func TestTreeFilesBounds(t *testing.T) {
	trees := map[pack.ID][]byte{}
	add := func(tree string) pack.ID {
		id := pack.SHA1.Hash(pack.Tree, []byte(tree))
		trees[id] = []byte(tree)
		return id
	}
	blob := pack.ID{1}
	file := add("100644 file\x00" + string(blob[:20]))
	bomb := file
	for range 10 {
		var level strings.Builder
		for i := range 10 {
			level.WriteString("40000 " + string(rune('0'+i)) + "\x00" + string(bomb[:20]))
		}
		bomb = add(level.String())
	}
	l, problems := memoryFiles(trees)
	if n := len(l.list(bomb, 0)); n == 0 || n > 100_000 || *problems == 0 {
		t.Errorf("bomb: %d files, %d problems", n, *problems)
	}

	name := strings.Repeat("d", 250)
	deep := file
	for range maxPath/251 - 1 {
		deep = add("40000 " + name + "\x00" + string(deep[:20]))
	}
	l, problems = memoryFiles(trees)
	if n := len(l.list(deep, 0)); n != 1 || *problems != 0 {
		t.Errorf("deep: %d files, %d problems", n, *problems)
	}
	for range 3 {
		deep = add("40000 " + name + "\x00" + string(deep[:20]))
	}
	if n := len(l.list(deep, 0)); n != 0 || *problems != 1 {
		t.Errorf("too deep: %d files, %d problems", n, *problems)
	}
}
