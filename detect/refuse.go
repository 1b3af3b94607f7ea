package detect

import "rummage/detect/dfa"

// refuses reports that a rule's expression certainly matches nowhere in a text. The automaton that says so reads a
// text several times faster than the expression does, and most windows around keywords hold no match.
func (m *Matcher) refuses(rule int32, p *program, text []byte) bool {
	if m.plain {
		return false
	}
	c, made := m.automata[rule]
	if !made {
		m.profile.preparing(rule)
		if prog := m.d.automaton(rule, p); prog != nil {
			c = dfa.NewCache(prog)
		}
		if m.automata == nil {
			m.automata = map[int32]*dfa.Cache{}
		}
		m.automata[rule] = c
		m.profile.prepared(rule)
	}
	return c != nil && !c.May(text)
}

// automaton is the prepared expression of a rule, which all matchers share; nil for one that is too large.
func (d *Detector) automaton(rule int32, p *program) *dfa.Program {
	if prog, made := d.automata.Load(rule); made {
		return prog.(*dfa.Program)
	}
	var prog *dfa.Program
	if tree := p.tree(); tree != nil {
		prog, _ = dfa.CompileTree(tree, false) // nil when it is too large
	}
	kept, _ := d.automata.LoadOrStore(rule, prog)
	return kept.(*dfa.Program)
}

// tailCache is this matcher's states of a rule's tail.
func (m *Matcher) tailCache(rule int32, p *program) *dfa.Cache {
	c := m.tails[rule]
	if c == nil {
		if m.tails == nil {
			m.tails = map[int32]*dfa.Cache{}
		}
		c = dfa.NewCache(p.tail.prog)
		m.tails[rule] = c
	}
	return c
}

// endsOf is this matcher's states of how far a rule's tail goes on.
func (m *Matcher) endsOf(rule int32, p *program) dfa.Ends {
	e, made := m.ends[rule]
	if !made {
		if m.ends == nil {
			m.ends = map[int32]dfa.Ends{}
		}
		e = dfa.NewEnds(p.tail.prog)
		m.ends[rule] = e
	}
	return e
}
