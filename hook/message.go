package hook

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"rummage/detect/advice"
	"rummage/detect/assignment"
	"rummage/gitscan"
	"rummage/report"
	"rummage/scan"
)

// message is what the pusher sees: lines of width columns, without colour, in which nothing of the push reaches the
// terminal raw.
type message struct {
	*push
	lines []string
}

const (
	width     = 72
	maxShown  = 5
	maxRemedy = 3 // lines of a rule's remedy
	gitlab    = "GL-HOOK-ERR: "
	label     = 9   // columns before what a line of a finding says
	maxText   = 200 // characters of what the push names: a path, the subject of a commit
)

// say adds text, wrapped. Its first line begins with head, the others with as many spaces.
func (m *message) say(head, text string) { m.lines = append(m.lines, wrap(head, text, m.columns())...) }

func (m *message) columns() int {
	if m.prefix() != "" {
		return width - len(gitlab)
	}
	return width
}

func (m *message) prefix() string { return LinePrefix(m.Getenv) }

// LinePrefix is what lines to the pusher begin with: GitLab shows those with its own prefix in its pages too.
func LinePrefix(getenv func(string) string) string {
	if getenv("GL_ID") != "" || getenv("GL_REPOSITORY") != "" {
		return gitlab
	}
	return ""
}

// code adds a line as it is, to be copied.
func (m *message) code(format string, args ...any) {
	m.lines = append(m.lines, "      "+fmt.Sprintf(format, args...))
}

func (m *message) gap() { m.lines = append(m.lines, "") }

// wrap breaks text into lines. A word that is longer than a line is broken too.
func wrap(head, text string, columns int) (lines []string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(head))
	line, empty := head, true
	flush := func() {
		lines = append(lines, strings.TrimRight(line, " "))
		line, empty = indent, true
	}
	for _, word := range strings.Fields(report.Escape(text)) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			flush()
		}
		if !empty {
			line += " "
		}
		for utf8.RuneCountInString(line)+utf8.RuneCountInString(word) > columns {
			at := 0
			for range max(1, columns-utf8.RuneCountInString(line)) {
				_, size := utf8.DecodeRuneInString(word[at:])
				at += size
			}
			line += word[:at]
			word = word[at:]
			flush()
		}
		line, empty = line+word, false
	}
	flush()
	return lines
}

func (m *message) write(w io.Writer) error {
	if len(m.lines) == 0 {
		return nil
	}
	var b strings.Builder
	for _, l := range m.lines {
		b.WriteString(strings.TrimRight(m.prefix()+l, " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func findings(n int) string {
	if n == 1 {
		return "1 finding"
	}
	return fmt.Sprintf("%d findings", n)
}

// refused tells of what was found, and how to take it out.
func (m *message) refused() {
	m.say("", "rummage: push refused: "+findings(len(m.block)))
	m.list(m.block)
	m.takeOut()
	m.bypass()
	if len(m.warn) > 0 {
		m.gap()
		m.say("", findings(len(m.warn))+" more would only be warned of.")
	}
	if m.cut != "" {
		m.gap()
		m.say("", "Whether the repository has it already was not looked up whole: "+m.cut+". What was not found there is taken for new.")
	}
	if m.fault != nil {
		m.gap()
		m.say("", "There may be more: "+m.fault.why+".")
	}
}

func (m *message) accepted() {
	if len(m.let) > 0 {
		m.say("", "rummage: "+findings(len(m.let))+" let through, and recorded with your reason: "+m.options.reason)
		m.list(m.let)
	}
	if len(m.warn) > 0 {
		m.say("", "rummage: warning: "+findings(len(m.warn)))
		m.list(m.warn)
	}
}

func (m *message) exempt() {
	m.say("", "rummage: "+findings(len(m.block)+len(m.warn)+len(m.let))+" let through and recorded: "+m.user+" is exempt")
}

func (m *message) failed() {
	if m.Policy.FailOpen {
		m.say("", "rummage: push let through and recorded, though not searched whole: "+m.fault.why)
		return
	}
	m.say("", "rummage: push refused: not searched whole: "+m.fault.why)
}

func (m *message) list(list []judged) {
	for i, j := range list[:min(len(list), maxShown)] {
		m.gap()
		m.finding(i+1, &j)
	}
	if n := len(list) - maxShown; n > 0 {
		m.gap()
		m.say("", fmt.Sprintf("and %d more.", n))
	}
}

// shown is the place of a finding that is told: the first one that is not held.
func shown(f *scan.Finding) *scan.Place {
	return &f.Places[max(0, slices.IndexFunc(f.Places, func(p scan.Place) bool { return !gitscan.Held(&p) }))]
}

func (m *message) finding(n int, j *judged) {
	f, at := j.f, shown(j.f)
	line := func(name, text string) {
		if text != "" {
			m.say(fmt.Sprintf("   %-*s", label, name), text)
		}
	}
	m.say(fmt.Sprintf("%d. ", n), strings.ToUpper(f.Severity)+" "+f.Description+" ("+f.Rule+")")
	if f.Secret != "" {
		line("value", f.Secret.String())
	}
	place := middleOut(cmp.Or(at.Path, at.Note))
	if at.Line > 0 {
		place += fmt.Sprintf(":%d", at.Line)
	}
	if n := len(f.Places) - 1; n > 0 {
		place += fmt.Sprintf(" and at %d more", n)
	}
	line("place", place)
	if c := at.Introduced; c != nil {
		line("commit", short(c.ID)+" "+middleOut(c.Subject))
	}
	line("why", advice.Why(assignment.Context(at.Context)))
	line("remedy", shorten(f.Remedy))
	switch {
	case j.back:
		line("note", "This push brings back a version of the file that the repository had before.")
	case j.where != "":
		line("note", "The repository has it already: "+j.where+".")
	case j.held:
		line("note", "The repository has it already; this push brings it to another place.")
	case j.never:
		line("note", "It may not be let through; its severity is "+f.Severity+".")
	}
	if j.decision.State != "" {
		line("known", j.decision.told())
	}
	line("id", f.Fingerprint)
}

// middleOut leaves out the middle of a text that is longer than maxText: paths can be made to fill screens.
func middleOut(s string) string {
	const left = " [...] "
	n := utf8.RuneCountInString(s)
	if n <= maxText {
		return s
	}
	half := (maxText - len(left)) / 2
	runes := 0
	var head, tail int
	for i := range s {
		if runes == half {
			head = i
		}
		if runes == n-half {
			tail = i
			break
		}
		runes++
	}
	return s[:head] + left + s[tail:]
}

// short is the beginning of an id that names the commit in any repository of common size.
func short(id string) string { return id[:min(len(id), 12)] }

// shorten leaves out lines of code, and those that introduce them.
func shorten(remedy string) string {
	var lines []string
	for l := range strings.SplitSeq(remedy, "\n") {
		if l != "" && !strings.HasPrefix(l, "  ") && !strings.HasSuffix(l, ":") && len(lines) < maxRemedy {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, " ")
}

// takeOut says how the blocked findings leave the commits that were pushed.
func (m *message) takeOut() {
	var commits, tags []string
	texts, others := false, false
	for _, j := range m.block {
		for i := range j.f.Places {
			switch at := &j.f.Places[i]; {
			case at.Introduced != nil:
				commits = append(commits, at.Introduced.ID)
				texts = texts || at.Path == ""
			case at.Note == "tag message":
				tags = append(tags, at.AtTip...)
			default:
				others = true
			}
		}
	}
	slices.Sort(commits)
	commits = slices.Compact(commits)
	m.src.SortCommits(commits)
	m.gap()
	m.say("", "To take it out before you push again:")
	m.say("   ", "First, if it has been anywhere but on your machine, replace it at its service: taking it out does not make it secret again.")
	if len(commits) > 0 {
		m.commits(commits, texts)
	}
	if len(tags) > 0 || others {
		m.say("   ", "Make what the tag or ref names anew without it; of a tag, delete the old one first:")
		m.code("git tag --delete NAME")
	}
}

func (m *message) commits(commits []string, texts bool) {
	edit := "Take it out of the file"
	if texts {
		edit = "Take it out of the file, or of the message in the editor that opens"
	}
	amend := "git commit --all --amend --no-edit"
	if texts {
		amend = "git commit --all --amend"
	}
	if len(commits) == 1 && slices.ContainsFunc(m.updates, func(u gitscan.Update) bool { return u.New == commits[0] }) {
		m.say("   ", edit+", and make the last commit anew:")
		m.code("%s", amend)
		return
	}
	from := short(commits[0]) + "^"
	if m.src.IsRoot(commits[0]) {
		from = "--root"
	}
	m.say("   ", "It is in commits that others follow. Begin at the first that has it:")
	m.code("git rebase --interactive --rebase-merges %s", from)
	m.say("   ", "In the list that opens, put edit in place of pick before:")
	for _, id := range commits[:min(len(commits), maxShown)] {
		m.code("%s", short(id))
	}
	if n := len(commits) - maxShown; n > 0 {
		m.code("and %d more", n)
	}
	m.say("   ", edit+" where the rebase stops, and go on:")
	m.code("%s", amend)
	m.code("git rebase --continue")
}

// bypass says how to let a finding through, where the policy allows that.
func (m *message) bypass() {
	i := slices.IndexFunc(m.block, func(j judged) bool { return m.Policy.letsThrough(j.f) })
	if i < 0 {
		return
	}
	m.gap()
	m.say("", "If it is no secret, or is replaced already, say so and why; it is recorded:")
	m.code("git push -o rummage.allow=%s \\", m.block[i].f.Fingerprint)
	m.code(`  -o rummage.reason="WHY" ...`)
}
