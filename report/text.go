package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rummage/scan"
)

const (
	defaultWidth  = 80
	minWidth      = 60 // below, no name or subject would be left of a commit's line
	defaultPlaces = 5
	shortID       = 12 // digits of a commit that identify it in any repository that people have
	indentFinding = "  "
	indentPlace   = "    "
)

// Colours, as parameters of the terminal's "select graphic rendition" sequence.
const (
	bold      = "1"
	dim       = "2"
	red       = "31"
	boldRed   = "1;31"
	green     = "32"
	yellow    = "33"
	boldGreen = "1;32"
	cyan      = "36"
)

var severityColors = map[string]string{"critical": boldRed, "high": red, "medium": yellow, "low": cyan, "info": dim}

var statusColors = map[Status]string{StatusLive: red, StatusPresent: red, StatusHistory: yellow, StatusRemoved: green}

// textWriter collects the text format in memory; a bytes.Buffer has no errors to check line by line.
type textWriter struct {
	bytes.Buffer
	v      *view
	width  int
	places int
}

// writeText writes for people: findings from the most severe to the least, those that are still live first, and at the
// end a summary. A line is cut to the width only in names and subjects; paths and ids stay whole, to be copied.
func writeText(w io.Writer, v *view) error {
	t := &textWriter{v: v, width: cmp.Or(v.o.Width, defaultWidth), places: cmp.Or(v.o.Places, defaultPlaces)}
	t.width = max(t.width, minWidth)
	for _, f := range forPeople(v.findings) {
		t.finding(&f)
	}
	if len(v.suppressed) > 0 {
		t.line(t.color(bold, "Suppressed:"))
		t.line("")
		for _, f := range forPeople(v.suppressed) {
			t.finding(&f)
		}
	}
	t.summary()
	_, err := t.WriteTo(w)
	return err
}

// forPeople sorts by severity, then by what is still live, then as the view does.
func forPeople(findings []finding) []finding {
	out := slices.Clone(findings)
	slices.SortStableFunc(out, func(x, y finding) int {
		return cmp.Or(cmp.Compare(severityRank(x.Severity), severityRank(y.Severity)),
			cmp.Compare(slices.Index(statuses, x.status), slices.Index(statuses, y.status)))
	})
	return out
}

func (t *textWriter) line(s string) {
	t.WriteString(s)
	t.WriteByte('\n')
}

// color wraps s, which must have been escaped, in a colour.
func (t *textWriter) color(c, s string) string {
	if !t.v.o.Color || c == "" || s == "" {
		return s
	}
	return "\x1b[" + c + "m" + s + "\x1b[0m"
}

func (t *textWriter) finding(f *finding) {
	severity := strings.ToUpper(Escape(f.Severity))
	t.WriteString(t.color(severityColors[f.Severity], severity) + "  " + t.color(bold, Escape(f.Rule)))
	if f.Kind == scan.KindExposure {
		t.WriteString("  (exposure)")
	}
	t.WriteByte('\n')
	t.wrapped(indentFinding, Escape(f.Description))
	if f.secret != "" {
		t.line(indentFinding + t.color(yellow, Escape(f.secret)))
	}
	if s := t.statusText(f); s != justPresent { // which goes without saying
		t.wrapped(indentFinding, t.color(statusColors[f.status], s))
	}
	if f.Suppressed != nil {
		t.wrapped(indentFinding, "suppressed by "+Escape(f.Suppressed.By)+reasonSuffix(f.Suppressed.Reason))
	}
	t.placeList(f)
	if f.Remedy != "" {
		t.lines(indentFinding, "What to do: "+f.Remedy)
	}
	if t.v.o.Verbose {
		t.details(f)
	}
	t.line(indentFinding + t.color(dim, "fingerprint "+Escape(f.Fingerprint)))
	t.line("")
}

func reasonSuffix(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + Escape(reason)
}

// statusText tells whether the secret is still there, since when, and where it can still be had.
func (t *textWriter) statusText(f *finding) string {
	var s string
	switch f.status {
	case StatusLive:
		s = "still live on " + t.tipNames(f) + f.stillIn()
	case StatusPresent:
		s = t.presentText(f)
	case StatusHistory:
		s = "in a commit or tag message, which stays in the history" + f.stillIn()
	case StatusRemoved:
		s = t.removedText(f)
	case StatusUnreachable:
		s = "unreachable: in an object that no ref reaches"
	}
	if since, ok := f.since(); ok {
		s += "; since " + since.Format(time.DateOnly)
		if a := age(t.v.now, since); a != "" {
			s += " (" + a + ")"
		}
	}
	return s
}

// justPresent is the status of what is in a file.
const justPresent = "present"

func (t *textWriter) presentText(f *finding) string {
	live := f.imagesOf(StatusPresent)
	switch {
	case f.beside(StatusPresent):
		return justPresent + f.stillIn()
	case len(live) == 0: // a finding without a place
		return justPresent
	case f.beside(StatusRemoved):
		return "in " + imagesText(live) + "; removed from git" + t.removedOn(f) + ", but still in the history"
	}
	return "in " + imagesText(live)
}

func (t *textWriter) removedText(f *finding) string {
	if !f.beside(StatusRemoved) {
		return "removed, but still in a layer of " + imagesText(f.imagesOf(StatusRemoved))
	}
	return "removed" + t.removedOn(f) + ", but still in the history" + f.stillIn()
}

// removedOn is " on" the last removal's date, where the removals are known.
func (t *textWriter) removedOn(f *finding) string {
	var last *scan.Commit
	for i := range f.places {
		if c := f.places[i].Removed; c != nil && (last == nil || c.Date.After(last.Date)) {
			last = c
		}
	}
	if last == nil {
		return ""
	}
	return onDate(last)
}

func (t *textWriter) tipNames(f *finding) string {
	const shown = 3
	tips := f.tips()
	var names []string
	for i, ref := range tips {
		if i == shown && !t.v.o.Verbose {
			break
		}
		names = append(names, Escape(refName(ref)))
	}
	s := strings.Join(names, ", ")
	if more := len(tips) - len(names); more > 0 {
		s += fmt.Sprintf(" and %s more", thousands(int64(more)))
	}
	return s
}

// placeList lists places, live ones first.
func (t *textWriter) placeList(f *finding) {
	sites := slices.Clone(f.sites)
	slices.SortStableFunc(sites, func(x, y site) int {
		return cmp.Compare(slices.Index(statuses, x[0].status), slices.Index(statuses, y[0].status))
	})
	n := len(sites)
	if t.places > 0 && n > t.places+1 { // "and 1 more" would take the line that the place itself takes
		n = t.places
	}
	for _, s := range sites[:n] {
		t.place(f, s, len(sites) > 1)
	}
	if more := len(sites) - n; more > 0 {
		t.line(indentFinding + "and " + thousands(int64(more)) + " more")
	}
}

// builderOnly is the tag of what stays in a build stage of which the final image has no layer.
const builderOnly = "builder-only"

func (t *textWriter) place(f *finding, s site, several bool) {
	p := &s[0]
	where := t.color(bold, pathName(p))
	if p.Context != "" {
		context := Escape(p.Context)
		if slices.Contains(f.tagsAt(p), builderOnly) {
			context += ", " + builderOnly
		}
		where += "  " + t.color(dim, "["+context+"]")
	}
	if p.Note != "" && p.Path != "" {
		where += "  (" + Escape(p.Note) + ")"
	}
	if several && p.status != StatusPresent {
		where += "  " + t.color(statusColors[p.status], string(p.status))
	}
	t.line(indentFinding + where)
	t.inImages(s)
	t.commit("came in ", p.Introduced)
	for i := range s {
		t.commit("went out", s[i].Removed)
	}
	if t.v.o.Verbose {
		if p.Blob != "" {
			t.line(indentPlace + "blob      " + Escape(p.Blob))
		}
		if len(p.AtTip) > 0 {
			t.line(indentPlace + "at tip of " + Escape(strings.Join(p.AtTip, " ")))
		}
	}
}

// placeName is the name of a place by itself: pathName with the image.
func placeName(p *place) string {
	if p.Image != nil {
		return pathName(p) + " of image " + Escape(p.Image.Image)
	}
	return pathName(p)
}

// siteName is placeName of a site, and how many more images have it.
func siteName(s site) string {
	name := placeName(&s[0])
	if others := len(s) - 1; others > 0 && s[0].Image != nil {
		name += " and " + count(int64(others), "other")
	}
	return name
}

// pathName is "path:line:column"; a finding by file name alone has no line. What has no path (a message, an object
// that no tree names) is called by its note and id.
func pathName(p *place) string {
	name := Escape(p.Path)
	if p.Path == "" {
		id := p.Blob
		if p.Introduced != nil {
			id = p.Introduced.ID
		}
		name = strings.TrimSpace(Escape(cmp.Or(p.Note, "object")) + " " + Escape(abbreviate(id)))
	}
	if p.Line > 0 {
		name += fmt.Sprintf(":%d:%d", p.Line, max(p.Column, 1))
	}
	return name
}

func (t *textWriter) commit(label string, c *scan.Commit) {
	if c == nil {
		return
	}
	id, author := abbreviate(c.ID), Escape(c.Author)
	if t.v.o.Verbose {
		id = c.ID
		author = strings.TrimSpace(author + " <" + Escape(c.Email) + ">")
	}
	head := indentPlace + label + "  " + Escape(id) + "  "
	if c.Date.After(firstDate) {
		head += c.Date.Format(time.DateOnly) + "  "
	}
	tail := author
	if c.Subject != "" {
		if tail != "" {
			tail += ": "
		}
		tail += Escape(c.Subject)
	}
	if !t.v.o.Verbose {
		tail = truncate(tail, max(t.width-columns(head), 16))
	}
	t.line(strings.TrimRight(head+tail, " "))
}

func abbreviate(id string) string {
	if len(id) > shortID {
		return id[:shortID]
	}
	return id
}

func (t *textWriter) details(f *finding) {
	if len(f.Tags) > 0 {
		t.wrapped(indentFinding, "tags "+Escape(strings.Join(f.Tags, ", ")))
	}
	rules := t.v.ruleInfos()
	if i := slices.IndexFunc(rules, func(r RuleInfo) bool { return r.ID == f.Rule }); i >= 0 {
		for _, ref := range rules[i].References {
			t.line(indentFinding + "see " + Escape(ref))
		}
	}
}

// lines writes text of several lines, which it escapes. Those that show code begin with blanks and stay whole, to be
// copied.
func (t *textWriter) lines(indent, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		switch line = Escape(line); {
		case line == "":
			t.line("")
		case strings.HasPrefix(line, "  "):
			t.line(indent + line)
		default:
			t.wrapped(indent, line)
		}
	}
}

// wrapped writes escaped text in lines of at most the width, each indented. Empty text is no line.
func (t *textWriter) wrapped(indent, text string) {
	if text == "" {
		return
	}
	t.line(indent + t.wrapTail(indent, text))
}

// wrapTail breaks text at spaces so that it fits the width after indent, and indents all lines but the first. A word
// that is longer than a line stays whole.
func (t *textWriter) wrapTail(indent, text string) string {
	var b strings.Builder
	room := t.width - len(indent)
	used := 0
	for i, word := range strings.Split(text, " ") {
		n := columns(stripColor(word))
		switch {
		case i == 0:
		case used+1+n > room:
			b.WriteString("\n" + indent)
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

// stripColor takes the sequences that color wrote out of s. Escaped text has no others.
func stripColor(s string) string {
	for {
		i := strings.IndexByte(s, '\x1b')
		if i < 0 {
			return s
		}
		end := strings.IndexByte(s[i:], 'm')
		if end < 0 {
			return s[:i]
		}
		s = s[:i] + s[i+end+1:]
	}
}
