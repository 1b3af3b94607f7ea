package literal

import "errors"

// laid is a window that was chosen: where it begins in its word, plus 1, and
// the group that it is in.
type laid struct{ off, group uint8 }

// Layout is what New has chosen for the words, for NewLaid.
func (s *Set) Layout() string {
	b := make([]byte, 0, 2*len(s.layout))
	for _, l := range s.layout {
		b = append(b, l.off, l.group)
	}
	return string(b)
}

var errLayout = errors.New("layout of other words")

// readLayout reads what Layout wrote. Whatever it returns, the set is exact.
func (s *Set) readLayout(layout string) ([]laid, error) {
	if len(layout) != 4*len(s.texts) {
		return nil, errLayout
	}
	list := make([]laid, len(layout)/2)
	for i := range list {
		l, parity := laid{layout[2*i], layout[2*i+1]}, i%2
		off := int(l.off) - 1
		if off < -parity || off >= len(s.texts[i/2]) || off&1 != parity || l.group >= nGroups {
			return nil, errLayout
		}
		list[i] = l
	}
	return list, nil
}
