package imageref

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/bake"
	"rummage/detect/devcontainer"
	"rummage/detect/interpolate"
)

func readBake(data []byte) (refs []Ref, problems int) {
	f := bake.Parse(data)
	variables := map[string][]byte{}
	for i := range f.Assignments {
		if e := &f.Assignments[i]; e.Context == bake.Variable && !e.Unset && e.Form != interpolate.Reference {
			variables[string(e.Name.Of(data))] = valueOf(e, data)
		}
	}
	r := resolver{dialect: interpolate.Dollar, expressions: true, budget: len(data) + 1<<20,
		lookup: func(name string) ([]byte, bool) { value, ok := variables[name]; return value, ok }}
	end := 0 // of the last value that is no literal: what stands in it is not all of a name
	for i := range f.Assignments {
		e := &f.Assignments[i]
		value, role, ok := valueOf(e, data), Role(""), true
		if e.Context != bake.CacheFrom && e.Value.Start < end && e.Value.End <= end {
			continue
		}
		if e.Form != interpolate.Literal {
			end = e.Value.End
		}
		if e.Form == interpolate.Reference && !bytes.HasPrefix(value, []byte("${")) {
			value = append(append([]byte("${"), value...), '}') // an expression that is not in a string
		}
		switch e.Context {
		case bake.Tag:
			role = Built
		case bake.CacheFrom:
			// Of type=registry,ref=name each field is an entry too, and only registries have a ref.
			role, ok = CacheFrom, string(e.Name.Of(data)) == "ref" || bytes.IndexByte(value, '=') < 0 && isList(e.Name, data)
		case bake.BuildContext:
			role = BuildContext
			value, ok = bytes.CutPrefix(value, []byte("docker-image://"))
		default:
			continue
		}
		if ok {
			refs = add(refs, &r, role, value, e.Value)
		}
	}
	for _, in := range f.Inlines {
		refs, problems = inline(refs, problems, in.Text)
	}
	return refs, problems + len(f.Problems)
}

// isList reports whether a source of a cache stands under the key of the list, not under that of a field.
func isList(name assignment.Span, data []byte) bool {
	key := bytes.ToLower(name.Of(data))
	return bytes.Equal(key, []byte("cache-from")) || bytes.Equal(key, []byte("cache_from"))
}

func readDevcontainer(data []byte) (refs []Ref, problems int) {
	f := devcontainer.Parse(data)
	r := resolver{dialect: interpolate.Dollar, expressions: true}
	for i := range f.Assignments {
		e := &f.Assignments[i]
		if e.Context != devcontainer.Image {
			continue
		}
		value, role, ok := valueOf(e, data), Devcontainer, true
		if !bytes.Equal(e.Name.Of(data), []byte("image")) {
			role = CacheFrom
			value, ok = cached(value)
		}
		if ok {
			refs = add(refs, &r, role, value, e.Value)
		}
	}
	return refs, len(f.Problems)
}
