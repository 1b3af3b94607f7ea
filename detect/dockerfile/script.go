package dockerfile

import (
	"bytes"

	"rummage/detect/shell"
)

// Script is text that an instruction hands to a shell or another program.
type Script struct {
	// Text is joined: lines that continue the instruction, and comments among them, are not in it.
	Text Text
	// Heredoc is where the text comes from, nil for the instruction itself.
	Heredoc *Heredoc
	// Shell says that a shell reads the text. Else it is a file, or another program's input.
	Shell bool
	// Escape is the escape character of that shell; see Commands.
	Escape byte
	// Target is the file that the text is written to, as `cat <<EOF >file`, `tee file <<EOF` or COPY name it; empty if
	// there is none.
	Target Text
}

// Shell returns the texts of an instruction: of RUN, CMD and ENTRYPOINT, of HEALTHCHECK CMD, of those in ONBUILD, and
// the heredocs of RUN, COPY and ADD. A JSON array counts when it is of the form ["sh", "-c", "text"].
func (f *File) Shell(in *Instruction) []Script {
	for in.OnBuild != nil {
		in = in.OnBuild
	}
	var list []Script
	if t, ok := shellText(in); ok {
		list = append(list, Script{Text: t, Shell: true, Escape: f.Escape})
	}
	return f.documents(in, list)
}

// documents appends the heredocs of an instruction to list.
func (f *File) documents(in *Instruction, list []Script) []Script {
	if len(in.Heredocs) == 0 {
		return list
	}
	uses := f.uses(in)
	for i := range in.Heredocs {
		doc := &in.Heredocs[i]
		s := Script{Text: f.Body(doc), Heredoc: doc, Escape: '\\', Target: doc.Target}
		if use, ok := uses[doc.Mark.Start]; ok {
			s.Shell, s.Target = use.shell, use.target
		}
		list = append(list, s)
	}
	if _, alone := heredocMark(in.Rest.Bytes); alone && in.Name == "RUN" && len(in.Heredocs) == 1 {
		s := &list[len(list)-1]
		s.Shell = shell.Interpreted(s.Text.Bytes)
	}
	return list
}

// shellText is the text that a shell reads.
func shellText(in *Instruction) (Text, bool) {
	args := in.Args
	switch in.Name {
	case "RUN", "CMD", "ENTRYPOINT":
	case "HEALTHCHECK":
		if len(args) == 0 {
			return Text{}, false
		}
		args = args[1:]
	default:
		return Text{}, false
	}
	if len(args) == 0 {
		return Text{}, false
	}
	if !in.JSON {
		return args[0].Value, true
	}
	if !shell.IsShell(args[0].Value.Bytes) {
		return Text{}, false
	}
	for i := 1; i+1 < len(args); i++ {
		option := args[i].Value.Bytes
		if len(option) < 2 || option[0] != '-' {
			break
		}
		if option[1] != '-' && bytes.IndexByte(option, 'c') > 0 {
			return args[i+1].Value, true
		}
	}
	return Text{}, false
}

// use is what a command does with a heredoc.
type use struct {
	shell  bool
	target Text
}

// uses finds out what a RUN does with its heredocs, by the place of their marks. Nothing happens to one that is given
// to no command.
func (f *File) uses(in *Instruction) map[int]use {
	if in.Name != "RUN" {
		return nil
	}
	list := map[int]use{}
	Commands(in.Rest, f.Escape, func(c *Command) {
		if len(c.Words) == 0 {
			return
		}
		name := c.Words[0].Value.Bytes
		u := use{shell.IsShell(name), written(c, string(name[bytes.LastIndexByte(name, '/')+1:]))}
		for _, r := range c.Redirs {
			if r.Op == "<<" || r.Op == "<<-" {
				list[r.Span.Start] = u
			}
		}
	})
	return list
}

// written is the file that cat or tee write their input to.
func written(c *Command, name string) Text {
	if name == "tee" {
		for _, w := range c.Words[1:] {
			if !bytes.HasPrefix(w.Value.Bytes, []byte("-")) {
				return w.Value
			}
		}
	}
	if name == "cat" {
		for _, r := range c.Redirs {
			if r.Op == ">" || r.Op == ">>" || r.Op == ">|" {
				return r.Target.Value
			}
		}
	}
	return Text{}
}
