package detect

import (
	"bytes"
	"hash/maphash"
)

// memo remembers where expressions matched in windows. The versions of a file have most of their windows in common, and
// an expression that matches is run on them in each: what it finds follows from the rule and the bytes of the window alone.
// It is a table without chains: a newer window takes the place of an older one.
type memo struct {
	seed    maphash.Seed
	entries []memoEntry
	size    int // bytes of windows
}

type memoEntry struct {
	rule   int32
	text   []byte // nil for none
	places [][]int
}

const (
	memoEntries = 1 << 10
	// Windows of other sizes are not worth remembering: running an expression on a short one is quick, and a long one
	// seldom comes again.
	minMemo, maxMemo = 64, 16 << 10
	// maxMemoSize bounds the windows kept, in bytes; when there is more, all is forgotten.
	maxMemoSize = 4 << 20
)

// find gives what run finds in a window for a rule, and runs it if that is not known. Do not write to it.
func (t *memo) find(rule int32, window []byte, run func([]byte, int) [][]int) [][]int {
	if len(window) < minMemo || len(window) > maxMemo {
		return run(window, -1)
	}
	if t.entries == nil {
		t.entries, t.seed = make([]memoEntry, memoEntries), maphash.MakeSeed()
	}
	e := &t.entries[(maphash.Bytes(t.seed, window)+uint64(rule)*0x9e3779b97f4a7c15)%memoEntries]
	if e.text != nil && e.rule == rule && bytes.Equal(e.text, window) {
		return e.places
	}
	places := run(window, -1)
	if t.size += len(window) - len(e.text); t.size > maxMemoSize {
		clear(t.entries)
		t.size = len(window)
	}
	e.rule, e.text, e.places = rule, append(e.text[:0], window...), places
	return places
}
