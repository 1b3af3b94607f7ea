package imageref

import (
	"bytes"
	"strings"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/compose"
	"rummage/detect/interpolate"
	"rummage/detect/placed"
)

func readCompose(data []byte) (refs []Ref, problems int) {
	f := compose.Parse(data)
	r := resolver{dialect: interpolate.Compose}
	for i := range f.Assignments {
		e := &f.Assignments[i]
		role, ok := Role(""), true
		switch e.Context {
		case compose.Image:
			role = Service
		case compose.Tag:
			role = Built
		case compose.CacheFrom:
			role = CacheFrom
		case compose.BuildContext:
			role = BuildContext
		default:
			continue
		}
		value := valueOf(e, data)
		if role == CacheFrom {
			value, ok = cached(value)
		} else if role == BuildContext {
			value, ok = bytes.CutPrefix(value, []byte("docker-image://"))
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

// inline adds what a Dockerfile names that is written into another file.
func inline(refs []Ref, problems int, t placed.Text) ([]Ref, int) {
	within, n := readDockerfile(t.Bytes)
	for i := range within {
		within[i].Span = t.Span(within[i].Span.Start, within[i].Span.End)
	}
	return append(refs, within...), problems + n
}

// valueOf is the meant value of an entry.
func valueOf(e *carrier.Entry, data []byte) []byte {
	if e.Decoded != nil {
		return e.Decoded
	}
	return e.Value.Of(data)
}

// add adds a reference by its value.
func add(refs []Ref, r *resolver, role Role, value []byte, s assignment.Span) []Ref {
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return refs
	}
	text, why := r.resolve(value)
	if text == "" && why == "" { // as ${NAME+value} of a variable that is not set
		return refs
	}
	return append(refs, settle(role, text, why, s))
}

// cached is the image of a source of a build cache: a name, or type=registry,ref=name. Other types name none.
func cached(value []byte) ([]byte, bool) {
	if bytes.IndexByte(value, '=') < 0 {
		return value, true
	}
	var image []byte
	registry := false
	for field := range bytes.SplitSeq(value, []byte{','}) {
		name, what, _ := strings.Cut(strings.Trim(string(bytes.TrimSpace(field)), `"`), "=")
		switch strings.ToLower(name) {
		case "type":
			registry = what == "registry"
		case "ref":
			image = []byte(what)
		}
	}
	return image, registry && len(image) > 0
}
