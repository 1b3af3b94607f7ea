// Package advice says how a leak is mended at the very place where it was found: the instruction of a Dockerfile
// rewritten with a secret mount, the compose file's `secrets:` block, the lines for .gitignore and .dockerignore. It
// also says why a value leaks where it stands (Why), and how to replace one that did (Rotate).
//
// No value of a secret leaves the package. What is shown of a file is rewritten first: the secret that was found
// becomes a reference, and whatever else in the instruction may be a credential (values of secret-like names and flags,
// the user part of a URL, headers, text that looks random, the other secrets found in the file) becomes an ellipsis.
// Rather too much is hidden than too little. A last look takes the value out of the finished text, unless it is one of
// the words that advice is made of ("secret", "password"), which say nothing.
//
// The package knows bytes and structured files: no rule's text, no path, no git. Where a remedy needs the path of the
// file it leaves a mark that At fills in. It does not run or understand commands beyond their words, so that a rewritten
// command is a draft for somebody who knows what it is for. Helm charts, bake files and the like get the general form of
// their kind.
//
// An Advisor reads its file once and rewrites a bounded amount of it (see maxSpent), so all remedies of a file cost
// time and memory linear in its size and in their number.
//
// Concurrency: an Advisor belongs to one goroutine; the functions are pure.
package advice

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rummage/detect/assignment"
	"rummage/detect/dockerfile"
	"rummage/detect/structure"
)

// Found is what was found in a file. Its spans are of the file's bytes.
type Found struct {
	// Context is that of the assignment, empty for the match of an expression.
	Context assignment.Context
	Rule    string // the rule's id; it names a secret that nothing else names
	Key     string // the name of the assignment, or what it is about
	Match   assignment.Span
	Secret  assignment.Span
	Value   string // of the secret, decoded; empty when there is none
	// Exposure says that no value is at stake but a practice: Value and the text at Secret may be shown.
	Exposure bool
}

// Bounds of what is rewritten.
const (
	maxInstruction = 4 << 10  // bytes of an instruction that is shown
	maxLine        = 240      // bytes of a line that is shown
	maxSpent       = 1 << 20  // bytes that are rewritten for one file; what is found beyond gets general advice
	maxAhead       = 64       // instructions that are looked at for the one that uses a secret
	maxName        = 48       // bytes of a name that is shown
	maxRemedy      = 16 << 10 // bytes of a remedy
)

// Advisor gives the remedies of one file.
type Advisor struct {
	kind  structure.Kind
	data  []byte
	found []Found // sorted by the start of the secret

	docker  *dockerfile.File
	finals  []bool
	compose *composeIndex
	image   []assignment.Assignment // of an image's configuration, by their values; once imageRead
	spent   int

	imageRead bool
}

// New makes the advisor of a file in which all that is given was found.
func New(kind structure.Kind, data []byte, found []Found) *Advisor {
	a := &Advisor{kind: kind, data: data, found: make([]Found, 0, len(found))}
	for i := range found {
		if f := &found[i]; a.valid(f) {
			a.found = append(a.found, *f)
		}
	}
	slices.SortFunc(a.found, func(x, y Found) int { return x.Secret.Start - y.Secret.Start })
	return a
}

func (a *Advisor) valid(f *Found) bool {
	for _, s := range []assignment.Span{f.Match, f.Secret} {
		if s.Start < 0 || s.End < s.Start || s.End > len(a.data) {
			return false
		}
	}
	return true
}

// Remedy is how to mend one finding: lines of text, of which those that show code begin with two spaces. It is empty
// where nothing more can be said than the rule does. At has to be called on it when the path of the file is known.
func (a *Advisor) Remedy(f *Found) string {
	if !a.valid(f) {
		return ""
	}
	w := &writer{}
	switch k := a.kind; {
	case f.Context == structure.ProvenanceArg:
		a.provenance(w, f)
	case k == structure.Dockerfile:
		a.dockerRemedy(w, f)
	case k == structure.Compose:
		a.composeRemedy(w, f)
	case k == structure.Dotenv, k == structure.DotenvSample, k == structure.Envrc:
		a.dotenvRemedy(w, f)
	case inImage(k):
		a.imageRemedy(w, f)
	default:
		a.otherRemedy(w, f)
	}
	return a.guard(w.text(), f)
}

// guard takes the value out of a finished text, should it be there.
func (a *Advisor) guard(text string, f *Found) string {
	if f.Exposure {
		return text
	}
	values := []string{f.Value}
	if f.Secret.Len() <= maxInstruction {
		values = append(values, string(f.Secret.Of(a.data)))
	}
	for _, v := range values {
		if len(v) >= minHidden && strings.Contains(text, v) && !strings.Contains(vocabulary, v) {
			text = strings.ReplaceAll(text, v, ellipsis)
		}
	}
	return text
}

// minHidden is the length from which a value is hidden wherever it stands. A shorter one is hidden where it is known to
// be the secret; elsewhere it is a syllable.
const minHidden = 4

const ellipsis = "…"

// vocabulary holds the words that advice is made of. A weak password that is one of them is not given away by advice
// that would read the same with any other password.
const vocabulary = " api_key app_secret build compose container credentials database default docker environment external file " +
	"generic host image image login machine mongo mount mysql name netrc npmrc password passwords postgres production provenance " +
	"redis registry root run secret secrets secret_key secretKeyRef services target token type user username value variable " +
	"variables version password_file Secret Opaque "

// writer collects the lines of a remedy.
type writer struct {
	b     strings.Builder
	notes []string
}

// say adds a sentence, code a line to be copied.
func (w *writer) say(s string) { w.line(s) }
func (w *writer) code(lines ...string) {
	for _, l := range lines {
		w.line("  " + l)
	}
}

func (w *writer) line(s string) {
	if w.b.Len()+len(s) < maxRemedy {
		w.b.WriteString(s)
		w.b.WriteByte('\n')
	}
}

func (w *writer) text() string {
	for _, n := range w.notes {
		w.line(n)
	}
	return strings.TrimRight(w.b.String(), "\n")
}

// plain is text of the file made fit for a line: valid, without controls, cut.
func plain(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.TrimSpace(s)
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRight(s[:n], " ") + " " + ellipsis
}

// spend reports whether so many more bytes may be rewritten.
func (a *Advisor) spend(n int) bool {
	if n > maxInstruction || a.spent+n > maxSpent {
		return false
	}
	a.spent += n
	return true
}

// within are the values found in a range, but for that of f.
func (a *Advisor) within(s assignment.Span) (values []string) {
	i, _ := slices.BinarySearchFunc(a.found, s.Start, func(f Found, at int) int { return f.Secret.Start - at })
	for ; i < len(a.found) && a.found[i].Secret.Start < s.End && len(values) < 64; i++ {
		if f := &a.found[i]; !f.Exposure && f.Secret.Len() > 0 && f.Secret.Len() <= maxInstruction {
			values = append(values, string(f.Secret.Of(a.data)), f.Value)
		}
	}
	return values
}
