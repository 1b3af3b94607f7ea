package dockerfile

import (
	"bytes"
	"strings"
)

// Bounds of what is followed in one RUN.
const (
	maxMounts = 64 // secrets has a bit for each
	maxWrites = 256
	maxShells = 4  // of sh -c in sh -c
	maxDepth  = 20 // of commands within each other, as package shell follows them
)

// secrets is a set of mounted secrets, by their numbers.
type secrets uint64

func (s secrets) has(i int) bool { return s&(1<<i) != 0 }

// flow follows mounted secrets through the commands of one RUN: variables that hold one, pipes and substitutions that
// carry one, files that one is written to and that stay in the layer.
type flow struct {
	mounts  []mount
	passing []string           // folders and files that go with their mount
	held    map[string]secrets // by variable
	all     secrets            // that a variable has held
	files   map[string]secrets // by path
	writes  []write
	gone    map[string]bool // files that were deleted
	late    []string        // files that are deleted at the end
	escape  byte
	nesting int
	pipes
}

// pipes are what is on its way from one command to another, by the depth of the commands: through a pipe, and out of
// commands whose output goes to whoever asks for it.
type pipes struct {
	piped [maxDepth + 2]secrets
	out   [maxDepth + 2]secrets
}

// write is a set of secrets that reaches a file.
type write struct {
	secrets secrets
	file    string
	base    string // the name in it, when file is the folder
	clone   bool   // file is the folder of a clone, and the URL has the secret
}

func newFlow(mounts []mount, passing []string) *flow {
	f := &flow{mounts: mounts, passing: passing, held: map[string]secrets{}, files: map[string]secrets{}, gone: map[string]bool{}}
	for i, m := range mounts {
		if len(m.env) > 0 {
			f.hold(string(m.env), f.held[string(m.env)]|1<<i)
		}
		if m.target != "" {
			f.files[strings.TrimPrefix(m.target, "./")] |= 1 << i
		}
		if strings.HasPrefix(m.target, "/run/secrets/") {
			f.files["/run/secrets"] |= 1 << i
		}
	}
	return f
}

// hold notes what a variable holds.
func (f *flow) hold(variable string, s secrets) {
	f.held[variable] = s
	f.all |= s
}

// write notes that secrets reach a file.
func (f *flow) write(s secrets, file, base string) {
	if s == 0 {
		return
	}
	f.files[strings.TrimPrefix(file, "./")] |= s
	if f.stays(file) && len(f.writes) < maxWrites {
		f.writes = append(f.writes, write{secrets: s, file: file, base: base})
	}
}

// stays says whether what is written to a file ends in the layer.
func (f *flow) stays(file string) bool {
	for _, p := range []string{"/dev/", "/proc/", "/sys/", "/run/secrets/", "&"} {
		if strings.HasPrefix(file, p) {
			return false
		}
	}
	for _, p := range f.passing {
		if rest, ok := strings.CutPrefix(file, p); ok && (rest == "" || rest[0] == '/') {
			return false
		}
	}
	return true
}

// remove takes back what was written to a file that is deleted in the same instruction.
func (f *flow) remove(path string) {
	if path = deleted(path); path == "" {
		return
	}
	f.gone[path] = true
	kept := f.writes[:0]
	for _, w := range f.writes {
		if file := strings.Trim(w.file, "\"'"); deletes(path, strings.TrimRight(strings.TrimPrefix(file, "./"), "/"), w.base) ||
			w.clone && (path == ".git" || strings.HasSuffix(path, "/.git")) {
			continue
		}
		kept = append(kept, w)
	}
	f.writes = kept
}

// clones takes back what clones keep: the URL was changed.
func (f *flow) clones() {
	kept := f.writes[:0]
	for _, w := range f.writes {
		if !w.clone {
			kept = append(kept, w)
		}
	}
	f.writes = kept
}

// brought is what the words of a command bring in.
type brought struct {
	values secrets // they are among the arguments themselves
	files  secrets // files that hold them are named
}

// expand is what a text brings in once a shell has expanded it. sub is what its substitutions give. In a document
// quotation marks mean nothing.
func (f *flow) expand(t Text, sub secrets, doc bool) (w brought) {
	b := t.Bytes
	double := false
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == f.escape:
			i += 2
		case c == '"' && !doc:
			double = !double
			i++
		case c == '\'' && !doc && !double:
			end := len(b)
			if n := bytes.IndexByte(b[i+1:], '\''); n >= 0 {
				end = i + 1 + n
			}
			w.files |= f.named(b[i+1 : end])
			i = end + 1
		case c == '`', (c == '$' || c == '<') && i+1 < len(b) && b[i+1] == '(':
			end := substitution(b, i)
			switch {
			case doc && c != '<':
				w.values |= f.inner(t.Slice(min(i+1, end), end))
			case c == '<':
				w.files |= sub
			default:
				w.values |= sub
			}
			i = end
		case c == '$':
			j := i + 1
			if j < len(b) && b[j] == '{' {
				j++
			}
			end := j
			for end < len(b) && (letter(b[end]) || digit(b[end]) || b[end] == '_') {
				end++
			}
			// ${NAME:+text} says only that there is one.
			if rest := bytes.TrimPrefix(b[end:], []byte(":")); j == i+1 || len(rest) == 0 || rest[0] != '+' {
				w.values |= f.held[string(b[j:end])]
			}
			i = end
		case pathByte(c):
			end := i
			for end < len(b) && pathByte(b[end]) {
				end++
			}
			w.files |= f.named(b[i:end])
			i = end
		default:
			i++
		}
	}
	return w
}

// substitution is the end of the `…`, $(…) or <(…) that begins at i.
func substitution(b []byte, i int) int {
	if b[i] == '`' {
		for i++; i < len(b) && b[i] != '`'; i++ {
			if b[i] == '\\' {
				i++
			}
		}
		return min(i+1, len(b))
	}
	depth := 0
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '\'':
			if n := bytes.IndexByte(b[i+1:], '\''); n >= 0 {
				i += n + 1
			}
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(b)
}

// pathByte says whether a byte may stand in the path of a mounted secret.
func pathByte(c byte) bool {
	return letter(c) || digit(c) || c == '/' || c == '.' || c == '_' || c == '-' || c == '~' || c == '*' || c >= 0x80
}

// named is the secrets of the file, or folder, of a path.
func (f *flow) named(path []byte) secrets {
	return f.files[strings.TrimPrefix(strings.TrimRight(string(path), "/*"), "./")]
}

// document is what a heredoc brings in.
func (f *flow) document(t Text) secrets { return f.expand(t, 0, true).values }

// inner is what the commands of a text give out.
func (f *flow) inner(t Text) secrets {
	if f.nesting >= maxShells {
		return 0
	}
	before := f.pipes
	f.pipes = pipes{}
	f.nesting++
	Commands(t, f.escape, f.command)
	f.nesting--
	out := f.out[0] | f.out[1] // those of $(…) are one deeper
	f.pipes = before
	return out
}
