package structure

import (
	"bytes"
	"encoding/binary"

	"rummage/detect"
	"rummage/detect/compose"
	"rummage/detect/script"
	"rummage/detect/yamlfile"
)

// Clues are words that stand at the beginnings of lines of a text and tell what it may be. What is said of kinds costs
// something only where there are some, and most texts have none.
type Clues uint16

const (
	clueFrom     Clues = 1 << iota // FROM, of a Dockerfile
	clueServices                   // services:
	clueManifest                   // apiVersion:
	clueJobs                       // jobs:, of a workflow
	clueRuns                       // runs:, of an action
	clueStage                      // what jobs of a pipeline have
	clueMake                       // what Makefiles have, and hardly anything else
	clueShell                      // the same of the scripts of shells
	// AnyClue is what may be said of a text that was not looked at.
	AnyClue Clues = 1<<iota - 1
)

// clueWords are the words by the byte that they begin with. Those of pipelines stand behind two blanks.
var clueWords = func() (t [256][]clueWord) {
	for clue, words := range map[Clues][]string{
		clueFrom: {string(from)}, clueServices: {"services:"}, clueManifest: {"apiVersion:"}, clueJobs: {"jobs:"}, clueRuns: {"runs:"},
		clueStage: {"stages:", "  stage:", "  extends: ."},
		clueMake:  {".PHONY:", "ifeq ", "ifneq ", "ifdef ", "ifndef ", "endif\n", "all:"},
		clueShell: {"fi\n", "done\n", "esac\n", "fi\r\n", "done\r\n", "set -e"},
	} {
		for _, w := range words {
			word := clueWord{text: w, clue: clue}
			for i := range min(len(w), 4) {
				word.first |= uint32(w[i]) << (8 * i)
				word.mask |= 0xff << (8 * i)
			}
			t[w[0]] = append(t[w[0]], word)
		}
	}
	return t
}()

type clueWord struct {
	text string
	// first is what it begins with, mask which bits of that count.
	first, mask uint32
	clue        Clues
}

// clueReach is no less than the length of any of the words.
const clueReach = 16

// Look finds the clues of a text.
// Behind three bytes, which may be a mark of the order of bytes, is taken for the beginning of a line.
func Look(data []byte) Clues {
	return clueAt(data, 0) | clueAt(data, 3) | look(data, 0, len(data))
}

// Carried are clues of a text that has ranges in common with a base that had the clues c: all that the text has, and
// perhaps some that it has no more. Only what was not copied, and the seams, are looked at.
func (c Clues) Carried(data []byte, copies []detect.Copy) Clues {
	// A word in a copied range, and the line feed before it, stood in the base too. Any other begins no further before a
	// seam than it is long, or one behind it, where the seam is between the two.
	c |= clueAt(data, 0) | clueAt(data, 3)
	end := 0
	for i := range copies {
		c |= look(data, end-clueReach, copies[i].To+1)
		end = copies[i].To + copies[i].Len
	}
	return c | look(data, end-clueReach, len(data))
}

// look finds the clues whose words begin at offsets of a range, behind a line feed.
func look(data []byte, start, end int) (c Clues) {
	end = min(end, len(data))
	for p := max(0, start-1); p < end; {
		n := bytes.IndexByte(data[p:], '\n')
		if n < 0 {
			break
		}
		if p += n + 1; p < end && len(clueWords[data[p]]) > 0 {
			c |= clueAt(data, p)
		}
	}
	return c
}

// clueAt is the clue that stands at an offset, if there is one.
func clueAt(data []byte, p int) (c Clues) {
	if p >= len(data) {
		return 0
	}
	words := clueWords[data[p]]
	if len(words) == 0 {
		return 0
	}
	var head uint32
	if rest := data[p:]; len(rest) >= 4 {
		head = binary.LittleEndian.Uint32(rest)
	} else {
		for i, b := range rest {
			head |= uint32(b) << (8 * i)
		}
	}
	for i := range words {
		if w := &words[i]; head&w.mask == w.first && len(data)-p >= len(w.text) && string(data[p:p+len(w.text)]) == w.text {
			c |= w.clue
		}
	}
	return c
}

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
	if isDotenv(data[:min(len(data), sniffed)]) {
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
	} else if c&clueShell != 0 && s == 0 {
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
	using = []byte("\n  using:")
	jinja = []byte("{%")
)
