package dockerfile

import (
	"bytes"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/credfile"
	"rummage/detect/interpolate"
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

// facts are what one instruction says that matters to practices, whatever the others say. All of it is worked out from
// the instruction alone, so that what is known of one need not be worked out again in the next version of a file.
type facts struct {
	args    []pair
	envs    []pair
	copies  []source
	beside  string   // a file that is copied by name from the build context
	removed []string // paths that are deleted
	mounts  []string // names, in capitals without marks, under which secrets are mounted
	written []assignment.Span
	froms   []string // stages that files are taken from
}

// pair is a name and value of ARG or ENV.
type pair struct {
	assignment.Assignment
	name string
	refs []string // variables that the value refers to
	path bool     // the value is a path, or empty
}

// source is a source of COPY or ADD.
type source struct {
	at         assignment.Span
	all        bool // the whole build context
	base, dest string
}

// factsOf works out the facts of an instruction of f.
func factsOf(f *File, outer *Instruction) (x facts) {
	in := outer
	for in.OnBuild != nil {
		in = in.OnBuild
	}
	x.takes(in)
	switch in.Name {
	case "ARG":
		x.args = pairs(f, in)
	case "ENV":
		x.envs = pairs(f, in)
	case "COPY", "ADD":
		x.copied(in)
	case "RUN":
		x.removals(f, in)
		x.persists(f, in)
	}
	return x
}

func pairs(f *File, in *Instruction) []pair {
	list := make([]pair, 0, len(in.Vars))
	for i := range in.Vars {
		v := &in.Vars[i]
		if v.Name.Len() == 0 {
			continue
		}
		p := pair{name: v.Name.String(), path: v.Value.Len() == 0 || v.Value.Bytes[0] == '/'}
		p.Name, p.Value = v.Name.Place(), v.Value.Place()
		if !v.Value.Verbatim() {
			p.Decoded = v.Value.Bytes
		}
		for _, r := range f.Refs(v.Raw) {
			p.refs = append(p.refs, r.Name.String())
		}
		p.Refers = len(p.refs) > 0 && interpolate.Scan(v.Value.Bytes, interpolate.Shell).Form == interpolate.Reference
		list = append(list, p)
	}
	return list
}

// copied looks at the sources of COPY and ADD.
func (x *facts) copied(in *Instruction) {
	if len(in.Args) < 2 {
		return
	}
	last := len(in.Args) - 1
	dest := in.Args[last].Value.String()
	from := in.Flag("from") != nil
	for i := range in.Args[:last] {
		src := in.Args[i].Value
		name := src.String()
		if src.Len() == 0 || strings.Contains(name, "://") || strings.HasPrefix(name, "<<") || strings.HasPrefix(name, "git@") {
			continue
		}
		switch {
		case !from && isContext(name):
			if in.Flag("exclude") == nil {
				x.copies = append(x.copies, source{at: src.Place(), all: true})
			}
		case credfile.Copied(name, dest) != credfile.None:
			base := name[strings.LastIndexByte(strings.TrimRight(name, "/"), '/')+1:]
			x.copies = append(x.copies, source{at: src.Place(), base: strings.TrimRight(base, "/"),
				dest: strings.TrimPrefix(strings.TrimRight(dest, "/"), "./")})
		}
		plain := strings.TrimPrefix(name, "./")
		if !from && x.beside == "" && !isContext(name) && plain != "" && !strings.ContainsAny(plain, "*?[$<:") && plain[0] != '/' && !strings.HasSuffix(plain, "/") {
			x.beside = plain
		}
	}
}

// removals notes the paths that RUN deletes.
func (x *facts) removals(f *File, in *Instruction) {
	if !bytes.Contains(in.Text.Bytes, []byte("rm")) && !bytes.Contains(in.Text.Bytes, []byte("shred")) &&
		!bytes.Contains(in.Text.Bytes, []byte("unlink")) && len(in.Heredocs) == 0 {
		return
	}
	f.commands(in, nil, func(byte) func(*Command) {
		return func(c *Command) {
			switch name, args := program(c.Words); name {
			case "rm", "shred", "unlink":
				for i := range args[1:] {
					if path := deleted(args[1+i].Value.String()); path != "" && path[0] != '-' {
						x.removed = append(x.removed, path)
					}
				}
			}
		}
	})
}

// takes notes the stages that an instruction takes files from.
func (x *facts) takes(in *Instruction) {
	for i := range in.Flags {
		switch fl := &in.Flags[i]; fl.Name {
		case "from":
			x.froms = append(x.froms, fl.Value.String())
		case "mount":
			if o, ok := fl.Option("from"); ok {
				x.froms = append(x.froms, o.Value.String())
			}
		}
	}
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

// isContext says whether a source is the whole build context.
func isContext(name string) bool {
	switch name {
	case ".", "./", "/", "*", "./*", "**", "./.", "${PWD}", "$PWD":
		return true
	}
	return false
}

// deleted is a path as deletes wants it.
func deleted(path string) string {
	path = strings.Trim(path, "\"'")
	for _, home := range []string{"./", "~/", "$HOME/", "${HOME}/"} {
		path = strings.TrimPrefix(path, home)
	}
	return strings.TrimRight(path, "/*")
}

// deletes says whether whoever deletes a path deletes a file: it is the path, or below it, or base within it is.
// Where one of the two is relative, to which folder is not known, and the last part of the path decides.
func deletes(path, file, base string) bool {
	if path == "" {
		return false
	}
	if file == "" {
		file = "/" + base
	}
	slash := strings.LastIndexByte(path, '/')
	last := path[slash+1:]
	for _, f := range [...]string{file, file + "/" + base} {
		rest, ok := strings.CutPrefix(f, path)
		switch {
		case ok && (rest == "" || rest[0] == '/'):
			return true
		case path[0] == '/' && f[0] == '/':
			if name, ok := strings.CutPrefix(f, path[:slash+1]); ok && likeGlob(name, last) {
				return true // rm /c/*.pem
			}
		case strings.HasSuffix(f, "/"+path), strings.Contains(f, "/"+path+"/"), likeGlob(f[strings.LastIndexByte(f, '/')+1:], last),
			strings.HasPrefix(f, last+"/"):
			return true
		}
	}
	return false
}

// likeGlob says whether a name is that of a pattern with at most one star.
func likeGlob(name, pattern string) bool {
	before, behind, star := strings.Cut(pattern, "*")
	if !star || name == "" {
		return name != "" && name == pattern
	}
	return name == pattern || len(name) >= len(before)+len(behind) && strings.HasPrefix(name, before) && strings.HasSuffix(name, behind)
}
