package compose

import (
	"rummage/detect/assignment"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// service reads a service, a job or an init container.
func (r *reader) service(n yamltree.Node) {
	image := Image
	if r.builds(n, 0) {
		image = Tag
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		p, known := r.Recall(string(image), k, v)
		if known {
			return
		}
		others := len(r.f.References) + len(r.f.Inlines)
		r.key(image, k, v)
		if others == len(r.f.References)+len(r.f.Inlines) {
			r.Remember(p)
		}
	})
}

// key reads a key of a service.
func (r *reader) key(image assignment.Context, k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "image":
		r.Values(image, k, v)
	case "build":
		r.build(k, v)
	case "deploy":
		r.nested(k, v, map[string]assignment.Context{"labels": Label})
	case "healthcheck":
		r.healthcheck(k, v)
	case "logging":
		r.nested(k, v, map[string]assignment.Context{"options": Logging})
	case "develop":
		r.develop(v)
	case "post_start", "pre_stop":
		r.hooks(v, r.hook)
	case "pre_start":
		r.hooks(v, r.service)
	case "extends":
		r.extends(k, v)
	case "credential_spec":
		r.credentialSpec(k, v)
	default:
		r.field(k, v)
	}
}

// field reads those keys of a service whose values need no more than a context.
func (r *reader) field(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "environment":
		r.Variables(Environment, v)
	case "labels", "annotations":
		r.Variables(Label, v)
	case "command", "entrypoint":
		r.Command(Command, k, v)
	case "env_file":
		r.files(EnvFile, k, v)
	case "label_file":
		r.files(LabelFile, k, v)
	case "secrets":
		r.Values(SecretUse, k, v)
	case "configs":
		r.Values(ConfigUse, k, v)
	case "volumes", "tmpfs":
		r.Values(Volume, k, v)
	case "provider":
		r.Values(Provider, k, v)
	default:
		if extension(k) {
			r.Values(Extension, k, v)
		} else {
			r.Values(Value, k, v)
		}
	}
}

// builds reports whether a service has a build key, a merged one too.
func (r *reader) builds(n yamltree.Node, depth int) bool {
	for k, v := range n.Pairs() {
		if k.Is("build") {
			return true
		}
		if k.Is("<<") && depth < 3 && v.Target().Kind() == yamltree.Mapping && r.builds(v.Target(), depth+1) {
			return true
		}
	}
	return false
}

// nested reads a mapping some of whose keys hold variables.
func (r *reader) nested(k, v yamltree.Node, contexts map[string]assignment.Context) {
	n, ok := r.Enter(v)
	if !ok {
		r.Scalar(Value, k.Span(), v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if c, ok := contexts[string(k.Bytes())]; ok {
			r.Variables(c, v)
		} else {
			r.Values(Value, k, v)
		}
	})
}

// build reads how an image is built: a folder, or a mapping.
func (r *reader) build(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.reference(BuildContext, v, false, false)
		r.Scalar(BuildContext, k.Span(), v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "args":
			r.Variables(BuildArg, v)
		case "labels":
			r.Variables(Label, v)
		case "context":
			r.reference(BuildContext, v, false, false)
			r.Values(BuildContext, k, v)
		case "additional_contexts":
			r.Variables(BuildContext, v)
		case "cache_from":
			r.Values(CacheFrom, k, v)
		case "cache_to":
			r.Values(CacheTo, k, v)
		case "secrets":
			r.Values(SecretUse, k, v)
		case "ssh":
			r.Variables(SSH, v)
		case "tags":
			r.Values(Tag, k, v)
		case "provenance", "sbom", "attest":
			r.Values(Provenance, k, v)
		case "dockerfile_inline":
			r.inline(v)
			r.Values(Value, k, v)
		default:
			r.Values(Value, k, v)
		}
	})
}

func (r *reader) inline(v yamltree.Node) {
	if v.Kind() == yamltree.Scalar {
		r.f.Inlines = append(r.f.Inlines, Inline{interpolate.Unescape(v.Text(), interpolate.Compose), r.Owner})
	}
}

func (r *reader) healthcheck(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Scalar(Value, k.Span(), v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if k.Is("test") {
			r.Command(Healthcheck, k, v)
		} else {
			r.Values(Value, k, v)
		}
	})
}

// hooks reads a list of hooks, or one.
func (r *reader) hooks(v yamltree.Node, read func(yamltree.Node)) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	if n.Kind() == yamltree.Mapping {
		read(n)
	}
	r.Items(n, func(item yamltree.Node) { r.hooks(item, read) })
}

// hook reads a command with its environment.
func (r *reader) hook(n yamltree.Node) {
	r.Pairs(n, func(k, v yamltree.Node) { r.field(k, v) })
}

// develop reads what is watched while developing; a change may run a command.
func (r *reader) develop(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if !k.Is("watch") {
			r.Values(Value, k, v)
			return
		}
		r.hooks(v, func(n yamltree.Node) {
			r.Pairs(n, func(k, v yamltree.Node) {
				if k.Is("exec") {
					r.hooks(v, r.hook)
				} else {
					r.Values(Value, k, v)
				}
			})
		})
	})
}

func (r *reader) extends(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Scalar(Extends, k.Span(), v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if k.Is("file") {
			r.reference(Extends, v, false, false)
		}
		r.Values(Extends, k, v)
	})
}

func (r *reader) credentialSpec(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Scalar(CredentialSpec, k.Span(), v)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if k.Is("file") {
			r.reference(CredentialSpec, v, false, false)
		}
		r.Values(CredentialSpec, k, v)
	})
}

// reference notes a file that is named.
func (r *reader) reference(c assignment.Context, v yamltree.Node, optional, raw bool) {
	t := v.Target()
	if t.Kind() != yamltree.Scalar || t.Null() {
		return
	}
	path := t.Text()
	r.f.References = append(r.f.References, Reference{
		Context: c, Path: interpolate.Unescape(path, interpolate.Compose), Form: interpolate.Scan(path.Bytes, interpolate.Compose).Form,
		Owner: r.Owner, Optional: optional, Raw: raw,
	})
}
