package scan

import (
	"fmt"
	"slices"
	"strings"

	"rummage/detect/dockerfile"
)

// Instructions tell where Dockerfiles have the instructions that made the layers of images.
type Instructions struct {
	at map[string][]string // by what the history of an image would say: path:line
}

// maxInstructions bounds the instructions that are remembered, maxKey the bytes of one that are compared.
const (
	maxInstructions = 100_000
	maxKey          = 400
)

// dockerLine is an instruction of a file, as histories have it in any of the ways.
type dockerLine struct {
	keys []string
	line int
}

// dockerLines are the instructions of a Dockerfile that make layers.
func dockerLines(data []byte) (lines []dockerLine) {
	f := dockerfile.Parse(data)
	for i := range f.Instructions {
		in := &f.Instructions[i]
		switch in.Name {
		case "RUN", "COPY", "ADD", "WORKDIR":
		default:
			continue
		}
		rest := in.Rest.String()
		l := dockerLine{line: in.StartLine, keys: []string{instructionKey(in.Name + " " + rest)}}
		if words := strings.Fields(rest); in.Name != "RUN" && len(words) > 1 {
			l.keys = append(l.keys, copyKey(in.Name, words[len(words)-1]))
		}
		lines = append(lines, l)
	}
	return lines
}

// instructionKey is an instruction without what builders write in different ways: blanks, and flags before the arguments.
func instructionKey(s string) string {
	words := strings.Fields(s)
	for len(words) > 1 && strings.HasPrefix(words[1], "--") {
		words = slices.Delete(words, 1, 2)
	}
	key := strings.Join(words, " ")
	return key[:min(len(key), maxKey)]
}

// copyKey is what is left of a COPY where the history has a digest in place of its sources: COPY file:… in /app.
func copyKey(name, target string) string { return name + " in " + strings.TrimRight(target, "/") }

// add remembers the instructions of the file at a path.
func (x *Instructions) add(path string, lines []dockerLine) {
	if x.at == nil {
		x.at = map[string][]string{}
	}
	for _, l := range lines {
		if len(x.at) >= maxInstructions {
			return
		}
		where := fmt.Sprintf("%s:%d", path, l.line)
		for _, key := range l.keys {
			if !slices.Contains(x.at[key], where) {
				x.at[key] = append(x.at[key], where)
			}
		}
	}
}

// of is where the instruction that a history has stands, ascending; nil where no file has it.
func (x *Instructions) of(instruction string) []string {
	if instruction == "" {
		return nil
	}
	if at := x.at[instructionKey(instruction)]; at != nil {
		return at
	}
	words := strings.Fields(instruction)
	if n := len(words); n > 3 && words[n-2] == "in" && strings.Contains(words[1], ":") {
		return x.at[copyKey(words[0], words[n-1])]
	}
	return nil
}

// maxPointed bounds the lines that a remedy names.
const maxPointed = 3

// Point adds to the remedies of places in layers where the instruction that made the layer stands.
func (x *Instructions) Point(res *Result) {
	for i := range res.Findings {
		f := &res.Findings[i]
		common := f.Remedy
		changed := false
		for j := range f.Places {
			p := &f.Places[j]
			if p.Image == nil || p.Image.Layer == 0 {
				continue
			}
			at := x.of(p.Image.Instruction)
			if at == nil {
				continue
			}
			if p.Remedy == "" {
				p.Remedy = common
			}
			p.Remedy += "\nThe layer was made by:\n  " + strings.Join(at[:min(len(at), maxPointed)], "\n  ")
			changed = true
		}
		if changed {
			for j := range f.Places {
				if f.Places[j].Remedy == "" {
					f.Places[j].Remedy = common
				}
			}
			f.shareRemedy()
		}
	}
}
