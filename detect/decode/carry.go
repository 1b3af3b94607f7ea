package decode

import (
	"bytes"
	"cmp"
)

// Copy says that Len bytes of a text at To are those of its base at From.
type Copy struct{ To, From, Len int }

// Trace is what decoding one text tells about texts that have parts of it: the places where anything is encoded, or
// is not looked at since it stands between percent escapes. It is filled by a Decoder and may be used by others;
// the zero value is ready, and tells nothing.
//
// # Why only those places and the seams have to be looked at in a copy
//
// Whether an escape begins somewhere depends on less than margin bytes; whether a run of base64 is one that decodes,
// on the run, on what stands beside it and on whether that is an escape. So where a range was copied, what is more than
// margin bytes inside and lies between two bytes that belong to no run, is in the copy what it was in the base: nothing,
// but for the places of the base. Those, the seams and what is new are looked at, with the runs that reach into them or
// touch them: so a run that waits for a later pass because an escape stands beside it is seen with that escape.
type Trace struct {
	valid  bool
	places []part
}

// part is a range of a text.
type part struct{ start, end uint32 }

// Bytes is how much memory the trace holds.
func (t *Trace) Bytes() int { return 8 * cap(t.places) }

// Reset empties the trace: it tells nothing.
func (t *Trace) Reset() { t.valid, t.places = false, t.places[:0] }

const (
	// margin is more than what decides whether an escape begins: \\\\uXXXX has 7 bytes, U+XXXX with what is behind it too.
	margin = 16
	// minCopied is Decoder.Shortest unless it is given.
	minCopied = 128
	// nearPlaces is how near places are to be noted as one.
	nearPlaces = 32
	// maxTraced is the size of texts beyond which no trace is kept.
	maxTraced = 1 << 30
)

// note adds a range of the blob to the places, ascending.
func (p *pass) note(start, end int) {
	t := p.d.keep
	if t == nil || p.parent != nil {
		return
	}
	start = max(start, 0)
	if n := len(t.places); n > 0 && start <= int(t.places[n-1].end)+nearPlaces {
		t.places[n-1].end = max(t.places[n-1].end, uint32(end))
		return
	}
	t.places = append(t.places, part{uint32(start), uint32(end)})
}

// partsOf puts in d.parts what is to be looked at in a text that has parts of the base.
func (d *Decoder) partsOf(data []byte, base *Trace, copies []Copy) {
	d.parts = d.parts[:0]
	clean := 0 // up to here all that matters is in parts
	for _, c := range copies {
		if c.Len < cmp.Or(d.Shortest, minCopied) {
			continue
		}
		d.part(data, clean-margin, c.To+margin)
		d.copied(data, base, c)
		clean = c.To + c.Len
	}
	d.part(data, clean-margin, len(data))
}

// copied adds the places of the base that were copied.
func (d *Decoder) copied(data []byte, base *Trace, c Copy) {
	low, high := c.From, c.From+c.Len
	from, to := 0, len(base.places)
	for from < to { // the first that does not end before
		if m := (from + to) / 2; int(base.places[m].end) < low {
			from = m + 1
		} else {
			to = m
		}
	}
	for _, p := range base.places[from:] {
		if int(p.start) > high {
			break
		}
		d.part(data, max(int(p.start), low)-c.From+c.To, min(int(p.end), high)-c.From+c.To)
	}
}

// part adds a range, with the runs of characters that reach into it.
func (d *Decoder) part(data []byte, start, end int) {
	start, end = max(start, 0), min(end, len(data))
	last := len(d.parts) - 1
	low := 0
	if last >= 0 {
		low = int(d.parts[last].end)
	}
	for start > low && inRun(data[start-1]) {
		start--
	}
	for end < len(data) && inRun(data[end]) && end >= low {
		end++
	}
	if last >= 0 && start <= low {
		d.parts[last].end = uint32(max(low, end))
		return
	}
	d.parts = append(d.parts, part{uint32(start), uint32(end)})
}

// inRun reports whether a byte can be part of a run of base64, or its padding.
func inRun(c byte) bool { return class[c]&isBase64 != 0 || c == '=' }

// indexIn finds a byte at or behind from in the parts of a text, of which part is the first that may have it; the end of
// the text if there is none.
func indexIn(text []byte, c byte, from int, parts []part, at *int) int {
	for ; *at < len(parts); *at++ {
		low, high := max(from, int(parts[*at].start)), int(parts[*at].end)
		if low < high {
			if i := bytes.IndexByte(text[low:high], c); i >= 0 {
				return low + i
			}
		}
	}
	return len(text)
}

// gaps is gap for the parts of text[start:end] that are to be looked at.
func (p *pass) gaps(start, end int, afterEscape, beforeEscape bool) int {
	if p.parent != nil || !p.d.partial {
		return p.gap(start, end, afterEscape, beforeEscape)
	}
	parts := p.d.parts
	for p.part < len(parts) && int(parts[p.part].end) <= start {
		p.part++
	}
	left := end
	for i := p.part; i < len(parts) && int(parts[i].start) < end; i++ {
		from, to := max(start, int(parts[i].start)), min(end, int(parts[i].end))
		if l := p.gap(from, to, afterEscape && from == start, beforeEscape && to == end); to == end {
			left = l
		}
	}
	return left
}
