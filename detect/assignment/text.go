package assignment

// Bounds of the free-text reader, in bytes. A hit in data is read from the same bytes wherever it stands as long as
// TextBefore bytes before its start and TextAfter bytes after its end are the same (or the data begins or ends there).
const (
	MaxName  = 128 // of a name
	MaxGap   = 96  // between a name and its value: quotes, type, operator, wrapper
	MaxValue = 512 // of a value; what is longer is cut there and not Quoted

	maxBefore  = 128 // looked at before a name
	TextBefore = MaxName + maxBefore
	TextAfter  = MaxName + MaxGap + MaxValue + 64
)

// textReader reads one assignment. Its methods take and return offsets, so that nothing is allocated.
type textReader struct {
	data []byte
	hit  Span
	name Span
	// quote is the mark that closed the name, 0 for a bare name; slashes counts the backslashes before it, so that
	// JSON inside a string literal is read with the marks it has there.
	quote   byte
	slashes int
}

// ReadText reads the assignment whose name holds the keyword hit data[hitStart:hitEnd]. It reports false when the
// bytes after the name are no form of assignment that it knows. The value may be empty (`PASSWORD=` at the end of a
// line). Decoded is always nil: escapes are left as they stand.
func ReadText(data []byte, hitStart, hitEnd int) (Assignment, bool) {
	if hitStart < 0 || hitEnd > len(data) || hitStart >= hitEnd {
		return Assignment{}, false
	}
	r := textReader{data: data, hit: Span{hitStart, hitEnd}}
	if !r.readName(hitStart, hitEnd) {
		return Assignment{}, false
	}
	value, quoted, ok := r.readValue()
	if !ok || value.Start-r.name.End > MaxGap {
		return Assignment{}, false
	}
	return Assignment{Context: Text, Name: r.name, Value: value, Quoted: quoted}, true
}

// at is the byte at i, 0 outside the data. A NUL in the data ends names and values just as the end does.
func (r *textReader) at(i int) byte {
	if i < 0 || i >= len(r.data) {
		return 0
	}
	return r.data[i]
}

// readName widens the hit to the whole name and reads the quotation mark behind it.
func (r *textReader) readName(start, end int) bool {
	low, high := max(0, start-MaxName), min(len(r.data), end+MaxName)
	for start > low && class[r.data[start-1]]&nameByte != 0 {
		start--
	}
	for end < high && class[r.data[end]]&nameByte != 0 {
		if r.data[end] == '-' && r.at(end+1) == '>' {
			break
		}
		end++
	}
	for start < end && class[r.data[start]]&wordByte == 0 {
		start++
	}
	for end > start && class[r.data[end-1]]&wordByte == 0 {
		end--
	}
	if start == end || end-start > MaxName {
		return false
	}
	// -Dname=v: the D belongs to the flag, not to the name.
	if r.data[start] == 'D' && r.at(start-1) == '-' && r.at(start-2) != '-' && end-start > 2 {
		start++
	}
	if c := r.data[start]; r.at(start-1) == '\\' && (c == 'n' || c == 't' || c == 'r') && r.hit.Start > start {
		start++ // an escape of the literal that the assignment stands in
	}
	r.name = Span{start, end}
	if r.hasAt(start-2, "${") {
		// ${NAME-v}: the dash ends the name.
		for i := r.hit.End; i < end; i++ {
			if r.data[i] == '-' {
				r.name.End, end = i, i
			}
		}
	}
	if class[r.at(end)]&quoteByte != 0 || r.at(end) == '\\' {
		return r.readNameQuote(end)
	}
	return true
}

// readNameQuote takes a closing mark behind the name, and the words before the name when the mark that opens stands
// further left: "api key", 'Your Password'.
func (r *textReader) readNameQuote(p int) bool {
	for r.at(p) == '\\' && r.slashes < 4 {
		r.slashes++
		p++
	}
	r.quote = r.at(p)
	if class[r.quote]&quoteByte == 0 {
		return false
	}
	start := r.name.Start
	for i := start; i > 0 && i >= r.name.End-MaxName; i-- {
		c := r.data[i-1]
		if c == r.quote {
			r.name.Start = i
			return true
		}
		if c != ' ' && class[c]&nameByte == 0 {
			break
		}
	}
	// No opening mark: the name is the tail of a longer string, which is a value rather than a name.
	return false
}

// skipBlank skips spaces and tabs from p on, at most MaxGap.
func (r *textReader) skipBlank(p int) int {
	for n := 0; n < MaxGap && (r.at(p) == ' ' || r.at(p) == '\t'); n++ {
		p++
	}
	return p
}

// skipSpace skips blanks and line ends.
func (r *textReader) skipSpace(p int) int {
	for n := 0; n < MaxGap && class[r.at(p)]&spaceByte != 0; n++ {
		p++
	}
	return p
}

// hasAt reports whether s stands at p.
func (r *textReader) hasAt(p int, s string) bool {
	return p >= 0 && p+len(s) <= len(r.data) && string(r.data[p:p+len(s)]) == s
}

// before is the offset of the last byte before the name that is neither its opening quotation mark (with its
// backslashes) nor a blank, or -1.
func (r *textReader) before() int {
	p := r.name.Start - 1
	if r.quote != 0 {
		p -= 1 + r.slashes
	}
	for n := 0; n < 16 && (r.at(p) == ' ' || r.at(p) == '\t'); n++ {
		p--
	}
	return p
}

// Classes of bytes.
const (
	wordByte  = 1 << iota // letters, digits, underscore
	nameByte              // of a name: wordByte and - . and bytes of other alphabets
	quoteByte             // " ' `
	spaceByte             // blank, tab, line ends
)

var class = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = wordByte | nameByte
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-32] = wordByte|nameByte, wordByte|nameByte
	}
	t['_'] = wordByte | nameByte
	t['-'], t['.'] = nameByte, nameByte
	t['"'], t['\''], t['`'] = quoteByte, quoteByte, quoteByte
	t[' '], t['\t'], t['\r'], t['\n'] = spaceByte, spaceByte, spaceByte, spaceByte
	return t
}()
