package detect

import (
	"fmt"
	"strings"
)

// globalAllowlists reads [[allowlists]] and the older [allowlist].
func (f *rulesFile) globalAllowlists(t *table) error {
	lists := t.subs("allowlists")
	if old := t.sub("allowlist"); old != nil {
		if len(lists) > 0 {
			return t.file.errorf("allowlist", "allowlist and allowlists exclude one another")
		}
		lists = append(lists, old)
	}
	for _, at := range lists {
		a, err := readAllowlist(at)
		if err != nil {
			return err
		}
		targets := at.strs("targetRules")
		if err := at.finish(); err != nil {
			return err
		}
		for _, id := range targets {
			f.targeted = append(f.targeted, targeted{rule: id, allowlist: a, origin: origin{at.file, at.at("targetRules")}})
		}
		if len(targets) == 0 {
			f.allowlists = append(f.allowlists, a)
		}
	}
	return nil
}

// readAllowlist reads what allowlists of rules and of files have in common. The caller finishes the table.
func readAllowlist(t *table) (*Allowlist, error) {
	a := &Allowlist{
		Description: t.str("description"),
		Paths:       t.strs("paths"),
		Regexes:     t.strs("regexes"),
		Stopwords:   foldAll(t.strs("stopwords")),
	}
	for _, c := range t.strs("commits") {
		a.Commits = append(a.Commits, strings.ToLower(strings.TrimSpace(c)))
	}
	switch c := t.str("condition"); strings.ToUpper(c) {
	case "", "OR", "||":
	case "AND", "&&":
		a.All = true
	default:
		t.fail("condition", "condition: %q is none of OR, AND", c)
	}
	a.Target = TargetSecret
	if s := oneOf(t, "regexTarget", string(TargetSecret), string(TargetMatch), string(TargetLine)); s != "" {
		a.Target = Target(s)
	}
	if !a.placed() && !a.judgesContent() {
		t.fail("", "allowlist without commits, paths, regexes or stopwords")
	}
	allowlistRegexps(t, "paths", a.Paths)
	allowlistRegexps(t, "regexes", a.Regexes)
	return a, t.err
}

func allowlistRegexps(t *table, key string, exprs []string) {
	if t.file.trusted {
		return
	}
	for i, expr := range exprs {
		if _, reason := parseRegexp(expr); reason != "" {
			t.fail(fmt.Sprintf("%s[%d]", key, i), "%s: %s", key, reason)
		}
	}
}
