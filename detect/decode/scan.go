package decode

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// scan finds the segments of the text, in order. Escapes come first: they cut
// the text into gaps, in which runs of base64 characters are looked for. A run
// next to an escape that is decoded waits for the next pass: what the escape
// stands for may belong to it. So do runs between two percent escapes on a line:
// a token in an address is to be seen whole before its parts are decoded.
func (p *pass) scan() {
	e := escapes{text: p.text}
	if e.partial = p.parent == nil && p.d.partial; e.partial {
		e.parts = p.d.parts
	}
	e.find()
	at, last := 0, Encoding(0) // where the last escapes end, and what they are if they are decoded
	for p.d.state == running {
		start, end, kind := e.next(&p.escaped)
		left := start
		if last&kind&Percent != 0 && start-at <= MaxContext && bytes.IndexByte(p.text[at:start], '\n') < 0 {
			p.extend(start)
			p.note(at, start) // what stands there has not been looked at
		} else {
			left = p.gaps(at, start, last != 0, kind != 0)
		}
		if start == len(p.text) {
			return
		}
		p.note(start, end)
		if kind != 0 {
			p.segment(start, end, left, p.escaped, kind)
		}
		at, last = end, kind
	}
}

// gap looks for runs in text[start:end]. afterEscape and beforeEscape tell
// whether a decoded escape stands at its ends. It returns the offset before the
// run that ends at end and waits, end if there is none: the byte there shows in
// the next pass that the run is complete.
func (p *pass) gap(start, end int, afterEscape, beforeEscape bool) int {
	text := p.text[:end]
	for from := start; p.d.state == running; {
		var found bool
		if from, found = p.nextRun(from, end); !found {
			break
		}
		to := from + minBase64
		for to < end && class[text[to]]&isBase64 != 0 {
			to++
		}
		padded := to
		for padded < end && padded < to+2 && text[padded] == '=' {
			padded++
		}
		switch {
		case padded == end && beforeEscape:
			if from == start && afterEscape {
				p.extend(padded)
			}
			return from - 1
		case from == start && afterEscape:
			p.extend(padded + 1)
		case from == 0 && p.cutLeft() || padded == len(p.text) && p.cutRight():
		default:
			found := p.found
			if p.run(from, to, padded); p.found > found {
				p.note(from, padded)
			}
		}
		from = to + 1
	}
	return end
}

// run decodes the run text[start:end], which has padding up to padded.
func (p *pass) run(start, end, padded int) {
	if end-start >= minHex && p.hexRuns(start, end) {
		return
	}
	for ; end-start >= MaxSegment+minBase64; start += MaxSegment {
		p.base64(start, start+MaxSegment, start+MaxSegment)
	}
	p.base64(start, end, padded)
}

// hexRuns decodes the runs of hexadecimal digits in text[start:end], and reports
// whether there were any.
func (p *pass) hexRuns(start, end int) (found bool) {
	for from := start; from+minHex <= end; {
		i := from + minHex - 1
		for i >= from && class[p.text[i]]&isHex != 0 {
			i--
		}
		if i >= from {
			from = i + 1
			continue
		}
		to := from + minHex
		for to < end && class[p.text[to]]&isHex != 0 {
			to++
		}
		if (to-from)%2 == 0 {
			for part := from; part < to; part += MaxSegment {
				found = p.hex(part, min(part+MaxSegment, to)) || found
			}
		}
		from = to + 1
	}
	return found
}

// escapes finds %XX, \uXXXX and U+XXXX in a text. What begins one may be rare,
// so each beginning is looked for on its own; no run of escapes has the
// beginning of another kind in it.
type escapes struct {
	text                     []byte
	percent, backslash, plus int // where the next ones are; the end of the text if there is none

	partial bool // only parts of the text are looked at
	parts   []part
	passed  [3]int // of each beginning: the parts that have no more
}

func (e *escapes) find() {
	e.percent = e.index('%', 0, 0)
	e.backslash = e.index('\\', 0, 1)
	e.plus = e.index('+', 0, 2)
}

func (e *escapes) index(c byte, from, nth int) int {
	if e.partial {
		return indexIn(e.text, c, from, e.parts, &e.passed[nth])
	}
	if i := bytes.IndexByte(e.text[from:], c); i >= 0 {
		return from + i
	}
	return len(e.text)
}

// next returns the next run of escapes and puts what they stand for into
// decoded. kind is 0 when it is not to be decoded. At the end of the text both
// offsets are there.
func (e *escapes) next(decoded *[]byte) (start, end int, kind Encoding) {
	for {
		switch at := min(e.percent, e.backslash, e.plus); {
		case at == len(e.text):
			return at, at, 0
		case at == e.percent:
			start, end, kind = at, e.percents(at, decoded), Percent
			e.percent = e.index('%', max(end, at+1), 0)
		case at == e.backslash:
			start, end, kind = at, e.unicodes(at, decoded), Unicode
			e.backslash = e.index('\\', max(end, at+1), 1)
		default:
			start, end, kind = max(at-1, 0), e.codePoints(at-1, decoded), Unicode
			e.plus = e.index('+', max(end, at+1), 2)
		}
		if end > start {
			break
		}
	}
	if len(*decoded) == 0 {
		kind = 0
	}
	return start, end, kind
}

// percents decodes the escapes that follow one another at start, all of them
// text or none. It returns where they end, start if there are none. Control
// characters are no text here: in C, %10s is no escape.
func (e *escapes) percents(start int, decoded *[]byte) int {
	out := (*decoded)[:0]
	i := start
	for i+3 <= len(e.text) && e.text[i] == '%' {
		c, ok := hexByte(e.text[i+1], e.text[i+2])
		if !ok || i > start && class[c]&isPlain == 0 {
			break
		}
		i += 3
		if class[c]&isPlain == 0 {
			break
		}
		out = append(out, c)
	}
	*decoded = out
	return i
}

// unicodes does the same with \uXXXX, which may have two backslashes.
func (e *escapes) unicodes(start int, decoded *[]byte) int {
	r := runes{out: (*decoded)[:0]}
	i := start
	for {
		at := i
		for at < len(e.text) && at < i+2 && e.text[at] == '\\' {
			at++
		}
		if at == i || at >= len(e.text) || e.text[at]|0x20 != 'u' {
			break
		}
		c, ok := e.hex4(at + 1)
		if !ok || !r.add(c) {
			break
		}
		i = at + 5
	}
	*decoded = r.done()
	return i
}

// codePoints does the same with U+XXXX. White space or the end of the text
// follows each, and belongs to it where another one follows.
func (e *escapes) codePoints(start int, decoded *[]byte) int {
	r := runes{out: (*decoded)[:0]}
	end := max(start, 0)
	for i := start; i >= 0 && i+6 <= len(e.text) && e.text[i] == 'U' && e.text[i+1] == '+'; {
		c, ok := e.hex4(i + 2)
		if !ok || i+6 < len(e.text) && class[e.text[i+6]]&isSpace == 0 || !r.add(c) {
			break
		}
		end = i + 6
		i += 7
	}
	*decoded = r.done()
	return end
}

func (e *escapes) hex4(i int) (rune, bool) {
	if i+4 > len(e.text) {
		return 0, false
	}
	a, ok1 := hexByte(e.text[i], e.text[i+1])
	b, ok2 := hexByte(e.text[i+2], e.text[i+3])
	return rune(a)<<8 | rune(b), ok1 && ok2
}

// runes gathers characters that escapes stand for.
type runes struct {
	out   []byte
	half  rune // the first of a surrogate pair
	ascii bool
}

// add takes a character, unless it is no text.
func (r *runes) add(c rune) bool {
	if c < utf8.RuneSelf {
		if class[byte(c)]&isPlain == 0 {
			return false
		}
		r.ascii = true
	}
	if r.half != 0 {
		if both := utf16.DecodeRune(r.half, c); both != utf8.RuneError {
			r.half = 0
			r.out = utf8.AppendRune(r.out, both)
			return true
		}
		r.out = utf8.AppendRune(r.out, utf8.RuneError)
		r.half = 0
	}
	if utf16.IsSurrogate(c) {
		r.half = c
		return true
	}
	r.out = utf8.AppendRune(r.out, c)
	return true
}

// done returns the text, nothing when no character of ASCII is in it: then it
// is not worth a search.
func (r *runes) done() []byte {
	if !r.ascii {
		return r.out[:0]
	}
	if r.half != 0 {
		r.out = utf8.AppendRune(r.out, utf8.RuneError)
	}
	return r.out
}
