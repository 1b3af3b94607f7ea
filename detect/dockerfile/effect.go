package dockerfile

import (
	"bytes"
	"strings"

	"rummage/detect/shell"
)

// command follows one command.
func (f *flow) command(c *Command) {
	d := min(c.Depth, maxDepth)
	in, sub := f.piped[d], f.out[d+1]
	f.piped[d], f.out[d+1] = 0, 0
	name, args := program(c.Words)
	var given secrets // to what xargs runs
	if name == "xargs" {
		given, in = in, 0
		name, args = program(behindOptions(args[1:], "-I", "-n", "-P", "-L", "-d"))
	}
	var assigned secrets
	for i := range c.Assigns {
		s := f.expand(c.Assigns[i].Raw, sub, false).values
		if assigned |= s; len(c.Words) == 0 {
			f.hold(c.Assigns[i].Name.String(), s)
		}
	}
	w := brought{values: given}
	for i := range args {
		e := f.expand(args[i].Raw, sub, false)
		w.values |= e.values
		w.files |= e.files
	}
	for i := range c.Redirs {
		switch r := &c.Redirs[i]; {
		case r.Op == "<":
			in |= f.expand(r.Target.Raw, sub, false).files
		case r.Op == "<<<":
			in |= f.expand(r.Target.Raw, sub, false).values
		case r.Body.Len() > 0 && bytes.Equal(r.Target.Raw.Bytes, r.Target.Value.Bytes):
			in |= f.document(r.Body)
		}
	}
	out := f.output(name, args, w, in, sub|f.out[d], assigned)
	for i := range c.Redirs {
		switch r := &c.Redirs[i]; r.Op {
		case ">", ">>", ">|", "&>", "&>>":
			if r.FD != 2 && out != 0 {
				f.write(out, r.Target.Value.String(), "")
				out = 0
			}
		}
	}
	if strings.HasPrefix(c.Next, "|") && c.Next != "||" {
		f.piped[d] = out
	} else {
		f.out[d] |= out
	}
	f.keep(name, args, w, in)
}

// program is the name of a command's program, without folders, and its words from there on. What only runs another
// program is left out.
func program(args []Word) (string, []Word) {
	for len(args) > 0 {
		name := args[0].Value.Bytes
		name = name[bytes.LastIndexByte(name, '/')+1:]
		switch string(name) {
		case "sudo", "env", "exec", "command", "nohup", "nice", "time", "doas":
			args = behindOptions(args[1:], "-u", "-g", "-n")
			for len(args) > 0 && pairName(args[0].Value.Bytes) > 0 {
				args = args[1:]
			}
		default:
			return string(name), args
		}
	}
	return "", nil
}

// pairName is the length of NAME where b is NAME=…, else 0.
func pairName(b []byte) int {
	if n := shell.NameLen(b); n > 0 && n < len(b) && b[n] == '=' {
		return n
	}
	return 0
}

// behindOptions is the words behind the options that come first; those named have a value of their own.
func behindOptions(args []Word, valued ...string) []Word {
	for len(args) > 0 {
		o := args[0].Value.String()
		if !strings.HasPrefix(o, "-") {
			break
		}
		args = args[1:]
		for _, v := range valued {
			if o == v && len(args) > 0 {
				args = args[1:]
				break
			}
		}
	}
	return args
}

// output follows what a command does with variables and deletions, and returns the secrets that it gives out: group is
// those of the commands that it stands for, as what follows (…) or } does.
func (f *flow) output(name string, args []Word, w brought, in, group, assigned secrets) secrets {
	switch name {
	case "":
		return in | group
	case "rm", "shred", "unlink":
		for i := range args[1:] {
			f.remove(args[1+i].Value.String())
		}
	case "trap":
		if len(args) > 1 && f.nesting < maxShells {
			Commands(args[1].Value, f.escape, func(c *Command) {
				if name, args := program(c.Words); name == "rm" {
					for i := range args[1:] {
						f.late = append(f.late, args[1+i].Value.String())
					}
				}
			})
		}
	case "export", "declare", "local", "readonly", "typeset":
		for i := range args[1:] {
			if n := pairName(args[1+i].Value.Bytes); n > 0 {
				f.hold(string(args[1+i].Value.Bytes[:n]), w.values)
			}
		}
	case "read":
		for i := range args[1:] {
			f.hold(args[1+i].Value.String(), in)
		}
	case ".", "source":
		f.all |= w.files // what it sets is not known, but envsubst finds it
	case "unset":
		for i := range args[1:] {
			delete(f.held, args[1+i].Value.String())
		}
	case "sh", "bash", "ash", "dash", "zsh", "ksh":
		for i := 1; i+1 < len(args); i++ {
			if o := args[i].Value.String(); strings.HasPrefix(o, "-") && !strings.HasPrefix(o, "--") && strings.Contains(o, "c") {
				return f.inner(args[i+1].Value)
			}
		}
	case "echo", "printf":
		return w.values
	case "envsubst":
		return f.all | w.values | in | assigned
	case "grep", "egrep":
		if !hasFlag(args, "-q") && !hasFlag(args, "-c") && !hasFlag(args, "-l") {
			return w.values | w.files | in
		}
	case "openssl":
		if len(args) < 2 || args[1].Value.String() != "dgst" && args[1].Value.String() != "passwd" {
			return w.values | w.files | in
		}
	case "cat", "sed", "awk", "tr", "cut", "head", "tail", "base64", "base32", "xxd", "jq", "yq", "gpg", "sort", "uniq", "tac", "rev", "paste", "gunzip", "zcat":
		return w.values | w.files | in
	case "tee":
		return in | group
	}
	return 0
}

func hasFlag(args []Word, flag string) bool {
	for i := range args {
		if strings.HasPrefix(args[i].Value.String(), flag) {
			return true
		}
	}
	return false
}

// keep looks at programs that write files themselves.
func (f *flow) keep(name string, args []Word, w brought, in secrets) {
	switch all := w.values | w.files | in; {
	case len(args) == 0:
	case undoes(name, args, w.values):
		for _, k := range keepers {
			if k.program == name {
				f.remove(k.file)
			}
		}
		if name == "git" {
			f.clones()
		}
	case all == 0:
	case name == "tee":
		for i := range args[1:] {
			if a := args[1+i].Value; a.Len() > 0 && a.Bytes[0] != '-' {
				f.write(in, a.String(), "")
			}
		}
	case name == "cp", name == "install", name == "mv", name == "dd", name == "rsync":
		f.copy(args)
	case name == "sed" && hasFlag(args, "-i"):
		f.write(w.values, args[len(args)-1].Value.String(), "")
	case name == "git" && subcommand(args) == "clone":
		f.clone(args, w.values)
	case (name == "gpg" || name == "gpg2") && hasFlag(args, "--import"):
		f.write(all, ".gnupg", "")
	default:
		if k := keeperOf(name, args); k != nil && k.reads {
			f.write(all, k.file, "")
		} else if k != nil {
			f.write(w.values|in, k.file, "")
		}
	}
}

// copy follows the files that a command copies to its last word, or to what an option names.
func (f *flow) copy(args []Word) {
	to := len(args) - 1
	for i := range args[:to] {
		if o := args[i].Value.String(); o == "-t" || o == "--target-directory" {
			to = i + 1
		}
	}
	dest := args[to].Value.String()
	for i := 1; i < len(args); i++ {
		if o := args[i].Value.String(); strings.HasPrefix(o, "of=") || strings.HasPrefix(o, "--target-directory=") {
			to, dest = i, o[strings.IndexByte(o, '=')+1:]
		}
	}
	for i := 1; i < len(args); i++ {
		if i != to {
			source := args[i].Value.String()
			f.write(f.expand(args[i].Raw, 0, false).files, dest, source[strings.LastIndexByte(source, '/')+1:])
		}
	}
}

// clone follows git clone: the URL, and what -c sets, stay in the clone's configuration.
func (f *flow) clone(args []Word, values secrets) {
	at := 1
	for at < len(args) && args[at].Value.String() != "clone" {
		at++
	}
	var kept secrets
	folder, url := "", false
	for i := at + 1; i < len(args); i++ {
		a := args[i].Value.String()
		switch a {
		case "-b", "--branch", "--depth", "-o", "--origin", "--reference", "-j", "--jobs":
			i++
			continue
		}
		if f.expand(args[i].Raw, values, false).values != 0 {
			kept = values
		}
		switch {
		case strings.HasPrefix(a, "-"), i > 0 && (args[i-1].Value.String() == "-c" || args[i-1].Value.String() == "--config"):
		case url:
			folder = a
		default:
			url = true
			folder = strings.TrimSuffix(strings.TrimRight(a, "/"), ".git")
			folder = folder[strings.LastIndexByte(folder, '/')+1:]
		}
	}
	if kept != 0 && folder != "" && f.stays(folder) && len(f.writes) < maxWrites {
		f.writes = append(f.writes, write{secrets: kept, file: folder, clone: true})
	}
}

// subcommand is what git is asked to do.
func subcommand(args []Word) string {
	args = behindOptions(args[1:], "-c", "-C", "--git-dir", "--work-tree")
	if len(args) == 0 {
		return ""
	}
	return args[0].Value.String()
}
