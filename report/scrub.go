package report

import (
	"encoding/binary"
	"sort"
	"strings"

	"rummage/scan"
)

// scrubber replaces the values of secrets by their masks in texts that stand beside them: a commit's subject that says
// "set password to …", a file named after a token. A nil scrubber changes nothing.
//
// Short values are ordinary words often enough that replacing them everywhere would garble the report and give them
// away by what is missing ("Add ****s" for the password "test"). So a value of eight bytes or more is replaced
// wherever it stands, one of four to seven only where it stands as a word, a shorter one not at all.
type scrubber struct {
	all hiddenValues
	// inPaths are the ones that are replaced in paths and branch names as well.
	inPaths hiddenValues
}

// hiddenValues are values by their first four bytes, the longest first. Few texts hold one, so a set of hashes of these
// four bytes tells first where none begins.
type hiddenValues struct {
	byHead map[[4]byte][]hiddenValue
	heads  [1 << headBits / 64]uint64
}

const headBits = 12

// headHash is a hash of four bytes: Fibonacci hashing.
func headHash(head uint32) uint32 { return head * 0x9e3779b1 >> (32 - headBits) }

func (v *hiddenValues) add(h hiddenValue) {
	if v.byHead == nil {
		v.byHead = map[[4]byte][]hiddenValue{}
	}
	head := [4]byte([]byte(h.value[:4]))
	v.byHead[head] = append(v.byHead[head], h)
	n := headHash(binary.LittleEndian.Uint32(head[:]))
	v.heads[n/64] |= 1 << (n % 64)
}

func (v *hiddenValues) sort() {
	for _, values := range v.byHead {
		sort.SliceStable(values, func(i, j int) bool { return len(values[i].value) > len(values[j].value) })
	}
}

type hiddenValue struct {
	value, mask string
	word        bool // only where no letter or digit stands beside it
}

const (
	minHidden     = 4
	minHiddenPart = 8
	// A path has to stay usable, so only what looks made by a generator is replaced in it: long, and with a digit.
	minHiddenInPath = 12
	// A line of a key of several lines is hidden by itself too, since subjects fold lines.
	minHiddenLine = 16
)

// newScrubber hides the secrets of all findings, suppressed ones included.
func newScrubber(lists ...[]scan.Finding) *scrubber {
	s := &scrubber{}
	seen := map[string]bool{}
	add := func(v, mask string) {
		if len(v) < minHidden || seen[v] {
			return
		}
		seen[v] = true
		h := hiddenValue{v, mask, len(v) < minHiddenPart}
		s.all.add(h)
		if len(v) >= minHiddenInPath && strings.ContainsAny(v, "0123456789") {
			s.inPaths.add(h)
		}
	}
	for _, list := range lists {
		for i := range list {
			v := list[i].Secret.Reveal()
			add(v, scan.Mask(v))
			if !strings.ContainsAny(v, "\r\n") {
				continue
			}
			for line := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == '\n' || r == '\r' }) {
				if len(line) >= minHiddenLine && !strings.HasPrefix(line, "-----") {
					add(line, "****")
				}
			}
		}
	}
	s.all.sort()
	s.inPaths.sort()
	return s
}

// Hider gives what replaces the secrets of findings by their masks in free text, and in paths and names of branches, as
// reports have them.
func Hider(lists ...[]scan.Finding) (text, path func(string) string) {
	s := newScrubber(lists...)
	return s.text, s.path
}

// text hides secrets in free text.
func (s *scrubber) text(t string) string {
	if s == nil {
		return t
	}
	return s.all.hide(t)
}

// path hides secrets in a path or a branch's name.
func (s *scrubber) path(p string) string {
	if s == nil {
		return p
	}
	return s.inPaths.hide(p)
}

func (v *hiddenValues) hide(t string) string {
	if len(v.byHead) == 0 {
		return t
	}
	var b strings.Builder
	done := 0 // bytes of t that are in b
	for i := 0; i+minHidden <= len(t); {
		n := headHash(uint32(t[i]) | uint32(t[i+1])<<8 | uint32(t[i+2])<<16 | uint32(t[i+3])<<24)
		if v.heads[n/64]>>(n%64)&1 == 0 {
			i++
			continue
		}
		h, ok := v.at(t, i)
		if !ok {
			i++
			continue
		}
		b.WriteString(t[done:i])
		b.WriteString(h.mask)
		i += len(h.value)
		done = i
	}
	if done == 0 {
		return t
	}
	b.WriteString(t[done:])
	return b.String()
}

func (v *hiddenValues) at(t string, i int) (hiddenValue, bool) {
	for _, h := range v.byHead[[4]byte([]byte(t[i:i+4]))] {
		end := i + len(h.value)
		if !strings.HasPrefix(t[i:], h.value) {
			continue
		}
		if h.word && (i > 0 && isWordByte(t[i-1]) || end < len(t) && isWordByte(t[end])) {
			continue
		}
		return h, true
	}
	return hiddenValue{}, false
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
