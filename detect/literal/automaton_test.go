package literal_test

// automaton is a plain Aho-Corasick automaton over folded bytes, completed to a
// table with byte classes: the second opinion of the tests, and what the
// benchmarks compare with.
type automaton struct {
	class  [256]uint8
	stride int
	next   []int32
	out    [][]int32 // by state: words that end there, longest first
}

func newAutomaton(words []string) *automaton {
	a := &automaton{stride: 1}
	for _, w := range words {
		for i := range len(w) {
			if c := foldByte(w[i]); a.class[c] == 0 {
				a.class[c] = uint8(a.stride)
				a.stride++
			}
		}
	}
	for c := 'A'; c <= 'Z'; c++ {
		a.class[c] = a.class[c+'a'-'A']
	}
	a.addState()
	for i, w := range words {
		state := 0
		for j := range len(w) {
			at := state*a.stride + int(a.class[w[j]])
			if a.next[at] == 0 {
				a.next[at] = int32(a.addState())
			}
			state = int(a.next[at])
		}
		a.out[state] = append(a.out[state], int32(i))
	}
	a.complete()
	return a
}

func (a *automaton) addState() int {
	a.next = append(a.next, make([]int32, a.stride)...)
	a.out = append(a.out, nil)
	return len(a.out) - 1
}

// complete follows the failure links breadth first and fills in the table.
func (a *automaton) complete() {
	fail := make([]int32, len(a.out))
	queue := []int32{0}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for c := range a.stride {
			at := int(s)*a.stride + c
			back := int32(0)
			if s != 0 {
				back = a.next[int(fail[s])*a.stride+c]
			}
			if t := a.next[at]; t != 0 {
				fail[t] = back
				a.out[t] = append(a.out[t], a.out[back]...)
				queue = append(queue, t)
			} else {
				a.next[at] = back
			}
		}
	}
}

func (a *automaton) find(data []byte, emit func(word, end int) bool) {
	state := int32(0)
	for i, c := range data {
		state = a.next[int(state)*a.stride+int(a.class[c])]
		for _, w := range a.out[state] {
			if !emit(int(w), i+1) {
				return
			}
		}
	}
}

func foldByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
