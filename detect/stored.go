package detect

import "rummage/detect/dfa"

// Where matches of a rule are looked for, program.near and program.tail, takes longer to find out than most rules are searched
// for afterwards. So a snapshot has it, in a form of its own that is read when a keyword of the rule is met.

// storeLocation writes near and tail for readLocation. near is not nil.
func storeLocation(near *extent, t *tail) string {
	var s snapshot
	s.location(near, &t)
	return string(s.write)
}

// readLocation reads what storeLocation has written, and nothing else.
func readLocation(data string) (near *extent, t *tail, ok bool) {
	s := snapshot{reading: true, read: data}
	near = &extent{}
	s.location(near, &t)
	return near, t, !s.bad && s.read == ""
}

func (s *snapshot) location(near *extent, t **tail) {
	s.int(&near.others)
	s.bool(&near.empty)
	if !near.empty {
		s.loops(&near.loops)
	}
	has := *t != nil
	if s.bool(&has); !has {
		return
	}
	if s.reading {
		*t = &tail{}
	}
	s.tail(*t)
}

// loops has a bit for each byte.
func (s *snapshot) loops(set *byteSet) {
	for i := 0; i < len(set); i += 32 {
		bits := 0
		for k, in := range set[i : i+32] {
			if in {
				bits |= 1 << k
			}
		}
		s.int(&bits)
		for k := range 32 {
			set[i+k] = bits>>k&1 != 0
		}
	}
}

func (s *snapshot) tail(t *tail) {
	s.bool(&t.whole)
	for _, n := range []*int{&t.head, &t.run, &t.of} {
		s.int(n)
	}
	text := ""
	if !s.reading {
		text = string(t.prog.AppendBinary(nil))
	}
	if s.str(&text); !s.reading {
		return
	}
	prog, rest, ok := dfa.Read([]byte(text))
	if s.bad = s.bad || !ok || len(rest) > 0 || t.head < -1 || t.run < 0 || t.of < 0 || t.of >= len(runSets); !s.bad {
		t.prog = prog
	}
}
