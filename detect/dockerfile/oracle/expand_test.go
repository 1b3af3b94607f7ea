package oracle

import (
	"fmt"
	"maps"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"rummage/detect/dockerfile"
)

// builder does with variables what BuildKit does when it builds, with BuildKit's own expansion of words.
type builder struct {
	lex    *shell.Lex
	global map[string]string
	vars   map[string]string
	stages map[string]map[string]string
	stage  string
}

func newBuilder(escape byte) *builder {
	b := &builder{lex: shell.NewLex(rune(escape)), global: map[string]string{}, stages: map[string]map[string]string{}}
	b.vars = b.global
	return b
}

func (b *builder) word(w dockerfile.Text) (string, error) {
	var list []string
	for k, v := range b.vars {
		list = append(list, k+"="+v)
	}
	value, _, err := b.lex.ProcessWord(w.String(), shell.EnvsFromSlice(list))
	return value, err
}

// from opens the stage of a FROM.
func (b *builder) from(in *dockerfile.Instruction) {
	b.vars = b.global
	base := ""
	if len(in.Args) > 0 {
		base, _ = b.word(in.Args[0].Raw)
	}
	b.vars = map[string]string{}
	maps.Copy(b.vars, b.stages[strings.ToLower(base)])
	if len(in.Args) > 2 && strings.EqualFold(in.Args[1].Raw.String(), "as") {
		b.stages[strings.ToLower(in.Args[2].Value.String())] = b.vars
	}
}

// run sets what ENV and ARG set.
func (b *builder) run(in *dockerfile.Instruction) {
	if in.Name == "ENV" {
		set := map[string]string{}
		for _, v := range in.Vars {
			set[v.Name.String()], _ = b.word(v.Raw)
		}
		maps.Copy(b.vars, set)
	}
	for _, v := range in.Vars {
		switch name := v.Name.String(); {
		case in.Name != "ARG":
		case v.Set:
			b.vars[name], _ = b.word(v.Raw)
		default:
			if value, ok := b.global[name]; ok && in.Stage >= 0 {
				b.vars[name] = value
			}
		}
	}
}

// compareValues compares the values of words: what Value is for a word without references, what Resolve makes of any
// word. Where it says that it does not know, BuildKit may say what it likes.
func compareValues(f *dockerfile.File, c *tally) string {
	b := newBuilder(f.Escape)
	difference, stopped := "", false
	dockerfile.Resolve(f, func(in *dockerfile.Instruction, env *dockerfile.Env) {
		if in.Name == "FROM" {
			b.from(in)
			return
		}
		for _, w := range expanded(in) {
			want, err := b.word(w.Raw)
			got := env.Word(w.Raw)
			switch want = valid(want); {
			case difference != "" || stopped:
			case err != nil && len(f.Problems) == 0 && !got.Unknown:
				difference = fmt.Sprintf("line %d: %q: BuildKit: %v", in.StartLine, w.Raw, err)
			case err != nil:
				stopped = true // so does the builder
			case !got.Unknown && valid(string(got.Value)) != want:
				difference = fmt.Sprintf("line %d: %q resolved to %q, BuildKit %q", in.StartLine, w.Raw, got.Value, want)
			case got.Literal() && valid(w.Value.String()) != want:
				difference = fmt.Sprintf("line %d: %q has value %q, BuildKit %q", in.StartLine, w.Raw, w.Value, want)
			case got.Unknown:
				c.unknown++
			default:
				c.values++
			}
		}
		b.run(in)
	})
	return difference
}

// expanded returns the words that BuildKit expands.
func expanded(in *dockerfile.Instruction) []dockerfile.Word {
	var words []dockerfile.Word
	switch in.Name {
	case "ENV", "LABEL", "ARG":
		for _, v := range in.Vars {
			words = append(words, v.Word)
		}
	case "COPY", "ADD", "VOLUME", "USER", "WORKDIR", "STOPSIGNAL", "EXPOSE":
		if !in.JSON {
			words = in.Args
		}
	}
	return words
}
