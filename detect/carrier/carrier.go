// Package carrier has what the readers of YAML files have in common: compose files, Kubernetes manifests, the
// workflows of CI carry the same things in other places.
//
// A Walker goes through a document of yamltree once, however many aliases there are: each collection is read in the
// first place where it is used, aliases of scalars until they stand for more text than the document has. What it finds
// becomes an Entry: an assignment, with the literals within its references as entries of their own. Commands are split
// into words, so that `--requirepass hunter2` is a flag with a value. A Memory, if there is one, gives what was read of the
// same bytes in another version of the file.
//
// The package knows bytes and YAML, and no kind of file: which key means what is for those who use it to say. No rule,
// no path, no git.
//
// Concurrency: a Walker belongs to one goroutine. Entries are values.
package carrier

import (
	"sync"

	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// MaxDepth bounds how deep collections are followed into each other. What is deeper and has its place elsewhere is
// read there; the rest is a problem.
const MaxDepth = 1000

// FreeBudget is how many bytes aliases of scalars may stand for in a document, besides as many as it has.
const FreeBudget = 1 << 16

// TooMany is the problem of a file in which aliases stand for more text than it has.
const TooMany yamltree.Reason = "aliases stand for too much text"

// Entry is an assignment and what else the file says of it.
type Entry struct {
	assignment.Assignment
	// Form says whether the value is a literal, a reference or both.
	Form interpolate.Form
	// Unset says that there is only a name: the value comes from elsewhere.
	Unset bool
	// Owner is the name of what it belongs to (a service, a secret, a job), empty if it is no one's.
	Owner assignment.Span
}

// Walker reads one document after another. New makes one.
type Walker struct {
	Data     []byte // the file
	Problems []yamltree.Problem
	// Dialect says what a reference is, Default is the context of the literals within them.
	Dialect interpolate.Dialect
	Default assignment.Context
	// Owner is given to every entry that is added.
	Owner assignment.Span

	// Memory, if there is one, is what is known of other versions of the file.
	Memory *Memory

	*scratch
	strict bool // the document is as the line reader read it
	flow   bool // the pair being read stands in a flow mapping
	depth  int
	level  int  // index in shells
	deep   bool // something was too deep
	// script says that a command is read: a shell will see what is left of its references.
	script bool
	// budget is how many bytes aliases may still stand for, of those allowed.
	budget, allowed int
}

// scratch is memory that the next walker uses again.
type scratch struct {
	entries []Entry
	seen    []bool // collections of the document that were read, by id
	// shells are the texts of shells that are read, each in the one before it.
	shells []*scripter
}

// scratches holds memory of walkers that are done, as *scratch.
var scratches = sync.Pool{New: func() any { return new(scratch) }}

// maxScratch bounds the memory that is kept for the next walker, in entries: some 1.5 MB.
const maxScratch = 1 << 14

// New makes a walker over the documents of a file.
func New(data []byte, problems []yamltree.Problem) Walker {
	return Walker{Data: data, Problems: problems, scratch: scratches.Get().(*scratch)}
}

// Done ends the walk and returns what was found. With a Memory the list is valid until the next walk with it ends.
func (w *Walker) Done() []Entry {
	entries := w.entries
	if m := w.Memory; m != nil {
		w.entries, m.lent = m.lent, entries // the list before that was given is not needed any more
	} else {
		entries = append([]Entry(nil), entries...)
	}
	if s := w.scratch; cap(s.entries) <= maxScratch && cap(s.seen) <= 1<<20 {
		clear(s.entries) // their values must not be kept alive
		s.entries = s.entries[:0]
		for _, one := range s.shells {
			one.split.Forget()
			one.command.Forget()
			one.owner, one.found = nil, nil
			clear(one.args[:cap(one.args)])
		}
		scratches.Put(s)
	}
	w.scratch = nil
	return entries
}

// Len is the number of entries so far, Truncate forgets those behind the first n.
func (w *Walker) Len() int       { return len(w.entries) }
func (w *Walker) Truncate(n int) { w.entries = w.entries[:n] }

// Document begins a document. Its root still has to be entered.
func (w *Walker) Document(d *yamltree.Document) {
	w.seen = append(w.seen[:0], make([]bool, d.Len())...)
	w.allowed = d.Span.Len() + FreeBudget
	w.depth, w.deep, w.budget, w.Owner = 0, false, w.allowed, assignment.Span{}
	w.strict = d.Strict()
}

// Resume says which collections of the document were read before, by id.
func (w *Walker) Resume(seen []bool) { copy(w.seen, seen) }

// Seen is which collections of the document have been read until now, by id.
func (w *Walker) Seen() []bool { return w.seen }

// Spent is how many bytes aliases have stood for since the document began.
func (w *Walker) Spent() int { return w.allowed - w.budget }

// Since is what was found after the first n entries, until the next is added.
func (w *Walker) Since(n int) []Entry { return w.entries[n:] }

// Below calls f as if it stood within so many block mappings that are read.
func (w *Walker) Below(depth int, f func()) {
	w.depth += depth
	w.flow = false
	f()
	w.depth -= depth
}

// Enter is the collection that a node is or stands for, if it is one and was not read before.
func (w *Walker) Enter(n yamltree.Node) (yamltree.Node, bool) {
	t := n.Target()
	if k := t.Kind(); k != yamltree.Mapping && k != yamltree.Sequence || w.seen[t.ID()] {
		return yamltree.Node{}, false
	}
	if w.depth >= MaxDepth {
		if !w.deep {
			w.deep = true
			w.Problems = append(w.Problems, yamltree.Problem{Offset: t.Span().Start, What: yamltree.TooDeep})
		}
		return yamltree.Node{}, false
	}
	w.seen[t.ID()] = true
	return t, true
}

// Pairs calls f for each key and value of a mapping and of those merged into it.
func (w *Walker) Pairs(n yamltree.Node, f func(k, v yamltree.Node)) {
	w.depth++
	flow := n.Style() == yamltree.Flow
	for k, v := range n.Pairs() {
		w.flow = flow
		if k.Is("<<") && !k.Quoted() {
			w.merge(v, f)
			continue
		}
		f(k, v)
	}
	w.depth--
}

func (w *Walker) merge(v yamltree.Node, f func(k, v yamltree.Node)) {
	m, ok := w.Enter(v)
	if !ok {
		return
	}
	w.Pairs(m, f)
	w.Items(m, func(item yamltree.Node) { w.merge(item, f) })
}

// Items calls f for each item of a sequence.
func (w *Walker) Items(n yamltree.Node, f func(item yamltree.Node)) {
	w.depth++
	for item := range n.Items() {
		f(item)
	}
	w.depth--
}

// Values reads every scalar below a node under its key; those of a list are under the key of the list.
func (w *Walker) Values(c assignment.Context, k, v yamltree.Node) {
	n, ok := w.Enter(v)
	if !ok {
		w.Scalar(c, k.Span(), v)
		return
	}
	w.Pairs(n, func(k, v yamltree.Node) { w.Values(c, k, v) })
	w.Items(n, func(item yamltree.Node) { w.Values(c, k, item) })
}

// Variables reads a mapping of names to values, or a list of NAME=value.
func (w *Walker) Variables(c assignment.Context, v yamltree.Node) {
	n, ok := w.Enter(v)
	if !ok {
		w.Pair(c, v)
		return
	}
	w.Pairs(n, func(k, v yamltree.Node) {
		if v.Target().Kind() == yamltree.Scalar {
			w.Scalar(c, k.Span(), v)
		} else {
			w.Variables(c, v)
		}
	})
	w.Items(n, func(item yamltree.Node) { w.Variables(c, item) })
}

// Pair reads a scalar NAME=value. A NAME alone takes its value from the environment.
func (w *Walker) Pair(c assignment.Context, v yamltree.Node) {
	if w.affordable(v) && !v.Target().Null() {
		w.PairText(c, v.Target().Text(), v.Target().Quoted())
	}
}

// affordable takes what an alias stands for from the budget.
func (w *Walker) affordable(v yamltree.Node) bool {
	t := v.Target()
	if t.Kind() != yamltree.Scalar {
		return false
	}
	if v.Kind() != yamltree.Alias {
		return true
	}
	if w.budget < 0 {
		return false
	}
	if w.budget -= t.Span().Len(); w.budget < 0 {
		w.Problems = append(w.Problems, yamltree.Problem{Offset: v.Span().Start, What: TooMany})
		return false
	}
	return true
}

// Scalar adds a scalar under a name.
func (w *Walker) Scalar(c assignment.Context, name assignment.Span, v yamltree.Node) {
	if !w.affordable(v) {
		return
	}
	t := v.Target()
	w.Add(Entry{Assignment: assignment.Assignment{Context: c, Name: name, Quoted: t.Quoted()}, Unset: t.Null()}, t.Text())
}
