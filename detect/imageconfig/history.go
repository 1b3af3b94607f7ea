package imageconfig

import (
	"bytes"
	"slices"

	"rummage/detect/dockerfile"
	"rummage/detect/placed"
)

// The dialects of created_by, with what the values look like there:
//
//	BuildKit                ENV A=x y B=z                   final values, no marks, one blank between
//	                        RUN |1 T=v /bin/sh -c make # buildkit
//	                        CMD ["a" "b"]                   strings of Go
//	the builder before it   /bin/sh -c #(nop)  ENV A=x      two blanks
//	                        |1 T=v /bin/sh -c make
//	buildah                 /bin/sh -c #(nop) ENV A="x y"   one blank; the text of the Containerfile, marks and all
//
// What BuildKit adds is a comment to a shell, and so to its reader.
var noOperation = []byte("#(nop)")

// maxPrefix is how far into an entry the mark of an instruction without a command can stand, in bytes.
const maxPrefix = 120

// entry reads a member of an entry of the history.
func (r *reader) entry(key placed.Text) {
	if is(key, "created_by") {
		if t, _, ok := r.json.String(); ok {
			r.created = append(r.created, plain(t))
		}
	}
}

// plain is an entry without what a builder puts around the instruction.
func plain(t placed.Text) placed.Text {
	t = trim(t)
	if i := bytes.Index(t.Bytes[:min(t.Len(), maxPrefix)], noOperation); i >= 0 && t.Bytes[0] != '|' && !bytes.HasPrefix(t.Bytes, []byte("RUN ")) {
		return trim(t.Slice(i+len(noOperation), t.Len()))
	}
	return t
}

// cutWord parts the first word from what follows it.
func cutWord(t placed.Text) (word []byte, rest placed.Text) {
	n := 0
	for n < t.Len() && !isSpace(t.Bytes[n]) {
		n++
	}
	return t.Bytes[:n], trim(t.Slice(n, t.Len()))
}

// declared notes what an entry says of those that follow: names of arguments, and the shell.
func (r *reader) declared(t placed.Text) {
	switch word, rest := cutWord(t); string(word) {
	case "ARG":
		for i := 0; i < rest.Len(); {
			n := nameLen(rest.Bytes[i:], false)
			if n > 0 && len(r.args) < maxArgs {
				if r.args == nil {
					r.args = map[string]bool{}
				}
				r.args[string(rest.Bytes[i:i+n])] = true
			}
			i = nextWord(rest.Bytes, i+max(n, 1))
		}
	case "SHELL":
		if b := rest.Bytes; len(b) > 1 && b[0] == '[' && b[len(b)-1] == ']' && b[1] != '"' {
			r.addShell(string(b[1:min(len(b)-1, maxShell+2)])) // [/bin/bash -o pipefail -c]
		} else if words, ok := quotedWords(rest); ok {
			r.addShell(joined(words))
		}
	}
}

// maxArgs bounds the names that are kept.
const maxArgs = 10_000

// createdBy reads an entry.
func (r *reader) createdBy(t placed.Text) {
	if !r.instruction(t) {
		r.run(t)
	}
}

// instruction reads an instruction as a history has it. It reports false for what is none.
func (r *reader) instruction(t placed.Text) bool {
	word, rest := cutWord(t)
	switch string(word) {
	case "ENV", "LABEL":
		if name, value, ok := oldPair(rest); ok {
			r.loose.Add(History, name, value, false)
			break
		}
		for name, value := range pairs(rest, string(word) == "LABEL") {
			r.loose.Add(History, name, value, false)
		}
	case "ARG":
		for name, value := range pairs(rest, false) {
			r.loose.Add(BuildArg, name, withoutNames(value), false)
		}
	case "RUN":
		r.run(rest)
	case "CMD", "ENTRYPOINT":
		if words, ok := quotedWords(rest); ok {
			r.loose.Exec(History, words)
		} else {
			r.loose.Shell(History, rest)
		}
	case "HEALTHCHECK":
		if b, ok := bytes.CutPrefix(rest.Bytes, []byte("&{")); ok {
			words, _ := quotedWords(rest.Slice(rest.Len()-len(b), rest.Len()))
			r.test(History, words)
		} else {
			r.loose.Instruction(History, t)
		}
	case "ONBUILD":
		r.loose.Instruction(History, t)
	case "ADD", "COPY", "EXPOSE", "FROM", "MAINTAINER", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR":
	default:
		return false
	}
	return true
}

// run reads a command, with the arguments that the build gave it in front.
func (r *reader) run(t placed.Text) {
	if n, rest, ok := countOf(t); ok {
		end := r.arguments(n, rest)
		t = trim(rest.Slice(end, rest.Len()))
	}
	r.loose.Shell(History, t.Slice(r.shellLen(t.Bytes), t.Len()))
}

// argument reads NAME=value, an argument of the build.
func (r *reader) argument(t placed.Text) {
	if eq := bytes.IndexByte(t.Bytes, '='); eq > 0 {
		r.loose.Add(BuildArg, t.Slice(0, eq), bare(t.Slice(eq+1, t.Len())), false)
	}
}

// arguments reads the n arguments that t begins with, and returns where they end: before the shell that runs the
// command. Values may have blanks and more in them, so all of that is a guess, if a good one: the shell is the first
// one before which there are n names with values. Where there are more of these than n, those are arguments that ARG
// declares. Buildah counts the words of the values too, so there may be less.
func (r *reader) arguments(n int, t placed.Text) int {
	starts := pairStarts(t.Bytes, false)
	end, fallback := -1, -1
	before := 0 // names with values before i
	for i := 0; i < t.Len() && end < 0; i = nextWord(t.Bytes, i) {
		for before < len(starts) && starts[before] < i {
			before++
		}
		switch {
		case r.shellLen(t.Bytes[i:]) == 0:
		case before >= n:
			end = i
		case fallback < 0:
			fallback = i
		}
	}
	switch {
	case end >= 0:
	case fallback >= 0:
		end = fallback
	case n == 0 || len(starts) == 0:
		end = 0
	default:
		// No shell: a command in JSON. The last value is taken for one word.
		end = nextWord(t.Bytes, starts[min(n, len(starts))-1])
	}
	before, _ = slices.BinarySearch(starts, end)
	starts = starts[:before]
	if len(starts) > n {
		starts = r.chosen(starts, n, t.Bytes)
	}
	for i, start := range starts {
		stop := end
		if i+1 < len(starts) {
			stop = starts[i+1]
		}
		r.argument(trim(t.Slice(start, stop)))
	}
	return end
}

// chosen are those of more than n places that most likely are names of arguments, in b.
func (r *reader) chosen(starts []int, n int, b []byte) []int {
	known := make([]int, 0, len(starts))
	for _, s := range starts {
		if r.args[string(b[s:s+nameLen(b[s:], false)])] {
			known = append(known, s)
		}
	}
	if len(known) == n && n > 0 {
		return known
	}
	return starts[:n]
}

// argCount is the number of arguments in front of a command that is given word by word: |1 NAME=value /bin/sh -c text.
func argCount(words []dockerfile.Word) (int, bool) {
	if len(words) == 0 {
		return 0, false
	}
	n, rest, ok := countOf(words[0].Value)
	return n, ok && rest.Len() == 0 && n < len(words)
}

// countOf reads the number of arguments, |2, that t begins with, and returns what follows it.
func countOf(t placed.Text) (n int, rest placed.Text, ok bool) {
	i := 1
	for i < t.Len() && i < 7 && '0' <= t.Bytes[i] && t.Bytes[i] <= '9' {
		n = 10*n + int(t.Bytes[i]-'0')
		i++
	}
	if i == 1 || t.Bytes[0] != '|' || i < t.Len() && t.Bytes[i] != ' ' {
		return 0, placed.Text{}, false
	}
	return n, trim(t.Slice(i, t.Len())), true
}
