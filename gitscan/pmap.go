package gitscan

// pmap is a persistent map from small numbers to states: set gives a new map and leaves the old one as it was, and
// the two share all but the changed path. So each commit of a history has its own map at the cost of its changes, and
// comparing the maps of two commits costs their differences.
//
// It is a radix tree of fixed depth with 16 branches. Keys must be below 1<<pmapBits.
type pmap struct {
	root *pnode
}

type pnode struct {
	kids   [16]*pnode
	states *[16]*pathState // in the bottom level only
}

const (
	pmapLevels = 6
	pmapBits   = 4 * pmapLevels
)

func slot(key uint32, level int) uint32 { return key >> (4 * (pmapLevels - 1 - level)) & 15 }

func (m pmap) get(key uint32) *pathState {
	n := m.root
	for level := 0; n != nil; level++ {
		if level == pmapLevels-1 {
			return n.states[slot(key, level)]
		}
		n = n.kids[slot(key, level)]
	}
	return nil
}

func (m pmap) set(key uint32, s *pathState) pmap { return pmap{m.root.with(key, s, 0)} }

func (n *pnode) with(key uint32, s *pathState, level int) *pnode {
	c := new(pnode)
	if n != nil {
		*c = *n
	}
	i := slot(key, level)
	if level == pmapLevels-1 {
		c.states = new([16]*pathState)
		if n != nil {
			*c.states = *n.states
		}
		c.states[i] = s
		return c
	}
	c.kids[i] = c.kids[i].with(key, s, level+1)
	return c
}

// each calls f for every state.
func (m pmap) each(f func(key uint32, s *pathState)) {
	diffNodes(nil, m.root, 0, 0, func(key uint32, _, s *pathState) { f(key, s) })
}

// diff calls f for every key whose states differ, ascending.
func (m pmap) diff(other pmap, f func(key uint32, a, b *pathState)) {
	diffNodes(m.root, other.root, 0, 0, f)
}

func diffNodes(a, b *pnode, level int, key uint32, f func(uint32, *pathState, *pathState)) {
	if a == b {
		return
	}
	for i := range uint32(16) {
		if level == pmapLevels-1 {
			var x, y *pathState
			if a != nil {
				x = a.states[i]
			}
			if b != nil {
				y = b.states[i]
			}
			if x != y {
				f(key<<4|i, x, y)
			}
			continue
		}
		var x, y *pnode
		if a != nil {
			x = a.kids[i]
		}
		if b != nil {
			y = b.kids[i]
		}
		diffNodes(x, y, level+1, key<<4|i, f)
	}
}
