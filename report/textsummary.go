package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rummage/scan"
)

// summary closes the text format: what was found, what was read, what was not, and why.
func (t *textWriter) summary() {
	t.imageTable()
	t.wrapped("", t.foundText())
	for _, line := range t.summaryLines() {
		t.wrapped("", line)
	}
	t.incomplete()
}

// summaryLines is the sentences that stand below what was found, except for what could not be read.
func (t *textWriter) summaryLines() []string {
	st := &t.v.Stats
	var lines []string
	if s := t.statusCounts(); s != "" {
		lines = append(lines, s)
	}
	if s := t.v.imagesText(); s != "" {
		lines = append(lines, s)
	}
	lines = append(lines, t.searchedText())
	if s := structuredText(&t.v.Stats); s != "" {
		lines = append(lines, s)
	}
	skipped := maps.Clone(st.Skipped)
	if n := skipped[scan.SkipKnown]; n > 0 {
		lines = append(lines, "Known since the last scan: "+count(n, "object")+".")
		delete(skipped, scan.SkipKnown)
	}
	if s := countList(skipped, ""); s != "" {
		lines = append(lines, "Skipped: "+s+".")
	}
	if s := countList(st.Suppressed, "by "); s != "" {
		hint := "."
		if !t.v.o.ShowSuppressed {
			hint = " (--show-suppressed lists them)."
		}
		lines = append(lines, "Suppressed: "+s+hint)
	}
	for _, n := range st.Notices {
		lines = append(lines, "Note: "+Escape(n))
	}
	return lines
}

func (t *textWriter) foundText() string {
	fs := t.v.findings
	if len(fs) == 0 {
		if t.incompleteText() == "" {
			return t.color(boldGreen, "Nothing found.")
		}
		return "Nothing found in what could be read."
	}
	bySeverity := map[string]int64{}
	places := 0
	for i := range fs {
		bySeverity[fs[i].Severity]++
		places += len(fs[i].sites)
	}
	var parts []string
	for _, s := range sortedBy(bySeverity, severityRank) {
		parts = append(parts, t.color(severityColors[s], fmt.Sprintf("%s %s", thousands(bySeverity[s]), Escape(s))))
	}
	return t.color(bold, count(int64(len(fs)), "finding")) + " in " + count(int64(places), "place") + ": " +
		strings.Join(parts, ", ") + "."
}

// statusCounts says how many findings are still there. Without a history or an image there is nothing to say.
func (t *textWriter) statusCounts() string {
	n := map[Status]int64{}
	inLayer, inHistory := false, false // of what was removed
	for i := range t.v.findings {
		f := &t.v.findings[i]
		switch {
		case f.status == StatusPresent && !f.inImages():
			continue
		case f.status == StatusRemoved:
			inLayer = inLayer || f.inImages()
			inHistory = inHistory || f.beside(StatusRemoved)
		}
		n[f.status]++
	}
	where := "the history"
	switch {
	case inLayer && inHistory:
		where = "the history or a layer"
	case inLayer:
		where = "a layer"
	}
	var parts []string
	for _, s := range statuses {
		if n[s] > 0 {
			parts = append(parts, t.color(statusColors[s], statusPhrase(s, n[s], where)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Of these, " + strings.Join(parts, ", ") + "."
}

// statusPhrase says how many have the status; where says where those are that were removed.
func statusPhrase(s Status, n int64, where string) string {
	phrases := map[Status]string{StatusLive: "still live", StatusPresent: "in images", StatusHistory: "in messages",
		StatusUnreachable: "unreachable", StatusRemoved: "removed but still in " + where}
	return thousands(n) + " " + phrases[s]
}

func (t *textWriter) searchedText() string {
	st := &t.v.Stats
	s := "Searched " + count(st.Scanned, "blob")
	if st.Scanned != st.Blobs {
		s += " of " + thousands(st.Blobs)
	}
	if st.Commits > 0 {
		s += ", " + count(st.Commits, "commit")
	}
	if st.Messages > 0 {
		s += ", " + count(st.Messages, "message")
	}
	if t.v.Source != "" {
		s += " of " + Escape(t.v.Source)
	}
	s += ": " + byteSize(float64(st.Bytes))
	if st.Seconds > 0 {
		s += fmt.Sprintf(" in %s, %s/s", seconds(st.Seconds), byteSize(float64(st.Bytes)/st.Seconds))
	}
	return s + "."
}

// structuredKinds are what files of a kind are called, one and several; samples and scripts are .env files too.
var structuredKinds = []struct {
	kinds     []string
	one, many string
}{
	{[]string{"dockerfile"}, "Dockerfile", "Dockerfiles"},
	{[]string{"compose"}, "compose file", "compose files"},
	{[]string{"dotenv", "dotenv-sample", "envrc"}, ".env file", ".env files"},
	{[]string{"github", "gitlab"}, "CI file", "CI files"},
	{[]string{"helm", "kubernetes"}, "Kubernetes file", "Kubernetes files"},
	{[]string{"bake"}, "bake file", "bake files"},
	{[]string{"devcontainer"}, "devcontainer.json", "devcontainer.json"},
}

// structuredText says how many files were understood as what they are: of distinct contents, as blobs are counted.
func structuredText(st *scan.Stats) string {
	var parts []string
	left := maps.Clone(st.Structured)
	for _, k := range structuredKinds {
		var n int64
		for _, kind := range k.kinds {
			n += left[kind]
			delete(left, kind)
		}
		switch {
		case n == 1:
			parts = append(parts, "1 "+k.one)
		case n > 1:
			parts = append(parts, thousands(n)+" "+k.many)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(left)) {
		if left[kind] > 0 {
			parts = append(parts, thousands(left[kind])+" "+Escape(kind))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	s := "Read " + parts[0]
	if last := len(parts) - 1; last > 0 {
		s = "Read " + strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	switch n := st.NotUnderstood; {
	case n == 1:
		s += "; 1 piece was not understood and searched as text only"
	case n > 1:
		s += "; " + thousands(n) + " pieces were not understood and searched as text only"
	}
	return s + "."
}

func seconds(s float64) string {
	switch {
	case s < 9.95:
		return fmt.Sprintf("%.2g s", max(s, 0.001))
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	}
	return fmt.Sprintf("%d min %d s", int(s)/60, int(s)%60)
}

// incomplete says what could not be read. An incomplete scan must never look like a clean one.
func (t *textWriter) incomplete() {
	head := t.incompleteText()
	if head == "" {
		return
	}
	t.line(t.color(boldRed, "INCOMPLETE: "+head))
	st := &t.v.Stats
	for _, p := range st.Problems {
		t.wrapped(indentFinding, Escape(p.Where)+": "+Escape(p.Why))
	}
	if more := st.ProblemCount - int64(len(st.Problems)); more > 0 && len(st.Problems) > 0 {
		t.line(indentFinding + "and " + thousands(more) + " more")
	}
}

// incompleteText says in which way a scan is incomplete; empty when it is not.
func (t *textWriter) incompleteText() string {
	st := &t.v.Stats
	switch {
	case st.Interrupted:
		return "the scan was interrupted"
	case st.Complete && st.ProblemCount == 0:
		return ""
	case st.ProblemCount > 0:
		return count(st.ProblemCount, "thing") + " could not be read"
	}
	return "not everything could be read"
}

// countList is "12 binary, 3 too large": the counts of a map that are not zero, by name, with by before each name.
func countList[K ~string](m map[K]int64, by string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] != 0 {
			parts = append(parts, thousands(m[k])+" "+by+Escape(strings.ReplaceAll(string(k), "_", " ")))
		}
	}
	return strings.Join(parts, ", ")
}

// sortedBy is the keys of m by rank, then by name.
func sortedBy(m map[string]int64, rank func(string) int) []string {
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b string) int { return rank(a) - rank(b) })
	return keys
}
