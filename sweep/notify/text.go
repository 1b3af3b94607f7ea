package notify

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is told of one finding, in characters.
const (
	maxPath   = 300
	maxTitle  = 200
	maxLine   = 200
	maxRemedy = 1500
)

// plain makes a text of strangers one line of at most so many characters that does to no reader what its author wants: what is
// not visible is written as Go would write it in a string. A line that is cut ends with an ellipsis.
func plain(s string, most int) string {
	if len(s) > 4*most+4 { // enough to be cut below, whatever it holds
		s = s[:4*most+4]
	}
	var b strings.Builder
	n := 0
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		word := s[i : i+size]
		switch {
		case r == utf8.RuneError && size == 1:
			word = fmt.Sprintf(`\x%02x`, s[i])
		case !visible(r):
			word = invisible(r)
		}
		if n += utf8.RuneCountInString(word); n >= most && (i+size < len(s) || n > most) {
			b.WriteString("…")
			break
		}
		b.WriteString(word)
	}
	return b.String()
}

// visible: it shows something, and neither hides nor reorders what stands around it.
func visible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u034f': // letters and marks by their category, blank to look at
		return false
	}
	return r == ' ' || unicode.IsGraphic(r) && !unicode.Is(unicode.Zs, r)
}

func invisible(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// lines are plain's of each line of a text, without empty ones at its end, of at most so many characters in all.
func lines(s string, most int) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		if most <= 0 {
			return append(out, "…")
		}
		line = plain(strings.TrimRight(line, " \r\t"), min(most, maxLine))
		most -= utf8.RuneCountInString(line) + 1
		out = append(out, line)
	}
	return out
}

// code is a text of strangers in Markdown's code, in which nothing else means anything: on one line, between more backticks
// than it has in a row.
func code(s string, most int) string {
	s = plain(s, most)
	if strings.Trim(s, " ") == "" {
		return "–"
	}
	fence := strings.Repeat("`", longest(s)+1)
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// block is a text of strangers as a block of Markdown's code.
func block(s string, most int) string {
	all := strings.Join(lines(s, most), "\n")
	fence := strings.Repeat("`", max(3, longest(all)+1))
	return fence + "text\n" + all + "\n" + fence + "\n"
}

// longest is the length of the longest run of backticks.
func longest(s string) int {
	most, n := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			n = 0
			continue
		}
		n++
		most = max(most, n)
	}
	return most
}

// markdown is a line of the operator's in Markdown, as it is to be read: punctuation formats nothing, and what forges make
// mentions and references of is taken apart by a character that is not seen.
func markdown(s string, most int) string {
	var b strings.Builder
	for _, r := range plain(s, most) {
		if r < 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if strings.ContainsRune("@#!~&%$:/.", r) {
			b.WriteRune('\u2060')
		}
	}
	return b.String()
}

// mrkdwn escapes what Slack makes links and mentions of.
func mrkdwn(s string, most int) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(plain(s, most))
}

// slackWords is a text of the operator's without what Slack formats by.
func slackWords(s string, most int) string {
	return strings.NewReplacer("*", "", "_", " ", "~", "", "`", "").Replace(mrkdwn(s, most))
}

// slackCode is a text of strangers in Slack's code, which knows no way to have a backtick in it: one that looks like it is
// put there.
func slackCode(s string, most int) string {
	s = mrkdwn(s, most)
	if strings.Trim(s, " ") == "" {
		return "–"
	}
	return "`" + strings.ReplaceAll(s, "`", "ˋ") + "`"
}

// place is where a finding is, in one line; of a path that is cut the line is told nevertheless.
func (f *Finding) place(most int) string {
	if f.Line > 0 {
		line := fmt.Sprintf(":%d", f.Line)
		return plain(f.Path, most-len(line)) + line
	}
	return plain(f.Path, most)
}

// title is what is told of a finding first.
func (f *Finding) title() string {
	if f.Title != "" {
		return f.Title
	}
	return f.Rule
}

// commit is a commit's id, shortened, where it is one.
func (f *Finding) commit() string {
	if len(f.Commit) > 12 {
		return f.Commit[:12]
	}
	return f.Commit
}
