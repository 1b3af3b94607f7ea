package decode

import "sort"

// Window is a piece of a blob in which encoded segments have been replaced by
// what they stand for. It and its Text are valid until the visit function that
// received it returns.
type Window struct {
	// Text is the decoded segments with up to MaxContext bytes of what is around
	// them.
	Text []byte
	// Depth is how many passes of decoding made this text, from 1.
	Depth int
	// From and To delimit, in the blob, what Text was made of.
	From, To int

	pieces            []piece // in order, covering Text without gaps
	cutLeft, cutRight bool    // the text that it was made of goes on there
}

// piece is a part of a window's text and where it is from.
type piece struct {
	start    int // in Window.Text; it ends where the next one starts
	from, to int // in the blob
	decoded  Encoding
	// fresh pieces were decoded in the pass that made the window.
	fresh bool
}

// Origin returns where in the blob the text [start, end) of the window came
// from, and the encodings undone on the way. Text that was decoded maps to the
// whole encoded segment. ok is false when the range neither overlaps nor
// touches a segment that was decoded in this pass: whatever stands there was
// seen in an earlier pass. (Touching counts: a \b there means something else
// than it did before.)
func (w *Window) Origin(start, end int) (from, to int, encodings Encoding, ok bool) {
	from, to, encodings = w.origin(start, end)
	for i := w.at(start - 1); i < len(w.pieces) && w.pieces[i].start <= end; i++ {
		if p := &w.pieces[i]; p.fresh {
			ok = true
			encodings |= p.decoded
		}
	}
	return from, to, encodings, ok
}

// at returns the index of the piece with the byte at offset, the first or the
// last one if there is none.
func (w *Window) at(offset int) int {
	i := sort.Search(len(w.pieces), func(i int) bool { return w.pieces[i].start > offset })
	return max(i-1, 0)
}

// origin maps a range of the window's text to the blob.
func (w *Window) origin(start, end int) (from, to int, decoded Encoding) {
	first := w.at(start)
	last := first
	for last+1 < len(w.pieces) && w.pieces[last+1].start < end {
		last++
		decoded |= w.pieces[last].decoded
	}
	p := &w.pieces[first]
	decoded |= p.decoded
	from = p.from
	if p.decoded == 0 {
		from += start - p.start
	}
	p = &w.pieces[last]
	to = p.to
	if p.decoded == 0 {
		to = p.from + end - p.start
	}
	return from, to, decoded
}
