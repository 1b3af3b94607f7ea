package compose

import (
	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// service reads a service, a job or an init container.
func (w *walker) service(n yamltree.Node) {
	image := Image
	if w.builds(n, 0) {
		image = Tag
	}
	w.pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "image":
			w.values(image, k, v)
		case "build":
			w.build(k, v)
		case "deploy":
			w.nested(k, v, map[string]assignment.Context{"labels": Label})
		case "healthcheck":
			w.healthcheck(k, v)
		case "logging":
			w.nested(k, v, map[string]assignment.Context{"options": Logging})
		case "develop":
			w.develop(v)
		case "post_start", "pre_stop":
			w.hooks(v, w.hook)
		case "pre_start":
			w.hooks(v, w.service)
		case "extends":
			w.extends(k, v)
		case "credential_spec":
			w.credentialSpec(k, v)
		default:
			w.field(k, v)
		}
	})
}

// field reads those keys of a service whose values need no more than a context.
func (w *walker) field(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "environment":
		w.variables(Environment, k, v)
	case "labels", "annotations":
		w.variables(Label, k, v)
	case "command", "entrypoint":
		w.command(Command, k, v)
	case "env_file":
		w.files(EnvFile, k, v)
	case "label_file":
		w.files(LabelFile, k, v)
	case "secrets":
		w.values(SecretUse, k, v)
	case "configs":
		w.values(ConfigUse, k, v)
	case "volumes", "tmpfs":
		w.values(Volume, k, v)
	case "provider":
		w.values(Provider, k, v)
	default:
		if extension(k) {
			w.values(Extension, k, v)
		} else {
			w.values(Value, k, v)
		}
	}
}

// builds reports whether a service has a build key, a merged one too.
func (w *walker) builds(n yamltree.Node, depth int) bool {
	for k, v := range n.Pairs() {
		if k.Is("build") {
			return true
		}
		if k.Is("<<") && depth < 3 && v.Target().Kind() == yamltree.Mapping && w.builds(v.Target(), depth+1) {
			return true
		}
	}
	return false
}

// nested reads a mapping some of whose keys hold variables.
func (w *walker) nested(k, v yamltree.Node, contexts map[string]assignment.Context) {
	n, ok := w.enter(v)
	if !ok {
		w.scalar(Value, k.Span(), v)
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		if c, ok := contexts[string(k.Bytes())]; ok {
			w.variables(c, k, v)
		} else {
			w.values(Value, k, v)
		}
	})
}

// build reads how an image is built: a folder, or a mapping.
func (w *walker) build(k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.reference(BuildContext, v, false, false)
		w.scalar(BuildContext, k.Span(), v)
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "args":
			w.variables(BuildArg, k, v)
		case "labels":
			w.variables(Label, k, v)
		case "context":
			w.reference(BuildContext, v, false, false)
			w.values(BuildContext, k, v)
		case "additional_contexts":
			w.variables(BuildContext, k, v)
		case "cache_from":
			w.values(CacheFrom, k, v)
		case "cache_to":
			w.values(CacheTo, k, v)
		case "secrets":
			w.values(SecretUse, k, v)
		case "ssh":
			w.variables(SSH, k, v)
		case "tags":
			w.values(Tag, k, v)
		case "provenance", "sbom", "attest":
			w.values(Provenance, k, v)
		case "dockerfile_inline":
			w.inline(v)
			w.values(Value, k, v)
		default:
			w.values(Value, k, v)
		}
	})
}

func (w *walker) inline(v yamltree.Node) {
	if v.Kind() == yamltree.Scalar {
		w.f.Inlines = append(w.f.Inlines, Inline{interpolate.Unescape(v.Text(), interpolate.Compose), w.owner})
	}
}

func (w *walker) healthcheck(k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.scalar(Value, k.Span(), v)
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		if k.Is("test") {
			w.command(Healthcheck, k, v)
		} else {
			w.values(Value, k, v)
		}
	})
}

// hooks reads a list of hooks, or one.
func (w *walker) hooks(v yamltree.Node, read func(yamltree.Node)) {
	n, ok := w.enter(v)
	if !ok {
		return
	}
	w.depth++
	if n.Kind() == yamltree.Mapping {
		read(n)
	} else {
		for item := range n.Items() {
			w.hooks(item, read)
		}
	}
	w.depth--
}

// hook reads a command with its environment.
func (w *walker) hook(n yamltree.Node) {
	w.pairs(n, func(k, v yamltree.Node) { w.field(k, v) })
}

// develop reads what is watched while developing; a change may run a command.
func (w *walker) develop(v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		if !k.Is("watch") {
			w.values(Value, k, v)
			return
		}
		w.hooks(v, func(n yamltree.Node) {
			w.pairs(n, func(k, v yamltree.Node) {
				if k.Is("exec") {
					w.hooks(v, w.hook)
				} else {
					w.values(Value, k, v)
				}
			})
		})
	})
}

func (w *walker) extends(k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.scalar(Extends, k.Span(), v)
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		if k.Is("file") {
			w.reference(Extends, v, false, false)
		}
		w.values(Extends, k, v)
	})
}

func (w *walker) credentialSpec(k, v yamltree.Node) {
	n, ok := w.enter(v)
	if !ok {
		w.scalar(CredentialSpec, k.Span(), v)
		return
	}
	w.pairs(n, func(k, v yamltree.Node) {
		if k.Is("file") {
			w.reference(CredentialSpec, v, false, false)
		}
		w.values(CredentialSpec, k, v)
	})
}

// reference notes a file that is named.
func (w *walker) reference(c assignment.Context, v yamltree.Node, optional, raw bool) {
	t := v.Target()
	if t.Kind() != yamltree.Scalar || t.Null() {
		return
	}
	path := t.Text()
	w.f.References = append(w.f.References, Reference{
		Context: c, Path: interpolate.Unescape(path, interpolate.Compose), Form: interpolate.Scan(path.Bytes, interpolate.Compose).Form,
		Owner: w.owner, Optional: optional, Raw: raw,
	})
}
