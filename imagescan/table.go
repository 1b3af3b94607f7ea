package imagescan

import (
	"encoding/binary"
	"iter"

	"rummage/scan"
)

// entryKind is what an entry of a layer is.
type entryKind uint8

const (
	entryFile     entryKind = iota // a regular file, or a file in an archive in it
	entryHardlink                  // another name of a file of the same layer
	entryDir
	entryArchive  // a file of which what it holds was searched: its entries follow
	entryOther    // a symbolic link, a device: it takes the place of what was there
	entryWhiteout // what the layers below have at the path is deleted
	entryOpaque   // what the layers below have in the folder is deleted
)

// entry is what a layer has at a path.
type entry struct {
	kind entryKind
	// path is absolute and clean. Of a file in an archive it goes on after the archive's own path, which is outer bytes
	// long (0: it is not in an archive): /app/x.jar!/a/b.
	path  string
	outer int
	// public says that everybody may read the file.
	public bool
	// empty says that it has no content.
	empty bool
	// more says that the entry is a further piece of the file before.
	more   bool
	ref    scan.BlobRef // of a file
	target string       // of a hard link
}

// file is the path in the layer itself.
func (e *entry) file() string {
	if e.outer > 0 {
		return e.path[:e.outer]
	}
	return e.path
}

// table holds the entries of a layer in the order of its archive, in few bytes: neighbours have most of their paths in
// common.
type table struct {
	data []byte
	last string
	n    int
	// links are how many entries are hard links.
	links int
}

// The bits of an entry's first byte above its kind.
const (
	flagPublic = 1 << 4
	flagMore   = 1 << 5
	flagOuter  = 1 << 6
	flagEmpty  = 1 << 7
)

func (t *table) add(e *entry) {
	flags := byte(e.kind)
	if e.public {
		flags |= flagPublic
	}
	if e.more {
		flags |= flagMore
	}
	if e.outer > 0 {
		flags |= flagOuter
	}
	if e.empty {
		flags |= flagEmpty
	}
	t.data = append(t.data, flags)
	common := 0
	for common < len(e.path) && common < len(t.last) && e.path[common] == t.last[common] {
		common++
	}
	t.data = binary.AppendUvarint(t.data, uint64(common))
	t.text(e.path[common:])
	if e.outer > 0 {
		t.data = binary.AppendUvarint(t.data, uint64(e.outer))
	}
	switch e.kind {
	case entryFile:
		t.data = binary.AppendUvarint(t.data, uint64(e.ref))
	case entryHardlink:
		t.text(e.target)
		t.links++
	}
	t.last = e.path
	t.n++
}

func (t *table) text(s string) {
	t.data = binary.AppendUvarint(t.data, uint64(len(s)))
	t.data = append(t.data, s...)
}

// all gives the entries in order. The entry is the same each time.
func (t *table) all() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		var e entry
		d := t.data
		number := func() int {
			n, size := binary.Uvarint(d)
			d = d[size:]
			return int(n)
		}
		text := func() string {
			n := number()
			s := d[:n]
			d = d[n:]
			return string(s)
		}
		for len(d) > 0 {
			flags := d[0]
			d = d[1:]
			common := number()
			next := entry{kind: entryKind(flags & 0xf), public: flags&flagPublic != 0, more: flags&flagMore != 0, empty: flags&flagEmpty != 0}
			next.path = e.path[:common] + text()
			if flags&flagOuter != 0 {
				next.outer = number()
			}
			switch next.kind {
			case entryFile:
				next.ref = scan.BlobRef(number())
			case entryHardlink:
				next.target = text()
			}
			e = next
			if !yield(&e) {
				return
			}
		}
	}
}
