package gitscan

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rummage/gitscan/internal/disk"
	"rummage/gitscan/internal/pack"
)

// TestRefIDs: the ids without names are those of readRefs; a loose ref, symbolic or not, stands for a packed one of its name.
func TestRefIDs(t *testing.T) {
	dir := t.TempDir()
	id := func(c string) string { return strings.Repeat(c, 40) }
	for name, text := range map[string]string{
		"HEAD":                "ref: refs/heads/a\n",
		"refs/heads/a":        id("a") + "\n",
		"refs/heads/deep/b":   id("b") + "\n",
		"refs/heads/symbolic": "ref: refs/heads/a\n",
		"refs/heads/broken":   "nothing\n",
		"packed-refs": "# pack-refs with: peeled fully-peeled sorted \n" + id("1") + " refs/heads/a\n" + id("2") + " refs/heads/symbolic\n" +
			id("3") + " refs/tags/c\n^" + id("4") + "\n" + id("3") + " refs/tags/d\nno line\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	d := dirs{files: disk.OS{}, gitDir: dir, commonDir: dir}
	refs, _, _ := readRefs(d, pack.SHA1)
	want := map[pack.ID]bool{}
	for _, rf := range refs {
		want[rf.id] = true
	}
	if len(want) != 3 {
		t.Fatalf("readRefs: %v", refs)
	}
	if got := readRefIDs(d, pack.SHA1, ""); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	delete(want, pack.SHA1.ID(bytes.Repeat([]byte{0x33}, 20)))
	if got := readRefIDs(d, pack.SHA1, "refs/heads/"); !maps.Equal(got, want) {
		t.Errorf("of heads: got %v, want %v", got, want)
	}
}

// TestHeadID: what HEAD leads to is known of a packed ref too, and of no ref whose name it only is a part of.
func TestHeadID(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	hex := func(c string) string { return strings.Repeat(c, 40) }
	write("packed-refs", "# pack-refs with: peeled fully-peeled sorted \n"+hex("1")+" refs/heads/main-2\n"+hex("2")+" refs/heads/main\n^"+hex("3")+"\n")
	for head, want := range map[string]string{"ref: refs/heads/main\n": hex("2"), "ref: heads/main\n": "", "ref: refs/heads/gone\n": ""} {
		write("HEAD", head)
		p := &Push{repo: &Repo{dirs: dirs{files: disk.OS{}, gitDir: dir, commonDir: dir}}}
		got := ""
		for _, id := range p.headIDs() {
			got += pack.SHA1.Hex(id)
		}
		if got != want {
			t.Errorf("%q leads to %s, want %s", head, got, want)
		}
	}
}
