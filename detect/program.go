package detect

import (
	"regexp"
	"regexp/syntax"
	"sync"

	"rummage/detect/checksum"
	"rummage/detect/plausible"
	"rummage/detect/reach"
)

// program is a rule made ready to run; its costly parts are made at their first use.
type program struct {
	rule     *Rule
	keywords []string // the rule's, or what stands for them
	words    []int32  // of keywords

	hint *hint // nil: not known

	once     sync.Once
	key      *regexp.Regexp
	value    *regexp.Regexp
	near     *extent // around a keyword, within which the matches with it lie; nil: anywhere in the blob
	tail     *tail   // must match at a keyword; nil: not known
	filter   plausible.Filter
	checksum *checksum.Scheme

	reOnce sync.Once
	re     *regexp.Regexp // over content

	pathOnce sync.Once
	path     *regexp.Regexp

	placed   bool // its matches depend on the place of the blob
	requires []requirement
	broken   bool // requires a rule that is not there, so that it never matches
	isText   bool // reads assignments in text
}

// requirement is a Required with the index of its rule.
type requirement struct {
	rule           int32
	lines, columns int
}

// margin is how many bytes around the longest match a window holds in addition. An assertion looks at one byte on
// either side; and the bytes of a rune cut by the window's start end within three bytes.
const margin = 8

// ready prepares what it takes to know where to look for the rule's matches.
func (p *program) ready() *program {
	p.once.Do(func() {
		r := p.rule
		if r.Regex != "" {
			p.locate()
		}
		if r.Key != "" {
			p.key = mustCompile(r.Key)
		}
		if r.Value != "" {
			p.value = mustCompile(r.Value)
		}
		if r.Filter != "" {
			p.filter, _ = plausible.Named(r.Filter)
		}
		if r.Checksum != "" {
			p.checksum, _ = checksum.Lookup(r.Checksum)
		}
	})
	return p
}

// bound reports whether every match of the expression is proved to have one of the keywords inside, so that matches are
// looked for around those.
func (p *program) bound() bool {
	if p.rule.Regex == "" || len(p.keywords) == 0 {
		return false
	}
	info, err := reach.Analyze(foldASCII(p.rule.Regex))
	return err == nil && info.Necessary(p.keywords)
}

// locate finds out where matches of the expression over content can be.
func (p *program) locate() {
	if p.hint != nil && !p.hint.bound || p.hint == nil && !p.bound() {
		return
	}
	if p.hint != nil && p.hint.location != "" {
		var ok bool
		if p.near, p.tail, ok = readLocation(p.hint.location); ok {
			return
		}
		p.near, p.tail = nil, nil
	}
	tree := p.tree()
	if tree == nil {
		return
	}
	x := extentOf(tree)
	p.near = &x
	p.tail = tailOf(tree, p.keywords)
}

// tree is the expression over content, parsed, for whoever asks to change.
func (p *program) tree() *syntax.Regexp {
	tree, err := syntax.Parse(p.rule.Regex, syntax.Perl)
	if err != nil {
		return nil
	}
	tree, _ = foldTree(tree)
	return tree
}

// regexp is the expression over content, nil for a rule without one. It is compiled apart from the rest, because most
// rules of which a keyword is found find no place to run it on.
func (p *program) regexp() *regexp.Regexp {
	p.reOnce.Do(func() {
		if p.rule.Regex != "" {
			p.re = mustCompile(foldASCII(p.rule.Regex))
		}
	})
	return p.re
}

// atPath reports whether the rule's path criterion holds.
func (p *program) atPath(path string) bool {
	if p.rule.Path == "" {
		return true
	}
	p.pathOnce.Do(func() { p.path = mustCompile(foldASCII(p.rule.Path)) })
	return p.path.MatchString(path)
}
