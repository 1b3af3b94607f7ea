package dockerfile

import (
	"bytes"
	"strings"
)

// mount is a --mount=type=secret of RUN.
type mount struct {
	id     Text   // its id, where that is given; else its target
	env    []byte // the variable that holds it
	target string // the file that holds it, empty for none
}

// secretMounts are the secrets that RUN mounts. Options may stand in any order; source is another word for id, the
// target is /run/secrets and the id unless something else is said (docs.docker.com/reference/dockerfile, RUN --mount).
func secretMounts(in *Instruction) []mount {
	var list []mount
	for i := range in.Flags {
		f := &in.Flags[i]
		if len(list) == maxMounts {
			break
		}
		if f.Name != "mount" {
			continue
		}
		if t, ok := f.Option("type"); !ok || !bytes.EqualFold(t.Value.Bytes, []byte("secret")) {
			continue
		}
		var m mount
		id, hasID := f.Option("id", "source", "src")
		target, hasTarget := f.Option("target", "dst", "destination")
		env, hasEnv := f.Option("env")
		switch {
		case hasID:
			m.id = id.Value
		case hasTarget:
			m.id = target.Value
		case hasEnv:
			m.id = env.Value
		default:
			continue
		}
		m.env = env.Value.Bytes
		switch {
		case hasTarget:
			m.target = target.Value.String()
		case !hasEnv:
			m.target = "/run/secrets/" + m.id.String()[strings.LastIndexByte(m.id.String(), '/')+1:]
		}
		list = append(list, m)
	}
	return list
}

// passing are the targets of mounts that are no part of the layer, whatever their type: what is written there goes
// with the mount.
func passing(in *Instruction) []string {
	var list []string
	for i := range in.Flags {
		if f := &in.Flags[i]; f.Name == "mount" {
			if t, ok := f.Option("target", "dst", "destination"); ok && strings.HasPrefix(t.Value.String(), "/") && len(list) < maxMounts {
				list = append(list, strings.TrimRight(t.Value.String(), "/"))
			}
		}
	}
	return list
}

// persists notes the mounted secrets of a RUN, and those that it writes into its layer.
func (x *facts) persists(file *File, in *Instruction) {
	mounts := secretMounts(in)
	if len(mounts) == 0 {
		return
	}
	for _, m := range mounts {
		for _, name := range []string{plainName(m.id.Bytes), plainName(m.env)} {
			if name != "" {
				x.mounts = append(x.mounts, name)
			}
		}
	}
	f := newFlow(mounts, passing(in))
	file.commands(in, func(s *Script) {
		if w := f.document(s.Text); w != 0 && s.Target.Len() > 0 && !s.Heredoc.Quoted && !f.gone[deleted(s.Target.String())] {
			f.write(w, s.Target.String(), "")
		}
	}, func(escape byte) func(*Command) {
		f.escape = escape
		return f.command
	})
	for _, path := range f.late {
		f.remove(path)
	}
	var written secrets
	for _, w := range f.writes {
		written |= w.secrets
	}
	for i := range mounts {
		if written.has(i) && mounts[i].id.Len() > 0 {
			x.written = append(x.written, mounts[i].id.Place())
		}
	}
}

// commands calls read for each text of RUN that no shell reads, and otherwise, for each command, what visit gives for
// its shell. A JSON array is a command.
func (f *File) commands(in *Instruction, read func(*Script), visit func(escape byte) func(*Command)) {
	scripts := f.Shell(in)
	if in.JSON && len(in.Args) > 0 && (len(scripts) == 0 || scripts[0].Heredoc != nil) {
		visit('\\')(&Command{Words: in.Args})
	}
	for i := range scripts {
		if s := &scripts[i]; s.Shell {
			Commands(s.Text, s.Escape, visit(s.Escape))
		} else if read != nil && s.Heredoc != nil {
			read(s)
		}
	}
}
