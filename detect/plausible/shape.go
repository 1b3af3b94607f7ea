package plausible

// shape is what the characters of a value show.
type shape struct {
	n                            int // bytes looked at
	lower, upper, digits, spaces int
	symbols                      int  // ASCII that is none of these
	high                         int  // bytes of 0x80 and above
	distinct                     int  // different bytes
	hex                          bool // hexadecimal digits only
	steps                        int  // neighbours that are equal or follow one another: aaaa, 1234, dcba
	switches                     int  // letter-digit and irregular case changes
	runLetters                   int  // letters in runs of three or more
	wordy                        float32
	known, filler                int // letters covered by words of the list; by words that say nothing
	placeholder, standard        bool
}

// maxShape bounds what is analysed of a long value.
const maxShape = 128

// letters is how many letters there are.
func (s *shape) letters() int { return s.lower + s.upper }

// measure looks at the first maxShape bytes of v.
func measure(v []byte) (s shape) {
	v = v[:min(len(v), maxShape)]
	s.n = len(v)
	var seen [256]bool
	s.hex = true
	prev := byte(0)
	for i, c := range v {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			s.hex = false
		}
		if !seen[c] {
			seen[c] = true
			s.distinct++
		}
		switch {
		case isLower(c):
			s.lower++
		case isUpper(c):
			s.upper++
		case isDigit(c):
			s.digits++
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			s.spaces++
		case c >= 0x80:
			s.high++
		default:
			s.symbols++
		}
		if i > 0 {
			if d := int(c) - int(prev); d >= -1 && d <= 1 {
				s.steps++
			}
			if isLetter(c) && isDigit(prev) || isDigit(c) && isLetter(prev) || isLower(c) && isUpper(prev) && i > 1 && isUpper(v[i-2]) {
				s.switches++
			}
		}
		prev = c
	}
	for i := 0; i < len(v); {
		j := nextRun(v, i)
		if j > i {
			s.addRun(v[i:j])
			i = j
			continue
		}
		i++
	}
	return s
}

// nextRun is the end of the run of letters at i: it ends before a capital that follows a small letter, and before the
// last of several capitals when a small letter follows (JSONWeb).
func nextRun(v []byte, i int) int {
	j := i
	for j < len(v) && isLetter(v[j]) {
		if j > i && isUpper(v[j]) {
			if isLower(v[j-1]) || j+1 < len(v) && isLower(v[j+1]) && isUpper(v[j-1]) {
				break
			}
		}
		j++
	}
	return j
}

// addRun accounts for one run of letters.
func (s *shape) addRun(run []byte) {
	if len(run) < 3 {
		if len(run) == 2 && isLower(run[1]) || len(run) == 1 {
			s.switches++
		}
		return
	}
	s.runLetters += len(run)
	s.wordy += wordiness(run)
	known, filler, kinds := cover(run)
	s.known += known
	s.filler += filler
	if kinds&placeholder != 0 {
		s.placeholder = true
	}
	if known == len(run) {
		if kinds&defaults != 0 {
			s.standard = true
		}
	}
}

// cover finds how many letters of a run can be covered by known words, and by words that say nothing (generic,
// secretish, placeholder). The kinds are those of the words in the better covering.
func cover(run []byte) (known, filler int, kinds kind) {
	const most = 40
	var low [most]byte
	n := min(len(run), most)
	for i := range n {
		low[i] = run[i] | 0x20
	}
	var bestKnown, bestFiller [most + 1]uint8
	var at [most + 1]kind
	words := wordKinds()
	for i := 1; i <= n; i++ {
		bestKnown[i], bestFiller[i], at[i] = bestKnown[i-1], bestFiller[i-1], at[i-1]
		for l := 2; l <= longestWord && l <= i; l++ {
			k, ok := words[string(low[i-l:i])]
			if !ok || l == 2 && (k&generic == 0 || n > l && i-l > 0 && i < n) {
				continue
			}
			if c := bestKnown[i-l] + uint8(l); c > bestKnown[i] || c == bestKnown[i] && k&(placeholder|defaults) != 0 {
				bestKnown[i], at[i] = c, at[i-l]|k
			}
			if k&(generic|secretish|placeholder) != 0 {
				bestFiller[i] = max(bestFiller[i], bestFiller[i-l]+uint8(l))
			}
		}
	}
	return int(bestKnown[n]), int(bestFiller[n]), at[n]
}

// random is a score in bits: how much likelier the value is as characters drawn at random than as words, numbers and
// what is made of them. Above zero it looks random.
func (s *shape) random() float32 {
	if s.hex && s.letters() >= 2 && (s.digits >= 2 && s.n >= 10 || s.n >= 16 && s.distinct >= 5) {
		return float32(s.n) - 0.8*float32(max(0, s.steps-s.n/3))
	}
	r := -s.wordy
	free := 1 // a word with a number behind it has one switch
	if s.switches > free {
		r += 1.6 * float32(s.switches-free)
	}
	// Runs that can be read as words, and steps, speak against it.
	r -= 0.7 * float32(s.known)
	r -= 0.8 * float32(max(0, s.steps-s.n/3))
	return r
}

// reads reports whether what the letters of the value say outweighs its digits and irregular capitals. Rows of
// neighbours (abcd) say nothing.
func (s *shape) reads() bool {
	if s.hex && s.n >= 16 || s.digits*6 >= s.n || s.steps*3 >= s.n {
		return false
	}
	return s.wordy+0.7*float32(s.known)-1.6*float32(max(0, s.switches-1)) > 0
}

func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isLetter(c byte) bool { return isLower(c | 0x20) }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }
