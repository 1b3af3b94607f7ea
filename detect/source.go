package detect

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// ParseError says what is wrong in a rules file, and where.
type ParseError struct {
	File   string
	Line   int // 1-based
	Reason string
}

func (e *ParseError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// source is the text of a rules file, kept so that a message can name the line. The TOML library gives no positions
// of tables inside arrays, so lines are found by a second, simple reading, done only when there is a message.
type source struct {
	name string
	data string
	// trusted: see Options.Trusted.
	trusted bool
	index   func() map[string]int
}

func newSource(name, data string) *source {
	s := &source{name: name, data: data}
	s.index = sync.OnceValue(func() map[string]int { return indexLines(s.data) })
	return s
}

// line is the line of the value at path (`rules[3].allowlists[0].paths[1]`), or of the nearest thing around it that
// has a line of its own; 1 when there is none.
func (s *source) line(path string) int {
	for path != "" {
		if n, ok := s.index()[path]; ok {
			return n
		}
		i := strings.LastIndexAny(path, ".[")
		path = path[:max(i, 0)]
	}
	return 1
}

func (s *source) at(path string) string { return fmt.Sprintf("%s:%d", s.name, s.line(path)) }

func (s *source) errorf(path, format string, args ...any) *ParseError {
	return &ParseError{File: s.name, Line: s.line(path), Reason: fmt.Sprintf(format, args...)}
}

// lineIndexer walks the text of a TOML file that has been parsed without error and notes the line of each table, key
// and array element. It need not judge the text; on one it does not understand it still ends.
type lineIndexer struct {
	s     string
	pos   int
	line  int
	seen  int // lines have been counted up to here
	lines map[string]int
	next  map[string]int // array of tables -> how many so far
}

func indexLines(s string) map[string]int {
	x := &lineIndexer{s: s, line: 1, lines: map[string]int{}, next: map[string]int{}}
	table := ""
	for x.skipSpace(); x.pos < len(x.s); x.skipSpace() {
		start := x.pos
		if x.s[x.pos] == '[' {
			table = x.header()
		} else {
			path := join(table, x.key("="))
			x.note(path)
			x.pos++
			x.value(path)
		}
		if x.pos <= start {
			x.pos = start + 1
		}
	}
	return x.lines
}

func join(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}

// note records the line of the current position, once per path.
func (x *lineIndexer) note(path string) {
	if x.pos > x.seen {
		x.line += strings.Count(x.s[x.seen:min(x.pos, len(x.s))], "\n")
		x.seen = x.pos
	}
	if _, ok := x.lines[path]; !ok {
		x.lines[path] = x.line
	}
}

// skipSpace skips blanks, line ends and comments.
func (x *lineIndexer) skipSpace() {
	for x.pos < len(x.s) {
		switch x.s[x.pos] {
		case ' ', '\t', '\r', '\n':
			x.pos++
		case '#':
			x.skipTo("\n")
		default:
			return
		}
	}
}

// skipTo goes to the next of the bytes in set, or the end.
func (x *lineIndexer) skipTo(set string) {
	if i := strings.IndexAny(x.s[x.pos:], set); i >= 0 {
		x.pos += i
	} else {
		x.pos = len(x.s)
	}
}

// header reads [a.b] or [[a.b]] and returns its path, arrays of tables on the way with the index of their last one.
func (x *lineIndexer) header() string {
	x.pos++
	array := x.pos < len(x.s) && x.s[x.pos] == '['
	if array {
		x.pos++
	}
	parts := strings.Split(x.key("]"), ".")
	path := ""
	for i, p := range parts {
		path = join(path, p)
		n, isArray := x.next[path]
		if i == len(parts)-1 && array {
			x.next[path] = n + 1
			x.note(path)
			path += "[" + strconv.Itoa(n) + "]"
		} else if isArray {
			path += "[" + strconv.Itoa(n-1) + "]"
		}
	}
	x.note(path)
	x.skipTo("\n")
	return path
}

// key reads a dotted key up to a byte of stop and returns it in lower case without quotes and blanks.
func (x *lineIndexer) key(stop string) string {
	var b strings.Builder
	for x.pos < len(x.s) && !strings.ContainsRune(stop+"\n", rune(x.s[x.pos])) {
		switch c := x.s[x.pos]; c {
		case '"', '\'':
			start := x.pos + 1
			x.skipString()
			b.WriteString(strings.Trim(x.s[start:x.pos], `"'`))
			continue
		case ' ', '\t', '\r':
		default:
			b.WriteByte(c)
		}
		x.pos++
	}
	return strings.ToLower(b.String())
}

// value skips a value, noting the elements of arrays.
func (x *lineIndexer) value(path string) {
	x.skipSpace()
	if x.pos >= len(x.s) {
		return
	}
	switch x.s[x.pos] {
	case '"', '\'':
		x.skipString()
	case '[':
		x.elements(path)
	case '{':
		x.braces()
	default:
		x.skipTo("\n#,]}")
	}
}

func (x *lineIndexer) elements(path string) {
	x.pos++
	for n := 0; ; n++ {
		x.skipSpace()
		if x.pos >= len(x.s) {
			return
		}
		if x.s[x.pos] == ']' {
			x.pos++
			return
		}
		element := path + "[" + strconv.Itoa(n) + "]"
		x.note(element)
		start := x.pos
		x.value(element)
		x.skipSpace()
		if x.pos < len(x.s) && (x.s[x.pos] == ',' || x.pos == start) {
			x.pos++
		}
	}
}

// braces skips an inline table: its keys are told by the line of the table.
func (x *lineIndexer) braces() {
	for depth := 0; x.pos < len(x.s); {
		switch x.s[x.pos] {
		case '"', '\'':
			x.skipString()
			continue
		case '{':
			depth++
		case '}':
			depth--
		}
		x.pos++
		if depth == 0 {
			return
		}
	}
}

// skipString skips a string of any of TOML's four kinds.
func (x *lineIndexer) skipString() {
	q := x.s[x.pos : x.pos+1]
	if long := strings.Repeat(q, 3); strings.HasPrefix(x.s[x.pos:], long) {
		q = long
	}
	x.pos += len(q)
	for x.pos < len(x.s) && !strings.HasPrefix(x.s[x.pos:], q) {
		if x.s[x.pos] == '\\' && q[0] == '"' {
			x.pos++
		} else if len(q) == 1 && x.s[x.pos] == '\n' {
			return
		}
		x.pos++
	}
	// A long string may end in up to two quotation marks of its own.
	x.pos = min(x.pos+len(q), len(x.s))
	for n := 0; len(q) == 3 && n < 2 && strings.HasPrefix(x.s[x.pos:], q[:1]); n++ {
		x.pos++
	}
}

// tooDeep is the line where arrays, tables or the parts of a key are nested deeper than maxNesting, 0 for nowhere.
func tooDeep(text string) int {
	x := lineIndexer{s: text}
	for depth, dots := 0, 0; x.pos < len(text); x.pos++ {
		switch text[x.pos] {
		case '"', '\'':
			x.skipString()
			x.pos--
		case '#':
			x.skipTo("\n")
			dots = 0
		case '[', '{':
			depth++
			dots = 0
		case ']', '}':
			depth--
		case '.':
			dots++
		case '=', ',', '\n':
			dots = 0
		}
		if depth > maxNesting || dots > maxNesting {
			return 1 + strings.Count(text[:x.pos], "\n")
		}
	}
	return 0
}
