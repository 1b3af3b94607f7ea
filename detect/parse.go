package detect

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

// Options are what Parse needs beside the file.
type Options struct {
	// Load reads the file that [extend] path names, a path as the file spells it. Without it such a file is an error.
	Load func(path string) ([]byte, error)
	// Default is the rules file that [extend] useDefault stands for. It is trusted.
	Default []byte
	// DefaultSet stands for useDefault in place of Default when it is not nil: the same rules, already read.
	DefaultSet *Ruleset
	// Trusted says that the rules are known to be sound, as those built into the program are, which a test has
	// checked: regular expressions are then not looked at before their first use, and Parse takes a fraction of the
	// time. A bad regular expression in a trusted file is a panic at its first use.
	Trusted bool
}

// Bounds of a rules file. The TOML reader recurses into tables and arrays and takes quadratic time for keys in one
// another; gitleaks' own file nests two deep.
const (
	maxRulesFile = 32 << 20
	maxNesting   = 64
	maxExtend    = 2 // files below one another, as in gitleaks
)

// Parse reads a rules file: gitleaks 8.30's configuration with rummage's keys beside. Its name is only for messages.
// Errors name file, line and reason. The file's bytes are kept for later messages.
func Parse(name string, data []byte, o Options) (*Ruleset, error) {
	p := parser{o: o}
	f, err := p.file(name, data, o.Trusted, 0)
	if err != nil {
		return nil, err
	}
	for _, t := range f.targeted {
		i := slices.IndexFunc(f.rules, func(r *Rule) bool { return r.ID == t.rule })
		if i < 0 {
			return nil, t.origin.file.errorf(t.origin.path, "targetRules: no rule %q", t.rule)
		}
		f.rules[i].Allowlists = slices.Concat(f.rules[i].Allowlists, []*Allowlist{t.allowlist})
	}
	for _, r := range f.rules {
		if err := p.complete(r); err != nil {
			return nil, err
		}
	}
	return newRuleset(f.rules, f.allowlists, p.notices), nil
}

// parser reads one file and those it extends.
type parser struct {
	o       Options
	notices []string
}

// rulesFile is what one file says, after it was laid over the one it extends.
type rulesFile struct {
	rules      []*Rule
	allowlists []*Allowlist
	targeted   []targeted
}

// targeted is an allowlist of targetRules: it belongs to one rule, which may be one of the extended file.
type targeted struct {
	rule      string
	allowlist *Allowlist
	origin    origin
}

// extend is the [extend] table.
type extend struct {
	path       string
	useDefault bool
	disabled   []string
}

func (p *parser) notice(o origin, format string, args ...any) {
	p.notices = append(p.notices, o.String()+": "+fmt.Sprintf(format, args...))
}

func (p *parser) file(name string, data []byte, trusted bool, depth int) (*rulesFile, error) {
	src := newSource(name, string(data))
	src.trusted = trusted
	m, err := decodeTOML(src)
	if err != nil {
		return nil, err
	}
	t := newTable(src, "", m)
	t.str("title")
	t.str("description")
	p.minVersion(t)
	ext := readExtend(t)
	f := &rulesFile{}
	if err := p.rules(f, t); err != nil {
		return nil, err
	}
	if err := f.globalAllowlists(t); err != nil {
		return nil, err
	}
	if err := t.finish(); err != nil {
		return nil, err
	}
	if ext == nil || depth == maxExtend {
		return f, nil
	}
	return f, p.extend(f, src, ext, depth)
}

// decodeTOML reads the text into maps.
func decodeTOML(src *source) (map[string]any, error) {
	if len(src.data) > maxRulesFile {
		return nil, src.errorf("", "rules file of more than %d MiB", maxRulesFile>>20)
	}
	if !src.trusted {
		if line := tooDeep(src.data); line > 0 {
			return nil, &ParseError{File: src.name, Line: line, Reason: fmt.Sprintf("nested more than %d deep", maxNesting)}
		}
	}
	var m map[string]any
	if _, err := toml.Decode(src.data, &m); err != nil {
		var pe toml.ParseError
		if errors.As(err, &pe) {
			return nil, &ParseError{File: src.name, Line: max(pe.Position.Line, 1), Reason: oneLine(pe.Message)}
		}
		return nil, src.errorf("", "%s", oneLine(err.Error()))
	}
	return m, nil
}

// oneLine keeps a message of someone else's making on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// lazily is an expression that is compiled when it is asked for: the built-in rules are checked already.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

var versionForm = lazily(`^v?[0-9]+(\.[0-9]+)*([-+~][0-9A-Za-z.+~-]*)?$`)

// minVersion checks the form alone: rummage has no gitleaks version of its own that could be too old.
func (p *parser) minVersion(t *table) {
	if v := strings.TrimSpace(t.str("minVersion")); v != "" && !versionForm().MatchString(v) {
		t.fail("minVersion", "minVersion: no version number")
	}
}

func readExtend(t *table) *extend {
	e := t.sub("extend")
	if e == nil {
		return nil
	}
	ext := &extend{path: e.str("path"), useDefault: e.bool("useDefault"), disabled: e.strs("disabledRules")}
	e.str("url") // read and never used by gitleaks
	if ext.path != "" && ext.useDefault {
		e.fail("path", "extend: path and useDefault exclude one another")
	}
	if err := e.finish(); err != nil && t.err == nil {
		t.err = err
	}
	return ext
}

// extend lays f over the file that it extends.
func (p *parser) extend(f *rulesFile, src *source, ext *extend, depth int) error {
	if !ext.useDefault && ext.path == "" {
		return nil
	}
	base, name, err := p.base(src, ext, depth)
	if err != nil {
		return err
	}
	for _, id := range ext.disabled {
		if !slices.ContainsFunc(base.rules, func(r *Rule) bool { return r.ID == id }) {
			p.notice(origin{src, "extend.disabledrules"}, "disabledRules: %s has no rule %q", name, id)
		}
	}
	for _, t := range base.targeted {
		// As gitleaks: such allowlists count in the outermost file only.
		p.notice(t.origin, "targetRules of an extended file has no effect")
	}
	f.lay(base, ext.disabled)
	return nil
}

// base is the file that a file extends, and its name.
func (p *parser) base(src *source, ext *extend, depth int) (f *rulesFile, name string, err error) {
	if ext.useDefault {
		name = "default rules"
		if p.o.DefaultSet != nil {
			return asFile(p.o.DefaultSet), name, nil
		}
		if len(bytes.TrimSpace(p.o.Default)) == 0 {
			return nil, "", src.errorf("extend.usedefault", "extend: there are no default rules")
		}
		f, err = p.file(name, p.o.Default, true, depth+1)
		return f, name, err
	}
	if p.o.Load == nil {
		return nil, "", src.errorf("extend.path", "extend: path cannot be read here")
	}
	data, err := p.o.Load(ext.path)
	if err != nil {
		return nil, "", src.errorf("extend.path", "extend: %s", oneLine(err.Error()))
	}
	f, err = p.file(ext.path, data, src.trusted, depth+1)
	return f, ext.path, err
}

// asFile is a ruleset as the base of a file. Its rules are copied, because what is laid over them changes them.
func asFile(rs *Ruleset) *rulesFile {
	f := &rulesFile{allowlists: rs.allowlists, rules: make([]*Rule, len(rs.rules))}
	for i, r := range rs.rules {
		c := *r
		c.given.specificity = true
		f.rules[i] = &c
	}
	return f
}

// lay puts f over base, as gitleaks does.
func (f *rulesFile) lay(base *rulesFile, disabled []string) {
	mine := make(map[string]int, len(f.rules))
	for i, r := range f.rules {
		mine[r.ID] = i
	}
	for _, b := range base.rules {
		if slices.Contains(disabled, b.ID) {
			continue
		}
		if i, both := mine[b.ID]; both {
			f.rules[i] = overlay(b, f.rules[i])
		} else {
			f.rules = append(f.rules, b)
		}
	}
	f.allowlists = append(f.allowlists, base.allowlists...)
}

// overlay is base with what child sets. Numbers cannot be set back to 0; lists are joined; required and skipReport
// are those of base, whatever child says: all as in gitleaks.
func overlay(base, child *Rule) *Rule {
	r := *base
	take := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	take(&r.Description, child.Description)
	take(&r.Regex, child.Regex)
	take(&r.Path, child.Path)
	take(&r.Kind, child.Kind)
	take(&r.Severity, child.Severity)
	take(&r.Remedy, child.Remedy)
	take(&r.Checksum, child.Checksum)
	take(&r.ChecksumWrong, child.ChecksumWrong)
	take(&r.Filter, child.Filter)
	take(&r.Key, child.Key)
	take(&r.Value, child.Value)
	if child.Entropy != 0 {
		r.Entropy = child.Entropy
	}
	if child.SecretGroup != 0 {
		r.SecretGroup = child.SecretGroup
	}
	if child.given.specificity {
		r.Specificity, r.given.specificity = child.Specificity, true
	}
	if len(child.In) > 0 {
		r.In = child.In
	}
	r.Tags = slices.Concat(base.Tags, child.Tags)
	r.Keywords = slices.Concat(base.Keywords, child.Keywords)
	r.References = slices.Concat(base.References, child.References)
	r.Examples = slices.Concat(base.Examples, child.Examples)
	r.NonExamples = slices.Concat(base.NonExamples, child.NonExamples)
	r.Allowlists = slices.Concat(base.Allowlists, child.Allowlists)
	r.Foreign = base.Foreign && child.Foreign
	r.origin = child.origin
	return &r
}
