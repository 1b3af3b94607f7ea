package carrier

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/command"
	"rummage/detect/placed"
	"rummage/detect/shell"
	"rummage/detect/yamltree"
)

// maxScript bounds the shell text that is split into words, in bytes. A longer one is one value.
const maxScript = 1 << 16

// Command reads a command: text for a shell, or a list of arguments, whose members may be such text again. Each scalar
// is a value of the key; each flag with its value, and each variable that is set, is one more.
func (w *Walker) Command(c assignment.Context, k, v yamltree.Node) {
	p, known := w.Recall(string(c), k, v)
	if known {
		return
	}
	before := w.script
	w.script = true
	w.command(c, k, v)
	w.script = before
	w.Remember(p)
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
	var words []shell.Word
	w.Items(n, func(item yamltree.Node) {
		w.Values(c, k, item)
		arg, word := placed.Text{}, shell.Word{}
		if item.Kind() == yamltree.Scalar {
			arg = item.Text()
			word = shell.Word{Raw: arg, Value: arg}
			if bytes.ContainsAny(arg.Bytes, " \t\n") && !flagWithValue(arg.Bytes) {
				w.Words(c, arg)
				arg = placed.Text{}
			}
		}
		args, words = append(args, arg), append(words, word)
	})
	s := w.scripter(c)
	follow := s.command.Script
	s.command.Script = nil // it was read as a member of the list
	w.known(s, &shell.Command{Words: words})
	s.command.Script = follow
	w.flags(c, args, &s.claims)
}

// flagWithValue reports whether an argument is --flag=some value.
func flagWithValue(b []byte) bool {
	eq := bytes.IndexByte(b, '=')
	return eq > 0 && b[0] == '-' && !bytes.ContainsAny(b[:eq], " \t\n\"'")
}

// maxScripts is how deep the texts of shells are followed into one another: sh -c "su -c '…'".
const maxScripts = 4

// scripter is what reading the text of a shell needs.
type scripter struct {
	split   shell.Splitter
	command command.Reader
	claims  command.Claims // what the commands' own knowledge has told of, of the command being read
	args    []placed.Text  // the words of the command being read
	found   func(command.Found)
	context assignment.Context
	owner   *Walker // whose functions these are
}

// scripter returns the one for the level. What it reads belongs to the context.
func (w *Walker) scripter(c assignment.Context) *scripter {
	if len(w.shells) == w.level {
		w.shells = append(w.shells, new(scripter))
	}
	s := w.shells[w.level]
	if s.context = c; s.owner != w {
		s.owner, s.found = w, func(f command.Found) { w.found(s, f) }
		s.command.Script = nil
		if w.level+1 < maxScripts {
			s.command.Script = func(t placed.Text) {
				s.claims.Add(t.Place())
				w.level++
				w.Words(s.context, t)
				w.level--
			}
		}
	}
	s.command.Reset()
	return s
}

// Words splits the text of a shell and reads the credentials, the flags and the assignments among the words.
func (w *Walker) Words(c assignment.Context, t placed.Text) {
	if t.Len() > maxScript {
		return
	}
	s := w.scripter(c)
	s.split.Split(t, '\\', func(cmd *shell.Command) {
		for i := range cmd.Assigns {
			w.argument(c, cmd.Assigns[i].Name.Place(), cmd.Assigns[i].Value)
		}
		w.known(s, cmd)
		s.args = s.args[:0]
		for i := range cmd.Words {
			s.args = append(s.args, cmd.Words[i].Value)
		}
		w.flags(c, s.args, &s.claims)
		for i := range cmd.Redirs {
			if body := cmd.Redirs[i].Body; len(cmd.Words) > 0 && shell.IsShell(cmd.Words[0].Value.Bytes) && s.command.Script != nil {
				s.command.Script(body)
			} else {
				w.PairLines(c, body)
			}
		}
	})
}

// known adds the credentials that a command is known to carry, under the contexts of package command.
func (w *Walker) known(s *scripter, cmd *shell.Command) {
	s.claims.Reset()
	s.command.Read(cmd, s.found)
}

func (w *Walker) found(s *scripter, f command.Found) {
	before := w.script
	w.script = before && !f.Literal
	w.Add(Entry{Assignment: assignment.Assignment{Context: f.Context, Name: f.Name, Quoted: f.Quoted}, Unset: f.Unset}, f.Value)
	w.script = before
	s.claims.Add(f.Value.Place())
	if f.Unset {
		s.claims.Add(f.Name)
	}
}

// flags reads --name=value, --name value and NAME=value among the arguments of one command, unless they are known.
func (w *Walker) flags(c assignment.Context, args []placed.Text, claims *command.Claims) {
	add := func(name assignment.Span, value placed.Text) {
		if !claims.Has(value.Place()) {
			w.argument(c, name, value)
		}
	}
	for i := 0; i < len(args); i++ {
		a, b := args[i], args[i].Bytes
		if n := secretSpec(args[i:]); n > 0 {
			i += n - 1
			continue
		}
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
			add(a.Span(dashes, end), a.Slice(end+1, len(b)))
		case end == len(b) && dashes > 0 && i+1 < len(args):
			if next := args[i+1].Bytes; len(next) > 0 && next[0] != '-' {
				add(a.Span(dashes, end), args[i+1])
			}
		}
	}
}

// secretSpec is how many arguments a --secret takes up that says where a secret comes from, as docker build and docker
// run have it: id=npm,env=NPM_TOKEN, db_password,type=env. It is 0 for one that may be the secret itself.
func secretSpec(args []placed.Text) int {
	b, found := bytes.CutPrefix(args[0].Bytes, []byte("--secret"))
	n := 1
	switch {
	case !found:
		return 0
	case len(b) > 0 && b[0] == '=':
		b = b[1:]
	case len(b) == 0 && len(args) > 1:
		b, n = args[1].Bytes, 2
	default:
		return 0
	}
	for field := range bytes.SplitSeq(bytes.Trim(b, `"'`), []byte{','}) {
		switch name, _, pair := bytes.Cut(field, []byte{'='}); string(name) {
		case "id", "src", "source", "env", "type", "target":
			if pair {
				return n
			}
		}
	}
	return 0
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
