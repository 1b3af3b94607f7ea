package detect

import (
	"math"
	"regexp/syntax"
	"slices"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/checksum"
	"rummage/detect/plausible"
)

// ownKeys are the keys of a rule that gitleaks does not have. A file that uses one anywhere is rummage's own kind.
var ownKeys = []string{"kind", "severity", "remedy", "references", "checksum", "checksum_wrong", "filter", "in",
	"key", "value", "specificity", "examples", "non_examples"}

// rules reads [[rules]]. In a file of gitleaks' kind a later rule of the same id replaces the earlier one, as there;
// in one of ours it is an error.
func (p *parser) rules(f *rulesFile, t *table) error {
	tables := t.subs("rules")
	foreign := !slices.ContainsFunc(tables, func(rt *table) bool {
		return slices.ContainsFunc(ownKeys, func(k string) bool { _, ok := rt.m[k]; return ok })
	})
	at := make(map[string]int, len(tables))
	for _, rt := range tables {
		r, err := p.rule(rt)
		if err != nil {
			return err
		}
		r.Foreign = foreign
		i, twice := at[r.ID]
		switch {
		case !twice:
			at[r.ID] = len(f.rules)
			f.rules = append(f.rules, r)
		case foreign:
			p.notice(r.origin, "rule %q is given twice: the last one counts", r.ID)
			f.rules[i] = r
		default:
			return rt.file.errorf(rt.at("id"), "rule %q is given twice", r.ID)
		}
	}
	for _, r := range f.rules {
		for _, q := range r.Required {
			if _, ok := at[q.ID]; !ok {
				return r.origin.file.errorf(r.origin.path+".required", "rule %s: required: no rule %q in this file", r.ID, q.ID)
			}
		}
	}
	return nil
}

func (p *parser) rule(t *table) (*Rule, error) {
	r := &Rule{
		ID:          t.str("id"),
		Description: t.str("description"),
		Regex:       t.str("regex"),
		Path:        t.str("path"),
		Entropy:     t.float("entropy"),
		Keywords:    foldAll(t.strs("keywords")),
		Tags:        t.strs("tags"),
		SkipReport:  t.bool("skipReport"),
		origin:      origin{t.file, t.path},
	}
	r.SecretGroup, _ = t.int("secretGroup")
	if r.SecretGroup < 0 {
		t.fail("secretGroup", "rule %s: secretGroup is negative", r.ID)
	}
	if math.IsNaN(r.Entropy) || math.IsInf(r.Entropy, 0) {
		t.fail("entropy", "rule %s: entropy is no number", r.ID)
	}
	ownRule(r, t)
	regexps(t, r.ID, "regex", "path", "key", "value")
	lists := t.subs("allowlists")
	if old := t.sub("allowlist"); old != nil {
		if len(lists) > 0 {
			t.fail("allowlist", "rule %s: allowlist and allowlists exclude one another", r.ID)
		}
		lists = append(lists, old)
	}
	for _, at := range lists {
		a, err := readAllowlist(at)
		if err == nil {
			err = at.finish()
		}
		if err != nil {
			return nil, err
		}
		r.Allowlists = append(r.Allowlists, a)
	}
	for _, qt := range t.subs("required") {
		q, err := readRequired(qt, r.ID)
		if err != nil {
			return nil, err
		}
		r.Required = append(r.Required, q)
	}
	return r, t.finish()
}

// ownRule reads the keys of ownKeys.
func ownRule(r *Rule, t *table) {
	r.Kind = oneOf(t, "kind", KindSecret, KindExposure)
	r.Severity = oneOf(t, "severity", Severities...)
	r.Remedy = t.str("remedy")
	r.References = t.strs("references")
	if r.Checksum = t.str("checksum"); r.Checksum != "" {
		if _, known := checksum.Lookup(r.Checksum); !known {
			t.fail("checksum", "checksum: %q is none of %s", r.Checksum, strings.Join(checksum.Names(), ", "))
		}
	}
	r.ChecksumWrong = oneOf(t, "checksum_wrong", ChecksumDrop, ChecksumMark)
	r.Filter = oneOf(t, "filter", plausible.Names()...)
	r.Key = t.str("key")
	r.Value = t.str("value")
	r.Specificity, r.given.specificity = t.int("specificity")
	r.Examples = t.strs("examples")
	r.NonExamples = t.strs("non_examples")
	for _, c := range t.strs("in") {
		if !contextForm().MatchString(c) {
			t.fail("in", "in: %q is no context", c)
		}
		r.In = append(r.In, assignment.Context(c))
	}
}

// contextForm is that of text.assignment, dockerfile.env, compose.build-arg, dotenv …
var contextForm = lazily(`^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*$`)

// oneOf reads a string that must be one of names when it is there.
func oneOf(t *table, key string, names ...string) string {
	s := t.str(key)
	if s != "" && !slices.Contains(names, s) {
		t.fail(key, "%s: %q is none of %s", key, s, strings.Join(names, ", "))
	}
	return s
}

// foldAll lower-cases keywords; empty ones, which gitleaks never finds, are left out.
func foldAll(words []string) []string {
	var list []string
	for _, w := range words {
		if w = strings.ToLower(w); w != "" {
			list = append(list, w)
		}
	}
	return list
}

func readRequired(t *table, rule string) (Required, error) {
	q := Required{ID: t.str("id"), Lines: -1, Columns: -1}
	if n, has := t.int("withinLines"); has {
		q.Lines = n
	}
	if n, has := t.int("withinColumns"); has {
		q.Columns = n
	}
	if q.ID == "" {
		t.fail("id", "rule %s: required: no id", rule)
	}
	return q, t.finish()
}

// regexps checks the regular expressions at the keys, without compiling them, which would take far longer.
func regexps(t *table, rule string, keys ...string) {
	if t.file.trusted {
		return
	}
	for _, key := range keys {
		v, _ := t.m[key].(string)
		if _, reason := parseRegexp(v); reason != "" {
			t.fail(key, "rule %s: %s: %s", rule, key, reason)
		}
	}
}

// parseRegexp is the number of groups of a regular expression, or what is wrong with it in one line.
func parseRegexp(expr string) (groups int, reason string) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err == nil {
		return re.MaxCap(), ""
	}
	if se, ok := err.(*syntax.Error); ok {
		part := oneLine(se.Expr)
		if len(part) > 60 {
			part = strings.ToValidUTF8(part[:60], "") + "…"
		}
		return 0, "bad regexp: " + string(se.Code) + ": `" + part + "`"
	}
	return 0, "bad regexp: " + oneLine(err.Error())
}

// complete checks a rule after all files are laid over one another, and fills in its defaults.
func (p *parser) complete(r *Rule) error {
	bad := func(key, format string, args ...any) error {
		return r.origin.file.errorf(join(r.origin.path, key), format, args...)
	}
	if r.origin.file == nil {
		return nil // of a set that was complete
	}
	if strings.TrimSpace(r.ID) == "" {
		return bad("", "rule without id")
	}
	if r.Regex == "" && r.Path == "" && len(r.In) == 0 {
		return bad("", "rule %s: neither regex nor path", r.ID)
	}
	if r.reads(assignment.Text) && r.Regex != "" {
		return bad("in", "rule %s: %s and regex exclude one another", r.ID, assignment.Text)
	}
	if len(r.In) > 0 && r.Key == "" && r.Value == "" && (r.Path == "" || r.Regex != "") {
		return bad("in", "rule %s: in without key, value or a path alone", r.ID)
	}
	if len(r.In) == 0 && (r.Key != "" || r.Value != "") {
		return bad("key", "rule %s: key and value need in", r.ID)
	}
	if r.reads(assignment.Text) && len(r.Keywords) == 0 {
		return bad("in", "rule %s: %s needs keywords, which are looked for in names", r.ID, assignment.Text)
	}
	if r.ChecksumWrong != "" && r.Checksum == "" {
		return bad("checksum_wrong", "rule %s: checksum_wrong without checksum", r.ID)
	}
	expr := r.Regex
	if expr == "" {
		expr = r.Value
	}
	if r.SecretGroup > 0 && expr != "" && !r.origin.file.trusted {
		if n, _ := parseRegexp(expr); r.SecretGroup > n {
			return bad("secretgroup", "rule %s: secretGroup is %d, the regexp has %d groups", r.ID, r.SecretGroup, n)
		}
	}
	r.fillDefaults()
	return nil
}

func (r *Rule) fillDefaults() {
	if r.Kind == "" {
		r.Kind = KindSecret
	}
	if r.Severity == "" {
		r.Severity = "high"
	}
	if r.Checksum != "" && r.ChecksumWrong == "" {
		r.ChecksumWrong = ChecksumDrop
	}
	if !r.given.specificity {
		r.Specificity = DefaultSpecificity
		if r.Generic() {
			r.Specificity = GenericSpecificity
		}
	}
}
