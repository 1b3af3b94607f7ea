package devcontainer

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/placed"
	"rummage/detect/yamltree"
)

// root reads the file's object.
func (r *reader) root(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Values(Value, yamltree.Node{}, v)
		return
	}
	r.Items(n, func(item yamltree.Node) { r.Values(Value, yamltree.Node{}, item) })
	r.Pairs(n, r.field)
}

func (r *reader) field(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "containerEnv", "remoteEnv":
		r.Variables(Env, v)
	case "build":
		r.build(k, v)
	case "runArgs":
		r.arguments(RunArg, k, v)
	case "image":
		r.Values(Image, k, v)
	case "dockerFile", "dockerComposeFile":
		r.Values(FilePath, k, v)
	case "initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand":
		r.commands(k, v)
	case "features":
		r.features(k, v)
	default:
		r.Values(Value, k, v)
	}
}

func (r *reader) build(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Values(Value, k, v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "args":
			r.Variables(BuildArg, v)
		case "dockerfile", "dockerFile":
			r.Values(FilePath, k, v)
		case "cacheFrom":
			r.Values(Image, k, v)
		case "options":
			r.arguments(BuildArg, k, v)
		default:
			r.Values(Value, k, v)
		}
	})
}

// commands reads a command: text for a shell, a list of arguments, or a map of names to these.
func (r *reader) commands(k, v yamltree.Node) {
	if v.Target().Kind() != yamltree.Mapping {
		r.Command(Command, k, v)
		return
	}
	if n, ok := r.Enter(v); ok {
		r.Pairs(n, func(k, v yamltree.Node) { r.Command(Command, k, v) })
	}
}

// features reads the options of features. A text alone is the version.
func (r *reader) features(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Values(Feature, k, v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		before := r.Owner
		r.Owner = k.Span()
		r.Values(Feature, k, v)
		r.Owner = before
	})
}

// pairFlags are the flags of docker whose value is NAME=value.
var pairFlags = map[string]bool{"-e": true, "--env": true, "-l": true, "--label": true, "--build-arg": true, "--build-context": true, "--annotation": true, "--log-opt": true}

// arguments reads the arguments of docker run or docker build.
func (r *reader) arguments(c assignment.Context, k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Command(c, k, v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) { r.Values(c, k, v) })
	var flag placed.Text // the argument before, if its value is still to come
	r.Items(n, func(item yamltree.Node) {
		if item.Kind() != yamltree.Scalar {
			r.Values(c, k, item)
			flag = placed.Text{}
			return
		}
		t := item.Text()
		if flag.Len() > 0 && !bytes.HasPrefix(t.Bytes, []byte("-")) {
			r.option(c, flag, t, item.Quoted())
			flag = placed.Text{}
			return
		}
		flag = placed.Text{}
		eq := bytes.IndexByte(t.Bytes, '=')
		switch {
		case !bytes.HasPrefix(t.Bytes, []byte("-")):
			r.Scalar(c, k.Span(), item)
		case bytes.HasPrefix(t.Bytes, []byte("--")) && eq > 2:
			r.option(c, t.Slice(0, eq), t.Slice(eq+1, t.Len()), item.Quoted())
		case bytes.HasPrefix(t.Bytes, []byte("-e")) && eq > 2 || bytes.HasPrefix(t.Bytes, []byte("-l")) && eq > 2:
			r.PairText(c, t.Slice(2, t.Len()), item.Quoted()) // -eNAME=value
		default:
			flag = t
			r.Scalar(c, k.Span(), item)
		}
	})
}

// option reads a flag with its value.
func (r *reader) option(c assignment.Context, flag, value placed.Text, quoted bool) {
	name := string(flag.Bytes)
	if pairFlags[name] {
		r.PairText(c, value, quoted)
		return
	}
	if name == "--env-file" || name == "--label-file" {
		c = FilePath
	}
	dashes := len(name) - len(bytes.TrimLeft(flag.Bytes, "-"))
	r.Add(Entry{Assignment: assignment.Assignment{Context: c, Name: flag.Span(dashes, flag.Len()), Quoted: quoted}}, value)
	if name == "--secret" || name == "--mount" {
		r.CommaPairs(c, value)
	}
}
