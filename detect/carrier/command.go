package carrier

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/shell"
	"rummage/detect/yamltree"
)

// maxScript bounds the shell text that is split into words, in bytes. A longer one is one value.
const maxScript = 1 << 16

// Command reads a command: text for a shell, or a list of arguments, whose members may be such text again. Each scalar
// is a value of the key; each flag with its value, and each variable that is set, is one more.
func (w *Walker) Command(c assignment.Context, k, v yamltree.Node) {
	before := w.script
	w.script = true
	w.command(c, k, v)
	w.script = before
}

func (w *Walker) command(c assignment.Context, k, v yamltree.Node) {
	n, ok := w.Enter(v)
	if !ok {
		w.Scalar(c, k.Span(), v)
		if v.Kind() == yamltree.Scalar {
			w.Words(c, v.Text())
		}
		return
	}
	w.Pairs(n, func(k, v yamltree.Node) { w.Values(c, k, v) })
	var args []placed.Text
	w.Items(n, func(item yamltree.Node) {
		w.Values(c, k, item)
		arg := placed.Text{}
		if item.Kind() == yamltree.Scalar {
			arg = item.Text()
			if bytes.ContainsAny(arg.Bytes, " \t\n") && !flagWithValue(arg.Bytes) {
				w.Words(c, arg)
				arg = placed.Text{}
			}
		}
		args = append(args, arg)
	})
	w.flags(c, args)
}

// flagWithValue reports whether an argument is --flag=some value.
func flagWithValue(b []byte) bool {
	eq := bytes.IndexByte(b, '=')
	return eq > 0 && b[0] == '-' && !bytes.ContainsAny(b[:eq], " \t\n\"'")
}

// Words splits the text of a shell and reads the flags and assignments among the words.
func (w *Walker) Words(c assignment.Context, t placed.Text) {
	if t.Len() > maxScript {
		return
	}
	w.split.Split(t, '\\', func(cmd *shell.Command) {
		for i := range cmd.Assigns {
			w.argument(c, cmd.Assigns[i].Name.Place(), cmd.Assigns[i].Value)
		}
		w.args = w.args[:0]
		for i := range cmd.Words {
			w.args = append(w.args, cmd.Words[i].Value)
		}
		w.flags(c, w.args)
		for i := range cmd.Redirs {
			w.PairLines(c, cmd.Redirs[i].Body)
		}
	})
}

// flags reads --name=value, --name value and NAME=value among the arguments of one command.
func (w *Walker) flags(c assignment.Context, args []placed.Text) {
	for i, a := range args {
		b := a.Bytes
		dashes := len(b) - len(bytes.TrimLeft(b, "-"))
		if bytes.HasPrefix(b, []byte("-D")) {
			dashes = 2 // a property of Java
		}
		end := dashes
		for end < len(b) && NameByte(b[end]) {
			end++
		}
		switch {
		case end-dashes < 2 || dashes > 2:
		case end < len(b) && b[end] == '=':
			w.argument(c, a.Span(dashes, end), a.Slice(end+1, len(b)))
		case end == len(b) && dashes > 0 && i+1 < len(args):
			if next := args[i+1].Bytes; len(next) > 0 && next[0] != '-' {
				w.argument(c, a.Span(dashes, end), args[i+1])
			}
		}
	}
}

// NameByte reports whether a name of a variable, a key or a flag may hold the byte.
func NameByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

func (w *Walker) argument(c assignment.Context, name assignment.Span, value placed.Text) {
	e := Entry{Assignment: assignment.Assignment{Context: c, Name: name}}
	if inner, ok := Unquote(value); ok {
		value, e.Quoted = inner, true
	}
	w.Add(e, value)
}
