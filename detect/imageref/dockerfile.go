package imageref

import (
	"bytes"
	"strings"

	"rummage/detect/dockerfile"
)

// platforms are the variables that the builder sets for the platform it builds on and for.
var platforms = map[string]bool{
	"BUILDPLATFORM": true, "BUILDOS": true, "BUILDARCH": true, "BUILDVARIANT": true,
	"TARGETPLATFORM": true, "TARGETOS": true, "TARGETARCH": true, "TARGETVARIANT": true,
}

func readDockerfile(data []byte) (refs []Ref, problems int) {
	f := dockerfile.Parse(data)
	dockerfile.Resolve(f, func(in *dockerfile.Instruction, env *dockerfile.Env) {
		if in.Name == "FROM" {
			if s := &f.Stages[in.Stage]; s.Parent < 0 && s.Base.Raw.Len() > 0 {
				refs = fromStage(refs, f, in.Stage, env)
			}
			return
		}
		if in.OnBuild != nil {
			in = in.OnBuild
		}
		for i := range in.Flags {
			switch fl := &in.Flags[i]; fl.Name {
			case "from":
				if in.Name == "COPY" {
					refs = taken(refs, CopyFrom, f, fl.Value)
				}
			case "mount":
				if o, ok := fl.Option("from"); ok && in.Name == "RUN" {
					refs = taken(refs, MountFrom, f, o.Value)
				}
			}
		}
	})
	return refs, len(f.Problems)
}

// fromStage adds the image that a stage is built on.
func fromStage(refs []Ref, f *dockerfile.File, stage int, env *dockerfile.Env) []Ref {
	raw := f.Stages[stage].Base.Raw
	if raw.Len() > 4*MaxLength {
		return append(refs, settle(From, raw.String(), "", raw.Place()))
	}
	if bytes.Contains(raw.Bytes, []byte("{{")) {
		return append(refs, settle(From, raw.String(), "template", raw.Place()))
	}
	r := env.Word(raw)
	if !r.Unknown {
		switch text := string(r.Value); text {
		case "scratch":
			return refs
		case "":
			if r.Literal() {
				return refs
			}
			return append(refs, settle(From, raw.String(), "variable "+r.Names[0]+" is empty", raw.Place()))
		default:
			return append(refs, settle(From, text, "", raw.Place()))
		}
	}
	why := "not all of its variables have a value"
	for _, name := range r.Names {
		if b, ok := env.Lookup(name); ok && !b.Unknown {
			continue
		}
		if why = "variable " + name + " has no value"; platforms[name] {
			if why = "variable " + name + " is the platform's"; namesStage(f, stage, raw) {
				return refs // FROM build-$TARGETARCH, with stages build-amd64 and build-arm64
			}
		}
		break
	}
	return append(refs, settle(From, raw.String(), why, raw.Place()))
}

// maxStages bounds the stages that one word is compared with.
const maxStages = 256

// namesStage reports whether an earlier stage's name has what stands around the variables of a word.
func namesStage(f *dockerfile.File, before int, raw dockerfile.Text) bool {
	head, rest, _ := strings.Cut(strings.ToLower(strings.Trim(raw.String(), `"'`)), "$")
	rest = rest[strings.LastIndexByte(rest, '$')+1:]
	tail := strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz0123456789_")
	if strings.HasPrefix(rest, "{") {
		tail = rest[strings.LastIndexByte(rest, '}')+1:]
	}
	if head == "" && tail == "" {
		return false
	}
	for i := max(0, before-maxStages); i < before; i++ {
		name := f.Stages[i].Name
		if len(name) > len(head)+len(tail) && strings.HasPrefix(name, head) && strings.HasSuffix(name, tail) {
			return true
		}
	}
	return false
}

// taken adds the image that files are taken from, unless it is a stage. Builders do not expand variables here.
func taken(refs []Ref, role Role, f *dockerfile.File, t dockerfile.Text) []Ref {
	text := t.String()
	switch {
	case text == "" || text == "scratch" || f.Stage(text) >= 0 || strings.Trim(text, "0123456789") == "":
		return refs
	case strings.Contains(text, "$"):
		return append(refs, settle(role, text, "variables are not expanded here", t.Place()))
	}
	return append(refs, settle(role, text, "", t.Place()))
}
