package imageref

import (
	"bytes"
	"slices"

	"rummage/detect/assignment"
	"rummage/detect/dockerfile"
	"rummage/detect/interpolate"
	"rummage/detect/yamlfile"
)

func readGitHub(data []byte) (refs []Ref, problems int) {
	f := yamlfile.GitHub.Parse(data)
	r := resolver{dialect: interpolate.GitHub}
	for i := range f.Assignments {
		e := &f.Assignments[i]
		if e.Context != yamlfile.GitHubImage {
			continue
		}
		value, pulled := bytes.CutPrefix(bytes.TrimSpace(valueOf(e, data)), []byte("docker://"))
		// The image of an action may be a Dockerfile in its folder.
		if base := value[bytes.LastIndexByte(value, '/')+1:]; !pulled && dockerfile.IsDockerfile(string(base)) {
			continue
		}
		refs = add(refs, &r, GitHub, value, e.Value)
	}
	return refs, len(f.Problems)
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
