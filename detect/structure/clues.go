package structure

import (
	"bytes"

	"rummage/detect"
	"rummage/detect/compose"
	"rummage/detect/script"
	"rummage/detect/yamlfile"
)

// Clues are words that stand at the beginnings of lines of a text and tell what it may be. What is said of kinds costs
// something only where there are some, and most texts have none.
type Clues uint8

const (
	clueFrom     Clues = 1 << iota // FROM, of a Dockerfile
	clueServices                   // services:
	clueManifest                   // apiVersion:
	clueJobs                       // jobs:, of a workflow
	clueRuns                       // runs:, of an action
	clueStage                      // what jobs of a pipeline have
	clueMake                       // what Makefiles have, and hardly anything else
	// AnyClue is what may be said of a text that was not looked at.
	AnyClue Clues = 1<<iota - 1
)

// clueWords are the words that end in a colon, by the byte before that: a colon is rare in most texts but YAML.
var clueWords = func() (t [256][]clueWord) {
	for clue, words := range map[Clues][]string{
		clueServices: {"services:"}, clueManifest: {"apiVersion:"}, clueJobs: {"jobs:"}, clueRuns: {"runs:"},
		clueStage: {"stages:", "  stage:", "  extends:"}, clueMake: {".PHONY:", "all:", "clean:", "install:"},
	} {
		for _, w := range words {
			before := w[len(w)-2]
			t[before] = append(t[before], clueWord{w, clue})
		}
	}
	return t
}()

type clueWord struct {
	text string
	clue Clues
}

// clueReach is no less than the length of any of the words.
const clueReach = 16

// Look finds the clues of a text.
func Look(data []byte) Clues { return look(data, 0, len(data)) }

// Carried are clues of a text that has ranges in common with a base that had the clues c: all that the text has, and
// perhaps some that it has no more. Only what was not copied, and the seams, are looked at.
func (c Clues) Carried(data []byte, copies []detect.Copy) Clues {
	// A word in a copied range, and the line feed before it, stood in the base too. Any other begins no further before a
	// seam than it is long, or one behind it, where the seam is between the two.
	c |= look(data, 0, 4)
	start := -clueReach
	for i := range copies {
		if copies[i].Len < minCopied {
			continue // it is looked at together with what is around it
		}
		c |= look(data, start, copies[i].To+1)
		start = copies[i].To + copies[i].Len - clueReach
	}
	return c | look(data, start, len(data))
}

// minCopied is the least length of a copied range that is left out, in bytes.
const minCopied = 256

// look finds the clues whose words begin at offsets of a range.
func look(data []byte, start, end int) (c Clues) {
	start, end = max(0, start), min(len(data), end+clueReach)
	for p := start; p < end; p++ {
		n := bytes.IndexByte(data[p:end], ':')
		if n < 0 {
			break
		}
		if p += n; p == 0 {
			continue
		}
		for _, w := range clueWords[data[p-1]] {
			if at := p + 1 - len(w.text); at >= 0 && beginsLine(data, at) && string(data[at:p+1]) == w.text {
				c |= w.clue
			}
		}
	}
	for p := start; p < end; p += len(from) {
		n := bytes.Index(data[p:end], from)
		if n < 0 {
			break
		}
		if p += n; beginsLine(data, p) {
			return c | clueFrom
		}
	}
	return c
}

// beginsLine says whether a line begins at an offset, or may do so: three bytes before it may be a mark of the order of
// bytes.
func beginsLine(data []byte, p int) bool { return p == 0 || p == 3 || data[p-1] == '\n' }

// Sniff is Sniff of a text that has these clues, or has fewer.
func (c Clues) Sniff(data []byte) (s Set) {
	if c&clueFrom != 0 && isDockerfile(data) {
		s = s.Add(Dockerfile)
	}
	if c&clueServices != 0 && compose.LooksLikeCompose(data) {
		s = s.Add(Compose)
	}
	if c&clueManifest != 0 && yamlfile.LooksLikeKubernetes(data) {
		s = s.Add(Kubernetes)
	}
	if script.LooksLikeShell(data) {
		return s.Add(Shell) // which may look like settings too
	}
	if isDotenv(data[:min(len(data), glance)]) {
		s = s.Add(Dotenv).Add(DotenvSample)
	}
	return s
}

// Ahead is as which kinds a text is worth reading before its name is known. That is what Sniff says, and what else the
// clues suggest: files that a name alone makes what they are. It leaves out what most likely is never named so:
// documents, which may quote files of all kinds, and manifests that Ansible makes of a template. It is for the time
// that it takes alone: what has another name is read then.
func (c Clues) Ahead(data []byte, sniffed Set) Set {
	s := sniffed
	if c&clueJobs != 0 && yamlfile.LooksLikeGitHub(data) || c&clueRuns != 0 && bytes.Contains(data, using) {
		s = s.Add(GitHub)
	}
	if c&clueStage != 0 {
		s = s.Add(GitLab)
	}
	if c&clueMake != 0 {
		s = s.Add(Makefile)
	}
	if s == 0 && isScript(data[:min(len(data), glance)]) {
		s = s.Add(Shell)
	}
	if s.Has(Kubernetes) && bytes.Contains(data, jinja) {
		s &^= 1 << Kubernetes
	}
	if s != 0 && isDocument(data) {
		return 0
	}
	return s
}

var (
	using    = []byte("\n  using:")
	jinja    = []byte("{%")
	function = []byte("() {\n")
)

// isScript reports whether a line is one that only the scripts of shells have at the left, which refer to variables too.
func isScript(data []byte) bool {
	if bytes.IndexByte(data, '$') < 0 {
		return false
	}
	for line := range bytes.Lines(data) {
		if i := bytes.Index(line, function); i > 0 && !bytes.ContainsAny(line[:i], " \t") {
			return true // "function name() {" is another language's
		}
		switch line[0] {
		case 'd', 'e', 'f':
			switch string(bytes.TrimRight(line, "\r\n")) {
			case "fi", "done", "esac":
				return true
			}
		case 's':
			if bytes.HasPrefix(line, []byte("set -e")) {
				return true
			}
		case 'i':
			if bytes.HasPrefix(line, []byte("if [")) {
				return true
			}
		}
	}
	return false
}
