//go:build linux

package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestHookHostile: what no client of git makes, and mostly git would refuse before the hook, is searched where it can be and
// refused where it cannot; see madePush.run for what holds of all of it.
func TestHookHostile(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(*madePush)
		code int
		told string
	}{
		{"clean", func(p *madePush) { p.tip = p.commit(p.loose("tree", nil), "") }, 0, ""},
		{"secret", func(p *madePush) { p.tip = p.commit(p.loose("tree", treeOf("100644 f", p.secretBlob())), "") }, 1, "f:1"},

		{"blob of 4 GiB", bombBlob, 2, "files larger than 67108864 bytes: 1"},
		{"commit of 4 GiB", bombCommit, 2, "object is too large"},
		{"tree of 4 GiB", bombTree, 2, "object is too large"},
		{"tag of 4 GiB", bombTag, 2, "object is too large"},
		{"delta that makes 2 GiB", func(p *madePush) { bombDelta(p, false) }, 2, "files larger than"},
		{"delta of what a delta makes 2 GiB of", func(p *madePush) { bombDelta(p, true) }, 2, ""},
		{"delta of 2 GiB", bombInstructions, 2, ""},
		{"small commit as a delta of a large one", bombBaseOfCommit, 2, "object is too large"},

		{"a million files", func(p *madePush) { million(p, p.loose("blob", []byte("clean"))) }, 0, ""},
		{"a million names for a secret", func(p *madePush) { million(p, p.secretBlob()) }, 1, "1000000 places"},
		{"directories 10,000 deep", func(p *madePush) { nested(p, 10_000, "d") }, 1, "d/d/ [...] /d/d"},
		{"directories 20,000 deep", func(p *madePush) { nested(p, 20_000, "d") }, 1, "nested more than"},
		{"paths of 100 MB", longPaths, 2, "paths are longer than"},

		{"name ..", func(p *madePush) { oneEntry(p, "100644 ..") }, 1, "..:1"},
		{"no name", func(p *madePush) { oneEntry(p, "100644 ") }, 1, "tree object is malformed"},
		{"name with a slash", func(p *madePush) { oneEntry(p, "100644 a/b") }, 1, "name with a slash"},
		{"absolute name", func(p *madePush) { oneEntry(p, "100644 /etc/passwd") }, 1, "name with a slash"},
		{"mode 7777777", func(p *madePush) { oneEntry(p, "7777777 f") }, 1, "f:1"},
		{"mode 0", func(p *madePush) { oneEntry(p, "0 f") }, 1, "f:1"},
		{"mode of 20 digits", func(p *madePush) { oneEntry(p, "10064410064410064410 f") }, 1, "tree object is malformed"},
		{"mode that is none", func(p *madePush) { oneEntry(p, "rw-r--r-- f") }, 1, "tree object is malformed"},
		{"blob as a directory", func(p *madePush) { oneEntry(p, "40000 f") }, 1, "1 finding"},
		{"blob as a submodule", func(p *madePush) { oneEntry(p, "160000 f") }, 1, "1 finding"},
		{"not in order, and twice", unsorted, 1, "name twice"},
		{"name that a terminal obeys", func(p *madePush) { oneEntry(p, "100644 \x1b]0;x\a\x1b[2J\n\r\u202eremote: fine") }, 1, `\x1b`},
		{"name of 10,000 bytes", func(p *madePush) { oneEntry(p, "100644 "+strings.Repeat("n", 10_000)) }, 1, "nnnnnnnn [...] nnnnnnnn"},

		{"10,000 deltas by offset", func(p *madePush) { chain(p, 10_000, false) }, 1, "f:10001"},
		{"10,000 deltas by id", func(p *madePush) { chain(p, 10_000, true) }, 1, "f:10001"},
		{"deltas in a circle", circle, 2, "delta chain leads to no object"},
		{"loose object that says more", func(p *madePush) { lying(p, 1000) }, 2, "zlib: ends too early"},
		{"loose object that says less", func(p *madePush) { lying(p, 3) }, 2, "holds more than"},
		{"loose object that says 2^62", func(p *madePush) { lying(p, 1<<61) }, 2, "files larger than"},
		{"wrong hash", wrongHash, 2, "does not have the hash"},
		{"commit of the wrong hash", wrongCommit, 2, "does not have the hash"},
		{"index that lies", lyingIndex, 1, "demo-token"}, // what it names otherwise is searched all the same
		{"index of another pack", otherIndex, 2, "do not belong together"},
		{"pack that was cut", cutPack, 2, ""},
		{"pack without an index", noIndex, 2, "is missing"},

		{"10,000 parents", parents, 1, "f:1"},
		{"absurd dates", dates, 1, "f:1"},
		{"encoding, and a signature of 1 MB", signature, 1, "f:1"},
		{"a tag of a tag, 10,000 times", tags, 2, "tags of tags"},
		{"commit that is no commit", func(p *madePush) { p.tip = p.loose("commit", []byte("\x00\x1b[31m")) }, 2, "commit object has no tree"},
		{"commit whose tree is a blob", func(p *madePush) { p.tip = p.commit(p.secretBlob(), "") }, 1, "1 finding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newMadePush(t)
			c.make(p)
			code, told := p.run()
			if code != c.code || !strings.Contains(squeeze(told), squeeze(c.told)) {
				t.Errorf("exit code %d, want %d with %q\n%.2000s", code, c.code, c.told, told)
			}
		})
	}
}

// squeeze leaves out spaces: where a line is broken does not matter.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func oneEntry(p *madePush, entry string) {
	p.tip = p.commit(p.loose("tree", treeOf(entry, p.secretBlob())), "")
}

const made = "0123456789012345678901234567890123456789" // an id whose object would take long to hash

func bombBlob(p *madePush) {
	p.looseFile(made, zeros([]byte("blob 4294967296\x00"), 4096))
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", made)), "")
}

func bombCommit(p *madePush) {
	text := commitOf(p.loose("tree", nil), "")
	p.looseFile(made, zeros(fmt.Appendf(nil, "commit %d\x00%s", 4<<30+len(text), text), 4096))
	p.tip = made
}

func bombTree(p *madePush) {
	p.looseFile(made, zeros([]byte("tree 4294967296\x00"), 4096))
	p.tip = p.commit(made, "")
}

func bombTag(p *madePush) {
	text := "object " + p.commit(p.loose("tree", nil), "") + "\ntype commit\ntag t\n\n"
	p.looseFile(made, zeros(fmt.Appendf(nil, "tag %d\x00%s", 4<<30+len(text), text), 4096))
	p.tip = made
}

// bombDelta makes 2 GiB of a base of 1 MB, and perhaps one byte of these.
func bombDelta(p *madePush, further bool) {
	const size = 1<<20 - 1
	base := whole(packBlob, "blob", make([]byte, size))
	delta := slices.Concat(deltaSize(size), deltaSize(2048*size))
	for range 2048 {
		delta = append(delta, copyAll(size)...)
	}
	large := packEntry{made, slices.Concat(packHead(packOfsDelta, len(delta)), ofsBack(len(base.head)+len(base.body))), deflated(delta)}
	id := made
	entries := []packEntry{base, large}
	if further {
		delta = slices.Concat(deltaSize(2048*size), deltaSize(1), []byte{0x90, 1})
		small := packEntry{objectID("blob", []byte{0}), slices.Concat(packHead(packOfsDelta, len(delta)), ofsBack(len(large.head)+len(large.body))), deflated(delta)}
		id, entries = small.id, append(entries, small)
	}
	p.pack(entries...)
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", id)), "")
}

// bombInstructions is a delta that is itself large.
func bombInstructions(p *madePush) {
	base := whole(packBlob, "blob", []byte("base"))
	delta := packEntry{made, slices.Concat(packHead(packOfsDelta, 2<<30+2), ofsBack(len(base.head)+len(base.body))), zeros([]byte{4, 4}, 2048)}
	p.pack(base, delta)
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", made)), "")
}

func bombBaseOfCommit(p *madePush) {
	text := commitOf(p.loose("tree", nil), "")
	base := packEntry{made, packHead(packCommit, 2<<30), zeros(nil, 2048)}
	delta := slices.Concat(deltaSize(2<<30), deltaSize(len(text)))
	for rest := text; len(rest) > 0; {
		n := min(len(rest), 100)
		delta = append(append(delta, byte(n)), rest[:n]...)
		rest = rest[n:]
	}
	p.pack(base, packEntry{objectID("commit", text), slices.Concat(packHead(packOfsDelta, len(delta)), ofsBack(len(base.head)+len(base.body))), deflated(delta)})
	p.tip = objectID("commit", text)
}

// million has a tree of a million names for one blob.
func million(p *madePush, blob string) {
	raw, err := hex.DecodeString(blob)
	p.check(err)
	tree := make([]byte, 0, 36<<20)
	for i := range 1_000_000 {
		tree = fmt.Appendf(tree, "100644 f%06d\x00", i)
		tree = append(tree, raw...)
	}
	p.tip = p.commit(p.loose("tree", tree), "")
}

// nested packs directories in each other, with a secret in the innermost.
func nested(p *madePush, depth int, name string) {
	id := p.secretBlob()
	entry := "100644 f"
	var entries []packEntry
	for range depth {
		e := whole(packTree, "tree", treeOf(entry, id))
		entries = append(entries, e)
		id, entry = e.id, "40000 "+name
	}
	p.pack(entries...)
	p.tip = p.commit(id, "")
}

// longPaths has directories of long names in each other, and many files in the innermost, in a commit that follows another.
func longPaths(p *madePush) {
	blob := p.loose("blob", []byte("clean"))
	var files []string
	for i := range 1000 {
		files = append(files, fmt.Sprintf("100644 f%04d", i), blob)
	}
	entry, id := "", p.loose("tree", treeOf(files...))
	var entries []packEntry
	for range 1000 {
		entry = "40000 " + strings.Repeat("n", 10_000)
		e := whole(packTree, "tree", treeOf(entry, id))
		entries, id = append(entries, e), e.id
	}
	p.pack(entries...)
	p.stored(p.commit(p.loose("tree", nil), ""))
	p.tip = p.commit(id, "parent "+runGit(p.t, p.server, "rev-parse", "main")+"\n")
}

// stored moves what was made until now into the repository, with a branch that leads to a commit.
func (p *madePush) stored(commit string) {
	p.t.Helper()
	names, err := os.ReadDir(p.quarantine)
	p.check(err)
	for _, e := range names {
		if len(e.Name()) == 2 {
			p.check(os.Rename(p.quarantine+"/"+e.Name(), p.server+"/objects/"+e.Name()))
		}
	}
	runGit(p.t, p.server, "update-ref", "refs/heads/main", commit)
}

func unsorted(p *madePush) {
	clean := p.loose("blob", []byte("clean"))
	p.tip = p.commit(p.loose("tree", treeOf("100644 z", clean, "100644 a", p.secretBlob(), "100644 a", clean)), "")
}

// chain has versions of a file, each a delta of the one before, the last of which gets the secret.
func chain(p *madePush, depth int, byID bool) {
	text := []byte{}
	e := whole(packBlob, "blob", text)
	entries := []packEntry{e}
	for i := range depth + 1 {
		line := fmt.Sprintf("%d\n", i)
		if i == depth {
			line = p.token + "\n"
		}
		delta := slices.Concat(deltaSize(len(text)), deltaSize(len(text)+len(line)))
		if len(text) > 0 {
			delta = append(delta, 0xf0, byte(len(text)), byte(len(text)>>8), byte(len(text)>>16))
			if len(text) == 1<<16 {
				p.t.Fatal("a size that means another")
			}
		}
		delta = append(append(delta, byte(len(line))), line...)
		text = append(text, line...)
		head := slices.Concat(packHead(packOfsDelta, len(delta)), ofsBack(len(e.head)+len(e.body)))
		if byID {
			base, err := hex.DecodeString(e.id)
			p.check(err)
			head = slices.Concat(packHead(packRefDelta, len(delta)), base)
		}
		e = packEntry{objectID("blob", text), head, deflated(delta)}
		entries = append(entries, e)
	}
	p.pack(entries...)
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", e.id)), "")
}

func circle(p *madePush) {
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	entry := func(id, base string) packEntry {
		raw, err := hex.DecodeString(base)
		p.check(err)
		delta := []byte{1, 1, 0x90, 1}
		return packEntry{id, slices.Concat(packHead(packRefDelta, len(delta)), raw), deflated(delta)}
	}
	p.pack(entry(a, b), entry(b, a))
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", a)), "")
}

func lying(p *madePush, size int) {
	text := "token: " + p.token + "\n"
	id := objectID("blob", []byte(text))
	p.looseFile(id, deflated(fmt.Appendf(nil, "blob %d\x00%s", size, text)))
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", id)), "")
}

func wrongHash(p *madePush) {
	p.looseFile(made, deflated([]byte("blob 5\x00clean")))
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", made)), "")
}

func wrongCommit(p *madePush) {
	text := commitOf(p.loose("tree", nil), "")
	p.looseFile(made, deflated(slices.Concat(fmt.Appendf(nil, "commit %d\x00", len(text)), text)))
	p.tip = made
}

// lyingIndex has an index in which two objects have each other's offset.
func lyingIndex(p *madePush) {
	text := []byte("token: " + p.token + "\n")
	clean := []byte("clean")
	a, b := whole(packBlob, "blob", text), whole(packBlob, "blob", clean)
	a.id, b.id = b.id, a.id
	p.pack(a, b)
	p.tip = p.commit(p.loose("tree", treeOf("100644 f", a.id)), "")
}

func otherIndex(p *madePush) {
	a := p.pack(whole(packBlob, "blob", []byte("token: "+p.token+"\n")))
	b := p.pack(whole(packBlob, "blob", []byte("clean")))
	p.check(os.Rename(b+".idx", a+".idx"))
	p.check(os.Remove(b + ".pack"))
	p.tip = p.commit(p.loose("tree", nil), "")
}

func cutPack(p *madePush) {
	base := p.pack(whole(packBlob, "blob", []byte("token: "+p.token+"\n")))
	p.check(os.Truncate(base+".pack", 40))
	p.tip = p.commit(p.loose("tree", nil), "")
}

func noIndex(p *madePush) {
	text := commitOf(p.loose("tree", nil), "")
	base := p.pack(whole(packCommit, "commit", text))
	p.check(os.Remove(base + ".idx"))
	p.tip = objectID("commit", text)
}

// parents is a commit of 10,000 parents.
func parents(p *madePush) {
	tree := p.loose("tree", treeOf("100644 f", p.secretBlob()))
	var entries []packEntry
	var headers strings.Builder
	for i := range 10_000 {
		e := whole(packCommit, "commit", append(commitOf(tree, ""), fmt.Sprintln(i)...))
		entries = append(entries, e)
		headers.WriteString("parent " + e.id + "\n")
	}
	p.pack(entries...)
	p.tip = p.commit(tree, headers.String())
}

// dates is a history of commits whose dates are none, or lie far off.
func dates(p *madePush) {
	tree := p.loose("tree", treeOf("100644 f", p.secretBlob()))
	parent := ""
	for _, date := range []string{"-1 +0000", "99999999999999999999999 +0000", "9223372036854775807 +9999", "-9223372036854775808 -9999", "", "x y z", "1 +00", "68719476737 +0000"} {
		p.tip = p.loose("commit", []byte("tree "+tree+"\n"+parent+"author A <a@example.com> "+date+"\ncommitter A <a@example.com> "+date+"\n\nmade "+date+"\n"))
		parent = "parent " + p.tip + "\n"
	}
}

func signature(p *madePush) {
	tree := p.loose("tree", treeOf("100644 f", p.secretBlob()))
	p.tip = p.commit(tree, "encoding latin-\xff\ngpgsig "+strings.Repeat(strings.Repeat("s", 63)+"\n ", 16_384)+"\n")
}

func tags(p *madePush) {
	id, kind := p.commit(p.loose("tree", nil), ""), "commit"
	var entries []packEntry
	for i := range 10_000 {
		text := fmt.Appendf(nil, "object %s\ntype %s\ntag t%d\n\nmade\n", id, kind, i)
		e := whole(4, "tag", text)
		entries = append(entries, e)
		id, kind = e.id, "tag"
	}
	p.pack(entries...)
	p.tip = id
}
