package detect

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"rummage/detect/assignment"
)

// Match is one rule's match in a blob. It knows no path, commit or line.
type Match struct {
	Rule     *Rule
	Severity string // the rule's, or less when a checksum is wrong or the value is a known default

	// Start and End are the offsets of the match in the blob, SecretStart and SecretEnd those of the secret. For what
	// was found in decoded text they are those of the encoded text.
	Start, End             int
	SecretStart, SecretEnd int
	// Secret and Text (of the match) are copies; when decoded, of the decoded text.
	Secret, Text string
	// Context says what kind of assignment the secret is the value of, and Key is its name; both are empty for a match
	// of a regexp.
	Context assignment.Context
	Key     string
	Entropy float64 // of Secret, Shannon's, in bits per character
	Tags    []string
	// Suppressed says who wants the match not to be reported, wherever the blob stands; nil for nobody. PlacedAt also
	// tells who suppresses it at one place.
	Suppressed *Suppression
	// When must hold among the files beside the blob for the match to be one there; see assignment.Condition.
	When assignment.Condition

	rule    int32
	window  int32 // 0: found in the blob itself; otherwise the number of the decoded window
	depth   int   // of decoding
	inText  assignment.Span
	touch   assignment.Span // in the text, see regexpMatch
	pending []*Allowlist    // with criteria on content, which hold, and on place
	beaters []*Match        // better ones of the same text that do not stand at every place
	needs   [][]*Match      // of each group one must hold at a place
	exposes bool            // of an assignment whose name, not value, is told
	quoted  bool            // Secret differs from the bytes at its offsets
}

// Decoded reports whether Secret differs from the blob's bytes at SecretStart: it was found in decoded text, or the
// assignment's value has escapes.
func (m *Match) Decoded() bool { return m.window != 0 || m.quoted }

// placed reports whether the match may hold at one place of its blob and not at another.
func (m *Match) placed(p *program) bool {
	return p.placed || len(m.pending) > 0 || len(m.beaters) > 0 || len(m.needs) > 0
}

// generic and foreign are those of the rule.
func (m *Match) generic() bool { return m.Rule.Generic() }

// addTags appends without touching the rule's own list.
func (m *Match) addTags(tags ...string) {
	m.Tags = append(m.Tags[:len(m.Tags):len(m.Tags)], tags...)
}

// lower makes the severity at most low.
func (m *Match) lower() {
	if m.Severity != "info" {
		m.Severity = "low"
	}
}

// lowerOnce takes one step down in severity.
func (m *Match) lowerOnce() {
	if i := slices.Index(Severities, m.Severity); i >= 0 && i+1 < len(Severities) {
		m.Severity = Severities[i+1]
	}
}

// entropy is Shannon's of the characters of s, in bits. As in gitleaks, the counts of characters are divided by the
// number of bytes, so that text outside ASCII comes out a little low.
func entropy(s []byte) float64 {
	if len(s) == 0 {
		return 0
	}
	var ascii [utf8.RuneSelf]int
	var other map[rune]int
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			ascii[s[i]]++
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if other == nil {
			other = map[rune]int{}
		}
		other[r]++
		i += n
	}
	e, inv := 0.0, 1/float64(len(s))
	last, term := 0, 0.0 // of the count before: most characters stand as often as the one before
	add := func(n int) {
		if n == 0 {
			return
		}
		if n != last {
			f := float64(n) * inv
			last, term = n, f*math.Log2(f)
		}
		e -= term
	}
	for _, n := range ascii {
		add(n)
	}
	if other != nil {
		// Sums of floating-point numbers depend on their order, and a map has none: count the counts instead.
		counts := map[int]int{}
		most := 0
		for _, n := range other {
			counts[n]++
			most = max(most, n)
		}
		for n := 1; n <= most; n++ {
			for range counts[n] {
				add(n)
			}
		}
	}
	return e
}

// lineAround is the lines that text[start:end] stands on, without the line's end, cut LineReach bytes before and
// behind. It starts at the returned offset.
func lineAround(text []byte, start, end int) (line []byte, at int) {
	low := max(0, start-LineReach)
	if i := bytes.LastIndexByte(text[low:start], '\n'); i >= 0 {
		low += i + 1
	}
	high := min(len(text), end+LineReach)
	if i := bytes.IndexByte(text[end:high], '\n'); i >= 0 {
		high = end + i
		if high > end && text[high-1] == '\r' {
			high--
		}
	}
	return text[low:high], low
}

// Comments that suppress the match on whose lines they stand. Those of other scanners are not obeyed.
var allowComments = [...]string{"rummage:allow", "gitleaks:allow"}

// maxReason bounds the text of a comment, in bytes.
const maxReason = 200

// commented finds a comment that suppresses data[start:end] on the lines where it stands. What the comment says
// further is the reason; it ends where the match begins, so that no part of a secret gets into it.
func commented(data []byte, start, end int) *Suppression {
	line, at := lineAround(data, start, end)
	for _, c := range allowComments {
		i := bytes.Index(line, []byte(c))
		if i < 0 {
			continue
		}
		rest := at + i + len(c)
		stop := at + len(line)
		switch {
		case rest <= start:
			stop = min(stop, start)
		case rest < end:
			stop = rest // inside the match
		}
		return &Suppression{By: ByComment, Reason: reasonOf(string(data[rest:max(rest, stop)]))}
	}
	return nil
}

func reasonOf(s string) string {
	for _, end := range []string{"\n", "*/", "-->", "--}}", "#}", "%>"} {
		s, _, _ = strings.Cut(s, end)
	}
	s = strings.Trim(s, " \t\r:-")
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	return strings.ToValidUTF8(s, "")
}
