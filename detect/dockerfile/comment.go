package dockerfile

import (
	"bytes"
	"slices"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/placed"
)

// Suppression is a comment that asks a checker to be silent.
type Suppression struct {
	// Tool says whose comment it is: "check" (BuildKit), "hadolint" or "rummage".
	Tool string
	// Rules are the rules named; none with All.
	Rules []string
	All   bool
	// Reason is the free text behind, empty if there is none.
	Reason string
	// Line is that of the comment, 1-based.
	Line int
}

// comment reads a comment line outside an instruction: data[first] is its #.
func (p *parser) comment(start, first, end int) {
	if p.top {
		if p.directive(first, end) {
			return
		}
		p.top = false
	}
	c := p.addComment(start, first, end, false)
	if c.Text.Len() == 0 && !c.Indented {
		p.above = len(p.file.Comments) // an empty comment parts what is above it from what follows
		return
	}
	if rules, scope := hadolint(c.Text.Bytes); scope == "global" {
		p.file.Suppressions = append(p.file.Suppressions, Suppression{Tool: "hadolint", Rules: rules, Line: c.Line})
	}
}

func (p *parser) addComment(start, first, end int, inside bool) Comment {
	c := Comment{
		Text:     trim(placed.Of(p.data, assignment.Span{Start: first + 1, End: end})),
		Line:     p.line,
		Inside:   inside,
		Indented: first > start,
	}
	p.file.Comments = append(p.file.Comments, c)
	return c
}

// directive reads `# key=value` at the top of a file and reports whether it is one of the three that builders know.
func (p *parser) directive(first, end int) bool {
	from := first + 1 + leadingSpace(p.data[first+1:end])
	name, value, ok := keyValue(placed.Of(p.data, assignment.Span{Start: from, End: end}))
	if !ok || name != "syntax" && name != "escape" && name != "check" {
		return false
	}
	for _, d := range p.file.Directives {
		if d.Name == name {
			p.problem(p.line, BadDirective)
			return true
		}
	}
	p.file.Directives = append(p.file.Directives, Directive{name, value, p.line})
	switch name {
	case "escape":
		if s := value.String(); s == "\\" || s == "`" {
			p.escape = s[0]
		} else {
			p.problem(p.line, BadDirective)
		}
	case "check":
		if s, ok := check(value, p.line); ok {
			p.file.Suppressions = append(p.file.Suppressions, s)
		}
	}
	return true
}

// keyValue splits `key = value`: letters and digits, and something behind the equals sign, may it be a blank. The key
// is put in lower case.
func keyValue(t Text) (string, Text, bool) {
	b := t.Bytes
	i := 0
	for i < len(b) && (letter(b[i]) || i > 0 && digit(b[i])) {
		i++
	}
	key := b[:i]
	for i < len(b) && asciiSpace(b[i]) && b[i] != '\v' {
		i++
	}
	if len(key) == 0 || len(key) > 32 || i == len(b) || b[i] != '=' {
		return "", Text{}, false
	}
	return strings.ToLower(string(key)), trim(t.Slice(i+1, len(b))), i+1 < len(b)
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }

// suppressions reads the comments above an instruction that begins on the line.
func (p *parser) suppressions(comments []Comment, line int) []Suppression {
	var list []Suppression
	checked := false
	for _, c := range comments {
		if reason, ok := allow(c.Text.Bytes); ok {
			list = append(list, Suppression{Tool: "rummage", All: true, Reason: reason, Line: c.Line})
			continue
		}
		if key, value, ok := keyValue(c.Text); ok && key == "check" && !c.Indented && !checked {
			// BuildKit obeys the first one only.
			checked = true
			if s, ok := check(value, c.Line); ok {
				list = append(list, s)
			}
			continue
		}
		// hadolint's must be on the very line above.
		if rules, scope := hadolint(c.Text.Bytes); (scope == "instruction" || scope == "stage") && c.Line == line-1 {
			list = append(list, Suppression{Tool: "hadolint", Rules: rules, Line: c.Line})
		}
	}
	return list
}

// allow reads `rummage:allow reason`.
func allow(b []byte) (reason string, ok bool) {
	_, rest, ok := bytes.Cut(b, []byte("rummage:allow"))
	if !ok || len(rest) > 0 && !asciiSpace(rest[0]) {
		return "", false
	}
	return string(bytes.TrimSpace(rest)), true
}

// check reads the value of BuildKit's directive: `skip=Rule,Rule;error=true`, and behind a blank what it does not
// look at. It reports false when that skips nothing or BuildKit refuses it.
func check(value Text, line int) (Suppression, bool) {
	options, reason, _ := strings.Cut(value.String(), " ")
	s := Suppression{Tool: "check", Reason: strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(reason), "/#")), Line: line}
	for _, option := range strings.SplitN(options, ";", 3) {
		key, list, ok := strings.Cut(option, "=")
		list = strings.TrimSpace(list)
		switch key = strings.TrimSpace(key); {
		case !ok || key != "skip" && key != "error" && key != "experimental":
			return Suppression{}, false
		case key == "skip" && list == "all":
			s.All, s.Rules = true, nil
		case key == "skip" && !s.All:
			for _, rule := range strings.Split(list, ",") {
				if rule = strings.TrimSpace(rule); rule != "" {
					s.Rules = append(s.Rules, rule)
				}
			}
		}
	}
	return s, s.All || len(s.Rules) > 0
}

// hadolint reads `hadolint ignore=DL3064,SC2086 # why`, with `global` or `stage` before ignore. The scope is empty when
// the comment is none, as it is for hadolint, with anything else in the line.
func hadolint(b []byte) (rules []string, scope string) {
	b, ok := bytes.CutPrefix(b, []byte("hadolint"))
	if !ok || len(b) == 0 || b[0] != ' ' && b[0] != '\t' {
		return nil, ""
	}
	b, _, _ = bytes.Cut(b, []byte("#"))
	words, list, ok := strings.Cut(string(b), "=")
	switch fields := strings.Fields(words); {
	case !ok:
		return nil, ""
	case slices.Equal(fields, []string{"ignore"}):
		scope = "instruction"
	case slices.Equal(fields, []string{"global", "ignore"}):
		scope = "global"
	case slices.Equal(fields, []string{"stage", "ignore"}):
		scope = "stage"
	default:
		return nil, ""
	}
	for _, rule := range strings.Split(list, ",") {
		rule = strings.TrimSpace(rule)
		if rule == "" || strings.Trim(rule, "DLSC0123456789") != "" {
			return nil, ""
		}
		rules = append(rules, rule)
	}
	return rules, scope
}
