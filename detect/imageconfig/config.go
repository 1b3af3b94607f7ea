package imageconfig

import (
	"bytes"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/dockerfile"
	"rummage/detect/jsontext"
	"rummage/detect/placed"
	"rummage/detect/shell"
)

// The contexts of what an image says of itself. What a command is known to carry has those of package command.
const (
	Env         assignment.Context = "image.env"         // NAME=value of the variables that containers get
	Label       assignment.Context = "image.label"       // a label
	Cmd         assignment.Context = "image.cmd"         // NAME=value and --name value in the command and the entry point
	Healthcheck assignment.Context = "image.healthcheck" // the same in the health check
	OnBuild     assignment.Context = "image.onbuild"     // whatever ONBUILD instructions set
	History     assignment.Context = "image.history"     // ENV, LABEL and the text of commands in the history
	BuildArg    assignment.Context = "image.build-arg"   // ARG NAME=value in the history, and the arguments each RUN got
	Provenanced assignment.Context = "image.provenance"  // arguments, labels and variables of the build, in its provenance
)

// Config reads the configuration of an image. problems is 1 where it is no JSON from some place on.
func Config(data []byte) (list []assignment.Assignment, problems int) {
	r := &reader{json: jsontext.New(data)}
	r.json.Object(func(key placed.Text) {
		switch {
		case is(key, "config"), is(key, "container_config"):
			r.config()
		case is(key, "history"):
			r.json.Array(func() { r.json.Object(r.entry) })
		}
	})
	// SHELL may stand behind the history, and what ARG declares in any entry.
	for _, t := range r.created {
		r.declared(t)
	}
	for _, t := range r.created {
		r.createdBy(t)
	}
	return r.loose.List(), r.problems()
}

// reader reads one document.
type reader struct {
	json    *jsontext.Reader
	loose   dockerfile.Loose
	created []placed.Text   // what made the layers, in the order of the history
	shells  []string        // that run commands, with their options, beyond those that everybody knows
	args    map[string]bool // names that ARG declares in the history
}

func (r *reader) problems() int {
	if r.json.Broken() {
		return 1
	}
	return 0
}

// is says whether a key is a name, as encoding/json compares them: without regard to case.
func is(key placed.Text, name string) bool {
	return len(key.Bytes) >= len(name) && strings.EqualFold(string(key.Bytes), name)
}

// config reads the settings that containers get.
func (r *reader) config() {
	var entrypoint, cmd []dockerfile.Word
	r.json.Object(func(key placed.Text) {
		switch {
		case is(key, "Env"):
			r.json.Array(func() { r.pair(Env) })
		case is(key, "Labels"):
			r.json.Object(func(name placed.Text) {
				if value, _, ok := r.json.String(); ok {
					r.loose.Add(Label, name, value, true)
				}
			})
		case is(key, "Entrypoint"):
			entrypoint = r.words(nil)
		case is(key, "Cmd"):
			cmd = r.words(nil)
		case is(key, "Healthcheck"):
			r.json.Object(func(key placed.Text) {
				if is(key, "Test") {
					r.test(Healthcheck, r.words(nil))
				}
			})
		case is(key, "OnBuild"):
			r.json.Array(func() {
				if t, _, ok := r.json.String(); ok {
					r.loose.Instruction(OnBuild, t)
				}
			})
		case is(key, "Shell"):
			r.addShell(joined(r.words(nil)))
		}
	})
	r.commands(entrypoint, cmd)
}

// pair reads a string NAME=value.
func (r *reader) pair(context assignment.Context) {
	t, _, ok := r.json.String()
	if !ok {
		return
	}
	if eq := bytes.IndexByte(t.Bytes, '='); eq > 0 {
		r.loose.Add(context, t.Slice(0, eq), bare(t.Slice(eq+1, t.Len())), true)
	}
}

// words reads an array of strings; one string counts as an array of it.
func (r *reader) words(list []dockerfile.Word) []dockerfile.Word {
	add := func() {
		if value, raw, ok := r.json.String(); ok {
			list = append(list, dockerfile.Word{Raw: raw, Value: value, Quoted: true})
		}
	}
	if r.json.Next() == '[' {
		r.json.Array(add)
	} else {
		add()
	}
	return list
}

// commands reads what a container runs. The words of Cmd are arguments of the entry point; they are read as a command of
// their own where they look like one, since most entry points of such images are scripts that run what they are given.
func (r *reader) commands(entrypoint, cmd []dockerfile.Word) {
	n := len(entrypoint)
	if n > 0 && len(cmd) > 0 && (first(cmd) == '-' || string(entrypoint[n-1].Value.Bytes) == "-c") {
		entrypoint, cmd = append(entrypoint[:n:n], cmd...), nil
	}
	r.exec(Cmd, entrypoint)
	r.exec(Cmd, cmd)
}

// first is the first byte of the first word, 0 if there is none.
func first(words []dockerfile.Word) byte {
	if len(words) == 0 || words[0].Value.Len() == 0 {
		return 0
	}
	return words[0].Value.Bytes[0]
}

// exec reads the words of a command. The configuration that old images keep of the container that made their last
// layer has the history's entry in the place of a command.
func (r *reader) exec(context assignment.Context, words []dockerfile.Word) {
	if n, ok := argCount(words); ok {
		for i := range words[1 : 1+n] {
			r.argument(words[1+i].Value)
		}
		words = words[1+n:]
	}
	for i := range words {
		if i > 3 || i > 0 && !shell.IsShell(words[0].Value.Bytes) {
			break
		}
		t := words[i].Value
		if !bytes.HasPrefix(t.Bytes, noOperation) {
			continue
		}
		if t = trim(t.Slice(len(noOperation), t.Len())); t.Len() == 0 && i+1 < len(words) {
			t = words[i+1].Value
		}
		r.instruction(trim(t))
		return
	}
	if len(words) > 0 {
		r.loose.Exec(context, words)
	}
}

// test reads the words of a health check, behind the one that says what they are.
func (r *reader) test(context assignment.Context, words []dockerfile.Word) {
	if len(words) < 2 {
		return
	}
	if string(words[0].Value.Bytes) == "CMD-SHELL" {
		r.loose.Shell(context, words[1].Value)
		return
	}
	r.loose.Exec(context, words[1:])
}

// addShell notes the shell of an image.
func (r *reader) addShell(s string) {
	if s != "" && len(s) <= maxShell && len(r.shells) < maxShells {
		r.shells = append(r.shells, s)
	}
}

// Bounds of the shells that are known: each is looked for at every word of the arguments of a build.
const (
	maxShell  = 200
	maxShells = 8
)

// joined is the values of words with blanks between them.
func joined(words []dockerfile.Word) string {
	var b strings.Builder
	for i := range words {
		if b.Len() > maxShell {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.Write(words[i].Value.Bytes)
	}
	return b.String()
}

// trim is t without white space around it.
func trim(t placed.Text) placed.Text {
	i, j := 0, t.Len()
	for i < j && isSpace(t.Bytes[i]) {
		i++
	}
	for j > i && isSpace(t.Bytes[j-1]) {
		j--
	}
	return t.Slice(i, j)
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// bare is a value without the quotation marks that it has itself.
func bare(t placed.Text) placed.Text {
	if n := t.Len(); n > 1 && (t.Bytes[0] == '"' || t.Bytes[0] == '\'') && t.Bytes[n-1] == t.Bytes[0] {
		return t.Slice(1, n-1)
	}
	return t
}
