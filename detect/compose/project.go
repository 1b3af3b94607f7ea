package compose

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/yamltree"
)

// root reads a document. What services use comes first, extension fields come last: what they lend was read by then.
func (w *walker) root(root yamltree.Node) {
	if root.Kind() != yamltree.Mapping {
		w.depth++
		for item := range root.Items() {
			w.values(Value, yamltree.Node{}, item)
		}
		w.depth--
		return
	}
	first := !hasServices(root)
	var last [][2]yamltree.Node
	w.pairs(root, func(k, v yamltree.Node) {
		if extension(k) {
			last = append(last, [2]yamltree.Node{k, v})
		} else {
			w.topLevel(k, v, first)
		}
	})
	for _, p := range last {
		w.values(Extension, p[0], p[1])
	}
}

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

func (w *walker) topLevel(k, v yamltree.Node, first bool) {
	switch key := string(k.Bytes()); {
	case key == "services", key == "jobs":
		w.each(v, w.service)
	case key == "secrets":
		w.each(v, func(n yamltree.Node) { w.source(Secret, n) })
	case key == "configs":
		w.each(v, func(n yamltree.Node) { w.source(Config, n) })
	case key == "volumes", key == "networks":
		w.each(v, w.driven)
	case key == "include":
		w.include(k, v)
	case first && looksLikeService(v.Target()):
		w.owned(k, v, w.service)
	default:
		w.values(Value, k, v)
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
func (w *walker) each(v yamltree.Node, read func(n yamltree.Node)) {
	n, ok := w.enter(v)
	if !ok {
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		if extension(k) {
			w.values(Extension, k, v)
			return
		}
		w.owned(k, v, read)
	})
}

// owned reads what belongs to the name k.
func (w *walker) owned(k, v yamltree.Node, read func(n yamltree.Node)) {
	before := w.owner
	w.owner = k.Span()
	if n, ok := w.enter(v); ok {
		read(n)
	} else if v.Target().Kind() == yamltree.Scalar && !v.Target().Null() {
		w.scalar(Value, k.Span(), v)
	}
	w.owner = before
}

// source reads a secret or a config.
func (w *walker) source(c assignment.Context, n yamltree.Node) {
	w.pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "labels":
			w.variables(Label, k, v)
		case "driver_opts":
			w.options(DriverOpts, v)
		case "file":
			w.reference(c, v, false, false)
			w.values(c, k, v)
		default:
			w.values(c, k, v)
		}
	})
}

// driven reads a volume or a network.
func (w *walker) driven(n yamltree.Node) {
	w.pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "labels":
			w.variables(Label, k, v)
		case "driver_opts":
			w.options(DriverOpts, v)
		default:
			w.values(Value, k, v)
		}
	})
}

// options reads the options of a driver. One may hold several, as o of an NFS or CIFS volume: username=u,password=p.
func (w *walker) options(c assignment.Context, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		w.values(c, k, v)
		if t := v.Target(); v.Kind() == yamltree.Scalar && t.Kind() == yamltree.Scalar {
			w.commaPairs(c, t.Text())
		}
	})
}

// include reads the files that are included: paths, or mappings with one.
func (w *walker) include(k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.reference(Include, v, false, false)
		w.scalar(Include, k.Span(), v)
		return
	}
	w.depth++
	if n.Kind() == yamltree.Sequence {
		for item := range n.Items() {
			w.include(k, item)
		}
	} else {
		w.pairs(n, func(k, v yamltree.Node) {
			switch string(k.Bytes()) {
			case "path":
				w.include(k, v)
			case "env_file":
				w.files(EnvFile, k, v)
			default:
				w.values(Include, k, v)
			}
		})
	}
	w.depth--
}

// files reads a list of files: a path, paths, or mappings with path, required and format.
func (w *walker) files(c assignment.Context, k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.reference(c, v, false, false)
		w.scalar(c, k.Span(), v)
		return
	}
	w.depth++
	if n.Kind() == yamltree.Sequence {
		for item := range n.Items() {
			w.files(c, k, item)
		}
	} else {
		path := n.Get("path")
		w.reference(c, path, n.Get("required").Target().Is("false"), n.Get("format").Target().Is("raw"))
		w.pairs(n, func(k, v yamltree.Node) { w.values(c, k, v) })
	}
	w.depth--
}
