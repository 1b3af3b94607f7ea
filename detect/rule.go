package detect

import (
	"slices"
	"strings"
	"sync"

	"rummage/detect/assignment"
)

// Kinds of findings that a rule makes.
const (
	KindSecret   = "secret"   // a credential's value is there
	KindExposure = "exposure" // a practice that leaks one
)

// Severities, worst first.
var Severities = []string{"critical", "high", "medium", "low", "info"}

// What a wrong checksum does to a match (checksum_wrong).
const (
	ChecksumDrop = "drop" // it is no match
	ChecksumMark = "mark" // it stays, with severity low and the tag checksum-wrong
)

// DefaultSpecificity is that of a rule that names none; a rule with "generic" in its id has GenericSpecificity.
const (
	DefaultSpecificity = 100
	GenericSpecificity = 10
)

// Rule is one entry of a rules file, validated, with its defaults filled in. It must not be changed.
type Rule struct {
	ID          string
	Description string
	Kind        string // KindSecret or KindExposure
	Severity    string // one of Severities
	Remedy      string
	Tags        []string
	References  []string

	Regex       string // Go regexp over content; empty for a rule of names or of assignments
	Path        string // Go regexp over the path; alone it makes a rule of names
	SecretGroup int    // 0: the first group that is not empty, or the whole match
	Entropy     float64
	Keywords    []string // lower case; a match's text is only searched where one of them is
	SkipReport  bool     // runs only for rules that require it
	Allowlists  []*Allowlist
	Required    []Required

	// In are the contexts whose assignments Key, Value and Filter judge; of a rule with nothing but a Path, those where it
	// fires: without them, wherever a file stands.
	In    []assignment.Context
	Key   string // Go regexp over the name of an assignment
	Value string // Go regexp over its value

	Checksum      string // name of an offline validator
	ChecksumWrong string // ChecksumDrop or ChecksumMark
	Filter        string // name of a plausibility filter
	Specificity   int    // of overlapping matches the higher one wins

	Examples    []string // templates; each is found by exactly this rule
	NonExamples []string // templates that this rule does not find

	// Foreign says that the rule came from a file that uses gitleaks' keys only. Foreign rules keep gitleaks' way of
	// settling overlaps among themselves.
	Foreign bool

	// given are the optional keys that the file set, so that a child overrides only what it names.
	given  given
	origin origin
}

// given holds what a rules file said before defaults were filled in.
type given struct {
	specificity bool
}

// origin says where a rule was read, for messages.
type origin struct {
	file *source
	path string // path of the table in the file, as the locator writes it
}

func (o origin) String() string {
	if o.file == nil {
		return ""
	}
	return o.file.at(o.path)
}

// Generic reports whether this is one of the rules that gitleaks lets lose against any other on the same line.
func (r *Rule) Generic() bool { return strings.Contains(strings.ToLower(r.ID), "generic") }

// NameOnly reports whether the rule judges a path alone.
func (r *Rule) NameOnly() bool {
	return r.Regex == "" && r.Key == "" && r.Value == "" && r.Path != ""
}

// reads reports whether the rule judges assignments of context c.
func (r *Rule) reads(c assignment.Context) bool { return slices.Contains(r.In, c) }

// placed reports whether the rule's matches depend on where a blob stands.
func (r *Rule) placed() bool {
	if r.Path != "" {
		return true
	}
	return slices.ContainsFunc(r.Allowlists, (*Allowlist).placed)
}

// Required names a rule that must match near a match of the rule that requires it.
type Required struct {
	ID string
	// Lines and Columns bound how far apart the starts of the two matches are; -1 is no bound.
	Lines, Columns int
}

// Target says what the regexes of an allowlist are tested on.
type Target string

// Targets of an allowlist's regexes.
const (
	TargetSecret Target = "secret"
	TargetMatch  Target = "match"
	TargetLine   Target = "line"
)

// Allowlist describes matches that are not to be reported. It must not be changed.
type Allowlist struct {
	Description string
	All         bool     // condition AND: every criterion that is given must hold; otherwise one is enough
	Commits     []string // full ids, lower case
	Paths       []string // Go regexps, unanchored
	Target      Target
	Regexes     []string // Go regexps, unanchored
	Stopwords   []string // lower case; substrings of the lower-cased secret

	compiled compiledAllowlist
}

// placed reports whether the allowlist looks at where a blob stands.
func (a *Allowlist) placed() bool { return len(a.Commits) > 0 || len(a.Paths) > 0 }

// judgesContent reports whether the allowlist looks at what was matched.
func (a *Allowlist) judgesContent() bool { return len(a.Regexes) > 0 || len(a.Stopwords) > 0 }

// Ruleset is an immutable, validated set of rules, sorted by id.
type Ruleset struct {
	rules      []*Rule
	byID       map[string]*Rule
	allowlists []*Allowlist // of all rules
	notices    []string
	hash       func() string
	laid       layouts // of a set that was restored, as are hints
	hints      []hint  // by rule
}

// Rules are all rules, sorted by id. The slice must not be changed.
func (rs *Ruleset) Rules() []*Rule { return rs.rules }

// Rule is the rule of that id, or nil.
func (rs *Ruleset) Rule(id string) *Rule { return rs.byID[id] }

// Allowlists are those that hold for all rules. The slice must not be changed.
func (rs *Ruleset) Allowlists() []*Allowlist { return rs.allowlists }

// Notices are things about the file worth telling its author that are no errors, one line each.
func (rs *Ruleset) Notices() []string { return rs.notices }

// Hash identifies everything in the ruleset that changes matches: 64 hexadecimal digits, the same for the same
// meaning, whatever the order of the rules in the file.
func (rs *Ruleset) Hash() string { return rs.hash() }

// newRuleset sorts the rules, of which no two have the same id.
func newRuleset(rules []*Rule, allowlists []*Allowlist, notices []string) *Ruleset {
	rs := &Ruleset{rules: rules, allowlists: allowlists, notices: notices, byID: make(map[string]*Rule, len(rules))}
	slices.SortFunc(rs.rules, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range rs.rules {
		rs.byID[r.ID] = r
	}
	rs.hash = sync.OnceValue(func() string { return hashRuleset(rs) })
	return rs
}

// Merge lays rulesets over one another: of rules with the same id the one in the later set stands, whole; the
// allowlists for all rules are those of every set. The sets are not changed.
func Merge(sets ...*Ruleset) (*Ruleset, error) {
	byID := map[string]*Rule{}
	var allowlists []*Allowlist
	var notices []string
	for _, rs := range sets {
		if rs == nil {
			continue
		}
		for _, r := range rs.rules {
			byID[r.ID] = r
		}
		allowlists = append(allowlists, rs.allowlists...)
		notices = append(notices, rs.notices...)
	}
	rules := make([]*Rule, 0, len(byID))
	for _, r := range byID {
		rules = append(rules, r)
	}
	return newRuleset(rules, allowlists, notices), nil
}

// Only is the ruleset of the rules with some ids, and of those that they require. Matches that lost against other rules' may
// be matches of it.
func (rs *Ruleset) Only(ids []string) *Ruleset {
	kept := map[string]bool{}
	var rules []*Rule
	for ids = slices.Clone(ids); len(ids) > 0; {
		id := ids[len(ids)-1]
		ids = ids[:len(ids)-1]
		r := rs.byID[id]
		if r == nil || kept[id] {
			continue
		}
		kept[id] = true
		rules = append(rules, r)
		for _, q := range r.Required {
			ids = append(ids, q.ID)
		}
	}
	return newRuleset(rules, rs.allowlists, nil)
}
