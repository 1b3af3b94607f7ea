package detect

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rummage/detect/assignment"
)

// moreNames are rules for names whose readings of an assignment depend on who reads it first.
const moreNames = `
[[rules]]
id = "escaped"
in = ["text.assignment"]
key = '^npassw'
keywords = ["npassw"]
examples = ["x\\npassword = \"{{alnum 9}}\"", "${DB_PASSW-word-{{digits 4}}}"]
[[rules]]
id = "dashed"
in = ["text.assignment"]
key = '(?i)^db_passw'
value = '^word'
keywords = ["db_"]
examples = ["${DB_PASSW-word-{{digits 4}}}"]
[[rules]]
id = "in-dockerfile"
in = ["dockerfile.env"]
key = '(?i)passw'
value = '.'
keywords = ["passw"]
examples = ["ENV password=a"]
[[rules]]
id = "any-in-dockerfile"
kind = "exposure"
in = ["dockerfile.env"]
key = '^[a-m]'
examples = ["ENV b=a"]
`

// randomRules takes some of the rules and changes some of these, in ways of which not all change what they find.
func randomRules(r *rand.Rand, from []*Rule) *Ruleset {
	var rules []*Rule
	for _, rule := range from {
		if r.IntN(4) == 0 && rule.ID != "unneeded-words" { // which another one requires
			continue
		}
		c := *rule
		switch r.IntN(12) {
		case 0:
			c.Keywords = append(slices.Clone(c.Keywords), []string{"npassw", "tok_", "word", "acme"}[r.IntN(4)])
		case 1:
			if len(c.Keywords) > 1 {
				c.Keywords = c.Keywords[1:]
			}
		case 2:
			c.Allowlists = nil
		case 3:
			c.Allowlists = []*Allowlist{{Regexes: []string{"[0-4]"}, Target: TargetSecret}}
		case 4:
			c.Entropy = float64(r.IntN(5))
		case 5:
			c.Specificity = r.IntN(300)
		case 6:
			c.SkipReport = !c.SkipReport
		case 7:
			c.Key = []string{"", "(?i)word", "^d", "^n"}[r.IntN(4)]
			if len(c.In) == 0 {
				c.Key = ""
			}
		case 8:
			c.Foreign = c.Regex != "" && len(c.In) == 0 && r.IntN(2) == 0
		case 9:
			c.Required = nil
			if c.Regex != "" && r.IntN(2) == 0 {
				c.Required = []Required{{ID: "unneeded-words", Lines: r.IntN(3), Columns: -1}}
			}
		}
		rules = append(rules, &c)
	}
	var allowlists []*Allowlist
	if r.IntN(2) == 0 {
		allowlists = []*Allowlist{{Stopwords: []string{[]string{"a", "sampleword", "1"}[r.IntN(3)]}}}
	}
	return newRuleset(rules, allowlists, nil)
}

// changedRules are the rules of now that before has not, or has with other hashes.
func changedRules(before, now *Ruleset) (ids []string) {
	was := before.RuleHashes()
	for id, hash := range now.RuleHashes() {
		if was[id] != hash {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// TestChanged: where some rules find nothing, and others find nothing with the rules that are changed, these find nothing at all.
func TestChanged(t *testing.T) {
	base := mustParse(t, variousRules+moreNames).Rules()
	r := rand.New(rand.NewPCG(11, 12))
	clean, hot, kept, both := 0, 0, 0, 0
	for round := range 150 {
		before := randomRules(r, base)
		now := randomRules(r, [][]*Rule{base, before.Rules()}[round%2]) // some changes of changes
		ids := changedRules(before, now)
		changed := now.Changed(ids)
		kept += len(now.Rules()) - len(ids)
		was, is := New(before).Matcher(), New(now).Matcher()
		var again *Matcher
		if changed != nil {
			again = New(changed).Matcher()
		}
		v := variousTexts{newRuleset(base, nil, nil), r}
		for range 60 {
			text := []byte(v.text())
			if len(was.Match(text)) > 0 {
				continue
			}
			found := is.Match(text)
			if again == nil || len(again.Match(text)) == 0 {
				clean++
				if len(found) > 0 {
					t.Fatalf("round %d: text %q\nwith %v changed of %v:\n%s", round, text, ids, slices.Sorted(maps.Keys(now.byID)), tell(New(now), found))
				}
				continue
			}
			if hot++; len(found) > 0 {
				both++
			}
		}
	}
	if clean < 500 || hot < 100 || both*10 < hot*8 || kept < 500 {
		t.Errorf("%d texts clean, %d not, of which %d have something; %d rules unchanged", clean, hot, both, kept)
	}
}

// TestChangedOthers: what a rule that did not change finds, or one that did, may depend on others.
func TestChangedOthers(t *testing.T) {
	name := func(id, keyword, key string) *Rule {
		return &Rule{ID: id, Kind: KindSecret, In: []assignment.Context{assignment.Text}, Key: key, Keywords: []string{keyword}}
	}
	needy := &Rule{ID: "needy", Kind: KindSecret, Regex: "user=[a-z]+", Required: []Required{{ID: "needed", Lines: -1, Columns: -1}}}
	needed := func(regex string) *Rule { return &Rule{ID: "needed", Kind: KindSecret, SkipReport: true, Regex: regex} }
	for title, c := range map[string]struct {
		before, now []*Rule
		text        string
	}{
		"the first to read a name is gone": {[]*Rule{name("a", "npassw", "^z"), name("b", "passw", "^passw")}, []*Rule{name("b", "passw", "^passw")},
			`x\npassword = "kX82mQp4vT"`},
		"another reads the name first": {[]*Rule{name("a", "npassw", "^z"), name("c", "passw", "^z")},
			[]*Rule{name("a", "npassw", "^z"), name("b", "passw", "^npassw"), name("c", "passw", "^z")}, `x\npassword = "kX82mQp4vT"`},
		"what is required has changed": {[]*Rule{needy, needed("WXYZ")}, []*Rule{needy, needed("ABCD")}, "user=abc ABCD"},
		"what is required is there":    {[]*Rule{needy}, []*Rule{needy, needed("ABCD")}, "user=abc ABCD"},
	} {
		before, now := newRuleset(c.before, nil, nil), newRuleset(c.now, nil, nil)
		if len(New(before).Matcher().Match([]byte(c.text))) > 0 || len(New(now).Matcher().Match([]byte(c.text))) == 0 {
			t.Errorf("%s: the text is to be clean before and not now", title)
		}
		if changed := now.Changed(changedRules(before, now)); changed == nil || len(New(changed).Matcher().Match([]byte(c.text))) == 0 {
			t.Errorf("%s: nothing is found with %v", title, changedRules(before, now))
		}
	}
}

// TestChangedReadings is TestChanged of structured files: what a reader overrules depends on all rules.
func TestChangedReadings(t *testing.T) {
	base := mustParse(t, variousRules+moreNames).Rules()
	r := rand.New(rand.NewPCG(13, 14))
	clean, hot := 0, 0
	for range 120 {
		before, now := randomRules(r, base), randomRules(r, base)
		changed := now.Changed(changedRules(before, now))
		for range 20 {
			name := []string{"password", "db_password", "token", "npassword", "x", "TOK_A"}[r.IntN(6)]
			text := []byte("ENV " + name + "=" + []string{"word12", "a", "kX82mQp4vT", ""}[r.IntN(4)] + []string{"\n", " # tok_\n"}[r.IntN(2)])
			reading := Reading{Assignments: []assignment.Assignment{{Context: "dockerfile.env",
				Name: assignment.Span{Start: 4, End: 4 + len(name)}, Value: assignment.Span{Start: 5 + len(name), End: strings.IndexAny(string(text[4:]), "\n ") + 4}}}}
			found := func(rs *Ruleset) bool {
				plain, with := New(rs).Matcher().MatchEach(text, []Reading{reading})
				return len(plain) > 0 || len(with[0]) > 0
			}
			switch {
			case found(before):
			case changed != nil && found(changed):
				hot++
			default:
				if clean++; found(now) {
					t.Fatalf("%q: with %v changed", text, changedRules(before, now))
				}
			}
		}
	}
	if clean < 200 || hot < 100 {
		t.Errorf("%d texts clean, %d not", clean, hot)
	}
}

// TestRuleHashes: which changes of a ruleset have which rules searched for.
func TestRuleHashes(t *testing.T) {
	base := mustParse(t, variousRules+moreNames)
	with := func(change func(byID map[string]*Rule)) *Ruleset {
		byID := map[string]*Rule{}
		for _, r := range base.Rules() {
			c := *r
			byID[c.ID] = &c
		}
		change(byID)
		return newRuleset(slices.Collect(maps.Values(byID)), nil, nil)
	}
	for name, c := range map[string]struct {
		change func(byID map[string]*Rule)
		want   string
	}{
		"nothing":               {func(map[string]*Rule) {}, ""},
		"description, severity": {func(m map[string]*Rule) { m["bounded"].Description, m["bounded"].Severity = "x", "low" }, ""},
		"allowlists":            {func(m map[string]*Rule) { m["assigned"].Allowlists, m["bounded"].Allowlists = nil, []*Allowlist{{}} }, ""},
		"specificity":           {func(m map[string]*Rule) { m["bounded"].Specificity = 1 }, ""},
		"removed":               {func(m map[string]*Rule) { delete(m, "bounded"); delete(m, "composite") }, ""},
		"path of a name":        {func(m map[string]*Rule) { m["named"].Path = "x" }, ""},
		"expression":            {func(m map[string]*Rule) { m["bounded"].Regex += "x" }, "bounded"},
		"entropy":               {func(m map[string]*Rule) { m["bounded"].Entropy = 1 }, "bounded"},
		"required":              {func(m map[string]*Rule) { m["unneeded-words"].Regex += "x" }, "composite unneeded-words"},
		"required is gone":      {func(m map[string]*Rule) { delete(m, "unneeded-words") }, "composite"},
		"reported now":          {func(m map[string]*Rule) { m["helper"].SkipReport = false }, "helper"},
		"not reported now":      {func(m map[string]*Rule) { m["bounded"].SkipReport = true }, "bounded"},
		"keyword of a name":     {func(m map[string]*Rule) { m["in-dockerfile"].Keywords = []string{"assw"} }, "assigned dashed escaped in-dockerfile"},
		"keyword that others have": {func(m map[string]*Rule) { m["dashed"].Keywords = []string{"db_", "passw"} },
			"dashed"},
	} {
		if got := strings.Join(changedRules(base, with(c.change)), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if base.Changed([]string{"named", "helper", "none"}) != nil {
		t.Error("something is to be searched for that finds nothing")
	}
}
