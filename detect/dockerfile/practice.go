package dockerfile

import (
	"bytes"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/credfile"
)

// The contexts of practices that leak a secret whatever its value. The names are what is exposed; values are those of
// ARG and ENV, else empty. All of them stand beside what Assignments gives.
const (
	// ContextArgOpen is an ARG of a stage: what is given to it stands in the history of the image.
	ContextArgOpen assignment.Context = "dockerfile.arg-open"
	// ContextEnvArg is an ENV whose value refers to an ARG: what is given to that stands in the image's configuration.
	ContextEnvArg assignment.Context = "dockerfile.env-arg"
	// ContextSecretEnv is an ENV that sets what the file elsewhere mounts as a build secret.
	ContextSecretEnv assignment.Context = "dockerfile.secret-env"
	// ContextCopyCredential is a source of COPY or ADD that is named like a file of credentials.
	ContextCopyCredential assignment.Context = "dockerfile.copy-credential"
	// ContextCopyRemoved is the same of one that a later instruction deletes: the layer of the copy still has it.
	ContextCopyRemoved assignment.Context = "dockerfile.copy-removed"
	// ContextCopyAll is a source of COPY or ADD that is the whole build context. It holds on conditions.
	ContextCopyAll assignment.Context = "dockerfile.copy-context"
	// ContextSecretWritten is a mounted secret that a command writes into the layer: the name is the secret's id.
	ContextSecretWritten assignment.Context = "dockerfile.secret-written"
)

var builder = &assignment.Remark{Builder: true}

// Practices returns the ways in which the file leaks secrets whatever their values are, in the order of the
// instructions.
func Practices(f *File) []assignment.Assignment {
	p := practices{file: f, final: f.Finals()}
	p.mounted()
	Resolve(f, p.visit)
	return p.list
}

type practices struct {
	file  *File
	final []bool
	list  []assignment.Assignment
	// secrets are the names, in capitals without marks, under which secrets are mounted anywhere in the file.
	secrets map[string]bool
	copied  []copied
	beside  *string // see findBeside; nil until it is asked for
}

// copied is a source of COPY or ADD that is named like a file of credentials.
type copied struct {
	at    int // in list
	stage int
	base  string
	dest  string
}

// addPair adds the name and value of an ARG or ENV.
func (p *practices) addPair(c assignment.Context, in *Instruction, v *Var) {
	before := len(p.list)
	p.add(c, in, v.Name)
	if len(p.list) > before {
		a := &p.list[before]
		a.Value = v.Value.Place()
		if !v.Value.Verbatim() {
			a.Decoded = v.Value.Bytes
		}
	}
}

func (p *practices) add(c assignment.Context, in *Instruction, name Text) {
	if name.Len() == 0 {
		return
	}
	a := assignment.Assignment{Context: c, Name: name.Place()}
	a.Value = assignment.Span{Start: a.Name.End, End: a.Name.End}
	if in.Stage >= 0 && !p.final[in.Stage] {
		a.Remark = builder
	}
	p.list = append(p.list, a)
}

// mounted collects the names of mounted secrets.
func (p *practices) mounted() {
	for i := range p.file.Instructions {
		for _, m := range secretMounts(&p.file.Instructions[i]) {
			if p.secrets == nil {
				p.secrets = map[string]bool{}
			}
			p.secrets[plainName(m.id.Bytes)] = true
			p.secrets[plainName(m.env)] = true
		}
	}
	delete(p.secrets, "")
}

// plainName is a name in capitals, without the marks between its words: npm-token and NPM_TOKEN are the same.
func plainName(b []byte) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, string(b)))
}

func (p *practices) visit(in *Instruction, env *Env) {
	outer := in
	for in.OnBuild != nil {
		in = in.OnBuild
	}
	switch in.Name {
	case "ARG":
		if outer.Stage >= 0 {
			for i := range in.Vars {
				p.addPair(ContextArgOpen, outer, &in.Vars[i])
			}
		}
	case "ENV":
		for i := range in.Vars {
			p.env(outer, &in.Vars[i], env)
		}
	case "COPY", "ADD":
		p.copies(outer, in)
	case "RUN":
		p.removals(outer, in)
		p.written(outer, in)
	}
}

func (p *practices) env(in *Instruction, v *Var, env *Env) {
	r := env.Word(v.Raw)
	for _, name := range r.Names {
		if b, ok := env.Lookup(name); ok && b.Instruction != nil && (b.Default || b.Outside) {
			p.addPair(ContextEnvArg, in, v)
			return
		}
	}
	if p.secrets[plainName(v.Name.Bytes)] && (r.Unknown || len(r.Value) > 0) && !strings.HasPrefix(string(r.Value), "/") && (in.Stage < 0 || p.final[in.Stage]) {
		p.addPair(ContextSecretEnv, in, v)
	}
}

// copies looks at the sources of COPY and ADD.
func (p *practices) copies(outer, in *Instruction) {
	if len(in.Args) < 2 {
		return
	}
	last := len(in.Args) - 1
	dest := in.Args[last].Value
	from := in.Flag("from") != nil
	for i := range in.Args[:last] {
		src := in.Args[i].Value
		name := src.String()
		if strings.Contains(name, "://") || strings.HasPrefix(name, "<<") || strings.HasPrefix(name, "git@") {
			continue
		}
		switch {
		case !from && isContext(name) && in.Flag("exclude") == nil:
			p.add(ContextCopyAll, outer, src)
			if n := len(p.list) - 1; n >= 0 {
				r := &assignment.Remark{When: assignment.Condition{Kind: assignment.InContext, Path: ".", Beside: p.findBeside()}}
				r.Builder = p.list[n].Remark == builder
				p.list[n].Remark = r
			}
		case credfile.Copied(name, dest.String()) != credfile.None:
			p.add(ContextCopyCredential, outer, src)
			base := name[strings.LastIndexByte(strings.TrimRight(name, "/"), '/')+1:]
			p.copied = append(p.copied, copied{at: len(p.list) - 1, stage: outer.Stage, base: base, dest: dest.String()})
		}
	}
}

// findBeside is a file that the file copies from its build context by name, so that it tells which folder that is;
// empty when there is none.
func (p *practices) findBeside() string {
	if p.beside == nil {
		name := copiedByName(p.file)
		p.beside = &name
	}
	return *p.beside
}

func copiedByName(f *File) string {
	for i := range f.Instructions {
		in := &f.Instructions[i]
		if in.Name != "COPY" && in.Name != "ADD" || in.Flag("from") != nil || len(in.Args) < 2 {
			continue
		}
		for _, w := range in.Args[:len(in.Args)-1] {
			name := strings.TrimPrefix(w.Value.String(), "./")
			if name != "" && !isContext(name) && !strings.ContainsAny(name, "*?[$<:") && name[0] != '/' && !strings.HasSuffix(name, "/") {
				return name
			}
		}
	}
	return ""
}

// isContext says whether a source is the whole build context.
func isContext(name string) bool {
	switch name {
	case ".", "./", "/", "*", "./*", "**", "./.", "${PWD}", "$PWD":
		return true
	}
	return false
}

// removals looks for files that RUN deletes and an earlier instruction copied.
func (p *practices) removals(outer, in *Instruction) {
	if len(p.copied) == 0 {
		return
	}
	for _, s := range p.file.Shell(in) {
		if !s.Shell {
			continue
		}
		Commands(s.Text, s.Escape, func(c *Command) {
			if !isCommand(c, "rm") && !isCommand(c, "shred") && !isCommand(c, "unlink") {
				return
			}
			for _, w := range c.Words[1:] {
				p.removed(outer.Stage, w.Value.String())
			}
		})
	}
}

// removed notes that a path is deleted.
func (p *practices) removed(stage int, path string) {
	path = strings.TrimRight(path, "/*")
	base := path[strings.LastIndexByte(path, '/')+1:]
	for i := range p.copied {
		c := &p.copied[i]
		if c.stage != stage {
			continue
		}
		if base != "" && (base == strings.TrimRight(c.base, "/") || base == c.dest[strings.LastIndexByte(c.dest, '/')+1:]) ||
			path != "" && strings.HasPrefix(c.dest, path+"/") {
			p.list[c.at].Context = ContextCopyRemoved
		}
	}
}

// isCommand says whether the command's program is the one named.
func isCommand(c *Command, program string) bool {
	return len(c.Words) > 0 && programOf(c) == program
}

// programOf is the name of a command's program, without folders.
func programOf(c *Command) string {
	if len(c.Words) == 0 {
		return ""
	}
	name := c.Words[0].Value.Bytes
	return string(name[bytes.LastIndexByte(name, '/')+1:])
}
