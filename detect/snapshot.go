package detect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/literal"
)

// A snapshot is a parsed ruleset in a form that is read some fifty times faster than TOML, so that a program that is
// started for every push has its built-in rules at once. It is made when the program is built, of a rules file that a
// test has checked, and says nothing that the file does not say.
//
// The form is a heading line, then every field in the order of (*snapshot).ruleset: numbers as varints, strings and
// lists after their length; last, what takes longer to find out than all the rest: how the search for the keywords is
// laid out, a hint for each rule, and where its matches are.

const snapshotHeading = "rummage rules snapshot 6\n"

var errSnapshot = errors.New("rules snapshot: damaged or of another version")

// Snapshot writes the ruleset so that Restore reads it. The same ruleset gives the same bytes.
func (rs *Ruleset) Snapshot() []byte {
	s := snapshot{write: []byte(snapshotHeading)}
	s.ruleset(rs)
	d := New(rs)
	s.layouts(&layouts{words: layoutOf(d.words()), names: layoutOf(d.names.set()), pieces: layoutOf(d.inNames())})
	hints := make([]hint, len(d.programs))
	for i := range d.programs {
		hints[i] = d.programs[i].hints()
	}
	each(&s, &hints, s.hint)
	s.locations(hints)
	return s.write
}

// Restore reads what Snapshot wrote. Like those of a trusted file, its regular expressions are not checked.
func Restore(data string) (*Ruleset, error) {
	rest, ok := strings.CutPrefix(data, snapshotHeading)
	if !ok {
		return nil, errSnapshot
	}
	s := snapshot{reading: true, read: rest}
	var rs Ruleset
	s.ruleset(&rs)
	var laid layouts
	s.layouts(&laid)
	var hints []hint
	each(&s, &hints, s.hint)
	s.locations(hints)
	if s.bad || s.read != "" || len(hints) != len(rs.rules) {
		return nil, errSnapshot
	}
	for i, r := range rs.rules {
		if i > 0 && rs.rules[i-1].ID >= r.ID {
			return nil, fmt.Errorf("%w: rules out of order", errSnapshot)
		}
	}
	back := newRuleset(rs.rules, rs.allowlists, rs.notices)
	back.laid, back.hints = laid, hints
	return back, nil
}

// layouts say how sets of words are laid out, see literal.NewLaid; empty for those that are not known.
type layouts struct {
	words  string // the keywords of the search
	names  string // the words of paths
	pieces string // the keywords in names of assignments
}

func layoutOf(set *literal.Set) string {
	if set == nil {
		return ""
	}
	return set.Layout()
}

// snapshot reads or writes: each method does for its field whichever is asked for, so that the two cannot differ. Reading, no
// method looks at what it is about to fill: memory that is read before it is first written to costs a second page fault, and
// an interrupt of the other processors.
type snapshot struct {
	reading bool
	write   []byte
	read    string
	bad     bool
	room    []string // for lists
	rules   []Rule   // to be filled
}

func (s *snapshot) int(n *int) {
	if !s.reading {
		s.write = binary.AppendVarint(s.write, int64(*n))
		return
	}
	var u uint64
	for i := 0; i < len(s.read) && i < binary.MaxVarintLen64; i++ {
		c := s.read[i]
		u |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			s.read = s.read[i+1:]
			*n = int(int64(u>>1) ^ -int64(u&1))
			return
		}
	}
	s.bad, s.read = true, ""
}

func (s *snapshot) layouts(l *layouts) {
	for _, text := range []*string{&l.words, &l.names, &l.pieces} {
		s.str(text)
	}
}

func (s *snapshot) bool(b *bool) {
	n := 0
	if !s.reading && *b {
		n = 1
	}
	s.int(&n)
	*b = n != 0
}

func (s *snapshot) hint(h *hint) {
	s.bool(&h.bound)
	for _, n := range []*int{&h.run, &h.of, &h.reach} {
		s.int(n)
	}
	s.strs(&h.names)
	if s.reading && (h.run < 0 || h.reach < 0 || h.of < 0 || h.of >= len(runSets)) {
		s.bad = true
	}
}

// locations are after all the rest, since few of them are read: their lengths, then their bytes.
func (s *snapshot) locations(hints []hint) {
	lengths := make([]int, len(hints))
	for i := range hints {
		lengths[i] = s.len(len(hints[i].location))
	}
	for i, n := range lengths {
		switch {
		case !s.reading:
			s.write = append(s.write, hints[i].location...)
		case n > len(s.read):
			s.bad, s.read = true, ""
		default:
			hints[i].location, s.read = s.read[:n], s.read[n:]
		}
	}
}

func (s *snapshot) float(f *float64) {
	n := 0
	if !s.reading {
		n = int(math.Float64bits(*f))
	}
	s.int(&n)
	*f = math.Float64frombits(uint64(n))
}

// len writes or reads a length; no more than the bytes that are left can be meant.
func (s *snapshot) len(n int) int {
	s.int(&n)
	if s.reading && (n < 0 || n > len(s.read)) {
		s.bad, s.read = true, ""
		return 0
	}
	return n
}

func (s *snapshot) str(v *string) {
	if !s.reading {
		s.len(len(*v))
		s.write = append(s.write, *v...)
		return
	}
	n := s.len(0)
	*v, s.read = s.read[:n], s.read[n:]
}

func each[T any](s *snapshot, list *[]T, f func(*T)) {
	if s.reading {
		n := s.len(0)
		if n == 0 {
			return
		}
		*list = make([]T, n)
	} else {
		s.len(len(*list))
	}
	for i := range *list {
		f(&(*list)[i])
	}
}

// strs is each for strings, whose lists are many and short: they share arrays.
func (s *snapshot) strs(list *[]string) {
	if !s.reading {
		s.len(len(*list))
	} else if n := s.len(0); n == 0 {
		return
	} else {
		if n > len(s.room) {
			s.room = make([]string, max(n, 1024))
		}
		*list, s.room = s.room[:n:n], s.room[n:]
	}
	for i := range *list {
		s.str(&(*list)[i])
	}
}

func (s *snapshot) ruleset(rs *Ruleset) {
	s.allowlists(&rs.allowlists)
	s.strs(&rs.notices)
	each(s, &rs.rules, func(r **Rule) {
		if s.reading {
			if len(s.rules) == 0 {
				s.rules = make([]Rule, 64)
			}
			*r, s.rules = &s.rules[0], s.rules[1:]
			(*r).given.specificity = true
		}
		s.rule(*r)
	})
}

func (s *snapshot) rule(r *Rule) {
	for _, f := range []*string{&r.ID, &r.Description, &r.Kind, &r.Severity, &r.Remedy, &r.Regex, &r.Path, &r.Key, &r.Value,
		&r.Checksum, &r.ChecksumWrong, &r.Filter} {
		s.str(f)
	}
	for _, f := range []*[]string{&r.Tags, &r.References, &r.Keywords, &r.Examples, &r.NonExamples} {
		s.strs(f)
	}
	s.int(&r.SecretGroup)
	s.float(&r.Entropy)
	s.bool(&r.SkipReport)
	s.allowlists(&r.Allowlists)
	each(s, &r.Required, func(q *Required) {
		s.str(&q.ID)
		s.int(&q.Lines)
		s.int(&q.Columns)
	})
	each(s, &r.In, func(c *assignment.Context) { s.str((*string)(c)) })
	s.int(&r.Specificity)
	s.bool(&r.Foreign)
}

func (s *snapshot) allowlists(list *[]*Allowlist) {
	each(s, list, func(a **Allowlist) {
		if s.reading {
			*a = &Allowlist{}
		}
		s.str(&(*a).Description)
		s.bool(&(*a).All)
		s.str((*string)(&(*a).Target))
		for _, f := range []*[]string{&(*a).Commits, &(*a).Paths, &(*a).Regexes, &(*a).Stopwords} {
			s.strs(f)
		}
	})
}
