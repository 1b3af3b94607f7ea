package imageconfig

import (
	"bytes"
	"iter"
	"strconv"

	"rummage/detect/command"
	"rummage/detect/dockerfile"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// pairs are the names and values of NAME=value NAME=value.
func pairs(t placed.Text, label bool) iter.Seq2[placed.Text, placed.Text] {
	return func(yield func(name, value placed.Text) bool) {
		starts := pairStarts(t.Bytes, label)
		for i, start := range starts {
			end := t.Len()
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			pair := t.Slice(start, end)
			eq := bytes.IndexByte(pair.Bytes, '=')
			if !yield(bare(pair.Slice(0, eq)), bare(trim(pair.Slice(eq+1, pair.Len())))) {
				return
			}
		}
	}
}

// withoutNames is the value of an ARG without the words behind it that look like names of arguments: those of capitals.
func withoutNames(t placed.Text) placed.Text {
	for {
		i := bytes.LastIndexByte(t.Bytes, ' ')
		if i < 0 || i+1 == t.Len() || nameLen(t.Bytes[i+1:], false) < t.Len()-i-1 || !bytes.Equal(t.Bytes[i+1:], bytes.ToUpper(t.Bytes[i+1:])) {
			return t
		}
		t = trim(t.Slice(0, i))
	}
}

// oldPair reads NAME value, the form of ENV and LABEL whose first word has no equals sign. Only buildah keeps it.
func oldPair(t placed.Text) (name, value placed.Text, ok bool) {
	word, rest := cutWord(t)
	if bytes.IndexByte(word, '=') >= 0 || rest.Len() == 0 {
		return placed.Text{}, placed.Text{}, false
	}
	return t.Slice(0, len(word)), bare(rest), true
}

// pairStarts is where names begin that have an equals sign behind them: at the beginning, where any word will do, and
// behind blanks, but not within a value that stands in quotation marks.
func pairStarts(b []byte, label bool) (starts []int) {
	var unclosed [256]bool // marks that nothing closes from here on
	for i := nextWord(b, -1); i < len(b); i = nextWord(b, i) {
		n := nameLen(b[i:], label)
		if len(starts) == 0 && (n == 0 || i+n < len(b) && b[i+n] != '=') {
			n = max(0, bytes.IndexByte(b[i:nextWord(b, i)], '='))
		}
		if n == 0 || i+n >= len(b) || b[i+n] != '=' {
			continue
		}
		starts = append(starts, i)
		i += n + 1
		if i < len(b) && (b[i] == '"' || b[i] == '\'') && !unclosed[b[i]] {
			if end := closing(b, i); end > 0 {
				i = end
			} else {
				unclosed[b[i]] = true
			}
		}
	}
	return starts
}

// closing is where the quotation mark is that closes the one at i: the next that a blank or the end follows; 0 if none
// does.
func closing(b []byte, i int) int {
	for j := i + 1; j < len(b); j++ {
		if b[j] == b[i] && (j+1 == len(b) || isSpace(b[j+1])) {
			return j
		}
	}
	return 0
}

// nextWord is where the word behind the one at i begins, or the end. -1 stands before the first. Line feeds are parts of
// words: builders write none between them, but values have some.
func nextWord(b []byte, i int) int {
	for i >= 0 && i < len(b) && b[i] != ' ' && b[i] != '\t' {
		i++
	}
	for i = max(i, 0); i < len(b) && (b[i] == ' ' || b[i] == '\t'); i++ {
	}
	return i
}

// nameLen is the length of the name that b begins with: of a variable, or of a label, which may have dots and slashes.
func nameLen(b []byte, label bool) int {
	for i, c := range b {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '.' || c == '-' || label && c == '/'):
		default:
			return i
		}
	}
	return len(b)
}

// quotedWords reads ["a" "b"], strings as Go writes them, with or without commas. It reports false for anything else.
func quotedWords(t placed.Text) (words []dockerfile.Word, ok bool) {
	b := t.Bytes
	if len(b) == 0 || b[0] != '[' {
		return nil, false
	}
	for i := 1; i < len(b); {
		switch b[i] {
		case ' ', ',':
			i++
		case ']':
			return words, true
		case '"':
			value, end := quotedWord(t, i)
			if end == 0 {
				return words, false
			}
			words = append(words, dockerfile.Word{Raw: t.Slice(i, end), Value: value, Quoted: true})
			i = end
		default:
			return words, false
		}
	}
	return words, false
}

// quotedWord reads the string at i, and returns the offset behind it; 0 if it has no end.
func quotedWord(t placed.Text, i int) (placed.Text, int) {
	b := t.Bytes
	var j placed.Builder
	start := i + 1
	for i = start; i < len(b) && b[i] != '"'; {
		n := i
		for n < len(b) && b[n] != '"' && b[n] != '\\' {
			n++
		}
		j.Add(t.Slice(i, n))
		if i = n; i >= len(b) || b[i] != '\\' {
			continue
		}
		meant, size := goEscape(b[i:])
		j.Stand(meant, t.Span(i, i+size))
		i += size
	}
	if i >= len(b) {
		return placed.Text{}, 0
	}
	return j.Text(t.Pos(start)), i + 1
}

// goEscape reads the escape that b begins with. What is none stands for itself.
func goEscape(b []byte) (meant []byte, size int) {
	const longest = len(`\U0010ffff`)
	s := string(b[:min(len(b), longest)])
	r, multibyte, tail, err := strconv.UnquoteChar(s, '"')
	switch {
	case err != nil:
		return b[:1], 1
	case !multibyte:
		return []byte{byte(r)}, len(s) - len(tail)
	}
	return []byte(string(r)), len(s) - len(tail)
}

// shellLen is the length of what runs the rest of b: /bin/sh -c, or another shell with its options; 0 if nothing does.
func (r *reader) shellLen(b []byte) int {
	for _, s := range r.shells {
		if n := len(s); len(b) > n && string(b[:n]) == s && b[n] == ' ' {
			return n + 1
		}
	}
	n := bytes.IndexByte(b[:min(len(b), maxPrefix)], ' ')
	if n <= 0 {
		return 0
	}
	switch program := command.Base(b[:n]); {
	case shell.IsShell(b[:n]):
		return scriptAt(b, n, func(option []byte) bool { return option[1] != '-' && bytes.IndexByte(option, 'c') > 0 })
	case string(program) == "cmd":
		return scriptAt(b, n, func(option []byte) bool { return bytes.EqualFold(option, []byte("/c")) })
	case string(program) == "powershell" || string(program) == "pwsh":
		return scriptAt(b, n, func(option []byte) bool {
			return bytes.EqualFold(option, []byte("-command")) || bytes.EqualFold(option, []byte("-c"))
		})
	}
	return 0
}

// scriptAt is where the word behind a shell's last option begins; 0 where another word comes before.
func scriptAt(b []byte, i int, last func(option []byte) bool) int {
	for range maxOptions {
		start := nextWord(b, i)
		option := b[start:]
		if n := bytes.IndexAny(option, " \t\n"); n >= 0 {
			option = option[:n]
		}
		if len(option) < 2 || option[0] != '-' && option[0] != '+' && option[0] != '/' {
			return 0
		}
		if last(option) {
			return nextWord(b, start)
		}
		if i = start; option[len(option)-1] == 'o' || option[len(option)-1] == 'O' {
			i = nextWord(b, start) // -o pipefail
		}
	}
	return 0
}

// maxOptions bounds the options of a shell.
const maxOptions = 8
