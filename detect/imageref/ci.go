package imageref

import (
	"bytes"
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/carrier"
	"rummage/detect/dockerfile"
	"rummage/detect/interpolate"
	"rummage/detect/yamlfile"
	"rummage/detect/yamltree"
)

// workflow reads workflows and actions: container and services of jobs, docker:// among what steps use, and the image
// of an action. Other keys named image mean what their users like, as those of a matrix do.
type workflow struct {
	carrier.Walker
	resolver
	refs []Ref
	// aliases is how many bytes aliases may still stand for in the document.
	aliases int
}

func readGitHub(data []byte) (refs []Ref, problems int) {
	tree := yamltree.Parse(data)
	r := workflow{Walker: carrier.New(data, tree.Problems), resolver: resolver{dialect: interpolate.GitHub}}
	for _, d := range tree.Documents {
		r.Document(d)
		r.aliases = d.Span.Len() + 1<<16
		r.each(d.Root(), func(k, v yamltree.Node) {
			switch string(k.Bytes()) {
			case "jobs":
				r.each(v, func(_, job yamltree.Node) { r.each(job, r.job) })
			case "runs":
				r.each(v, r.runs)
			}
		})
	}
	tree.Release()
	problems = len(r.Problems)
	r.Done()
	return r.refs, problems
}

// each calls f for the keys and values of a mapping, if a node is one and was not read before.
func (r *workflow) each(v yamltree.Node, f func(k, v yamltree.Node)) {
	if n, ok := r.Enter(v); ok {
		r.Pairs(n, f)
	}
}

func (r *workflow) job(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "container":
		r.container(v)
	case "services":
		r.each(v, func(_, service yamltree.Node) { r.container(service) })
	case "steps":
		r.steps(v)
	}
}

// container reads the image of a job or a service: a name, or a mapping with one.
func (r *workflow) container(v yamltree.Node) {
	r.image(v)
	r.each(v, func(k, v yamltree.Node) {
		if k.Is("image") {
			r.image(v)
		}
	})
}

func (r *workflow) steps(v yamltree.Node) {
	n, ok := r.Enter(v)
	if !ok {
		return
	}
	r.Items(n, func(step yamltree.Node) {
		r.each(step, func(k, v yamltree.Node) {
			if k.Is("uses") && v.Target().Span().Len() <= 4*MaxLength && bytes.HasPrefix(v.Target().Bytes(), []byte("docker://")) {
				r.image(v)
			}
		})
	})
}

// runs reads what an action runs. Its image may be a Dockerfile in its folder.
func (r *workflow) runs(k, v yamltree.Node) {
	switch string(k.Bytes()) {
	case "steps":
		r.steps(v)
	case "image":
		if v.Target().Span().Len() > 4*MaxLength {
			return
		}
		value := v.Target().Bytes()
		if base := value[bytes.LastIndexByte(value, '/')+1:]; !dockerfile.IsDockerfile(string(base)) {
			r.image(v)
		}
	}
}

func (r *workflow) image(v yamltree.Node) {
	t := v.Target()
	if v.Kind() == yamltree.Alias {
		r.aliases -= t.Span().Len()
	}
	if t.Kind() == yamltree.Scalar && !t.Null() && r.aliases >= 0 {
		r.refs = add(r.refs, &r.resolver, GitHub, bytes.TrimPrefix(bytes.TrimSpace(t.Bytes()), []byte("docker://")), t.Text().Place())
	}
}

// job names a variable of a job of a pipeline, or, with an empty span, of all of them.
type job struct {
	owner assignment.Span
	name  string
}

func readGitLab(data []byte) (refs []Ref, problems int) {
	f := yamlfile.GitLab.Parse(data)
	variables := map[job][]byte{}
	for i := range f.Assignments {
		if e := &f.Assignments[i]; e.Context == yamlfile.GitLabVariables && !e.Unset {
			if k := (job{e.Owner, string(e.Name.Of(data))}); len(k.name) <= MaxLength && !slices.Contains(reserved, k.name) {
				variables[k] = valueOf(e, data)
			}
		}
	}
	var owner assignment.Span
	r := resolver{dialect: interpolate.GitLab, budget: len(data) + 1<<20, lookup: func(name string) ([]byte, bool) {
		value, ok := variables[job{owner, name}]
		if !ok {
			value, ok = variables[job{assignment.Span{}, name}]
		}
		return value, ok
	}}
	for i := range f.Assignments {
		e := &f.Assignments[i]
		if e.Context != yamlfile.GitLabImage {
			continue
		}
		owner = e.Owner
		refs = add(refs, &r, GitLab, valueOf(e, data), e.Value)
	}
	return refs, len(f.Problems)
}

// reserved are variables that GitLab sets itself, whatever the file says.
var reserved = []string{"CI_REGISTRY", "CI_REGISTRY_IMAGE", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "CI_COMMIT_REF_SLUG"}
