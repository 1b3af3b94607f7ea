package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rummage/detect"
	"rummage/detect/advice"
	"rummage/detect/assignment"
	"rummage/report"
	"rummage/scan"
)

// maxContexts is how many contexts of a rule get a sentence of their own.
const maxContexts = 8

// ruleStory is what there is to say of a rule.
func ruleStory(r *detect.Rule) []report.Section {
	what := []string{r.Description + ".", r.Kind + ", severity " + r.Severity}
	if len(r.Tags) > 0 {
		what[1] += ", tags " + strings.Join(r.Tags, ", ")
	}
	return []report.Section{
		{Title: r.ID, Lines: what},
		{Title: "Where it looks", Lines: ruleWhere(r)},
		{Title: "Why it leaks", Lines: ruleWhy(r)},
		{Title: "How to mend it", Lines: ruleMend(r)},
		{Title: "How to replace what leaked", Lines: numbered(advice.Rotate(r))},
		{Title: "Found, for example", Lines: sample(r.Examples)},
		{Title: "Not found", Lines: sample(r.NonExamples)},
		{Title: "See", Lines: r.References},
	}
}

func ruleWhere(r *detect.Rule) (lines []string) {
	switch {
	case r.NameOnly():
		return []string{"Files by their name alone."}
	case r.Regex != "":
		lines = append(lines, "Text of any file, message or structured value.")
	}
	return append(lines, advice.List(r.In)...)
}

func ruleWhy(r *detect.Rule) (lines []string) {
	if len(r.In) == 0 || len(r.In) > maxContexts {
		return []string{advice.Why("")}
	}
	for _, c := range r.In {
		s := advice.Why(c)
		for _, said := range lines {
			s = strings.TrimSpace(strings.Replace(s, said, "", 1))
		}
		if s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

func ruleMend(r *detect.Rule) []string {
	if r.Kind == detect.KindExposure {
		return append(strings.Split(r.Remedy, "\n"), "For the place of a finding: rummage explain FINGERPRINT")
	}
	return []string{"Take the value out of the file and let it come from outside: a variable, a file that git ignores, a secret store. " +
		"In Dockerfiles, compose files and .env files, `rummage explain FINGERPRINT` shows the lines."}
}

// sample is the first two examples, as the templates that they are.
func sample(examples []string) (lines []string) {
	for i, e := range examples[:min(len(examples), 2)] {
		if i > 0 {
			lines = append(lines, "")
		}
		for l := range strings.SplitSeq(strings.TrimRight(e, "\n"), "\n") {
			lines = append(lines, "  "+l)
		}
	}
	return lines
}

func numbered(list []string) (lines []string) {
	for i, s := range list {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, s))
	}
	return lines
}

// findingStory is what there is to say of a finding. The rule is nil when the rules at hand do not have it.
func findingStory(f *report.StoredFinding, r *detect.Rule) []report.Section {
	what := []string{f.Description + ".", string(f.Kind) + ", severity " + f.Severity}
	if f.Secret != "" {
		what = append(what, "value "+f.Secret)
	}
	what = append(what, "fingerprint "+f.Fingerprint)
	if len(f.Tags) > 0 {
		what = append(what, "tags "+strings.Join(f.Tags, ", "))
	}
	if s := f.Suppressed; s != nil {
		what = append(what, "suppressed by "+s.By+colon(s.Reason))
	}
	sections := []report.Section{
		{Title: strings.ToUpper(f.Severity) + "  " + f.Rule, Lines: what},
		{Title: "Where it is", Lines: placeLines(f)},
		{Title: "Why it leaks", Lines: whyLines(f)},
		{Title: "First, replace what leaked", Lines: numbered(advice.Rotate(r))},
		{Title: "Then mend it", Lines: mendLines(f, r)},
		{Title: "Replace the images", Lines: imageLines(f)},
		{Title: "Last, take it out of the history", Lines: historyLines(f)},
		{Title: "If it is none", Lines: []string{
			"Say so with the reason, in a comment on its line (in a Dockerfile on a line above the instruction):",
			"  # rummage:allow REASON", "or in a file that --ignore-file names:", "  " + f.Fingerprint + "  # REASON"}},
	}
	if r != nil {
		sections = append(sections, report.Section{Title: "See", Lines: r.References})
	}
	return sections
}

func colon(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// placeLines tells of each place since when and until when.
func placeLines(f *report.StoredFinding) (lines []string) {
	for i := range f.Places {
		p := &f.Places[i]
		name := cmp.Or(p.Path, p.Note, "object "+p.Blob)
		if p.Line > 0 {
			name += fmt.Sprintf(":%d:%d", p.Line, max(p.Column, 1))
		}
		if p.Context != "" {
			name += "  (" + advice.Where(assignment.Context(p.Context)) + ")"
		}
		if p.Note != "" && p.Path != "" {
			name += "  " + p.Note
		}
		lines = append(lines, name)
		if p.StoredInImage != nil {
			lines = append(lines, inImageLines(p.StoredInImage)...)
		}
		if c := p.Introduced; c != nil {
			lines = append(lines, "    came in   "+commitLine(c.Commit, c.Date, c.Author, c.Subject))
		}
		if c := p.Removed; c != nil {
			lines = append(lines, "    went out  "+commitLine(c.Commit, c.Date, c.Author, c.Subject))
		}
		switch {
		case p.StoredInImage != nil: // whatever a repository in it says, the image has it
		case len(p.AtTip) > 0:
			lines = append(lines, "    still at the tip of "+strings.Join(p.AtTip, ", "))
		case p.Introduced != nil && p.Removed == nil && !p.Reachable:
			lines = append(lines, "    in objects that no ref reaches any more")
		case p.Introduced != nil:
			lines = append(lines, "    at no tip, and in the history for good")
		}
	}
	return lines
}

const whyInImage = "An image is copied to everybody who pulls it, with every layer that it is made of. Whoever has it can read each file in " +
	"each of them, also what no container sees, and so can every image that is built on it."

// inImageLines tells which image and layer a place is in, and whether a container sees it.
func inImageLines(i *report.StoredInImage) []string {
	lines := []string{"    image     " + strings.Join(strings.Fields(i.Image+"  "+i.Platform+"  "+i.Digest), "  ")}
	if layer := i.InLayer(); layer != "" {
		lines = append(lines, "    "+layer+colon(strings.Join(strings.Fields(i.Instruction), " ")))
	}
	if gone := i.Gone(); gone != "" {
		lines = append(lines, "    "+gone)
	}
	if len(i.Scanners) > 0 && !slices.Equal(i.Scanners, []string{scan.BuiltinScanner}) {
		lines = append(lines, "    seen by   "+strings.Join(i.Scanners, ", "))
	}
	return lines
}

// imageLines say what becomes of the images that have it.
func imageLines(f *report.StoredFinding) (lines []string) {
	var names []string
	gone := false
	for i := range f.Places {
		if in := f.Places[i].StoredInImage; in != nil {
			names = append(names, in.Image)
			gone = gone || in.Gone() != ""
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	lines = append(lines, "A layer cannot be changed. Once the build is mended, build these anew, without its cache, and push them:")
	for _, name := range slices.Compact(names) {
		lines = append(lines, "  "+name)
	}
	if gone {
		lines = append(lines, "What a later layer deletes or overwrites stays in the earlier one; whoever pulls the image gets both.")
	}
	return append(lines, "Then delete the old ones in the registry by their digests, tags alone are not enough, and the images that were built on them. "+
		"Whoever has pulled one keeps it.")
}

func commitLine(id, date, author, subject string) string {
	day, _, _ := strings.Cut(date, "T")
	return fmt.Sprintf("%.12s  %s  %s%s", id, day, author, colon(subject))
}

func whyLines(f *report.StoredFinding) (lines []string) {
	for i := range f.Places {
		p := &f.Places[i]
		s := advice.Why(assignment.Context(p.Context))
		if p.StoredInImage != nil && !strings.HasPrefix(p.Context, "image.") {
			s = whyInImage // whatever kind of file it is
		}
		if !slices.Contains(lines, s) {
			lines = append(lines, s)
		}
	}
	return lines
}

// mendLines are the remedies of all places, each once. What the rule says of revoking is told elsewhere.
func mendLines(f *report.StoredFinding, r *detect.Rule) (lines []string) {
	var told []string
	for i := range f.Places {
		p := &f.Places[i]
		text := cmp.Or(p.Remedy, f.Remedy)
		if r != nil && f.Kind == scan.KindSecret && r.Remedy != "" {
			if rest, ok := strings.CutPrefix(text, r.Remedy); ok {
				text = strings.TrimPrefix(rest, "\n")
			}
		}
		if text == "" {
			text = "Take the value out of the file and let it come from outside: a variable, a file that git ignores, a secret store."
		}
		if slices.Contains(told, text) {
			continue
		}
		told = append(told, text)
		if len(f.Places) > 1 && p.Path != "" {
			if len(lines) > 0 {
				lines = append(lines, "")
			}
			where := p.Path
			if p.StoredInImage != nil {
				where += " of " + p.Image
			}
			lines = append(lines, "In "+where+":")
		}
		lines = append(lines, strings.Split(text, "\n")...)
	}
	return lines
}

const (
	rewriteOnly = "Only once the value is replaced: every clone and fork, and the caches of the forge, still have the old history."
	inClone     = "In a fresh clone, with git-filter-repo (github.com/newren/git-filter-repo):"
	afterwards  = "Then push all refs with --force, let the forge remove cached views, and let everybody clone again."
)

// historyLines say how the history is rewritten, where that is of any use.
func historyLines(f *report.StoredFinding) (lines []string) {
	inGit, message, unreachable, whole := false, false, false, ""
	for i := range f.Places {
		p := &f.Places[i]
		if p.Introduced == nil && p.Blob == "" || p.StoredInImage != nil {
			continue
		}
		inGit = inGit || p.Introduced != nil
		message = message || p.Path == ""
		unreachable = unreachable || !p.Reachable
		if p.Line == 0 && p.Path != "" {
			whole = p.Path
		}
	}
	if !inGit && !unreachable {
		return nil
	}
	if f.Kind == scan.KindExposure && f.Secret == "" {
		if slices.ContainsFunc(f.Places, func(p report.StoredPlace) bool {
			return strings.HasPrefix(p.Context, "compose.") && strings.HasSuffix(p.Context, "-tracked")
		}) {
			return []string{rewriteOnly, inClone, "  git filter-repo --invert-paths --path FILE", afterwards}
		}
		return []string{"The practice itself need not leave git's history. The images and caches that were built with it keep what leaked: " +
			"delete those that can be deleted, and build anew."}
	}
	lines = append(lines, rewriteOnly, inClone)
	if whole != "" {
		lines = append(lines, "  git filter-repo --invert-paths --path "+quoteShell(whole))
	} else {
		lines = append(lines, "  git filter-repo --replace-text ../values.txt")
	}
	if message {
		lines = append(lines, "  git filter-repo --replace-message ../values.txt")
	}
	if whole == "" || message {
		lines = append(lines, "values.txt has a line VALUE==>REMOVED; delete it afterwards. A file that holds nothing else goes with:",
			"  git filter-repo --invert-paths --path FILE")
	}
	lines = append(lines, afterwards)
	if unreachable {
		lines = append(lines, "What no ref reaches goes with:", "  git reflog expire --expire=now --all && git gc --prune=now")
	}
	return lines
}

func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
