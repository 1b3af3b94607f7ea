package yamlfile

import (
	"bytes"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/interpolate"
	"rummage/detect/yamltree"
)

// document reads a document of a file of the kind.
func (r *reader) document(k Kind, d *yamltree.Document) {
	r.Document(d)
	root := d.Root().Target()
	if (k == Other || k == Helm) && isManifest(root) {
		k = Kubernetes
	}
	r.c, r.Dialect = kinds[k].contexts, kinds[k].dialect
	switch k {
	case Kubernetes:
		r.manifest(root, 0)
	case GitHub:
		r.workflow(root)
	case GitLab:
		r.pipeline(root)
	default:
		r.any(yamltree.Node{}, root)
	}
}

// any reads what stands behind the key k, whatever it is.
func (r *reader) any(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "command", "args", "entrypoint", "cmd", "script", "run", "before_script", "after_script":
		r.Command(r.c.command, k, v)
		return
	case "env", "environment", "envs", "variables", "build_args", "buildArgs", "build-args", "extraEnv", "extraEnvVars":
		r.env(k, v)
		return
	case "image":
		if v.Target().Kind() == yamltree.Scalar {
			r.Scalar(r.c.image, k.Span(), v)
			return
		}
	}
	r.collection(r.c.value, k, v)
}

// collection reads a scalar, or what a collection holds.
func (r *reader) collection(c assignment.Context, k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Scalar(c, k.Span(), v)
		return
	}
	r.Items(n, func(item yamltree.Node) {
		if !r.named(c, item) {
			r.collection(c, k, item)
		}
	})
	r.Pairs(n, r.any)
}

// named reads a mapping that is an assignment in two fields: {name: A, value: b}, {key: A, value: b}.
func (r *reader) named(c assignment.Context, item yamltree.Node) bool {
	t := item.Target()
	if t.Kind() != yamltree.Mapping {
		return false
	}
	value := t.Get("value", "Value")
	name := t.Get("name", "Name", "key", "Key").Target()
	if value.Target().Kind() != yamltree.Scalar || name.Kind() != yamltree.Scalar {
		return false
	}
	n, ok := r.Enter(item)
	if !ok {
		return true
	}
	r.Scalar(c, name.Span(), value)
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "value", "Value", "name", "Name", "key", "Key":
		default:
			r.any(k, v)
		}
	})
	return true
}

// env reads variables: a mapping, a list of NAME=value, or a list of assignments in two fields.
func (r *reader) env(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.envText(k, v)
		return
	}
	r.Items(n, func(item yamltree.Node) {
		switch t := item.Target(); {
		case t.Kind() == yamltree.Scalar:
			r.envText(k, item)
		case r.named(r.c.env, item):
		case t.Get("name").Kind() == yamltree.Scalar:
			r.collection(r.c.value, k, item) // its value comes from elsewhere
		default:
			r.env(k, item)
		}
	})
	r.Pairs(n, func(k, v yamltree.Node) {
		if v.Target().Kind() == yamltree.Scalar {
			r.Scalar(r.c.env, k.Span(), v)
		} else {
			r.collection(r.c.env, k, v)
		}
	})
}

// envText reads NAME=value, or several on one line as Travis has them.
func (r *reader) envText(k, v yamltree.Node) {
	if v.Kind() != yamltree.Scalar || v.Null() {
		return
	}
	t := v.Text()
	eq := 0
	for eq < t.Len() && carrier.NameByte(t.Bytes[eq]) {
		eq++
	}
	switch {
	case eq == 0 || eq == t.Len() || t.Bytes[eq] != '=':
		r.Scalar(r.c.env, k.Span(), v)
	case v.Quoted() || v.Style() != yamltree.Plain:
		r.PairText(r.c.env, t, v.Quoted())
	default:
		// Several only if each word is an assignment.
		before := r.Len()
		r.Words(r.c.env, t)
		if r.Len()-before < 2 {
			r.Truncate(before)
			r.PairText(r.c.env, t, false)
		}
	}
}

// workflow reads a workflow or an action of GitHub.
func (r *reader) workflow(root yamltree.Node) {
	n, ok := r.Enter(root)
	if !ok {
		r.Scalar(r.c.value, assignment.Span{}, root)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		if k.Is("jobs") {
			r.each(v, func(n yamltree.Node) { r.Pairs(n, r.job) })
			return
		}
		r.job(k, v)
	})
	r.Items(n, func(item yamltree.Node) { r.any(yamltree.Node{}, item) })
}

// each reads the members of a mapping under their names.
func (r *reader) each(v yamltree.Node, read func(n yamltree.Node)) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		before := r.Owner
		r.Owner = k.Span()
		if n, ok := r.Enter(v); ok {
			read(n)
		} else {
			r.Scalar(r.c.value, k.Span(), v)
		}
		r.Owner = before
	})
}

// job reads a key of a job, of a step or of anything below.
func (r *reader) job(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "env":
		r.env(k, v)
	case "run":
		r.Command(r.c.command, k, v)
	case "with":
		r.with(v)
	case "uses":
		if bytes.HasPrefix(v.Bytes(), []byte("docker://")) {
			r.Scalar(r.c.image, k.Span(), v)
		} else {
			r.Values(r.c.value, k, v)
		}
	case "container", "image":
		if v.Target().Kind() == yamltree.Scalar {
			r.Scalar(r.c.image, k.Span(), v)
		} else {
			r.below(k, v)
		}
	case "services":
		r.each(v, func(n yamltree.Node) { r.Pairs(n, r.job) })
	default:
		r.below(k, v)
	}
}

func (r *reader) below(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Scalar(r.c.value, k.Span(), v)
		return
	}
	r.Pairs(n, r.job)
	r.Items(n, func(item yamltree.Node) { r.below(k, item) })
}

// with reads the inputs of an action. build-args and secrets are lines of NAME=value.
func (r *reader) with(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		lines := assignment.Context("")
		switch string(k.Bytes()) {
		case "build-args", "build_args", "buildargs", "build-args-file":
			lines = GitHubBuildArg
		case "secrets", "secret-envs", "secret-files", "build-secrets":
			lines = GitHubBuildSecret
		}
		if t := v.Target(); lines != "" && v.Kind() == yamltree.Scalar && !t.Null() {
			r.PairLines(lines, t.Text())
			return
		}
		r.Values(GitHubWith, k, v)
	})
}

// pipeline reads a pipeline of GitLab.
func (r *reader) pipeline(root yamltree.Node) {
	n, ok := r.Enter(root)
	if !ok {
		r.Scalar(r.c.value, assignment.Span{}, root)
		return
	}
	r.Pairs(n, func(k, v yamltree.Node) {
		switch string(k.Bytes()) {
		case "variables", "image", "services", "default", "workflow", "include", "stages", "before_script", "after_script", "cache", "spec":
			r.stage(k, v)
			return
		}
		before := r.Owner
		r.Owner = k.Span()
		r.stage(k, v)
		r.Owner = before
	})
	r.Items(n, func(item yamltree.Node) { r.any(yamltree.Node{}, item) })
}

// stage reads a key of a job, or anything below.
func (r *reader) stage(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "variables":
		r.gitlabVariables(v)
	case "script", "before_script", "after_script", "entrypoint", "command":
		r.Command(r.c.command, k, v)
	case "image", "services":
		r.gitlabImages(k, v)
	default:
		n, ok := r.Enter(v)
		if !ok {
			r.Scalar(r.c.value, k.Span(), v)
			return
		}
		r.Pairs(n, r.stage)
		r.Items(n, func(item yamltree.Node) { r.stageItem(k, item) })
	}
}

func (r *reader) stageItem(k, item yamltree.Node) {
	n, ok := r.Enter(item)
	if !ok {
		r.Scalar(r.c.value, k.Span(), item)
		return
	}
	r.Pairs(n, r.stage)
	r.Items(n, func(item yamltree.Node) { r.stageItem(k, item) })
}

// gitlabVariables reads names with values, or with {value: …, description: …}.
func (r *reader) gitlabVariables(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Items(n, func(item yamltree.Node) { r.gitlabVariables(item) })
	r.Pairs(n, func(k, v yamltree.Node) {
		m, ok := r.Enter(v)
		if !ok {
			r.Scalar(GitLabVariables, k.Span(), v)
			return
		}
		name := k
		r.Pairs(m, func(k, v yamltree.Node) {
			if k.Is("value") {
				r.Scalar(GitLabVariables, name.Span(), v)
			} else {
				r.Values(GitLabValue, k, v)
			}
		})
	})
}

// gitlabImages reads images: names, or mappings with name, entrypoint and variables.
func (r *reader) gitlabImages(k, v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		r.Scalar(GitLabImage, k.Span(), v)
		return
	}
	r.Items(n, func(item yamltree.Node) { r.gitlabImages(k, item) })
	r.Pairs(n, func(k, v yamltree.Node) {
		if k.Is("name") && v.Target().Kind() == yamltree.Scalar {
			r.Scalar(GitLabImage, k.Span(), v)
		} else {
			r.stage(k, v)
		}
	})
}

// asLiteral is a reader's walker under which nothing is a reference.
func (r *reader) asLiteral(f func()) {
	before := r.Dialect
	r.Dialect = interpolate.Template
	f()
	r.Dialect = before
}
