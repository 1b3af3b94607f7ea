package gitscan

// interest says whether a path is of interest by its name alone.
type interest uint8

const (
	notAsked interest = iota
	notNamed
	byName
)

// maxRemembered is the length of a path from which what its name means is asked anew each time: they can be made to be many.
const maxRemembered = 1 << 10

// maxInterests is how many bytes of paths are remembered with what they mean.
const maxInterests = 16 << 20

// isNamed reports whether the path of a change is of interest whatever it holds.
func (h *history) isNamed(c change) bool {
	if c.interest != notAsked {
		return c.interest == byName || h.foresees.Learned(c.path)
	}
	named, ok := h.interest[string(c.path)]
	if !ok {
		p := string(c.path)
		if named = h.lookup.Named(p); len(p) > maxRemembered {
			return named
		}
		if h.interests += len(p); len(h.interest) > 1<<18 || h.interests > maxInterests {
			clear(h.interest)
			h.interests = len(p)
		}
		h.interest[p] = named
	}
	return named || h.foresees != nil && h.foresees.Learned(c.path)
}
