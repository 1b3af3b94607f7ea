package detect

import (
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/literal"
	"rummage/detect/reach"
)

// nameRules are the rules that judge a path alone. A repository has many more paths than such rules have matches, so
// words that the matches cannot do without are looked for first, all at once.
type nameRules struct {
	rules []int32
	index func() // prepares what follows, once
	set   *literal.Set
	words [][]int32 // by word: rules that need it
	rest  []int32   // rules without such words
}

// firesIn says whether a rule that judges a path alone does so in a context, see NamedRules.
func (r *Rule) firesIn(in assignment.Context) bool {
	return in == "" && len(r.In) == 0 || in != "" && slices.Contains(r.In, in)
}

func (d *Detector) indexNames() {
	n := &d.names
	var words []string
	for _, i := range n.rules {
		literals := d.programs[i].nameWords()
		if len(literals) == 0 {
			n.rest = append(n.rest, i)
		}
		for _, l := range literals {
			w := slices.Index(words, l)
			if w < 0 {
				w = len(words)
				words = append(words, l)
				n.words = append(n.words, nil)
			}
			n.words[w] = append(n.words[w], i)
		}
	}
	n.set = newSet(words, d.rules.nameLayout)
}

// nameWords are words of which every path that a rule by name fires for has one; nil when none are known.
func (p *program) nameWords() []string {
	if p.hint != nil {
		return p.hint.names
	}
	info, err := reach.Analyze(foldASCII(p.rule.Path))
	if err != nil {
		return nil
	}
	return info.Literals()
}

// HasNameRules reports whether any rule judges a path alone.
func (d *Detector) HasNameRules() bool { return len(d.names.rules) > 0 }

// NamedRules are the rules that fire by a blob's path alone where it stands in a context (empty: those that fire
// anywhere), sorted by id. Whether an allowlist suppresses them there is told by PlacedAt of a Match that has this Rule and
// nothing else.
func (d *Detector) NamedRules(path string, in assignment.Context) []*Rule {
	if path == "" || len(d.names.rules) == 0 {
		return nil
	}
	d.names.index()
	n := &d.names
	may := n.rest[:len(n.rest):len(n.rest)]
	if n.set != nil {
		n.set.Find([]byte(path), func(word, _ int) bool {
			may = append(may, n.words[word]...)
			return true
		})
	}
	var rules []*Rule
	for _, i := range may {
		p := &d.programs[i]
		if p.rule.firesIn(in) && !p.rule.SkipReport && p.atPath(path) && !slices.Contains(rules, p.rule) {
			rules = append(rules, p.rule)
		}
	}
	slices.SortFunc(rules, func(a, b *Rule) int { return int(d.byRule[a]) - int(d.byRule[b]) })
	return rules
}
