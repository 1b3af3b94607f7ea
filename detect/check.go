package detect

import (
	"fmt"
	"slices"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/example"
	"rummage/detect/reach"
)

// Problem is something wrong with one rule.
type Problem struct {
	Where   string // file:line of the rule
	Rule    string // id
	Warning bool   // worth knowing, but the rule works
	Text    string
}

func (p Problem) String() string {
	kind := "error"
	if p.Warning {
		kind = "warning"
	}
	return fmt.Sprintf("%s: %s: %s: %s", p.Where, kind, p.Rule, p.Text)
}

// Checker proves rules. The zero value is ready.
type Checker struct {
	// Read reads the assignments of a structured file's text whose contexts the rule names. Without it the examples of
	// rules that name only such contexts are not run.
	Read func(r *Rule, text string) Reading
	// Seeds is how many fillings of each example are tried, 5 unless set.
	Seeds int
}

// Check proves each rule of a set: that it is described, that its keywords are necessary for its expression, that its
// examples are found by it and by no other rule, and its non-examples not by it. What a rule of gitleaks' kind cannot
// have is not asked of it, and what is an error in a rule of ours may be a warning there. Problems are in the order
// of the rules.
//
// An example is a template of package example. For a rule of names it is a path; for any other it is the text of a
// file, at a path for which the rule's own path criterion holds and no other rule's does.
func (c Checker) Check(rs *Ruleset) []Problem {
	if c.Seeds <= 0 {
		c.Seeds = 5
	}
	k := check{Checker: c, d: New(rs)}
	k.m = k.d.Matcher()
	for i, r := range rs.rules {
		k.rule = r
		if i > 0 {
			k.order(rs.rules[i-1])
		}
		k.described()
		k.expression()
		k.examples()
	}
	return k.problems
}

// check is one run over a ruleset.
type check struct {
	Checker
	d        *Detector
	m        *Matcher
	rule     *Rule
	problems []Problem
}

func (k *check) add(warning bool, format string, args ...any) {
	k.problems = append(k.problems, Problem{Where: k.rule.origin.String(), Rule: k.rule.ID, Warning: warning, Text: fmt.Sprintf(format, args...)})
}

// wrong adds an error for a rule of ours and a warning for one of gitleaks' kind.
func (k *check) wrong(format string, args ...any) { k.add(k.rule.Foreign, format, args...) }

// order: rules of one file of ours stand in it sorted by id, so that two versions of it can be compared.
func (k *check) order(before *Rule) {
	a, b := before.origin, k.rule.origin
	if k.rule.Foreign || a.file != b.file || a.file == nil {
		return
	}
	if a.file.line(a.path) > b.file.line(b.path) {
		k.add(false, "stands before %s: rules are to be sorted by id", before.ID)
	}
}

var idForm = lazily(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (k *check) described() {
	r := k.rule
	if strings.TrimSpace(r.Description) == "" {
		k.wrong("no description")
	}
	if r.Foreign {
		return
	}
	if !idForm().MatchString(r.ID) {
		k.add(false, "the id is not lower case with hyphens")
	}
	if strings.TrimSpace(r.Remedy) == "" {
		k.add(false, "no remedy")
	}
	if len(r.Examples) < 2 {
		k.add(false, "%d examples, want at least 2", len(r.Examples))
	}
	if len(r.NonExamples) < 1 {
		k.add(false, "no non-example")
	}
}

// shortWord is the length below which a keyword is found in most texts.
const shortWord = 3

// expression judges the rule's regular expression and its keywords.
func (k *check) expression() {
	r := k.rule
	for _, w := range r.Keywords {
		if len(w) < shortWord {
			k.add(true, "keyword %q is short: the rule will run on many texts", w)
		}
	}
	if r.Regex == "" {
		return
	}
	info, err := reach.Analyze(r.Regex)
	if err != nil {
		k.add(false, "%v", err)
		return
	}
	if info.MinLen == 0 {
		k.add(false, "the regexp matches the empty text")
	}
	if info.MaxLen < 0 {
		k.add(true, "the length of matches is not bounded: the rule will run on whole texts")
	}
	switch {
	case len(r.Keywords) == 0:
		k.add(true, "no keywords: the rule will run on all texts")
	case !info.Necessary(r.Keywords):
		k.wrong("the keywords are not necessary: the regexp can match text without any of them")
	}
}

func (k *check) examples() {
	r := k.rule
	for i, t := range r.Examples {
		k.fill("example", i, t, k.found)
	}
	for i, t := range r.NonExamples {
		k.fill("non-example", i, t, k.notFound)
	}
}

// fill judges a template under several seeds, up to the first problem.
func (k *check) fill(kind string, i int, template string, judge func(text string) string) {
	for seed := range k.Seeds {
		text, err := example.Expand(template, uint64(seed)+1)
		if err != nil {
			k.add(false, "%s %d: %v", kind, i+1, err)
			return
		}
		if problem := judge(text); problem != "" {
			k.add(false, "%s %d, seed %d: %s", kind, i+1, seed+1, problem)
			return
		}
		if text == template {
			return // no placeholders: all seeds give the same
		}
	}
}

// finders are the rules that find something in the text of an example, each once, but for what depends on other files,
// of which nothing is known; suppressed are those whose every
// match there is suppressed.
func (k *check) finders(text string) (rules, suppressed []*Rule) {
	if k.rule.NameOnly() {
		rules = k.d.NamedRules(text, "")
		for _, in := range k.rule.In {
			for _, r := range k.d.NamedRules(text, in) {
				if !slices.Contains(rules, r) {
					rules = append(rules, r)
				}
			}
		}
		return rules, nil
	}
	var structured Reading
	if k.Read != nil && len(k.rule.In) > 0 {
		structured = k.Read(k.rule, text)
	}
	list := k.m.MatchWith([]byte(text), structured)
	for i := range list {
		m := &list[i]
		if m.Rule != k.rule && (m.When.Kind != assignment.Always || k.besides(m, list)) {
			continue
		}
		ok, by := k.d.placedAt(m, place{assumed: k.rule})
		switch {
		case ok && by == nil && !slices.Contains(rules, m.Rule):
			rules = append(rules, m.Rule)
		case ok && by != nil:
			suppressed = append(suppressed, m.Rule)
		}
	}
	return rules, suppressed
}

// besides reports whether a match of another rule is about something else in an example of a practice: practices come
// together, such as a secret build argument and its record in the provenance.
func (k *check) besides(m *Match, list []Match) bool {
	return k.rule.Kind == KindExposure && m.Rule.Kind == KindExposure && !slices.ContainsFunc(list, func(o Match) bool {
		return o.Rule == k.rule && o.SecretStart < m.SecretEnd && m.SecretStart < o.SecretEnd
	})
}

// runs reports whether the rule can be run on an example here.
func (k *check) runs() bool {
	r := k.rule
	return !r.SkipReport && (len(r.In) == 0 || r.reads(assignment.Text) || k.Read != nil)
}

func (k *check) found(text string) string {
	if !k.runs() {
		return ""
	}
	rules, suppressed := k.finders(text)
	if !slices.Contains(rules, k.rule) {
		switch {
		case slices.Contains(suppressed, k.rule):
			return "is suppressed by a comment or an allowlist"
		case len(rules) > 0:
			return "is found by " + rules[0].ID + " and not by this rule"
		}
		return "is not found"
	}
	for _, r := range rules {
		if r != k.rule && !requires(r, k.rule) && !requires(k.rule, r) {
			return "is found by " + r.ID + " too"
		}
	}
	return ""
}

func (k *check) notFound(text string) string {
	if !k.runs() {
		return ""
	}
	if rules, _ := k.finders(text); slices.Contains(rules, k.rule) {
		return "is found"
	}
	return ""
}

// requires reports whether the composite rule r requires the rule q.
func requires(r, q *Rule) bool {
	return slices.ContainsFunc(r.Required, func(x Required) bool { return x.ID == q.ID })
}
