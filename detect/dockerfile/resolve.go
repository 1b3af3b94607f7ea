package dockerfile

import "rummage/detect/shell"

// Bounds of Resolve. A value longer than maxValue is cut, and so is every value once those of a file add up to
// maxValues: variables that hold each other twice double with every line.
const (
	maxValue  = 64 << 10
	maxValues = 8 << 20
	// maxParents is how far up the stages a name is looked for.
	maxParents = 100
)

// Env is the variables that an instruction sees. It is valid during the call of visit that it was given to.
type Env struct {
	scope  *scope
	global *scope // the ARGs before the first FROM
	escape byte
	budget int
}

// scope is the variables of a stage.
type scope struct {
	vars   map[string]Binding
	parent *scope // of the stage it is built on
}

// Binding is what a variable stands for.
type Binding struct {
	Resolved
	// Instruction declares it: ENV or ARG.
	Instruction *Instruction
	// Default says that the value is an ARG's, which another one may take the place of when the image is built.
	Default bool
	// Outside says that the variable is an ARG without a default: it has a value only if one is given.
	Outside bool
}

// Resolved is a word with what its references stand for.
type Resolved struct {
	// Value is the word as builders see it when nothing is given from outside. What has no value is empty.
	Value []byte
	// Names are the variables that it refers to, in order, those in default values too.
	Names []string
	// Unknown says that Value is not all there is: a variable is not set in the file, is set from outside or to
	// something that is itself unknown, an operator is none of - :- + :+ ? :?, or the value was cut.
	Unknown bool
}

// Literal says that the word has no references.
func (r *Resolved) Literal() bool { return len(r.Names) == 0 }

// Resolve walks the instructions in order and calls visit for each with the variables that it sees: those that ENV and
// ARG of its stage set before it, and those of the stage that its stage is built on. An ARG without a default takes
// the value of the ARG of that name before the first FROM; FROM itself sees these alone. What stands within ONBUILD
// changes nothing.
func Resolve(f *File, visit func(in *Instruction, env *Env)) {
	env := newEnv(f)
	scopes := make([]*scope, len(f.Stages))
	for i := range f.Instructions {
		in := &f.Instructions[i]
		if in.Name != "FROM" {
			visit(in, env)
			env.run(in)
			continue
		}
		env.scope = env.global
		visit(in, env)
		scopes[in.Stage] = &scope{vars: map[string]Binding{}}
		if parent := f.Stages[in.Stage].Parent; parent >= 0 {
			scopes[in.Stage].parent = scopes[parent]
		}
		env.scope = scopes[in.Stage]
	}
}

// newEnv is the environment before the first instruction.
func newEnv(f *File) *Env {
	global := &scope{vars: map[string]Binding{}}
	return &Env{scope: global, global: global, escape: f.Escape, budget: maxValues}
}

// run takes over what an instruction sets.
func (e *Env) run(in *Instruction) {
	switch in.Name {
	case "ENV":
		e.set(in)
	case "ARG":
		e.declare(in)
	}
}

// Lookup returns what a variable stands for.
func (e *Env) Lookup(name string) (Binding, bool) {
	s := e.scope
	for n := 0; s != nil && n < maxParents; n++ {
		if b, ok := s.vars[name]; ok {
			return b, true
		}
		s = s.parent
	}
	return Binding{}, false
}

// Word resolves the references in a word as it stands, with its quotation marks: Word.Raw, Flag.Value.
func (e *Env) Word(raw Text) Resolved {
	if !shell.Special(raw.Bytes, e.escape, false) {
		return Resolved{Value: raw.Bytes}
	}
	l := shell.Lexer{Src: raw.Bytes, Escape: e.escape}
	var r Resolved
	e.expand(&r, raw.Bytes, l.All(nil))
	e.budget -= len(r.Value)
	return r
}

// set takes over the pairs of ENV. All of them see the variables as they were before it.
func (e *Env) set(in *Instruction) {
	values := make([]Resolved, len(in.Vars))
	for i := range in.Vars {
		values[i] = e.Word(in.Vars[i].Raw)
	}
	for i := range in.Vars {
		e.scope.vars[in.Vars[i].Name.String()] = Binding{Resolved: values[i], Instruction: in}
	}
}

// declare takes over the names of ARG, one after the other.
func (e *Env) declare(in *Instruction) {
	for i := range in.Vars {
		v := &in.Vars[i]
		name := v.Name.String()
		b := Binding{Instruction: in, Default: true}
		old, ok := e.Lookup(name)
		global, given := e.global.vars[name]
		switch {
		case v.Set:
			b.Resolved = e.Word(v.Raw)
		case given && e.scope != e.global:
			b.Resolved, b.Default, b.Outside = global.Resolved, global.Default, global.Outside
		case ok && !old.Outside:
			b.Resolved = old.Resolved // the variable keeps its value unless one comes from outside
		default:
			b.Default, b.Outside, b.Unknown = false, true, true
		}
		e.scope.vars[name] = b
	}
}

// expand appends what the nodes of src stand for to r.
func (e *Env) expand(r *Resolved, src []byte, nodes []shell.Node) {
	for _, n := range nodes {
		if n.Ref == nil {
			e.append(r, src[n.Start:n.End])
			continue
		}
		e.reference(r, src, n.Ref)
	}
}

func (e *Env) append(r *Resolved, b []byte) {
	if left := max(0, min(maxValue, e.budget)-len(r.Value)); len(b) > left {
		b = b[:left]
		r.Unknown = true
	}
	r.Value = append(r.Value, b...)
}

// reference appends what one reference stands for.
func (e *Env) reference(r *Resolved, src []byte, ref *shell.Reference) {
	name := string(src[ref.Name[0]:ref.Name[1]])
	r.Names = append(r.Names, name)
	b, set := e.Lookup(name)
	set = set && !b.Outside
	switch ref.Op {
	case ":-", "-":
		if set && (ref.Op == "-" || len(b.Value) > 0) {
			e.value(r, b)
		} else {
			e.expand(r, src, ref.Nodes)
		}
	case ":+", "+":
		if set && (ref.Op == "+" || len(b.Value) > 0) {
			e.expand(r, src, ref.Nodes)
		}
	case "", "?", ":?":
		if set {
			e.value(r, b)
		} else {
			r.Unknown = true
		}
	default:
		r.Unknown = true
	}
}

func (e *Env) value(r *Resolved, b Binding) {
	e.append(r, b.Value)
	r.Unknown = r.Unknown || b.Unknown
}
