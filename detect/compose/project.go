package compose

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/yamltree"
)

// document reads a document. What services use comes first, extension fields come last: what they lend was read by
// then.
func (r *reader) document(d *yamltree.Document) {
	r.Document(d)
	root := d.Root().Target()
	if root.Kind() != yamltree.Mapping {
		r.Values(Value, yamltree.Node{}, root)
		return
	}
	last := r.others(root)
	r.last = r.Len()
	for _, p := range last {
		r.Values(Extension, p.key, p.value)
	}
}

// others reads all keys of a document but its extension fields, which it returns.
func (r *reader) others(root yamltree.Node) (last []pair) {
	r.Enter(root)
	first := !r.part && !hasServices(root)
	r.Pairs(root, func(k, v yamltree.Node) {
		if extension(k) {
			last = append(last, pair{k, v})
		} else {
			r.topLevel(k, v, first)
		}
	})
	return last
}

type pair struct{ key, value yamltree.Node }

func extension(k yamltree.Node) bool { return bytes.HasPrefix(k.Bytes(), []byte("x-")) }

// hasServices tells files of today from those of the first version, whose services stand at the left.
func hasServices(root yamltree.Node) bool {
	for k := range root.Pairs() {
		switch string(k.Bytes()) {
		case "services", "jobs", "secrets", "configs", "volumes", "networks", "include", "version":
			return true
		}
	}
	return false
}

func (r *reader) topLevel(k, v yamltree.Node, first bool) {
	switch key := string(k.Bytes()); {
	case key == "services", key == "jobs":
		r.each(v, r.service)
	case key == "secrets":
		r.each(v, func(n yamltree.Node) { r.source(Secret, n) })
	case key == "configs":
		r.each(v, func(n yamltree.Node) { r.source(Config, n) })
	case key == "volumes", key == "networks":
		r.each(v, r.driven)
	case key == "include":
		r.include(k, v)
	case first && looksLikeService(v.Target()):
		r.owned(k, v, r.service)
	default:
		r.Values(Value, k, v)
	}
}

func looksLikeService(n yamltree.Node) bool {
	for k := range n.Pairs() {
		switch string(k.Bytes()) {
		case "image", "build", "<<", "extends", "environment", "command":
			return true
		}
	}
	return false
}

// each reads the members of a mapping of names to collections.
func (r *reader) each(v yamltree.Node, read func(n yamltree.Node)) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) { r.member(k, v, read) })
}

func (r *reader) member(k, v yamltree.Node, read func(n yamltree.Node)) {
	if extension(k) {
		r.Values(Extension, k, v)
		return
	}
	r.owned(k, v, read)
}

// owned reads what belongs to the name k.
func (r *reader) owned(k, v yamltree.Node, read func(n yamltree.Node)) {
	before := r.Owner
	r.Owner = k.Span()
	if n, ok := r.Enter(v); ok {
		read(n)
	} else if v.Target().Kind() == yamltree.Scalar && !v.Target().Null() {
		r.Scalar(Value, k.Span(), v)
	}
	r.Owner = before
}

// source reads a secret or a config.
func (r *reader) source(c assignment.Context, n yamltree.Node) {
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "labels":
			r.Variables(Label, v)
		case "driver_opts":
			r.options(DriverOpts, v)
		case "file":
			r.reference(c, v, false, false)
			r.Values(c, k, v)
		default:
			r.Values(c, k, v)
		}
	})
}

// driven reads a volume or a network.
func (r *reader) driven(n yamltree.Node) {
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "labels":
			r.Variables(Label, v)
		case "driver_opts":
			r.options(DriverOpts, v)
		default:
			r.Values(Value, k, v)
		}
	})
}

// options reads the options of a driver. One may hold several, as o of an NFS or CIFS volume: username=u,password=p.
func (r *reader) options(c assignment.Context, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		r.Values(c, k, v)
		if t := v.Target(); v.Kind() == yamltree.Scalar && t.Kind() == yamltree.Scalar {
			r.CommaPairs(c, t.Text())
		}
	})
}

// include reads the files that are included: paths, or mappings with one.
func (r *reader) include(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.reference(Include, v, false, false)
		r.Scalar(Include, k.Span(), v)
		return
	}
	r.Items(n, func(item yamltree.Node) { r.include(k, item) })
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "path":
			r.include(k, v)
		case "env_file":
			r.files(EnvFile, k, v)
		default:
			r.Values(Include, k, v)
		}
	})
}

// files reads a list of files: a path, paths, or mappings with path, required and format.
func (r *reader) files(c assignment.Context, k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.reference(c, v, false, false)
		r.Scalar(c, k.Span(), v)
		return
	}
	r.Items(n, func(item yamltree.Node) { r.files(c, k, item) })
	if n.Kind() == yamltree.Mapping {
		r.reference(c, n.Get("path"), n.Get("required").Target().Is("false"), n.Get("format").Target().Is("raw"))
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if k.Is("path") {
			r.Values(c, k, v)
		} else {
			r.Values(Value, k, v)
		}
	})
}
