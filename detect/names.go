package detect

import (
	"slices"
	"strings"
	"sync/atomic"

	"rummage/detect/assignment"
	"rummage/detect/literal"
	"rummage/detect/reach"
)

// nameRules are the rules that judge a path alone. A repository has many more paths than such rules have matches, so
// words that the matches cannot do without are looked for first, all at once.
type nameRules struct {
	rules []int32
	list  func() // prepares what follows, once
	words []string
	of    [][]int32 // by word: rules that need it
	rest  []int32   // rules without such words

	asked atomic.Int32
	set   func() *literal.Set // of the words; nil when there are none
}

// fewNames is how many paths are looked through word by word: a hook asks for so few that the set would take longer to make.
const fewNames = 256

// firesIn says whether a rule that judges a path alone does so in a context, see NamedRules.
func (r *Rule) firesIn(in assignment.Context) bool {
	return in == "" && len(r.In) == 0 || in != "" && slices.Contains(r.In, in)
}

func (d *Detector) listNames() {
	n := &d.names
	for _, i := range n.rules {
		literals := d.programs[i].nameWords()
		if len(literals) == 0 {
			n.rest = append(n.rest, i)
		}
		for _, l := range literals {
			w := slices.Index(n.words, l)
			if w < 0 {
				w = len(n.words)
				n.words = append(n.words, l)
				n.of = append(n.of, nil)
			}
			n.of[w] = append(n.of[w], i)
		}
	}
}

// nameSet has the words of all rules that judge a path alone.
func (d *Detector) nameSet() *literal.Set {
	d.names.list()
	return newSet(d.names.words, d.rules.laid.names)
}

// within calls found for each word that is in a path.
func (n *nameRules) within(path string, found func(word int)) {
	if n.asked.Load() < fewNames {
		n.asked.Add(1)
		path = asciiLower(path)
		for i, w := range n.words {
			if strings.Contains(path, w) {
				found(i)
			}
		}
		return
	}
	if set := n.set(); set != nil {
		set.Find([]byte(path), func(word, _ int) bool {
			found(word)
			return true
		})
	}
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
	n := &d.names
	n.list()
	may := n.rest[:len(n.rest):len(n.rest)]
	n.within(path, func(word int) { may = append(may, n.of[word]...) })
	var rules []*Rule
	for _, i := range may {
		p := &d.programs[i]
		if p.rule.firesIn(in) && !p.rule.SkipReport && p.atPath(path) && !slices.Contains(rules, p.rule) {
			rules = append(rules, p.rule)
		}
	}
	number := d.byRule()
	slices.SortFunc(rules, func(a, b *Rule) int { return int(number[a]) - int(number[b]) })
	return rules
}
